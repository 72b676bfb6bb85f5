"""How the office talks to its gates: what it drops, what a person sees, and what it does when its disk or
its database does not do its part."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC
from pathlib import Path

import pytest

from daemon.mqtt.messages import FactMessage, Topics, gate_of
from daemon.office import lines, tables
from daemon.office.database import Place
from daemon.office.office import Office
from daemon.office.service import books_at
from daemon.runtime.clock import SystemClock
from tests.mqtt.rig import MemoryLedger, ScriptedWay, running_tasks, until
from tests.office.rig import kept, rows_of, told
from tests.rigs.postgres import Postgres


class Desk:
    """An office without a broker: what it is told, and what it answers."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.office = Office(
            lambda: books_at(place, zone=UTC, clock=SystemClock()),
            root="gatepost",
            site="garden",
            way=self._way,
        )
        self.answers: list[tuple[str, dict[str, object]]] = []

    def _way(self, listener: Office) -> ScriptedWay:
        self.way = ScriptedWay(listener)
        self.way.publish = self._said  # type: ignore[method-assign]
        return self.way

    def _said(self, topic: str, payload: bytes, _done: object) -> bool:
        self.answers.append((topic.removeprefix("gatepost/garden/"), json.loads(payload)))
        return True

    def hears(self, *facts: FactMessage) -> None:
        for fact in facts:
            topic = Topics(root="gatepost", site="garden", gate=fact.gate).fact(fact.lane, "x")
            self.office.heard(topic, fact.model_dump_json().encode(), retained=False)


async def test_what_is_held_is_acknowledged_after_it_is_in_the_books(place: Place) -> None:
    desk, ledger = Desk(place), MemoryLedger(10)
    async with running_tasks(desk.office.run()):
        desk.hears(*told(ledger, 1, 4))
        await until(lambda: desk.answers != [])
        assert desk.answers == [("east/office/ack", {"gate": "east", "seq": 4, "ledger": "a" * 16})]
        assert len(kept(place)) == 4

        # what comes again is acknowledged again, what is missing is asked for, once in a while
        desk.answers.clear()
        desk.hears(*told(ledger, 3, 4), *told(ledger, 9))
        await until(lambda: len(desk.answers) == 2)
        assert desk.answers[1] == ("east/office/resend", {"gate": "east", "from": 5, "ledger": "a" * 16})
        desk.answers.clear()
        desk.hears(*told(ledger, 10))
        await until(lambda: desk.answers != [])
        assert [topic for topic, _ in desk.answers] == ["east/office/ack"]


async def test_a_gate_of_before_ledgers_had_names_is_answered_without_one(place: Place) -> None:
    desk = Desk(place)
    async with running_tasks(desk.office.run()):
        desk.hears(*told(MemoryLedger(2), name=None))
        await until(lambda: desk.answers != [])
    assert desk.answers == [("east/office/ack", {"gate": "east", "seq": 2})]


async def test_a_database_that_dies_costs_time_and_no_fact(
    postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    place = Place(folder=tmp_path, url=postgres.new_database())
    desk, ledger = Desk(place), MemoryLedger(300)
    async with running_tasks(desk.office.run()):
        desk.hears(*told(ledger, 1, 100))
        await until(lambda: desk.answers != [])
        desk.answers.clear()

        # when the server is gone while more comes
        postgres.kill()
        desk.hears(*told(ledger, 101, 200))
        await until(lambda: desk.office.why is not None, what="the trouble is known")
        desk.hears(*told(ledger, 201, 300))
        assert desk.answers == [], "nothing is acknowledged that is not in the books"
        postgres.start()

        # then everything is kept, once
        await until(lambda: any(answer["seq"] == 300 for _, answer in desk.answers))
    assert kept(place) == [(row.seq, row.hash) for row in ledger.all]
    assert desk.office.why is None
    assert caplog.text.count("the database does not take anything") == 1
    assert caplog.text.count("the database is back") == 1


async def test_an_office_may_start_before_its_database(postgres: Postgres, tmp_path: Path) -> None:
    place = Place(folder=tmp_path, url=postgres.new_database())
    postgres.kill()
    desk = Desk(place)
    try:
        async with running_tasks(desk.office.run()):
            await until(lambda: desk.office.why is not None)
            postgres.start()
            await until(lambda: desk.office.books is not None)
    finally:
        if desk.office.books is None:
            postgres.start()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("gatepost/garden/east/fact/entry-1/x", b"junk"),
        ("gatepost/garden/east/fact/entry-1/x", b"[" * 60_000),
        ("gatepost/garden/east/fact/entry-1/x", b"x" * 100_000),
        ("gatepost/garden/west/fact/entry-1/x", told(MemoryLedger(1))[0].model_dump_json().encode()),
        ("gatepost/garden/..%2f/fact/x/y", told(MemoryLedger(1))[0].model_dump_json().encode()),
        ("gatepost/other/east/fact/entry-1/x", told(MemoryLedger(1))[0].model_dump_json().encode()),
        ("gatepost/garden/east/office/ack", told(MemoryLedger(1))[0].model_dump_json().encode()),
        (
            "gatepost/garden/../fact/x/y",
            told(MemoryLedger(1))[0].model_copy(update={"gate": ".."}).model_dump_json().encode(),
        ),
        (
            "gatepost/garden/east/fact/entry-1/x",
            told(MemoryLedger(1))[0].model_copy(update={"kind": "\0"}).model_dump_json().encode(),
        ),
    ],
)
async def test_what_is_no_fact_of_this_site_never_reaches_the_books(
    tmp_path: Path, topic: str, payload: bytes
) -> None:
    desk, (fact,) = Desk(Place(folder=tmp_path)), told(MemoryLedger(1))
    async with running_tasks(desk.office.run()):
        await until(lambda: desk.office.books is not None)
        desk.office.heard(topic, payload, retained=False)
        desk.office.heard(
            "gatepost/garden/east/fact/entry-1/x", fact.model_dump_json().encode(), retained=True
        )
        desk.hears(*told(MemoryLedger(1), gate="west"))
        await until(lambda: desk.answers != [])
    assert [row.gate for row in rows_of(desk.place, tables.books)] == ["west"]
    assert len(kept(desk.place)) == 1


async def test_a_flood_is_dropped_beyond_a_bound_and_asked_for_later(place: Place) -> None:
    desk, ledger = Desk(place), MemoryLedger(12_000)
    facts = told(ledger)
    desk.hears(*facts)
    async with running_tasks(desk.office.run()):
        await until(lambda: any(answer["seq"] == 10_000 for _, answer in desk.answers))
        desk.hears(facts[-1])
        await until(
            lambda: (
                ("east/office/resend", {"gate": "east", "from": 10_001, "ledger": "a" * 16}) in desk.answers
            )
        )
        desk.hears(*facts[9_990:])
        await until(lambda: any(answer.get("seq") == 12_000 for _, answer in desk.answers))
        await asyncio.sleep(0)
    assert kept(place) == [(row.seq, row.hash) for row in ledger.all]


def test_a_line_for_people_is_chinese_first_and_names_no_plate() -> None:
    (fact,) = told(MemoryLedger(1))
    granted = fact.model_copy(
        update={
            "kind": "access_granted",
            "body": {"reason": "permit_card", "plate": "粤B12345", "card": "0A1B2C3D"},
        }
    )
    text = lines.line(granted, None, UTC)
    assert text == "06-01 08:00:00 east #1 entry-1 放行 let through: 卡有效 the card has a permit"

    odd = fact.model_copy(update={"kind": "\x1b[2Jnew_kind", "historical": True})
    assert "\x1b" not in lines.line(odd, None, UTC)
    assert "补传 historical" in lines.line(odd, None, UTC)
    assert "账本不符 chain broken: hash" in lines.line(fact, "hash", UTC)


def test_every_kind_of_fact_has_its_words() -> None:
    from daemon.core.facts import FACT_TYPES

    assert {kind.__dataclass_fields__["kind"].default for kind in FACT_TYPES} <= set(lines.KIND_WORDS)


def test_topics_are_read_as_they_are_written() -> None:
    topics = Topics(root="a/b", site="garden", gate="east")
    assert gate_of("a/b", "garden", topics.fact("entry-1", "boom_moved")) == "east"
    assert gate_of("a/b", "garden", topics.ack) is None
    assert gate_of("a", "garden", topics.fact(None, "boom_moved")) is None
