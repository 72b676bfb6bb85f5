"""The ledger: every fact in order, each row sealed to the one before it.

A row's hash is SHA-256 over the hash before it, its number, its kind and its text, each on a line of its own.
Whoever changes, removes, inserts or swaps a row breaks the chain from there on; whoever cuts off the end is
found by the head that the office holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from daemon.core.facts import Fact
from daemon.core.signals import Instant
from daemon.store.codec import canonical, fact_from_json, fact_to_json, instant, plain
from daemon.store.errors import StoreTooNew

LEDGER_SCHEMA = """
CREATE TABLE ledger (
    seq     INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    lane    TEXT,
    passage TEXT,
    body    TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_of_passage ON ledger (passage) WHERE passage IS NOT NULL;
"""

SEALED = "seq, kind, lane, passage, body, prev, hash"

FIRST_PREV = "0" * 64
"""What the first row is sealed to."""
FIRST = (0, FIRST_PREV)
"""Number and hash before there is any row."""
LOWEST = -(1 << 63)
"""Below every number that SQLite can hold: a row that somebody has put before the first is read too."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One fact as it stands in the ledger; `body` is the fact as plain JSON values."""

    seq: int
    kind: str
    lane: str | None
    passage: str | None
    at: Instant
    body: dict[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first row that does not fit, and what is wrong with it."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    rows: int
    head: str
    misfit: Misfit | None


def row_hash(prev: str, seq: int, kind: str, body_json: str) -> str:
    """The seal of a row. Pure: the office computes the same."""
    return sha256(f"{prev}\n{seq}\n{kind}\n{body_json}".encode()).hexdigest()


def is_sealed(prev: str, seq: int, kind: str, body: dict[str, Any], seal: str) -> bool:
    """True where a row that has travelled still carries its own seal."""
    return seal == row_hash(prev, seq, kind, canonical(body))


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """Number and hash of the last row."""
    row = db.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    return FIRST if row is None else (row[0], row[1])


def identity(db: sqlite3.Connection) -> str:
    """Which ledger this is."""
    found: str = db.execute("SELECT ledger FROM identity").fetchone()[0]
    return found


def rename(db: sqlite3.Connection) -> None:
    """Give the ledger a new identity: it may say something else under numbers that were used before."""
    db.execute("UPDATE identity SET ledger = lower(hex(randomblob(8)))")


def append(db: sqlite3.Connection, seq: int, prev: str, fact: Fact) -> str:
    """Write one row inside the open transaction; returns its hash. Raises ValueError as `fact_to_json`."""
    body = fact_to_json(fact)
    kind: str = fact.kind  # type: ignore[attr-defined]  # every Fact of AnyFact has one
    seal = row_hash(prev, seq, kind, body)
    take_over(db, (seq, kind, fact.lane, fact.passage, body, prev, seal))
    return seal


def take_over(db: sqlite3.Connection, row: Sealed) -> None:
    """Write a row that is sealed already, to the letter, inside the open transaction."""
    db.execute(
        "INSERT INTO ledger (seq, kind, lane, passage, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", row
    )


def rows(db: sqlite3.Connection, after: int, limit: int) -> list[LedgerRow]:
    found = db.execute(
        "SELECT seq, kind, lane, passage, body, prev, hash FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [_row(row) for row in found]


def _row(row: Sealed) -> LedgerRow:
    seq, kind, lane, passage, body, prev, seal = row
    values = plain(body)
    return LedgerRow(seq, kind, lane, passage, instant(values), values, prev, seal)


def rows_among(
    db: sqlite3.Connection, after: int, upto: int, kinds: Sequence[str], limit: int
) -> list[LedgerRow]:
    """Rows of these kinds behind `after` up to `upto`, the first of them."""
    found = db.execute(
        f"SELECT {SEALED} FROM ledger WHERE seq > ? AND seq <= ?"  # noqa: S608 - this file's own columns
        " AND kind IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?",
        (after, upto, json.dumps(list(kinds)), limit),
    )
    return [_row(row) for row in found]


def facts(db: sqlite3.Connection, *, since: int = LOWEST) -> Iterator[tuple[int, Fact]]:
    """The facts from that number on, in order. Raises StoreTooNew at a row that this version cannot read."""
    for seq, body in db.execute("SELECT seq, body FROM ledger WHERE seq >= ? ORDER BY seq", (since,)):
        yield seq, fact_of(seq, body)


def fact_of(seq: int, body: str) -> Fact:
    """The fact of a row that fits its seal. Raises StoreTooNew where this version knows no such fact."""
    try:
        return fact_from_json(body)
    except ValueError as unknown:
        raise StoreTooNew(
            f"第 {seq} 行不是本版本认识的事实，未作改动；请安装写下它的版本 / row {seq} is no fact that this"
            f" version knows: {body[:80]}; nothing was changed, install the version that wrote it"
        ) from unknown


def verify(db: sqlite3.Connection, *, expected_head: str | None = None) -> Verified:
    """`verify_rows` of a file."""
    return verify_rows(sealed(db), expected_head=expected_head)


def verify_rows(
    found: Iterable[Sealed], *, after: tuple[int, str] = FIRST, expected_head: str | None = None
) -> Verified:
    """Go through the chain and stop at the first row that does not fit, or cannot be read.

    A row that cannot be read is where `found` raises sqlite3.DatabaseError. `after` is number and hash of the
    row that the first one must follow.

    `expected_head` is the hash of a row as somebody outside has it (the office, a note on paper): a chain
    that does not come by it has been cut off before it, or sealed anew, though it fits in itself.
    """
    count, (last, prev) = 0, after
    came_by = expected_head in (None, prev)
    try:
        for row in found:
            what = misfit(row, last, prev)
            if what is not None:
                return Verified(count, prev, Misfit(row[0], what))
            count, last, prev = count + 1, row[0], row[6]
            came_by = came_by or prev == expected_head
    except sqlite3.DatabaseError as broken:
        return Verified(count, prev, Misfit(last + 1, f"it cannot be read: {broken}"))
    if not came_by:
        what = f"no row is sealed {expected_head}: the end was cut off, or rows were sealed anew"
        return Verified(count, prev, Misfit(last + 1, what))
    return Verified(count, prev, None)


def sealed(db: sqlite3.Connection, *, since: int = LOWEST) -> Iterator[Sealed]:
    """The rows as they lie there, in order, from that number on."""
    yield from db.execute(
        f"SELECT {SEALED} FROM ledger WHERE seq >= ? ORDER BY seq",  # noqa: S608 - this file's own columns
        (since,),
    )


def row_at(db: sqlite3.Connection, seq: int) -> Sealed | None:
    found: Sealed | None = db.execute(
        f"SELECT {SEALED} FROM ledger WHERE seq = ?",  # noqa: S608 - this file's own columns
        (seq,),
    ).fetchone()
    return found


Sealed = tuple[int, str, str | None, str | None, str, str, str]
"""A row as it lies in the file: seq, kind, lane, passage, body, prev, hash."""


def misfit(row: Sealed, last: int, prev: str) -> str | None:
    """Why this row does not follow the one numbered `last` and sealed `prev`; None where it does."""
    seq, kind, lane, passage, body, prev_hash, seal = row
    if seq != last + 1:
        return f"rows {last + 1} to {seq - 1} are missing" if seq > last else f"it comes after row {last}"
    if prev_hash != prev:
        return "it is not sealed to the row before it"
    if seal != row_hash(prev, seq, kind, body):
        return "its text is not what was sealed"
    try:
        value = plain(body)
    except (ValueError, RecursionError) as broken:
        return f"its text is no fact: {broken}"
    if (value.get("kind"), value.get("lane"), value.get("passage")) != (kind, lane, passage):
        return "its columns say something else than its text"
    return None
