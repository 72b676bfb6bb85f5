"""What the age of a ledger costs: a swipe, and a start, over those of an empty site in the same run.

The law of this file: ratios and differences of one run. An old and an empty gate take turns, swipe by swipe
and start by start, on one disk; both are made of the product's own parts by `swipe_to_relay`.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from daemon.core.facts import Fact, PermitGranted, StayOpened
from daemon.core.state import LaneRules, empty_state
from daemon.runtime.clock import SystemClock
from daemon.store import Store, snapshot, starting
from daemon.store.upkeep import Upkeep
from tests.bench.swipe_to_relay import LANE, Gate, bench_permit, p99
from tests.store.histories import OFFICE, History, instant

ROWS = 100_000
PERMITS, STAYS = 20_000, 5_000
SWIPES, WARM_UP, STARTS = 150, 10, 3
BATCH = 5_000
"""Facts of one transaction while the site grows old."""
RATIO, LONGER_S = 1.2, 3.0
"""What a swipe and a start may cost over those of the empty site."""


def measure(
    rows: int = ROWS, swipes: int = SWIPES, permits: int = PERMITS, stays: int = STAYS
) -> dict[str, Any]:
    """Milliseconds a swipe, seconds a start, and what of it is age.

    `full_start_s` is a start without a snapshot, `copy_s` the copy and the snapshot in their own process;
    `late_p99_ms` is by how much the event loop was late, alone and while that process worked.
    """
    disk = Path(__file__).parents[2] / "var"
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="bench-") as name:
        old, empty = Path(name) / "old", Path(name) / "empty"
        built_s, copy_s = _grow_old(old, rows, permits, stays)
        with closing(Store(empty)) as store:
            store.open()
        _start(old), _start(empty)
        starts = [(_start(old), _start(empty)) for _ in range(STARTS)]
        old_s, empty_s = (median(took) for took in zip(*starts, strict=True))
        figures = asyncio.run(_swiped(old, empty, swipes))
        (old / snapshot.FILE).unlink()
        return {
            "rows": rows,
            "permits": permits,
            "open_stays": stays,
            "built_s": round(built_s, 1),
            "copy_s": round(copy_s, 1),
            **figures,
            "start_old_s": round(old_s, 3),
            "start_empty_s": round(empty_s, 3),
            "start_is_longer_by_s": round(old_s - empty_s, 3),
            "full_start_s": round(_start(old), 1),
            "is_on_target": figures["swipe_old_over_empty"] <= RATIO and old_s - empty_s <= LONGER_S,
        }


# ---------------------------------------------------------------- the old site


def _grow_old(folder: Path, rows: int, permits: int, stays: int) -> tuple[float, float]:
    """A ledger of so many rows whose snapshot is as old as it ever gets; seconds to write, and to copy it."""
    began = time.perf_counter()
    facts = _a_long_life(permits, stays)
    with closing(Store(folder)) as store:
        store.open()
        _write(store, facts, rows - starting.LONG)
        built_s = time.perf_counter() - began
        began = time.perf_counter()
        asyncio.run(Upkeep(folder, "", (LANE,)).copy())
        copy_s = time.perf_counter() - began
        assert (folder / snapshot.FILE).exists(), f"{rows} rows are too few for a snapshot"
        _write(store, facts, starting.LONG)
    return built_s, copy_s


def _a_long_life(permits: int, stays: int) -> Iterator[Fact]:
    for number in range(permits):
        yield PermitGranted(at=instant(number), permit=bench_permit(number), by=OFFICE)
    for number in range(permits - stays, permits):
        permit = bench_permit(number)
        yield StayOpened(
            at=instant(number),
            lane="entry-1",
            passage=f"A{number}",
            stay_id=f"A{number}",
            stay_kind="permit",
            plate=permit.plate,
            permit_id=permit.id,
        )
    for decision in History(seed=1).decisions(1 << 40):
        yield from decision


def _write(store: Store, facts: Iterator[Fact], rows: int) -> None:
    until = store.last_seq() + rows
    while (left := until - store.last_seq()) > 0:
        store.append(list(islice(facts, min(BATCH, left))))


def _start(folder: Path) -> float:
    """Seconds to the state of a gate that was stopped."""
    lane = LaneRules(id=LANE, name=LANE, direction="entry", mode="card_only")
    with closing(Store(folder)) as store:
        began = time.perf_counter()
        starting.start(store, SystemClock().now(), empty_state((lane,)))
        return time.perf_counter() - began


# ---------------------------------------------------------------- swipes


async def _swiped(old: Path, empty: Path, swipes: int) -> dict[str, float]:
    took: dict[str, list[float]] = {"old": [], "empty": []}
    with ExitStack() as stack:
        wires, gates = {}, {}
        for name, folder in (("old", old), ("empty", empty)):
            wires[name], port = stack.enter_context(_wire())
            gates[name] = Gate(folder, port=port)
            stack.enter_context(closing(gates[name].store))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for gate in gates.values() for work in gate.works()]
            for gate in gates.values():
                await gate.is_up.wait()
            gates["empty"].give_permits(WARM_UP + swipes)
            for number in range(WARM_UP + swipes):
                for name, gate in gates.items():
                    took[name].append(await gate.swipe(wires[name], number))
                    await gate.drive_on()
            late = [await _late(asyncio.sleep(2.0)), await _late(Upkeep(old, "", (LANE,)).copy())]
            for task in tasks:
                task.cancel()
    old_ms, empty_ms = (median(took[name][WARM_UP:]) for name in ("old", "empty"))
    return {
        "swipe_old_ms": round(old_ms, 3),
        "swipe_empty_ms": round(empty_ms, 3),
        "swipe_old_over_empty": round(old_ms / empty_ms, 3),
        "late_p99_ms": round(late[0], 1),
        "late_p99_while_copying_ms": round(late[1], 1),
    }


async def _late(work: Any) -> float:
    """By how many milliseconds the loop was late while that went on, the 99th percentile."""
    task = asyncio.ensure_future(work)
    late = []
    while not task.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - began) * 1000 - 1)
    await task
    return p99(late)


@contextmanager
def _wire() -> Iterator[tuple[int, str]]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        yield ours, os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)
