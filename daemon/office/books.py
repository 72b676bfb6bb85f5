"""The office's books: every fact of every gate, in order, once; and where each gate's books end.

The law of this file: what belongs together is one transaction, and `take` returns only after it is on the
disk. A row is never changed by what comes later. Books that another process has written meanwhile are noticed
and read again, never written over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from daemon.mqtt.messages import FactMessage
from daemon.office import alerts, tables
from daemon.office.chain import TWO_VERSIONS, End, Entry, follow
from daemon.office.database import REFUSED, RETRY, Place, open_engine
from daemon.office.forgetting import MONEY, Forgotten, forget
from daemon.office.ledgers import Book, Known, Ledger, ledger_of, opened, shared

if TYPE_CHECKING:
    from daemon.runtime.clock import Clock

_AT_ONCE = 500
"""Bound parameters of one question."""


@dataclass(frozen=True, slots=True, order=True)
class Trouble:
    """What is wrong with what a gate has told."""

    gate: str
    book: int
    seq: int
    what: str


@dataclass(slots=True)
class Taken:
    """What a batch came to."""

    entries: list[Entry] = field(default_factory=list)
    """What is new in the books."""
    held: dict[Ledger, int] = field(default_factory=dict)
    """How far each ledger of the batch is held now."""
    missing: set[Ledger] = field(default_factory=set)
    """Ledgers that are ahead of what is held."""
    troubles: list[Trouble] = field(default_factory=list)
    """What is wrong, and was not known yet."""
    refused: dict[str, str] = field(default_factory=dict)
    """Gates whose facts the database will not have, and its words."""

    def add(self, other: Taken) -> None:
        self.entries += other.entries
        self.held |= other.held
        self.missing |= other.missing
        self.troubles += other.troubles
        self.refused |= other.refused


class Stale(Exception):
    """Another process has written to these books."""


class Books:
    """The books on an engine; for one thread at a time.

    Every method raises the errors of RETRY where the database does not answer; then nothing was written.
    """

    def __init__(self, engine: Engine, *, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._zone = zone
        self._now = now
        self._known = Known()
        self._read()

    @classmethod
    def open(cls, place: Place, *, zone: tzinfo, clock: Clock) -> Books:
        """The books there, made where there are none. Raises as `open_engine`, and OSError."""
        return cls(open_engine(place), zone=zone, now=lambda: clock.now().wall)

    def forget(self, before: datetime) -> Forgotten:
        """Forget what was before that moment: see `daemon.office.forgetting`."""
        return forget(self._engine, before)

    def close(self) -> None:
        self._engine.dispose()

    def held(self) -> dict[Ledger, int]:
        """The ledger that each gate writes now, with how far it is held."""
        return {book.of: book.end.held for book in self._known.in_use.values()}

    def held_of(self, ledger: Ledger) -> int:
        """How far that ledger is held; 0 where nothing is."""
        book = self._known.books.get(ledger)
        return 0 if book is None else book.end.held

    def take(self, facts: Sequence[FactMessage]) -> Taken:
        """Keep what is new of these facts, in the order in which they came."""
        by_gate: dict[str, list[FactMessage]] = {}
        for fact in facts:
            by_gate.setdefault(fact.gate, []).append(fact)
        try:
            return self._take(by_gate)
        except RETRY:
            raise
        except REFUSED:
            pass
        # One gate's rows must not keep the others' out.
        taken = Taken()
        for gate, of_gate in by_gate.items():
            try:
                taken.add(self._take({gate: of_gate}))
            except RETRY:
                raise
            except REFUSED as why:
                taken.refused[gate] = str(why.orig)
        return taken

    def _take(self, by_gate: Mapping[str, Sequence[FactMessage]]) -> Taken:
        try:
            return self._write(by_gate)
        except (Stale, IntegrityError):
            # The row that comes next is there: another process has put it, or nothing else will help.
            self._read()
            return self._write(by_gate)

    def _write(self, by_gate: Mapping[str, Sequence[FactMessage]]) -> Taken:
        taken, known = Taken(), self._known.copy()
        with self._engine.begin() as db:
            page = _Page(db, known, self._now(), self._zone, taken)
            for gate, facts in by_gate.items():
                for ledger in dict.fromkeys(ledger_of(fact) for fact in facts):
                    page.go_on(ledger, [fact for fact in facts if ledger_of(fact) == ledger])
                page.note_troubles(gate)
        self._known = known
        return taken

    def _read(self) -> None:
        """Where every gate's books end, from the database."""
        of_day = (
            select(tables.anchors.c.book, func.max(tables.anchors.c.noted_at).label("day"))
            .where(tables.anchors.c.why == "day")
            .group_by(tables.anchors.c.book)
            .subquery()
        )
        rows = select(tables.books, of_day.c.day).outerjoin(of_day, of_day.c.book == tables.books.c.book)
        known = Known()
        with self._engine.begin() as db:
            for row in db.execute(rows.order_by(tables.books.c.in_use_since, tables.books.c.book)):
                book = Book(
                    number=row.book,
                    of=Ledger(row.gate, row.ledger),
                    end=End(row.held, row.head),
                    base=row.base,
                    base_seq=row.base_seq,
                    anchored_on=None if row.day is None else row.day.astimezone(self._zone).date(),
                )
                known.put(book, in_use=True)
        self._known = known


@dataclass(frozen=True, slots=True)
class _Page:
    """One batch being written, inside its transaction."""

    db: Connection
    known: Known
    now: datetime
    zone: tzinfo
    taken: Taken

    def go_on(self, ledger: Ledger, facts: Sequence[FactMessage]) -> None:
        """Write what is new of the facts of one ledger. Raises Stale."""
        book = self.known.books.get(ledger)
        if book is None:
            book, what = opened(self.db, self.known, ledger, facts, self.now)
            if book is None:
                self.taken.missing.add(ledger)
                return
            self._say(book, book.base_seq + 1, what)
            if what is not None:
                alerts.all_over(self.db, ledger.gate, self.now)
        followed = follow(book.end, facts)
        after, own, what = shared(self.db, self.known, book, followed.entries)
        self._say(book, after.base_seq + 1, what)
        after = self._entered(replace(after, end=followed.end), own)
        self._compare(after, followed.again)
        self._close(book, after, followed.entries)
        self.known.put(after, in_use=bool(followed.entries))
        self.taken.entries += own
        self.taken.held[ledger] = after.end.held
        if followed.misses_something:
            self.taken.missing.add(ledger)

    def _entered(self, book: Book, entries: Sequence[Entry]) -> Book:
        """Write the entries, and note the seals that are to be noted."""
        if entries:
            self.db.execute(insert(tables.facts), [self._row(book, entry) for entry in entries])
        anchors = [
            self._anchor(book, End(entry.fact.seq, entry.fact.hash), "money")
            for entry in entries
            if entry.fact.kind in MONEY
        ]
        today = self.now.astimezone(self.zone).date()
        if entries and book.anchored_on != today:
            anchors.append(self._anchor(book, book.end, "day"))
            book = replace(book, anchored_on=today)
        if anchors:
            self.db.execute(insert(tables.anchors), anchors)
        for entry in entries:
            self._say(book, entry.fact.seq, entry.trouble)
            alerts.follow(self.db, book.number, entry.fact)
        return book

    def _close(self, before: Book, after: Book, entries: Sequence[Entry]) -> None:
        """Write where the book ends now. Raises Stale where it did not end where we left it."""
        row = tables.books.c
        news: dict[str, Any] = {"heard_at": self.now}
        if entries:
            news |= {"held": after.end.held, "head": after.end.head, "base_seq": after.base_seq}
            lag = _lag(entries, self.now)
            if lag is not None:
                news["lag_ms"] = lag // timedelta(milliseconds=1)
            current = self.known.in_use.get(after.of.gate)
            if current is None or current.number != after.number:
                news["in_use_since"] = self.now
        told = self.db.execute(
            update(tables.books).where(row.book == before.number, row.held == before.end.held).values(news)
        )
        if told.rowcount != 1:
            raise Stale

    def _compare(self, book: Book, again: Sequence[FactMessage]) -> None:
        """Say of what is told again whether it was told otherwise before."""
        numbers = [book.number, *(below.number for below in self.known.under(book))]
        row = tables.facts.c
        for start in range(0, len(again), _AT_ONCE):
            some = again[start : start + _AT_ONCE]
            kept = select(row.seq, row.hash).where(
                row.book.in_(numbers), row.seq.in_([fact.seq for fact in some])
            )
            held = {(seq, seal) for seq, seal in self.db.execute(kept)}
            for fact in some:
                if (fact.seq, fact.hash) not in held:
                    self._say(book, fact.seq, TWO_VERSIONS)

    def _say(self, book: Book, seq: int, what: str | None) -> None:
        if what is not None:
            self.taken.troubles.append(Trouble(book.of.gate, book.number, seq, what))

    def note_troubles(self, gate: str) -> None:
        """Keep what is wrong at this gate, each thing once; `taken` goes on with what is news."""
        row = tables.troubles.c
        said = [trouble for trouble in self.taken.troubles if trouble.gate == gate]
        for trouble in said:
            same = select(row.trouble).where(
                row.book == trouble.book, row.seq == trouble.seq, row.what == trouble.what
            )
            if self.db.execute(same).first() is None:
                values = {**asdict(trouble), "noted_at": self.now}
                self.db.execute(insert(tables.troubles).values(values))
            else:
                self.taken.troubles.remove(trouble)

    def _row(self, book: Book, entry: Entry) -> dict[str, Any]:
        fact = entry.fact
        return {
            "book": book.number, "seq": fact.seq, "kind": fact.kind, "lane": fact.lane,
            "passage": fact.passage, "wall": fact.at.wall, "trusted": fact.at.trusted, "body": entry.text,
            "prev": fact.prev, "hash": fact.hash, "trouble": entry.trouble, "taken_at": self.now,
        }  # fmt: skip

    def _anchor(self, book: Book, end: End, why: str) -> dict[str, Any]:
        return {
            "book": book.number, "seq": end.held, "hash": end.head, "why": why, "noted_at": self.now,
        }  # fmt: skip


def _lag(entries: Sequence[Entry], now: datetime) -> timedelta | None:
    """How old the newest entry that was news is; None where none was, or no clock can say."""
    for entry in reversed(entries):
        if not entry.fact.historical and entry.fact.at.trusted:
            return max(now - entry.fact.at.wall, timedelta())
    return None
