"""From the last byte of a card on the wire to the relay, commit included, over bare commits to the same disk.

The law of this file: a ratio, never milliseconds alone. The floor is measured between the swipes, on the same
disk, and every part between wire and relay is the product's own; only the pin is gpiozero's mock.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import tempfile
import time
import tty
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from daemon.core.facts import Fact
from daemon.core.signals import (
    Actor,
    DirectoryGiven,
    Loop,
    LoopChanged,
    LoopState,
    Permit,
    Signal,
    Started,
)
from daemon.core.state import LaneRules, empty_state
from daemon.edges.cards import read_cards
from daemon.edges.contacts import watch_boom
from daemon.engine import Engine
from daemon.perform import Performer
from daemon.runtime.clock import SystemClock
from daemon.store import Store
from daemon.store.starting import start
from drivers.barriers.gpio import GpioBarrier, GpioBarrierOptions
from drivers.gpio_lines import RelayWiring
from drivers.protocols import Context
from drivers.readers.framing import FORMATS
from drivers.readers.serial_reader import SerialReader, SerialReaderOptions
from drivers.simulated.pins import RelayPin, mock_factory

PERMITS = 20_000
SWIPES = 200
WARM_UP = 10
TARGET_COMMITS, TARGET_MORE_MS = 3, 2.0
"""The median may take so many bare commits, and so much more."""

LANE, RAISE = "bench", 17
PATIENCE_S = 600.0
ROW = "x" * 600
"""About what one fact is as text."""


def measure(swipes: int = SWIPES, permits: int = PERMITS) -> dict[str, Any]:
    """Medians and 99th percentiles in milliseconds; the target is `median_ms <= target_ms`."""
    # Not in /tmp, which may be memory: where the gate itself keeps its ledger.
    disk = Path(__file__).parents[2] / "var"
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="bench-") as name:
        swipe_ms, commit_ms = asyncio.run(_measured(Path(name), swipes, permits))
    commit = median(commit_ms)
    target = TARGET_COMMITS * commit + TARGET_MORE_MS
    return {
        "swipes": swipes,
        "permits": permits,
        "median_ms": round(median(swipe_ms), 3),
        "p99_ms": round(p99(swipe_ms), 3),
        "commit_median_ms": round(commit, 3),
        "commit_p99_ms": round(p99(commit_ms), 3),
        "in_commits": round(median(swipe_ms) / commit, 2),
        "target_ms": round(target, 3),
        "is_on_target": median(swipe_ms) <= target,
    }


async def _measured(folder: Path, swipes: int, permits: int) -> tuple[list[float], list[float]]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        gate = Gate(folder, port=os.ttyname(theirs))
        with closing(gate.store), closing(_bare(folder / "floor.db")) as floor:
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in gate.works()]
                await gate.is_up.wait()
                gate.give_permits(permits)
                swipe_ms, commit_ms = [], []
                for number in range(WARM_UP + swipes):
                    commit_ms.append(_commit(floor))
                    swipe_ms.append(await gate.swipe(ours, number))
                    await gate.drive_on()
                for task in tasks:
                    task.cancel()
    finally:
        os.close(ours)
        os.close(theirs)
    return swipe_ms[WARM_UP:], commit_ms[WARM_UP:]


class Gate:
    """One lane for cards: the parts that `daemon.wiring` would put together, on a mock pin."""

    def __init__(
        self,
        folder: Path,
        *,
        port: str,
        observe: Callable[[Signal, tuple[Fact, ...]], None] = lambda _signal, _facts: None,
    ) -> None:
        self.clock = SystemClock()
        self.store = Store(folder)
        self.is_up = asyncio.Event()
        self._energised: asyncio.Future[int] | None = None
        self._rested = asyncio.Event()
        factory = mock_factory()
        factory.pin(RAISE, pin_class=RelayPin, listener=self._switched)
        loop = asyncio.get_running_loop()
        context = Context(name=LANE, lane=LANE, run_dir=folder, config_dir=folder, call_later=loop.call_later)
        wiring = RelayWiring(pin=RAISE, pulse_s=0.05)
        self._barrier = GpioBarrier(GpioBarrierOptions(open=wiring), context, factory=lambda: factory)
        reader_options = SerialReaderOptions(port=port, format="rdm6300", hold_off_s=0)
        self._reader = SerialReader(reader_options, context)
        rules = LaneRules(
            id=LANE,
            name=LANE,
            direction="entry",
            mode="card_only",
            close_delay=timedelta(hours=1),
            has_approach_loop=False,
            has_limit_switches=False,
        )
        self.engine = Engine(
            state=start(self.store, self.clock.now(), empty_state((rules,))).state,
            store=self.store,
            clock=self.clock,
            perform=Performer(
                barriers={LANE: self._barrier}, safety_loops={}, watch=lambda _lane, _present: None
            ),
            observe=observe,
        )
        self.engine.handle(Started(at=self.clock.now(), version="bench"))

    def works(self) -> list[Any]:
        heard: dict[str, Any] = {"post": self.engine.post, "clock": self.clock}
        return [
            self.engine.run(),
            watch_boom(self._barrier, LANE, lambda: None, **heard),
            read_cards(self._reader, LANE, self.is_up.set, **heard),
        ]

    def give_permits(self, count: int) -> None:
        office = Actor(name="bench", role="office")
        permits = tuple(bench_permit(n) for n in range(count))
        self.engine.handle(DirectoryGiven(at=self.clock.now(), actor=office, permits=permits))

    async def swipe(self, wire: int, number: int) -> float:
        """Milliseconds from the card on the wire to the relay energised."""
        self._energised = asyncio.get_running_loop().create_future()
        self._rested.clear()
        frame = FORMATS["rdm6300"].encode(_card(number))
        begun = time.perf_counter_ns()
        os.write(wire, frame)
        return (await self._energised - begun) / 1e6

    async def drive_on(self) -> None:
        """The car passes, and the relay lets go."""
        for state in (LoopState.OCCUPIED, LoopState.FREE):
            changed = partial(LoopChanged, lane=LANE, loop=Loop.SAFETY, state=state)
            await self.engine.ask(changed(at=self.clock.now()))
        await self._rested.wait()

    def _switched(self, level: bool) -> None:
        if level and self._energised is not None and not self._energised.done():
            self._energised.set_result(time.perf_counter_ns())
        if not level:
            self._rested.set()


def bench_permit(number: int) -> Permit:
    return Permit(id=f"P{number:05}", card=_card(number), plate=f"粤C{number:05}", holder="", household="")


def _card(number: int) -> str:
    return f"{number:010X}"


def _bare(path: Path) -> sqlite3.Connection:
    """The floor: SQLite as the gate sets it, and nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE floor (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    return db


def _commit(db: sqlite3.Connection) -> float:
    """Milliseconds of one row, made durable."""
    begun = time.perf_counter_ns()
    db.execute("INSERT INTO floor (body) VALUES (?)", (ROW,))
    return (time.perf_counter_ns() - begun) / 1e6


def p99(values: list[float]) -> float:
    """Nearest rank."""
    return sorted(values)[int(len(values) * 0.99)]


if __name__ == "__main__":
    print(json.dumps(measure()))
