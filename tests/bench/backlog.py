"""A month's facts on their way to an office that is back: how long they take, and what that costs a decision.

The law of this file: a decision is compared with that of a gate without a broker, which swipes in turns with
it; the drain is in seconds, over a real ledger, a real broker and the real office in a process of its own.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from subprocess import Popen
from typing import Any

from daemon.core.facts import LoopReported
from daemon.core.signals import Loop, LoopState
from daemon.runtime.clock import SystemClock
from tests.bench.broker_silent import gate_at_work
from tests.rigs.broker import Mosquitto

BACKLOG = 90_000
"""Thirty days of a gate."""
SHARE = 10
"""A short run keeps a tenth of it and reckons the whole from it."""
WARM_UP = 5
"""Swipes before the office comes, which are not counted."""
LIMIT_S = 600.0
TARGET_MORE_MS = 2.0
"""A decision may wait so long, at the median, for facts that are on their way out."""

OFFICE = "site: {{id: garden, name: bench}}\noffice: {{port: {port}}}\nbooks: {{folder: books}}\n"


def measure(share: int = SHARE) -> dict[str, Any]:
    disk = Path(__file__).parents[2] / "var"
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="bench-") as name:
        without, during, drained_s = asyncio.run(_measured(Path(name), BACKLOG // share))
    more_ms = median(during) - median(without)
    return {
        "facts": BACKLOG // share,
        "drained_s": round(drained_s, 1),
        "all_of_90000_s": round(drained_s * share, 1),
        "limit_s": LIMIT_S,
        "swipes_during": len(during),
        "without_broker_median_ms": round(median(without), 3),
        "during_drain_median_ms": round(median(during), 3),
        "without_broker_p99_ms": round(sorted(without)[int(len(without) * 0.99)], 3),
        "during_drain_p99_ms": round(sorted(during)[int(len(during) * 0.99)], 3),
        "ratio": round(median(during) / median(without), 3),
        "target_more_ms": TARGET_MORE_MS,
        "is_on_target": more_ms <= TARGET_MORE_MS and drained_s * share <= LIMIT_S,
    }


async def _measured(folder: Path, facts: int) -> tuple[list[float], list[float], float]:
    now = SystemClock().now()
    states = cycle((LoopState.OCCUPIED, LoopState.FREE))
    backlog = tuple(
        LoopReported(at=now, lane="bench", loop=Loop.SAFETY, state=state) for state in islice(states, facts)
    )
    (folder / "broker").mkdir(parents=True)
    broker = Mosquitto(folder / "broker")
    broker.start()
    try:
        async with (
            gate_at_work(folder / "alone") as (alone, alone_wire),
            gate_at_work(folder / "wired", broker.port, before=backlog) as (wired, wired_wire),
        ):
            without: list[float] = []
            during: list[float] = []

            async def swipe_at_both() -> None:
                number = len(during)
                without.append(await alone.swipe(alone_wire, number))
                await alone.drive_on()
                during.append(await wired.swipe(wired_wire, number))
                await wired.drive_on()

            for _ in range(WARM_UP):
                await swipe_at_both()
            with _office(folder, broker.port):
                while wired.store.acked() == 0:  # noqa: ASYNC110 - the office is on its way up
                    await asyncio.sleep(0.02)
                began = time.perf_counter()
                is_drained = False
                while not is_drained:  # one swipe falls into the shortest drain
                    await swipe_at_both()
                    is_drained = wired.store.acked() >= facts
                took = time.perf_counter() - began
    finally:
        broker.kill()
    return without[WARM_UP:], during[WARM_UP:], took


@contextmanager
def _office(folder: Path, port: int) -> Iterator[None]:
    config = folder / "office.yaml"
    config.write_text(OFFICE.format(port=port), encoding="utf-8")
    words = [sys.executable, "-m", "daemon.cli", "office", "--quiet", "--config", str(config)]
    with (folder / "office.log").open("wb") as log, Popen(words, stdout=log, stderr=log) as office:
        try:
            yield
        finally:
            office.terminate()
