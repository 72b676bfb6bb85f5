"""A commit costs the same in a ledger of any age: no statement of it goes through a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings

from daemon.core.facts import FACT_TYPES, Fact, PictureKept
from daemon.store import Store, StoreError
from tests.store.histories import history, instant, values_of

NEWEST_FIRST = "(SELECT max(seq) FROM alerts WHERE alert_id = "
"""Reads alerts from the newest on and stops at the one that a picture was just taken for."""


def steps(db: sqlite3.Connection, statement: str) -> Iterator[str]:
    """What SQLite does for it: `SEARCH stays USING INDEX …`, `SCAN alerts`."""
    if statement.split(maxsplit=1)[0] in ("INSERT", "UPDATE", "DELETE", "SELECT", "WITH"):
        yield from (step for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"))


def goes_through_a_table(step: str) -> bool:
    return step.startswith("SCAN") or (step.startswith("SEARCH") and "USING" not in step)


def run_by(store: Store, fact: Fact) -> list[str]:
    statements: list[str] = []
    store.db.set_trace_callback(statements.append)
    try:
        with suppress(StoreError, OverflowError):  # the fact need not fit the tables
            store.append([fact])
    finally:
        store.db.set_trace_callback(None)
    return [each for each in statements if NEWEST_FIRST not in each]


@pytest.mark.parametrize("kind", FACT_TYPES, ids=lambda kind: kind.__name__)
def test_no_kind_of_fact_makes_a_commit_go_through_a_table(store: Store, kind: type[Fact]) -> None:
    store.append(history(60))
    run: set[str] = set()

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(values_of(kind))
    def told(fact: Fact) -> None:
        run.update(run_by(store, fact))

    told()
    assert any(statement.startswith("INSERT INTO ledger") for statement in run)
    slow = {
        statement: step
        for statement in run
        for step in steps(store.db, statement)
        if goes_through_a_table(step)
    }
    assert not slow


def test_a_picture_of_no_alert_looks_for_none(store: Store) -> None:
    fact = PictureKept(at=instant(1), lane="entry-1", passage="X1", picture="x.jpg")
    statements: list[str] = []
    store.db.set_trace_callback(statements.append)
    store.append([fact])
    assert not [statement for statement in statements if "alerts" in statement]
