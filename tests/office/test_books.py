"""What is kept, in which order, once: the same contract for books in SQLite and in PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from daemon.office import tables
from daemon.office.chain import FORKED, NOT_IN_ORDER, NOT_SEALED, REPLACED, TWO_VERSIONS, why_not_kept
from daemon.office.database import Place, open_engine
from daemon.office.ledgers import Ledger
from daemon.store.ledger import FIRST_PREV, row_hash
from tests.mqtt.rig import MemoryLedger
from tests.office.rig import NOON, WallClock, kept, opened, rows_of, told

A, B = "a" * 16, "b" * 16


def seals(ledger: MemoryLedger) -> list[tuple[int, str]]:
    return [(row.seq, row.hash) for row in ledger.all]


def test_facts_are_kept_once_and_over_a_restart(place: Place) -> None:
    ledger = MemoryLedger(7)
    with opened(place) as books:
        assert [entry.fact.seq for entry in books.take(told(ledger, 1, 5)).entries] == [1, 2, 3, 4, 5]
        assert not books.take(told(ledger, 1, 5)).entries
    with opened(place) as books:
        assert books.held() == {Ledger("east", A): 5}
        assert [entry.fact.seq for entry in books.take(told(ledger)).entries] == [6, 7]
    assert kept(place) == seals(ledger)


def test_a_row_is_the_text_that_was_sealed(place: Place) -> None:
    ledger = MemoryLedger(3)
    with opened(place) as books:
        books.take(told(ledger))
    prev = FIRST_PREV
    for row in rows_of(place, tables.facts):
        assert row.hash == row_hash(prev, row.seq, row.kind, row.body)
        assert (row.trusted, row.taken_at, row.trouble) == (True, NOON, None)
        assert row.wall == ledger.all[row.seq - 1].at.wall
        prev = row.hash


def test_what_leaves_a_gap_is_not_kept_and_said_to_be_missing(place: Place) -> None:
    one, two, three, four = told(MemoryLedger(4))
    with opened(place) as books:
        assert books.take([one, three, four]).missing == {Ledger("east", A)}
        assert books.held_of(Ledger("east", A)) == 1
        # a gap that closes within the same breath is none
        assert not books.take([four, two, three, two]).missing
        assert books.held_of(Ledger("east", A)) == 3


def test_ten_gates_in_one_batch_are_kept_apart(place: Place) -> None:
    gates = {f"gate-{number}": MemoryLedger(number) for number in range(1, 11)}
    batch = [fact for gate, ledger in gates.items() for fact in told(ledger, gate=gate)]
    with opened(place) as books:
        taken = books.take(batch)
    assert taken.held == {Ledger(gate, A): len(ledger.all) for gate, ledger in gates.items()}
    assert len(kept(place)) == sum(range(1, 11))


def test_what_does_not_fit_the_chain_is_kept_marked_and_said_once(place: Place) -> None:
    one, two, three = told(MemoryLedger(3))
    edited = two.model_copy(update={"body": two.body | {"note": "京A·88888"}})
    stranger = three.model_copy(update={"prev": "f" * 64})
    with opened(place) as books:
        taken = books.take([one, edited, stranger])
        assert [(trouble.seq, trouble.what) for trouble in taken.troubles] == [
            (2, NOT_SEALED),
            (3, NOT_IN_ORDER),
        ]
        assert not books.take([one, edited, stranger]).troubles
    assert [row.trouble for row in rows_of(place, tables.facts)] == [None, NOT_SEALED, NOT_IN_ORDER]
    assert [row.seq for row in rows_of(place, tables.troubles)] == [2, 3]


def test_facts_that_come_twice_in_one_breath_are_the_same_facts(place: Place) -> None:
    facts = told(MemoryLedger(5))
    with opened(place) as books:
        taken = books.take([*facts[:3], *facts, *facts[1:]])
    assert (len(taken.entries), taken.troubles) == (5, [])


def test_two_versions_of_one_fact_are_noticed_and_the_first_is_kept(place: Place) -> None:
    facts = told(MemoryLedger(5))
    with opened(place) as books:
        books.take(facts)
        other = facts[1].model_copy(update={"hash": "0" * 64})
        (trouble,) = books.take([other, *facts]).troubles
    assert (trouble.gate, trouble.seq, trouble.what) == ("east", 2, TWO_VERSIONS)
    assert kept(place)[1] == (2, facts[1].hash)


def test_a_replaced_ledger_begins_a_book_of_its_own_and_the_old_one_stays(place: Place) -> None:
    old, new = MemoryLedger(20), MemoryLedger()
    for _ in range(5):
        new.add(kind="boom_moved")
    with opened(place) as books:
        books.take(told(old, name=A))
        # in the middle of the new one nothing says where it begins: it is asked for from 1
        assert books.take(told(new, 3, name=B)).missing == {Ledger("east", B)}
        taken = books.take(told(new, name=B))
        assert [(trouble.seq, trouble.what) for trouble in taken.troubles] == [(1, REPLACED)]
        assert books.held() == {Ledger("east", B): 5}
        # what was still on its way from the old one changes nothing
        assert not books.take(told(old, 15, name=A)).troubles
    with opened(place) as books:
        assert books.held() == {Ledger("east", B): 5}
        assert books.held_of(Ledger("east", A)) == 20
    assert kept(place) == seals(old) + seals(new)


def test_a_ledger_under_a_new_name_goes_on_and_is_not_told_again(place: Place) -> None:
    ledger = MemoryLedger(10)
    with opened(place) as books:
        books.take(told(ledger, name=None))
        ledger.add()
        taken = books.take(told(ledger, 11, name=A))
        assert (taken.held, taken.troubles) == ({Ledger("east", A): 11}, [])
    # and so it is after a start
    with opened(place) as books:
        assert not books.take(told(ledger, 5, name=A)).troubles
    assert kept(place) == seals(ledger)


def test_old_facts_told_under_a_new_name_are_not_kept_twice(place: Place) -> None:
    ledger = MemoryLedger(20)
    with opened(place) as books:
        books.take(told(ledger, 1, 15, name=A))
        for first, last in ((6, 9), (10, 17), (18, 20)):
            assert not books.take(told(ledger, first, last, name=B)).troubles
        assert books.held() == {Ledger("east", B): 20}
    assert kept(place) == seals(ledger)


def test_facts_that_a_gate_has_lost_stay_in_the_books_and_it_is_said(place: Place) -> None:
    before = MemoryLedger(10)
    restored = MemoryLedger(7)
    for _ in range(5):
        restored.add(kind="fact_lost")
    with opened(place) as books:
        books.take(told(before, name=A))
        taken = books.take(told(restored, 8, name=B))
        assert [(trouble.seq, trouble.what) for trouble in taken.troubles] == [(8, FORKED)]
        assert books.held() == {Ledger("east", B): 12}
    assert kept(place) == seals(before) + seals(restored)[7:]


def test_the_head_is_noted_every_day_and_money_at_once(place: Place) -> None:
    ledger, now = MemoryLedger(3), WallClock()
    ledger.add(kind="receipt_issued")
    ledger.add()
    with opened(place, now) as books:
        books.take(told(ledger, 1, 3))
        books.take(told(ledger, 4, 4))
        now.goes(hours=11, minutes=59)
        books.take(told(ledger, 5, 5))
    ledger.add()
    now.goes(minutes=1)
    with opened(place, now) as books:
        books.take(told(ledger, 6, 6))
    noted = [(row.seq, row.why, row.hash) for row in rows_of(place, tables.anchors)]
    assert noted == [
        (3, "day", ledger.all[2].hash),
        (4, "money", ledger.all[3].hash),
        (6, "day", ledger.all[5].hash),
    ]


def test_books_that_another_office_has_written_are_read_again(place: Place) -> None:
    ledger = MemoryLedger(9)
    with opened(place) as one:
        one.take(told(ledger, 1, 3))
        with opened(place) as other:
            other.take(told(ledger, 4, 6))
        taken = one.take(told(ledger, 4, 9))
        assert taken.held == {Ledger("east", A): 9}
        assert not taken.troubles
    assert kept(place) == seals(ledger)


def test_one_gates_impossible_row_does_not_keep_the_others_out(place: Place) -> None:
    east, west = MemoryLedger(3), MemoryLedger(3)
    with opened(place) as books:
        books.take(told(east, 1, 1, gate="east"))
        engine = open_engine(place)
        with engine.begin() as db:
            # a row that nobody could have written stands where the next one belongs
            row = rows_of(place, tables.facts)[0]._mapping
            db.execute(insert(tables.facts).values({**row, "seq": 2}))
        engine.dispose()
        taken = books.take([*told(east, 2, gate="east"), *told(west, gate="west")])
    assert taken.held == {Ledger("west", A): 3}
    assert set(taken.refused) == {"east"}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "boom\0moved"},
        {"passage": "\0"},
        {"hash": "a\0" * 32},
        {"body": {"share": float("nan")}},
        {"body": {"note": "\ud800"}},
    ],
)
def test_what_no_ledger_could_hold_is_known_before_it_reaches_the_database(
    changes: dict[str, object],
) -> None:
    (fact,) = told(MemoryLedger(1))
    assert why_not_kept(fact) is None
    assert why_not_kept(fact.model_copy(update=changes)) is not None


def test_where_no_office_has_run_there_is_nothing_to_read(place: Place) -> None:
    with pytest.raises(FileNotFoundError, match="no books yet"):
        open_engine(place, reading=True)


def test_books_of_a_newer_office_are_left_alone(place: Place) -> None:
    from daemon.office.database import Unusable

    with opened(place):
        pass
    engine = open_engine(place)
    with engine.begin() as db:
        db.execute(update(tables.version).values(version=99))
    engine.dispose()
    with pytest.raises(Unusable, match="99"):
        open_engine(place)
