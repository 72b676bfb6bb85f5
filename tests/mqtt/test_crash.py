"""The publishing process and the office are killed at any moment; the books are right all the same."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.facts import BoomMoved, Fact, PlateSeen
from daemon.core.signals import Boom, Char, Instant
from daemon.mqtt.publisher import WINDOW
from daemon.office.database import Place
from daemon.store import Store
from tests.mqtt.rig import AT, Books, Gate, MemoryLedger, gate_spec, running, until
from tests.office.rig import kept
from tests.rigs.broker import Mosquitto

FACTS = 3000


def facts(count: int) -> list[Fact]:
    """What a gate might have seen, Chinese, fractions and all."""
    seen: list[Fact] = []
    for no in range(1, count, 2):
        at = Instant(
            "boot-1", timedelta(seconds=100 + no / 7), AT.wall + timedelta(seconds=no / 7), no % 3 > 0
        )
        seen.append(BoomMoved(at=at, lane="entry-1", boom=Boom.UP))
        seen.append(
            PlateSeen(
                at=at,
                lane="entry-1",
                passage=f"entry-1-{no}",
                plate="粤B12345",
                valid=True,
                confidence=no / (no + 1),
                chars=(Char("粤", 0.97, (("京", 0.01),)),),
                colour="blue",
                track=f"t{no}",
                permit_id=None,
                picture=None,
                crop=None,
            )
        )
    return seen


@pytest.mark.rule("R42")
async def test_a_gate_killed_again_and_again_loses_and_doubles_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    # given a real store with much to tell
    store = Store(tmp_path / "store", ballast_bytes=0)
    store.open()
    store.append(facts(FACTS))
    told = [(row.seq, row.kind, row.hash) for row in store.rows(0, FACTS)]
    store.close()

    async def start() -> asyncio.subprocess.Process:
        program = Path(__file__).with_name("gate_process.py")
        return await asyncio.create_subprocess_exec(
            sys.executable, str(program), str(mosquitto.port), str(tmp_path / "store")
        )

    # when its process is killed in the middle, three times
    books = Books(tmp_path / "office", mosquitto.port)
    async with running(books):
        for mark in (1, 700, 1600, FACTS):
            gate = await start()
            try:
                await until(lambda mark=mark: books.held >= mark, what=f"{mark} facts held")
            finally:
                gate.kill()
                await gate.wait()

    # then the office holds what the ledger says, once, and every seal came over whole
    assert [(fact.seq, fact.kind, fact.hash) for fact in books.taken] == told
    assert books.troubles == []
    store.open()
    assert FACTS - WINDOW <= store.acked() <= FACTS
    store.close()


async def test_an_office_that_is_stopped_and_reloaded_goes_on_where_it_was(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ledger = MemoryLedger(facts=2000)
    gate = Gate(ledger, gate_spec(mosquitto.port))
    async with running(gate):
        for mark in (200, 900, 2000):
            books = Books(tmp_path / "office", mosquitto.port)
            async with running(books):
                await until(lambda books=books, mark=mark: books.held >= mark, what=f"{mark} facts held")
    assert kept(Place(folder=tmp_path / "office")) == [(row.seq, row.hash) for row in ledger.all]
