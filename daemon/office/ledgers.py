"""Which ledger a fact belongs to, and how the ledgers of a gate hang together.

The law of this file: the rule of `daemon.mqtt.messages`. A ledger under a new name goes on behind the row
that its first fact is sealed to; whatever it shares with the one before is kept once. Nothing that was held
is lost from sight because a gate has lost it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from daemon.mqtt.messages import FactMessage
from daemon.office import tables
from daemon.office.chain import FORKED, REPLACED, End, Entry
from daemon.store.ledger import FIRST_PREV


class Ledger(NamedTuple):
    """One ledger of one gate; `name` is empty for a gate of before they had an identity."""

    gate: str
    name: str


def ledger_of(fact: FactMessage) -> Ledger:
    return Ledger(fact.gate, fact.ledger or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One ledger of one gate, as far as it is held."""

    number: int
    of: Ledger
    end: End
    base: int | None = None
    """The book whose rows up to and with `base_seq` are this one's as well."""
    base_seq: int = 0
    anchored_on: date | None = None
    """The day, in the site's time zone, on which its end was last noted."""


@dataclass(slots=True)
class Known:
    """Every book there is."""

    books: dict[Ledger, Book] = field(default_factory=dict)
    in_use: dict[str, Book] = field(default_factory=dict)
    """The one that each gate writes now."""

    def copy(self) -> Known:
        return Known(dict(self.books), dict(self.in_use))

    def put(self, book: Book, *, in_use: bool) -> None:
        self.books[book.of] = book
        current = self.in_use.get(book.of.gate)
        if in_use or current is None or current.number == book.number:
            self.in_use[book.of.gate] = book

    def numbers(self, gate: str) -> list[int]:
        return [book.number for book in self.books.values() if book.of.gate == gate]

    def under(self, book: Book) -> Iterator[Book]:
        """The books that this one is based on, the nearest first."""
        numbered = {one.number: one for one in self.books.values()}
        while book.base is not None:
            book = numbered[book.base]
            yield book


def opened(
    db: Connection, known: Known, ledger: Ledger, facts: Sequence[FactMessage], now: datetime
) -> tuple[Book | None, str | None]:
    """A new book for a ledger not met before, and what is to be said about it.

    None where nothing that came says where it begins: the gate has to tell it from 1.
    """
    first = min(facts, key=lambda fact: fact.seq)
    before = known.in_use.get(ledger.gate)
    base = _sealed_to(db, known, first)
    if base is None and first.seq > 1:
        return None, None
    end = End() if base is None else End(first.seq - 1, first.prev)
    row = {
        "gate": ledger.gate, "ledger": ledger.name, "base": base, "base_seq": end.held,
        "held": end.held, "head": end.head, "opened_at": now, "in_use_since": now, "heard_at": now,
    }  # fmt: skip
    number = db.execute(insert(tables.books).values(row).returning(tables.books.c.book)).scalar_one()
    book = Book(number=number, of=ledger, end=end, base=base, base_seq=end.held)
    return book, REPLACED if base is None and before is not None else None


def _sealed_to(db: Connection, known: Known, fact: FactMessage) -> int | None:
    """The book with the row that this fact is sealed to."""
    numbers = known.numbers(fact.gate)
    if fact.prev == FIRST_PREV or not numbers:
        return None
    row = tables.facts.c
    found = select(row.book).where(row.book.in_(numbers), row.seq == fact.seq - 1, row.hash == fact.prev)
    return db.execute(found.order_by(row.book.desc()).limit(1)).scalar()


class Shared(NamedTuple):
    book: Book
    """Based as far down as it has the same rows."""
    own: Sequence[Entry]
    """The entries that are its own."""
    what: str | None
    """What is to be said, else None."""


def shared(db: Connection, known: Known, book: Book, entries: Sequence[Entry]) -> Shared:
    """Of the entries that come next, what the book below holds already: a gate may tell old facts again."""
    below = next(known.under(book), None)
    if below is None or book.end.held > book.base_seq or below.end.held <= book.base_seq or not entries:
        return Shared(book, entries, None)
    row = tables.facts.c
    first, last = entries[0].fact.seq, entries[-1].fact.seq
    held = select(row.seq, row.hash).where(row.book == below.number, row.seq.between(first, last))
    there = {row.seq: row.hash for row in db.execute(held)}
    same = 0
    while same < len(entries) and there.get(entries[same].fact.seq) == entries[same].fact.hash:
        same += 1
    if same:
        book = replace(book, base_seq=entries[same - 1].fact.seq)
    forks = same < len(entries) and below.end.held > book.base_seq
    return Shared(book, entries[same:], FORKED if forks else None)
