"""How far the office is behind ten busy gates, and how fast it takes in what was kept while it was away.

The law of this file: a ratio to a floor of the same run. The floor is what one message and its
acknowledgement by the broker take at the same moment, over the same broker; the lag is from a fact's commit
at its gate to the office's word, at that gate, that it is in the books. Broker, office and books are real;
the ten gates share a process, and their ledgers are in memory.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles
from subprocess import Popen

from daemon.core.signals import Instant
from daemon.mqtt.messages import Topics
from daemon.mqtt.publisher import Patience, Publisher
from daemon.office import tables
from daemon.office.database import Place
from daemon.runtime.clock import SystemClock
from daemon.store.ledger import LedgerRow
from tests.mqtt.rig import Ear, Gate, MemoryLedger, gate_spec, running_tasks, until
from tests.office.rig import rows_of
from tests.rigs.broker import Mosquitto

GATES = 10
PASSAGES_A_SECOND = 2.0
FACTS_A_PASSAGE = 18
SECONDS = 20.0
BACKLOG = 90_000
"""Thirty days of a gate."""
SHARE = 10
"""A short run keeps a tenth of the backlog and reckons the whole from it."""

OFFICE = "site: {{id: garden, name: bench}}\noffice: {{port: {port}}}\nbooks: {{folder: books}}\n"


class TimedLedger(MemoryLedger):
    """Knows how long each fact waited for the office's word."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []
        self._added: list[float] = []
        self._clock = SystemClock()

    def add(
        self, *, kind: str = "loop_reported", lane: str | None = "entry-1", at: Instant | None = None
    ) -> LedgerRow:
        self._added.append(time.perf_counter())
        return super().add(kind=kind, lane=lane, at=at or self._clock.now())

    def set_acked(self, seq: int) -> None:
        now = time.perf_counter()
        self.lags += [now - self._added[number] for number in range(self.acknowledged, seq)]
        super().set_acked(seq)


def measure(seconds: float = SECONDS, share: int = SHARE) -> dict[str, float]:
    """Milliseconds of the lag and of the floor at their median and 99th percentile, and the ratio of these;
    then the seconds that a backlog of BACKLOG facts takes, and the longest that the gate's loop stood still
    meanwhile.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(Path(folder), seconds, BACKLOG // share, share))


async def _measured(folder: Path, seconds: float, backlog: int, share: int) -> dict[str, float]:
    (folder / "broker").mkdir()
    broker = Mosquitto(folder / "broker")
    broker.start()
    try:
        with _office(folder, broker.port):
            figures, facts = await _ten_gates(broker.port, seconds)
        held = len(rows_of(Place(folder=folder / "books"), tables.facts))
        assert held == facts, f"{facts} facts were told, {held} are in the books"
        return figures | await _drained(folder, broker.port, backlog, share)
    finally:
        broker.kill()


async def _ten_gates(port: int, seconds: float) -> tuple[dict[str, float], int]:
    ledgers = {f"gate-{number}": TimedLedger() for number in range(GATES)}
    gates = {gate: _gate(port, gate, ledger) for gate, ledger in ledgers.items()}
    probe = Ear(port, client_id="probe")
    works = [gate.run() for gate in gates.values()]
    async with running_tasks(probe.run(), *works):
        for gate, ledger in ledgers.items():
            ledger.add()
            gates[gate].publisher.wake()
        await until(
            lambda: all(ledger.acknowledged for ledger in ledgers.values()), what="the office is there"
        )
        for ledger in ledgers.values():
            ledger.lags.clear()
        end = time.monotonic() + seconds
        floor, *_ = await asyncio.gather(
            _floor(probe, end),
            *(_cars(ledger, gates[gate].publisher, Random(gate), end) for gate, ledger in ledgers.items()),
        )
        await until(
            lambda: all(one.acknowledged == one.last_seq() for one in ledgers.values()), what="all held"
        )
    lags = [lag for ledger in ledgers.values() for lag in ledger.lags]
    facts = sum(ledger.last_seq() for ledger in ledgers.values())
    figures = {
        "facts_a_second": facts / seconds,
        "puback_ms_p50": _at(floor, 50),
        "puback_ms_p99": _at(floor, 99),
        "office_lag_ms_p50": _at(lags, 50),
        "office_lag_ms_p99": _at(lags, 99),
        "office_lag_ms_max": max(lags) * 1000,
        "lag_over_puback_p99": _at(lags, 99) / _at(floor, 99),
    }
    return {name: round(value, 3) for name, value in figures.items()}, facts


async def _cars(ledger: TimedLedger, publisher: Publisher, random: Random, end: float) -> None:
    """Passages that come as they like, each with its facts in four bursts, as a car has them."""
    while time.monotonic() < end:
        await asyncio.sleep(random.expovariate(PASSAGES_A_SECOND))
        for burst in (5, 5, 4, FACTS_A_PASSAGE - 14):
            for _ in range(burst):
                ledger.add()
            publisher.wake()
            await asyncio.sleep(0)


async def _floor(probe: Ear, end: float) -> list[float]:
    """Publish to acknowledge of one message as long as a fact, ten times a second."""
    took = []
    while time.monotonic() < end:
        begun = time.perf_counter()
        assert await probe.says("gatepost/bench", b"x" * 500) is None
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0.1)
    return took


async def _drained(folder: Path, port: int, backlog: int, share: int) -> dict[str, float]:
    """A gate that has been alone for thirty days meets its office again."""
    ledger = MemoryLedger(backlog)
    gate = _gate(port, "away", ledger)
    stalls: list[float] = []
    with _office(folder, port):
        async with running_tasks(gate.run(), _stalls(stalls)):
            await until(lambda: ledger.acknowledged > 0, what="the office is back")
            begun, first = time.perf_counter(), ledger.acknowledged
            await until(lambda: ledger.acknowledged == backlog, what="all of it held", within_s=600)
            took = time.perf_counter() - begun
    return {
        "drain_90k_s": round(took * BACKLOG / (backlog - first), 1),
        "drain_measured_facts": backlog,
        "gate_stall_ms_p99": round(_at(stalls, 99), 3),
        "gate_stall_ms_max": round(max(stalls) * 1000, 3),
    }


async def _stalls(stalls: list[float]) -> None:
    """How late the gate's loop comes to what is due: what a decision would wait."""
    while True:
        due = time.perf_counter() + 0.005
        await asyncio.sleep(0.005)
        stalls.append(max(0.0, time.perf_counter() - due))


def _gate(port: int, name: str, ledger: MemoryLedger) -> Gate:
    topics = Topics(root="gatepost", site="garden", gate=name)
    spec = gate_spec(
        port,
        client_id=f"gatepost-garden-{name}",
        subscriptions=(topics.ack, topics.resend),
        presence=topics.link,
    )
    return Gate(ledger, spec, topics=topics, patience=Patience())


@contextmanager
def _office(folder: Path, port: int) -> Iterator[None]:
    config = folder / "office.yaml"
    config.write_text(OFFICE.format(port=port), encoding="utf-8")
    command = [sys.executable, "-m", "daemon.cli", "office", "--quiet", "-c", str(config)]
    office = Popen(command, cwd=Path(__file__).parents[2])
    try:
        yield
    finally:
        office.terminate()
        office.wait(timeout=60)


def _at(values: list[float], percent: int) -> float:
    """Milliseconds at that percentile."""
    return quantiles(values, n=100)[percent - 1] * 1000
