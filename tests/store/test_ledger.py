"""All of a decision or nothing of it; and whoever touches a row is found at that row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from daemon.core.facts import Fact, FactLost, PermitGranted, PlateSeen
from daemon.core.lot import LotRecounted
from daemon.store import Store, StoreError, StoreTooNew, ledger, reading, tables
from daemon.store.file import connect_reading
from tests.store.conftest import Stores
from tests.store.histories import OFFICE, History, history, instant, permit, stay

ROWS = 60


# ---------------------------------------------------------------- all or none


def everything(store: Store) -> dict[str, Any]:
    """What another process finds in the file, and what the store itself believes."""
    with closing(connect_reading(store.path)) as db:
        return {
            "rows": db.execute("SELECT * FROM ledger ORDER BY seq").fetchall(),
            "tables": tables.contents(db),
            "seq": store.last_seq(),
            "head": store.head(),
        }


def test_a_decision_is_numbered_without_a_gap_and_read_back(store: Store) -> None:
    decisions = list(History(seed=3).decisions(40))
    numbers = [number for facts in decisions for number in store.append(facts)]
    facts = [fact for facts in decisions for fact in facts]
    assert numbers == list(range(1, len(facts) + 1))
    assert list(store.facts()) == list(zip(numbers, facts, strict=True))
    assert (store.last_seq(), store.head()) == ledger.head(store.db)
    assert [row.at for row in store.rows(0, len(facts))] == [fact.at for fact in facts]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_fact_that_is_refused_takes_the_others_with_it(store: Store, place: int) -> None:
    # given a gate with a car inside
    store.append([*history(30), stay(100)])
    before = everything(store)
    # when one fact of a decision contradicts what is there
    facts = [FactLost(at=instant(1), why="a"), FactLost(at=instant(1), why="b")]
    facts.insert(place, stay(101, plate=stay(100).plate))
    with pytest.raises(StoreError, match="nothing was written"):
        store.append(facts)
    # then nothing of it is there, and the next one goes on where the last one ended
    assert everything(store) == before
    assert store.append([FactLost(at=instant(2), why="c")]) == [before["seq"] + 1]
    assert store.verify().misfit is None


UNSAYABLE = {
    "half a character": FactLost(at=instant(1), why="\ud800"),
    "a number that is none": replace(
        next(fact for fact in history(50) if isinstance(fact, PlateSeen)), confidence=float("nan")
    ),
    "a number beyond every column": LotRecounted(
        at=instant(1), of="permit", counted=10**30, correction=10**30, why="a", by=OFFICE
    ),
}


@pytest.mark.parametrize("fact", UNSAYABLE.values(), ids=UNSAYABLE)
def test_a_fact_that_cannot_be_said_is_refused_like_any_other(store: Store, fact: Fact) -> None:
    store.append(history(10))
    before = everything(store)
    with pytest.raises(StoreError, match="nothing was written"):
        store.append([FactLost(at=instant(1), why="a"), fact])
    assert everything(store) == before


def test_a_bug_in_a_projection_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(history(10))
    before = everything(store)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setitem(tables.PROJECTIONS, FactLost, broken)
        with pytest.raises(ZeroDivisionError):
            store.append([permit_granted(50), FactLost(at=instant(1), why="a")])
    assert everything(store) == before
    store.append([permit_granted(50)])


def permit_granted(number: int, **changes: Any) -> PermitGranted:
    return PermitGranted(at=instant(number), permit=permit(number, **changes), by=OFFICE)


# ---------------------------------------------------------------- the chain


@pytest.fixture
def sealed(store: Store) -> sqlite3.Connection:
    store.append(history(ROWS))
    return store.db


def edit_text(db: sqlite3.Connection, random: Random) -> int:
    seq = random.randint(1, ROWS)
    (body,) = db.execute("SELECT body FROM ledger WHERE seq = ?", (seq,)).fetchone()
    place = random.randrange(len(body))
    other = "1" if body[place] != "1" else "2"
    db.execute("UPDATE ledger SET body = ? WHERE seq = ?", (body[:place] + other + body[place + 1 :], seq))
    return seq


def edit_column(db: sqlite3.Connection, random: Random) -> int:
    seq = random.randint(1, ROWS)
    column = random.choice(["kind", "lane", "passage", "prev", "hash"])
    db.execute(f"UPDATE ledger SET {column} = 'x' WHERE seq = ?", (seq,))  # noqa: S608 - named above
    return seq


def delete(db: sqlite3.Connection, random: Random) -> int:
    seq = random.randint(1, ROWS - 1)
    db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
    return seq + 1


def insert(db: sqlite3.Connection, random: Random) -> int:
    """A row of one's own between two others, which make room for it."""
    seq = random.randint(1, ROWS)
    db.execute("UPDATE ledger SET seq = -(seq + 1) WHERE seq >= ?", (seq,))
    db.execute("UPDATE ledger SET seq = -seq WHERE seq < 0")
    prev = db.execute("SELECT hash FROM ledger WHERE seq = ?", (seq - 1,)).fetchone()
    ledger.append(db, seq, prev[0] if prev else ledger.FIRST_PREV, FactLost(at=instant(0), why="forged"))
    return seq + 1


def swap(db: sqlite3.Connection, random: Random) -> int:
    one, other = sorted(random.sample(range(1, ROWS + 1), 2))
    db.execute("UPDATE ledger SET seq = 0 WHERE seq = ?", (one,))
    db.execute("UPDATE ledger SET seq = ? WHERE seq = ?", (one, other))
    db.execute("UPDATE ledger SET seq = ? WHERE seq = 0", (other,))
    return one


def renumber(db: sqlite3.Connection, random: Random) -> int:
    """Take a row out and close the gap."""
    seq = random.randint(1, ROWS - 1)
    db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
    db.execute("UPDATE ledger SET seq = -(seq - 1) WHERE seq > ?", (seq,))
    db.execute("UPDATE ledger SET seq = -seq WHERE seq < 0")
    return seq


def no_fact_at_all(db: sqlite3.Connection, random: Random) -> int:
    """Sealed by somebody who knows how, but no fact."""
    seq = random.randint(1, ROWS)
    text = random.choice(["", "[]", "7", "{", "{}"])
    prev, kind = db.execute("SELECT prev, kind FROM ledger WHERE seq = ?", (seq,)).fetchone()
    seal = ledger.row_hash(prev, seq, kind, text)
    db.execute("UPDATE ledger SET body = ?, hash = ? WHERE seq = ?", (text, seal, seq))
    return seq


@pytest.mark.parametrize("tamper", [edit_text, edit_column, delete, insert, swap, renumber, no_fact_at_all])
def test_tampering_is_found_at_the_first_row_that_does_not_fit(
    sealed: sqlite3.Connection, tamper: Any
) -> None:
    assert ledger.verify(sealed).rows == ROWS
    for seed in range(100):
        sealed.execute("BEGIN")
        first = tamper(sealed, Random(seed))
        misfit = ledger.verify(sealed).misfit
        sealed.execute("ROLLBACK")
        assert misfit is not None, f"seed {seed}"
        assert misfit.seq == first, f"seed {seed}: {misfit.what}"


def reseal(db: sqlite3.Connection, from_seq: int) -> None:
    """What a cashier with root would do: make the chain fit again from there on."""
    rows = db.execute(
        "SELECT seq, kind, body FROM ledger WHERE seq >= ? ORDER BY seq", (from_seq,)
    ).fetchall()
    before = db.execute("SELECT hash FROM ledger WHERE seq = ?", (from_seq - 1,)).fetchone()
    prev = before[0] if before else ledger.FIRST_PREV
    for seq, kind, body in rows:
        seal = ledger.row_hash(prev, seq, kind, body)
        db.execute("UPDATE ledger SET prev = ?, hash = ? WHERE seq = ?", (prev, seal, seq))
        prev = seal


def test_a_chain_sealed_anew_or_cut_off_is_found_by_the_head_that_the_office_has(
    sealed: sqlite3.Connection,
) -> None:
    heads = dict(sealed.execute("SELECT seq, hash FROM ledger"))
    random = Random(7)
    for _ in range(60):
        told, touched = random.randint(1, ROWS), random.randint(1, ROWS)
        sealed.execute("BEGIN")
        if random.random() < 0.5:
            sealed.execute("DELETE FROM ledger WHERE seq >= ?", (touched,))
        else:
            sealed.execute(
                "UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = ?", (touched,)
            )
            reseal(sealed, touched)
        verified = ledger.verify(sealed, expected_head=heads[told])
        in_itself = ledger.verify(sealed)
        sealed.execute("ROLLBACK")
        # the chain alone says nothing; with a head from outside everything up to that head is proven
        assert in_itself.misfit is None
        assert (verified.misfit is not None) == (touched <= told)


@pytest.mark.rule("R18")
def test_another_process_verifies_the_file_and_names_the_row(
    store: Store, sealed: sqlite3.Connection
) -> None:
    head = store.head()
    assert reading.verify(store.path, expected_head=head) == ledger.Verified(ROWS, head, None)
    sealed.execute("UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = 17")
    misfit = reading.verify(store.path).misfit
    assert misfit is not None
    assert misfit.seq == 17
    reseal(sealed, 17)
    assert reading.verify(store.path).misfit is None
    found = reading.verify(store.path, expected_head=head).misfit
    assert found is not None
    assert head in found.what


def test_a_page_that_cannot_be_read_is_named_and_not_thrown(store: Store, stores: Stores) -> None:
    store.append(history(300))
    store.close()
    data = bytearray(store.path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    store.path.write_bytes(data)
    misfit = reading.verify(store.path).misfit
    assert misfit is not None
    assert "cannot be read" in misfit.what


def test_a_fact_from_a_newer_version_is_not_taken_for_damage(store: Store, stores: Stores) -> None:
    store.append(history(5))
    body = '{"at":{"boot":"b","mono":"PT0S","trusted":true,"wall":"2026-03-01T00:00:00Z"},"kind":"moon_seen"}'
    seal = ledger.row_hash(store.head(), 6, "moon_seen", body)
    ledger.take_over(store.db, (6, "moon_seen", None, None, body, store.head(), seal))
    store.close()
    again = stores()
    again.open()
    assert again.verify().misfit is None
    with pytest.raises(StoreTooNew, match="row 6"):
        list(again.facts())


def test_the_office_acknowledges_forwards_and_never_what_was_not_said(store: Store) -> None:
    store.append(history(20))
    for said, kept in ((5, 5), (3, 5), (12, 12), (99, 20), (20, 20)):
        store.set_acked(said)
        assert store.acked() == kept
