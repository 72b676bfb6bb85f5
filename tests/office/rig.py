"""Books that a test opens, and what a gate would say to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from daemon.mqtt.messages import FactMessage, fact_message
from daemon.office import tables
from daemon.office.books import Books
from daemon.office.database import Place, open_engine
from tests.mqtt.rig import MemoryLedger

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
"""Noon at the site."""


class WallClock:
    """The office's clock, as the test sets it."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def goes(self, **by: float) -> None:
        self.time += timedelta(**by)


@contextmanager
def opened(place: Place, now: Callable[[], datetime] | None = None) -> Iterator[Books]:
    books = Books(open_engine(place), zone=ZONE, now=now or WallClock())
    try:
        yield books
    finally:
        books.close()


def told(
    ledger: MemoryLedger,
    first: int = 1,
    last: int | None = None,
    *,
    gate: str = "east",
    name: str | None = "a" * 16,
) -> list[FactMessage]:
    """What the gate says of its facts from `first` up to and with `last`."""
    rows = ledger.all[first - 1 : last]
    return [
        FactMessage.model_validate_json(fact_message(row, gate=gate, historical=False, ledger=name))
        for row in rows
    ]


def rows_of(place: Place, table: Any) -> list[Any]:
    """Every row of a table, as another process reads it."""
    engine = open_engine(place, reading=True)
    try:
        with engine.begin() as db:
            return list(db.execute(select(table).order_by(*table.primary_key.columns)))
    finally:
        engine.dispose()


def kept(place: Place) -> list[tuple[int, str]]:
    """Number and hash of every fact in the books, book after book."""
    return [(row.seq, row.hash) for row in rows_of(place, tables.facts)]
