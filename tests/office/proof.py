"""A gate that was alone for thirty days, an office that was away, a broker that is killed: nothing is lost.

    python -m tests.office.proof [--facts 100000] [--postgres]

The law of this file: mosquitto with the limits that it has by default, nothing kept over a kill; the gate's
facts come from a real store, and the office is `gatepost office`, a process. What the books hold in the end
is compared with the ledger, row by row.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.core.fact import Fact
from daemon.office import tables
from daemon.office.database import Place, open_engine
from daemon.office.reading import rows_of
from daemon.store import Store
from tests.mqtt.rig import Gate, gate_spec, running, until
from tests.rigs.broker import Mosquitto
from tests.rigs.postgres import Postgres
from tests.store.histories import History

ROOT = Path(__file__).parents[2]
AWAY = 0.2
"""Of the facts, how much the office has before it goes away for thirty days."""
KILLED_AT = (0.4, 0.7)
"""Of the facts, how many are held when the broker is killed."""
OFFICE_KILLED_AT = 0.55


@dataclass(frozen=True, slots=True)
class Outcome:
    facts: int
    lost: int
    """In the ledger and not in the books."""
    phantom: int
    """In the books and not in the ledger."""
    doubled: int
    troubles: int
    seconds: float

    @property
    def is_right(self) -> bool:
        return (self.lost, self.phantom, self.doubled, self.troubles) == (0, 0, 0, 0)


async def prove(folder: Path, facts: int, *, database: str | None = None) -> Outcome:
    """Let it all happen once in `folder`."""
    begun = time.monotonic()
    decisions = iter(History(seed=1).decisions(facts))
    store = Store(folder / "gate", ballast_bytes=0)
    store.open()
    (folder / "broker").mkdir()
    broker = Mosquitto(folder / "broker")
    broker.start()
    place = Place(folder=folder / "books", url=database)
    office = OfficeProcess(folder, broker.port, place)
    gate = Gate(store, gate_spec(broker.port))
    try:
        async with running(gate):
            # given an office that was there once, so that the broker queues for it and drops what is too much
            _write(store, decisions, round(facts * AWAY))
            async with office.at_work():
                gate.publisher.wake()
                await _acknowledged(store, store.last_seq())
            # when it is away while the month goes by, and the gate goes on asking for it
            _write(store, decisions, facts)
            gate.publisher.wake()
            await until(lambda: not gate.publisher.status().office_seen, what="the silence is noticed")
            # and comes back to a broker that dies twice, and dies once itself
            for share in (*KILLED_AT[:1], OFFICE_KILLED_AT, *KILLED_AT[1:]):
                async with office.at_work():
                    await _acknowledged(store, round(facts * share))
                    if share != OFFICE_KILLED_AT:
                        broker.kill()
                        await until(lambda: not gate.publisher.status().connected, what="the loss is noticed")
                        broker.start()
                        await _acknowledged(store, round(facts * share) + facts // 20)
            async with office.at_work():
                await _acknowledged(store, store.last_seq())
        return _compared(store, place, time.monotonic() - begun)
    finally:
        broker.kill()
        store.close()


class OfficeProcess:
    """`gatepost office`, which ends as a power cut would end it."""

    def __init__(self, folder: Path, port: int, place: Place) -> None:
        self._config = folder / "office.yaml"
        database = f"database: '{place.url}'" if place.url is not None else ""
        self._config.write_text(
            f"site: {{id: garden, name: proof}}\noffice: {{port: {port}}}\n"
            f"books: {{folder: books{', ' if database else ''}{database}}}\n",
            encoding="utf-8",
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        command = [sys.executable, "-m", "daemon.cli", "office", "--quiet", "-c", str(self._config)]
        office = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        try:
            yield
        finally:
            os.kill(office.pid, signal.SIGKILL)
            await office.wait()


def _write(store: Store, decisions: Iterator[Sequence[Fact]], until_there_are: int) -> None:
    """Let the gate go on until its ledger has as many facts."""
    while store.last_seq() < until_there_are:
        store.append(next(decisions))


async def _acknowledged(store: Store, seq: int) -> None:
    await until(lambda: store.acked() >= seq, what=f"{seq} facts are acknowledged", within_s=900)


def _compared(store: Store, place: Place, seconds: float) -> Outcome:
    ledger = {(row.seq, row.kind, row.hash) for row in store.rows(0, store.last_seq())}
    engine = open_engine(place, reading=True)
    try:
        kept = [(row.seq, row.kind, row.hash) for row in rows_of(tables.facts, engine)]
        troubles = len(list(rows_of(tables.troubles, engine)))
    finally:
        engine.dispose()
    return Outcome(
        facts=len(ledger),
        lost=len(ledger - set(kept)),
        phantom=len(set(kept) - ledger),
        doubled=len(kept) - len(set(kept)),
        troubles=troubles,
        seconds=round(seconds, 1),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="books in PostgreSQL")
    args = parser.parse_args()
    server = Postgres() if args.postgres else None
    try:
        if server is not None:
            server.start()
        with tempfile.TemporaryDirectory(prefix="gatepost-proof-") as folder:
            database = None if server is None else server.new_database()
            outcome = asyncio.run(prove(Path(folder), args.facts, database=database))
    finally:
        if server is not None:
            server.remove()
    print(outcome)
    return 0 if outcome.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
