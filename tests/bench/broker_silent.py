"""What a broker that is connected and silent costs a decision: its time over that of a gate without a broker.

The law of this file: a ratio, never milliseconds alone. Two gates swipe in turns on the same disk, each the
product's own from the card on the wire to the relay; one has the whole wire to the office beside it, whose
broker has accepted the connection and says nothing ever after.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import tty
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from daemon.config.model import OfficeConfig
from daemon.core.facts import Fact
from daemon.core.signals import Signal
from daemon.mqtt.opening import Wire, wire_to
from daemon.mqtt.topics import Topics
from tests.bench.swipe_to_relay import Gate

SWIPES = 300
WARM_UP = 20
TARGET = 1.1
"""The median with the silent broker may take so many times that without."""

_CONNACK = bytes([0x20, 0x03, 0x00, 0x00, 0x00])
"""MQTT 5, 3.2: accepted, and no properties."""


def measure(swipes: int = SWIPES) -> dict[str, Any]:
    disk = Path(__file__).parents[2] / "var"
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="bench-") as name:
        without, silent, unanswered = asyncio.run(_measured(Path(name), swipes))
    ratio = median(silent) / median(without)
    return {
        "swipes": swipes,
        "without_broker_median_ms": round(median(without), 3),
        "silent_broker_median_ms": round(median(silent), 3),
        "bytes_unanswered": unanswered,
        "ratio": round(ratio, 3),
        "target_ratio": TARGET,
        "is_on_target": ratio <= TARGET,
    }


async def _measured(folder: Path, swipes: int) -> tuple[list[float], list[float], int]:
    times: dict[str, list[float]] = {"without": [], "silent": []}
    async with (
        asyncio.timeout(600),
        _silent_broker() as (port, heard),
        gate_at_work(folder / "without") as alone,
        gate_at_work(folder / "silent", port) as wired,
    ):
        for number in range(WARM_UP + swipes):
            for name, (gate, wire) in (("without", alone), ("silent", wired)):
                took = await gate.swipe(wire, number)
                await gate.drive_on()
                if number >= WARM_UP:
                    times[name].append(took)
        assert heard, "the silent broker was never connected to"
    return times["without"], times["silent"], sum(heard)


@asynccontextmanager
async def gate_at_work(
    folder: Path, port: int | None = None, *, before: Sequence[Fact] = ()
) -> AsyncIterator[tuple[Gate, int]]:
    """A gate at work, with a wire to the broker at `port`; and the card reader's end of the line.

    `before` is in its ledger already.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    wires: list[Wire] = []

    def observe(_signal: Signal, facts: tuple[Fact, ...]) -> None:
        for wire in wires:
            wire.tell(facts)

    gate = Gate(folder, port=os.ttyname(theirs), observe=observe)
    for at in range(0, len(before), 500):
        gate.store.append(before[at : at + 500])
    if port is not None:
        wires.append(_wire(gate, port))
    with closing(gate.store):
        tasks = [asyncio.ensure_future(work) for work in (*gate.works(), *(wire.run() for wire in wires))]
        await gate.is_up.wait()
        gate.give_permits(1000)
        if wires:
            while not wires[0].line.connected:  # noqa: ASYNC110 - the line offers no event to wait for
                await asyncio.sleep(0.01)
        yield gate, ours
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    os.close(ours)
    os.close(theirs)


def _wire(gate: Gate, port: int) -> Wire:
    return wire_to(
        OfficeConfig(host="127.0.0.1", port=port),
        Topics(root="gatepost", site="garden", gate="bench"),
        site="bench",
        name="bench",
        version="bench",
        cameras={},
        ledger=gate.store,
        state=lambda: gate.engine.state,
        ask=gate.engine.ask,
        clock=gate.clock,
        random=Random(1),
        post=gate.engine.post,
    )


@asynccontextmanager
async def _silent_broker() -> AsyncIterator[tuple[int, list[int]]]:
    """Accepts, answers CONNECT, and nothing after that; how many bytes it swallowed, a reading each."""
    heard: list[int] = []

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(_CONNACK)
        while said := await reader.read(65_536):
            heard.append(len(said))
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
