"""The publishing process and the office are killed at any moment; the books are right all the same."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.mqtt.rig import Books, Gate, MemoryLedger, gate_spec, running, until
from tests.rigs.broker import Mosquitto

FACTS = 3000


@pytest.mark.rule("R42")
async def test_a_gate_killed_again_and_again_loses_and_doubles_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async def start() -> asyncio.subprocess.Process:
        program = Path(__file__).with_name("gate_process.py")
        return await asyncio.create_subprocess_exec(
            sys.executable, str(program), str(mosquitto.port), str(tmp_path), str(FACTS)
        )

    books = Books(tmp_path / "office", mosquitto.port)
    async with running(books):
        for mark in (1, 700, 1600):
            gate = await start()
            try:
                await until(lambda mark=mark: books.held >= mark, what=f"{mark} facts held")
            finally:
                gate.kill()
                await gate.wait()
        gate = await start()
        try:
            await until(lambda: books.held == FACTS, what="everything held")
            acked = tmp_path / "acked"
            await until(lambda: acked.read_text(encoding="ascii") == str(FACTS), what="and acknowledged")
        finally:
            gate.kill()
            await gate.wait()

    assert [(fact.seq, fact.hash) for fact in books.taken] == [
        (row.seq, row.hash) for row in MemoryLedger(FACTS).all
    ]
    assert books.troubles == []


async def test_an_office_that_is_stopped_and_reloaded_goes_on_where_it_was(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ledger = MemoryLedger(facts=2000)
    gate = Gate(ledger, gate_spec(mosquitto.port))
    taken: list[int] = []
    async with running(gate):
        for mark in (200, 900, 2000):
            books = Books(tmp_path / "office", mosquitto.port)
            async with running(books):
                await until(lambda books=books, mark=mark: books.held >= mark, what=f"{mark} facts held")
            taken += [fact.seq for fact in books.taken]
    assert taken == list(range(1, 2001))
