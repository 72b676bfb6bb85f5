"""What another process may read from the books, while the office runs and while it does not.

The law of this file: it changes nothing. A gate's rows are those of the ledger that it writes now, the ones
that this ledger shares with those before it among them; a ledger that was replaced is read beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, or_, select

from daemon.core.fact import Fact
from daemon.office import tables
from daemon.office.chain import End
from daemon.store.errors import StoreTooNew
from daemon.store.ledger import FIRST_PREV, fact_of, row_hash

_AT_ONCE = 2_000
"""Rows in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One ledger of a gate, as the books have it."""

    book: int
    gate: str
    ledger: str
    """Its identity; empty for a gate of before they had one."""
    in_use: bool
    """The one that the gate writes now."""
    end: End
    base: int | None
    base_seq: int
    opened_at: datetime
    heard_at: datetime
    """When the gate last told anything."""
    lag: timedelta | None
    """How old the newest news was when it was safe here."""
    troubles: int
    """Facts of it that something is wrong with."""


def ledgers(engine: Engine) -> list[Told]:
    """Every ledger of every gate; of a gate the newest last."""
    count = (
        select(tables.troubles.c.book, func.count().label("troubles"))
        .group_by(tables.troubles.c.book)
        .subquery()
    )
    rows = (
        select(tables.books, count.c.troubles)
        .outerjoin(count, count.c.book == tables.books.c.book)
        .order_by(tables.books.c.gate, tables.books.c.in_use_since, tables.books.c.book)
    )
    with engine.begin() as db:
        found = list(db.execute(rows))
    newest = {row.gate: row.book for row in found}
    return [
        Told(
            book=row.book,
            gate=row.gate,
            ledger=row.ledger,
            in_use=newest[row.gate] == row.book,
            end=End(row.held, row.head),
            base=row.base,
            base_seq=row.base_seq,
            opened_at=row.opened_at,
            heard_at=row.heard_at,
            lag=None if row.lag_ms is None else timedelta(milliseconds=row.lag_ms),
            troubles=row.troubles or 0,
        )
        for row in found
    ]


def rows_of(table: Any, engine: Engine, *where: ColumnElement[bool]) -> Iterator[Any]:
    """Rows of a table in the order of their keys."""
    with engine.begin() as db:
        found = select(table).where(*where).order_by(*table.primary_key.columns)
        yield from db.execute(found.execution_options(yield_per=_AT_ONCE))


# ---------------------------------------------------------------- is it what came?


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One ledger, gone through from its first row."""

    told: Told
    rows: int
    forgotten: int
    """Rows whose text is gone; their seals still hang together."""
    marked: int
    """Rows that did not fit when they came, and were kept so."""
    anchors: int
    """Seals noted on the way that were compared."""
    misfits: tuple[tuple[int, str], ...]
    """Number and what is wrong: of what was changed here, or has gone, since it came."""


_NAMED = 10
"""Misfits that are named of one ledger; one lost row makes all behind it none."""


def verify(engine: Engine) -> Iterator[Verified]:
    """Every ledger against its own seals, and against those that were noted when it came."""
    for told in ledgers(engine):
        with engine.begin() as db:
            verified = _verified(db, told)
        yield verified


def _verified(db: Connection, told: Told) -> Verified:
    row = tables.facts.c
    noted = _noted(db, told.book)
    misfits: list[tuple[int, str]] = []
    rows = forgotten = marked = compared = 0
    seq, head = told.base_seq, _seal_below(db, told)
    found = select(tables.facts).where(row.book == told.book).order_by(row.seq)
    for fact in db.execute(found.execution_options(yield_per=_AT_ONCE)):
        rows += 1
        if fact.seq != seq + 1:
            misfits.append((seq + 1, f"rows {seq + 1} to {fact.seq - 1} are missing"))
        elif fact.trouble is None and fact.prev != head:
            misfits.append((fact.seq, "it is not sealed to the row before it"))
        if fact.body is None:
            forgotten += 1
        elif fact.trouble is None and fact.hash != row_hash(fact.prev, fact.seq, fact.kind, fact.body):
            misfits.append((fact.seq, "its text is not what was sealed"))
        marked += fact.trouble is not None
        for seal in noted.pop(fact.seq, ()):
            compared += 1
            if seal != fact.hash:
                misfits.append((fact.seq, f"it was noted as {seal} when it came"))
        seq, head = fact.seq, fact.hash
    for gone, seals in sorted(noted.items()):
        misfits += [(gone, f"it was noted as {seal} when it came, and is gone") for seal in seals]
    if End(seq, head) != told.end:
        misfits.append((seq + 1, f"the books are said to end at {told.end.held} {told.end.head}"))
    return Verified(
        told=told,
        rows=rows,
        forgotten=forgotten,
        marked=marked,
        anchors=compared,
        misfits=tuple(misfits[:_NAMED]),
    )


def _noted(db: Connection, book: int) -> dict[int, list[str]]:
    noted: dict[int, list[str]] = {}
    for seq, seal in db.execute(
        select(tables.anchors.c.seq, tables.anchors.c.hash).where(tables.anchors.c.book == book)
    ):
        noted.setdefault(seq, []).append(seal)
    return noted


def _seal_below(db: Connection, told: Told) -> str:
    """The hash that the first row of its own is sealed to."""
    if told.base is None:
        return FIRST_PREV
    below = select(tables.facts.c.hash).where(
        tables.facts.c.book == told.base, tables.facts.c.seq == told.base_seq
    )
    return str(db.execute(below).scalar() or "")


def differs(engine: Engine, told: Told, seals: Iterator[tuple[int, str]]) -> tuple[int, str] | None:
    """The first row of which a gate's own ledger says something else than it told; None where there is none.

    A ledger that a gate has sealed anew fits in itself: only this finds it out. What it has beyond what is
    held has not been told yet.
    """
    own = iter(seals)
    for book, above, up_to in spine(told, ledgers(engine)):
        row = tables.facts.c
        held = select(row.seq, row.hash).where(row.book == book, row.seq > above, row.seq <= up_to)
        with engine.begin() as db:
            found = db.execute(held.order_by(row.seq).execution_options(yield_per=_AT_ONCE))
            for seq, seal in found:
                theirs = next(own, None)
                if theirs is None:
                    return seq, f"the gate's ledger ends before it; {told.end.held} facts are held here"
                if theirs != (seq, seal):
                    return seq, f"it was told as {seal}, and is {theirs[1]} there (row {theirs[0]})"
    return None


# ---------------------------------------------------------------- facts, for reports


def spine(told: Told, everything: Collection[Told]) -> list[tuple[int, int, int]]:
    """What a ledger is made of, from its first row on: a book, above which number, up to which."""
    numbered = {one.book: one for one in everything}
    parts = []
    until = told.end.held
    while True:
        parts.append((told.book, told.base_seq, until))
        if told.base is None:
            return parts[::-1]
        until, told = told.base_seq, numbered[told.base]


def facts_of(
    engine: Engine,
    parts: Collection[tuple[int, int, int]],
    kinds: Collection[str],
    *,
    always: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[tuple[int, Fact]]:
    """As `daemon.store.reading.facts_of`, from the parts that make up a ledger.

    What was forgotten, and what this version does not know, is left out.
    """
    row = tables.facts.c
    within = [row.wall >= since] if since is not None else []
    if until is not None:
        within.append(row.wall <= until)
    wanted = or_(
        row.kind.in_(always), and_(row.kind.in_(kinds), or_(row.trusted.is_(False), and_(True, *within)))
    )
    for book, above, up_to in parts:
        found = (
            select(row.seq, row.body)
            .where(row.book == book, row.seq > above, row.seq <= up_to, row.body.is_not(None), wanted)
            .order_by(row.seq)
        )
        with engine.begin() as db:
            for seq, body in db.execute(found.execution_options(yield_per=_AT_ONCE)):
                try:
                    yield seq, fact_of(seq, body)
                except StoreTooNew:
                    continue


def lanes(engine: Engine) -> list[str]:
    """Every lane that any gate has told of."""
    lane = tables.facts.c.lane
    with engine.begin() as db:
        return sorted(db.execute(select(lane).where(lane.is_not(None)).distinct()).scalars())


def alerts(engine: Engine, *, still_open: bool = True) -> list[Any]:
    """What is alarmed, the gravest and the oldest first; every alert there was, where not only open ones."""
    row = tables.alerts.c
    found = select(tables.alerts).order_by(row.raised_at, row.number)
    if still_open:
        found = found.where(row.over_at.is_(None))
    with engine.begin() as db:
        return list(db.execute(found))


def troubles(engine: Engine, *, since: datetime | None = None) -> list[Any]:
    """What is wrong with what the gates have told, the newest last."""
    row = tables.troubles.c
    found = select(tables.troubles).order_by(row.trouble)
    if since is not None:
        found = found.where(row.noted_at >= since)
    with engine.begin() as db:
        return list(db.execute(found))
