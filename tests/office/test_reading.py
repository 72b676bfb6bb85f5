"""What can be read from the books: are they what came, what is alarmed, what do the facts add up to; and what
is forgotten of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from daemon.core.signals import Instant
from daemon.mqtt.messages import FactMessage
from daemon.office import reading, tables
from daemon.office.chain import NOT_SEALED, REPLACED
from daemon.office.database import Place, alone, open_engine
from daemon.store.codec import canonical
from daemon.store.ledger import FIRST_PREV, LedgerRow, row_hash
from tests.mqtt.rig import AT, MemoryLedger
from tests.office.rig import WallClock, opened, rows_of, told

CANARY = "京A55555"
WANG = {"name": "王主管", "role": "supervisor"}


def says(
    ledger: MemoryLedger, kind: str, *, lane: str | None = "entry-1", when: Instant = AT, **body: Any
) -> None:
    """One more fact, with a body of its own."""
    seq, prev = len(ledger.all) + 1, ledger.all[-1].hash if ledger.all else FIRST_PREV
    at = {"boot": AT.boot, "mono": "PT1M40S", "wall": when.wall.isoformat(), "trusted": when.trusted}
    values = {"kind": kind, "at": at, "lane": lane, "passage": None, **body}
    seal = row_hash(prev, seq, kind, canonical(values))
    ledger.all.append(LedgerRow(seq, kind, lane, None, when, values, prev, seal))


def raised(ledger: MemoryLedger, alert_id: str, alert: str = "tailgating", severity: str = "warning") -> None:
    says(
        ledger,
        "alert_raised",
        alert_id=alert_id,
        alert=alert,
        severity=severity,
        subject="entry-1-7",
        detail=f"跟车 {CANARY}",
        picture="2026-06-01/7.jpg",
        other_picture=None,
    )


def verified(place: Place) -> list[reading.Verified]:
    engine = open_engine(place, reading=True)
    try:
        return list(reading.verify(engine))
    finally:
        engine.dispose()


def changed(place: Place, *statements: Any) -> None:
    """Somebody with the database's password does what he likes."""
    engine = open_engine(place)
    with engine.begin() as db:
        for statement in statements:
            db.execute(statement)
    engine.dispose()


@pytest.fixture
def books_of_ten(place: Place) -> Place:
    ledger = MemoryLedger(6)
    ledger.add(kind="receipt_issued")
    for _ in range(3):
        ledger.add()
    with opened(place) as books:
        books.take(told(ledger))
    return place


def test_books_that_nobody_touched_fit(books_of_ten: Place) -> None:
    (one,) = verified(books_of_ten)
    assert (one.rows, one.anchors, one.marked, one.misfits) == (10, 2, 0, ())


@pytest.mark.rule("R18")
@pytest.mark.parametrize("what", ["edited", "cut out", "cut off", "one sealed anew", "sealed anew", "head"])
def test_what_is_changed_at_the_office_is_found(books_of_ten: Place, what: str) -> None:
    facts, row = tables.facts, tables.facts.c
    rows = rows_of(books_of_ten, facts)
    other = rows[6].body.replace("粤B", "粤A")
    seal = row_hash(rows[6].prev, 7, rows[6].kind, other)
    tampering = {
        "edited": [update(facts).where(row.seq == 4).values(body=rows[3].body.replace("粤B", "粤A"))],
        "cut out": [delete(facts).where(row.seq == 4)],
        "cut off": [
            delete(facts).where(row.seq > 8),
            update(tables.books).values(held=8, head=rows[7].hash),
        ],
        "one sealed anew": [
            update(facts)
            .where(row.seq == 4)
            .values(body="{}", hash=row_hash(rows[3].prev, 4, rows[3].kind, "{}"))
        ],
        "sealed anew": [
            update(facts).where(row.seq == 7).values(body=other, hash=seal),
            update(facts).where(row.seq == 8).values(prev=seal),
        ],
        "head": [update(tables.books).values(held=9)],
    }
    changed(books_of_ten, *tampering[what])
    (one,) = verified(books_of_ten)
    if what == "cut off":
        # the seal of every day's end is noted: what is behind it is missed by that
        assert one.misfits == ((10, f"it was noted as {rows[9].hash} when it came, and is gone"),)
    else:
        assert one.misfits


def test_what_did_not_fit_when_it_came_is_no_tampering_here(place: Place) -> None:
    facts = told(MemoryLedger(3))
    facts[1] = facts[1].model_copy(update={"body": {"note": "other"}})
    with opened(place) as books:
        books.take(facts)
    (one,) = verified(place)
    assert (one.marked, one.misfits) == (1, ())
    assert [row.what for row in rows_of(place, tables.troubles)] == [NOT_SEALED]


@pytest.mark.rule("R35")
def test_an_alert_is_followed_from_its_raising_to_its_end(place: Place) -> None:
    ledger = MemoryLedger()
    raised(ledger, "tailgating:entry-1-7")
    raised(ledger, "panic:booth", alert="panic", severity="urgent")
    says(ledger, "alert_escalated", alert_id="panic:booth", severity="urgent", level=1)
    says(ledger, "alert_acknowledged", alert_id="panic:booth", note="", by=WANG)
    says(ledger, "someone_sent", alert_id="panic:booth", who="李队", by=WANG)
    says(ledger, "alert_followed_up", alert_id="panic:booth", text="误触", by=WANG)
    with opened(place) as books:
        books.take(told(ledger))
        one, two = rows_of(place, tables.alerts)
        assert (one.alert, one.severity, one.level, one.acknowledged_by) == ("tailgating", "warning", 0, None)
        assert (one.picture, one.lane, one.over_at) == ("2026-06-01/7.jpg", "entry-1", None)
        assert (two.level, two.acknowledged_by, two.sent, two.note) == (1, "王主管", "李队", "误触")
        says(ledger, "alert_cleared", alert_id="panic:booth", by=WANG, outcome="已复位")
        raised(ledger, "panic:booth", alert="panic", severity="urgent")
        books.take(told(ledger))
    _, two, three = rows_of(place, tables.alerts)
    assert (two.over_at, two.closed_by, two.outcome) == (AT.wall, "王主管", "已复位")
    assert (three.alert_id, three.level, three.over_at) == ("panic:booth", 0, None)


def test_alerts_of_a_ledger_that_was_replaced_are_over(place: Place) -> None:
    ledger = MemoryLedger()
    raised(ledger, "tailgating:entry-1-7")
    with opened(place) as books:
        books.take(told(ledger, name="a" * 16))
        books.take(told(MemoryLedger(2), name="b" * 16))
    (one,) = rows_of(place, tables.alerts)
    assert one.outcome == REPLACED
    assert one.over_at is not None


def test_a_broken_fact_about_an_alert_harms_nothing(place: Place) -> None:
    ledger = MemoryLedger()
    raised(ledger, "tailgating:entry-1-7")
    (fact,) = told(ledger)
    wrong = {"alert_id": ["tailgating"], "alert": 7, "severity": None, "level": 10**30, "by": "王"}
    odd: list[FactMessage] = [
        fact.model_copy(update={"kind": kind, "body": wrong | {"alert_id": name}, "seq": seq})
        for seq, (kind, name) in enumerate(
            [
                ("alert_raised", "x\0"),
                ("alert_escalated", "x"),
                ("alert_acknowledged", "x"),
                ("alert_raised", 7),
            ],
            start=1,
        )
    ]
    with opened(place) as books:
        assert len(books.take(odd).entries) == 4
    (one,) = rows_of(place, tables.alerts)
    assert (one.alert, one.level, one.acknowledged_by) == ("", 0, "")


def test_what_is_forgotten_is_gone_from_the_files_and_the_chain_still_fits(tmp_path: Path) -> None:
    place, ledger = Place(folder=tmp_path), MemoryLedger()
    for number in range(200):
        says(ledger, "plate_seen", plate=CANARY, track=f"t{number}")
    says(ledger, "receipt_issued", plate="京A66666", means="cash", fen=500, number=1)
    raised(ledger, "tailgating:entry-1-7")
    says(ledger, "alert_cleared", alert_id="tailgating:entry-1-7", by=None, outcome="")
    canary = CANARY.encode()
    with opened(place) as books:
        books.take(told(ledger))
        assert any(canary in path.read_bytes() for path in tmp_path.glob("books.db*"))
        gone = books.forget(AT.wall + timedelta(days=1))
        assert (gone.facts, gone.alerts) == (202, 1)
        assert not any(canary in path.read_bytes() for path in tmp_path.glob("books.db*"))
        assert "京A66666".encode() in (tmp_path / "books.db").read_bytes(), "accounts are kept"
    (one,) = verified(place)
    assert (one.rows, one.forgotten, one.misfits) == (203, 202, ())


def test_only_what_is_older_is_forgotten(place: Place) -> None:
    ledger = MemoryLedger()
    says(ledger, "plate_seen", plate=CANARY)
    says(ledger, "device_failed", device="reader", role="reader", why="x")
    with opened(place) as books:
        books.take(told(ledger))
        assert books.forget(AT.wall).facts == 0
        assert books.forget(datetime(2027, 1, 1, tzinfo=UTC)).facts == 1
        # told again, it is neither missed nor mistaken for another version
        assert not books.take(told(ledger)).troubles
    assert [row.body is None for row in rows_of(place, tables.facts)] == [True, False]


@pytest.mark.rule("R43")
def test_what_a_gate_wrote_without_a_clock_is_as_old_as_its_coming_here(place: Place) -> None:
    # given a gate that woke up in 1970, and an alert there that is over
    lost, ledger = replace(AT, wall=datetime(1970, 1, 1, tzinfo=UTC), trusted=False), MemoryLedger()
    says(ledger, "plate_seen", when=lost, plate=CANARY)
    says(
        ledger, "alert_raised", when=lost, alert_id="tailgating:x", alert="tailgating",
        severity="warning", subject="x", detail="x", picture=None, other_picture=None,
    )  # fmt: skip
    says(ledger, "alert_cleared", when=lost, alert_id="tailgating:x", by=None, outcome="")
    clock = WallClock()
    with opened(place, clock) as books:
        books.take(told(ledger))
        # then nothing of it is forgotten before its time, and all of it then
        gone = books.forget(clock.time - timedelta(days=90))
        assert (gone.facts, gone.alerts) == (0, 0)
        gone = books.forget(clock.time + timedelta(seconds=1))
        assert (gone.facts, gone.alerts) == (3, 1)


def test_nobody_else_writes_to_books_that_are_a_file_while_the_office_runs(tmp_path: Path) -> None:
    from daemon.office.database import Unusable

    place = Place(folder=tmp_path)
    with alone(place), pytest.raises(Unusable, match="keep_days"), alone(place):
        pass
    with alone(place):
        pass
