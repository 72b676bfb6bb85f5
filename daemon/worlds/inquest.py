"""What is found after each death: the book against what was seen, the office, the tables, and the state.

The law of this file: it looks at a copy of the disk as the next start will find it. Once a page was
damaged on purpose it says nothing any more: what can still be read is for the next start to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from daemon.core.evolve import evolve_all
from daemon.core.facts import Fact
from daemon.core.state import State, empty_state
from daemon.store.codec import fact_from_json
from daemon.worlds.audit import Audit
from daemon.worlds.audit_money import MoneyAudit
from daemon.worlds.audit_post import PostAudit
from daemon.worlds.audit_rank import RankAudit
from daemon.worlds.fires import FirePanel
from daemon.worlds.office import Office
from daemon.worlds.premises import Premises
from daemon.worlds.reader import Book, Row, expected_tables
from daemon.worlds.site import Given
from daemon.worlds.truth import Truth

_ORDER_OF = {"boom_raise_ordered": "raise", "boom_lower_ordered": "lower", "boom_stop_ordered": "stop"}
_ACTED_WITHIN_S = 90.0
"""From the signal that an order follows from to its pulse at the very most: a slow sync lies between, or a
disk that refused the signal for a minute."""


@dataclass(slots=True, kw_only=True)
class Remembered:
    """What the process that has just died knew, in its last instant."""

    seq: int
    head: str
    state: State


@dataclass(slots=True)
class Inquest:
    premises: Premises
    office: Office
    boots: dict[str, float]
    """When each boot's clock was zero, in seconds of the world."""
    sent: Mapping[str, int]
    """Payments from outside that the gate has answered for: fen by reference."""
    fire: FirePanel
    _facts: list[tuple[str, Fact]] = field(default_factory=list)

    def find(
        self, book: Book, remembered: Remembered | None, given: list[Given], *, damaged: bool
    ) -> Iterator[tuple[str, str]]:
        """(law, what is wrong), for each law that the book breaks."""
        for law, check in self._checks(book, remembered, given, damaged=damaged):
            yield from ((law, what) for what in check())

    def _checks(
        self, book: Book, remembered: Remembered | None, given: list[Given], *, damaged: bool
    ) -> list[tuple[str, Callable[[], Iterator[str]]]]:
        rows = book.rows
        checks: list[tuple[str, Callable[[], Iterator[str]]]] = [
            ("the chain is whole and without a gap", lambda: iter(book.wrong)),
            ("the office has everything once, in order", lambda: self._office(rows, book.acked)),
            ("tables are what the facts make", lambda: _tables(book)),
        ]
        if damaged:
            # What SQLite reads from a damaged page is for the next start to find out.
            return []
        if remembered is not None:
            checks += [
                ("no committed fact is lost", lambda: _lost(rows, remembered)),
                ("live state equals replay", lambda: self._replay(rows, remembered)),
            ]
        modes = {rules.id: rules.mode for rules in self.premises.rules}
        directions = {rules.id: rules.direction for rules in self.premises.rules}
        truth = Truth(self.premises.begins, self.boots)
        expired = self.premises.site.expired
        checks += [
            ("nothing moves without its durable fact", lambda: self._pulses(rows, given)),
            ("let through, and inside, by the rules", lambda: Audit(modes, directions, expired).walk(rows)),
            ("what takes rank is done by rank", lambda: RankAudit(truth, directions).walk(rows)),
            ("the post is never left", lambda: PostAudit().walk(rows)),
            (
                "every fen is asked, taken and receipted once",
                lambda: self._money(rows, directions, remembered),
            ),
        ]
        return checks

    def _office(self, rows: list[Row], acked: int) -> Iterator[str]:
        yield from self.office.wrong
        held = self.office.held
        if acked > len(held):
            yield f"the gate believes {acked} facts delivered, the office holds {len(held)}"
        for row, told in zip(rows, held, strict=False):
            if (row.kind, row.hash) != told and row.kind != "fact_lost":
                yield f"row {row.seq} is {row.kind}, the office was told {told[0]}"
                return

    def _replay(self, rows: list[Row], remembered: Remembered) -> Iterator[str]:
        for row in rows[len(self._facts) :]:
            self._facts.append((row.hash, fact_from_json(row.text)))
        known = (fact for _, fact in self._facts[: remembered.seq])
        replayed = evolve_all(empty_state(self.premises.rules, self.premises.site), known)
        if replayed != remembered.state:
            yield f"after row {remembered.seq}: {_difference(remembered.state, replayed)}"

    def _money(
        self, rows: list[Row], directions: Mapping[str, str], remembered: Remembered | None
    ) -> Iterator[str]:
        audit = MoneyAudit(Truth(self.premises.begins, self.boots), self.premises.posted, directions)
        yield from audit.walk(rows)
        for reference, fen in self.sent.items():
            written = audit.references.get(reference)
            if written != fen:
                yield f"the gate has said that {reference} has paid {fen} fen, and the ledger has {written}"
        if remembered is None or len(rows) != remembered.seq:
            return
        for takings in remembered.state.till.shifts.values():
            mine = audit.shifts[takings.shift]
            reported = takings.cash, takings.qr, takings.transfer
            if reported != (mine.cash, mine.qr, mine.transfer):
                yield f"shift {takings.shift} reports {reported}, and it is {mine}"

    def _pulses(self, rows: list[Row], given: list[Given]) -> Iterator[str]:
        """Every pulse has an order of its own, given before it."""
        orders: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            if row.kind in _ORDER_OF:
                at_s = self.boots[row.boot] + row.mono_s
                orders.setdefault((str(row.lane), _ORDER_OF[row.kind]), []).append(at_s)
        for pulse in given:
            if pulse.pulse == "raise" and self.fire.burned_at(pulse.at_s):
                continue  # a fire waits for no ledger
            line = orders.get((pulse.lane, pulse.pulse), [])
            while line and line[0] < pulse.at_s - _ACTED_WITHIN_S:
                line.pop(0)
            if not line or line[0] > pulse.at_s + 1e-3:
                yield f"{pulse.lane}: {pulse.pulse} at {pulse.at_s:.3f} s, and the ledger has no order for it"
                return
            line.pop(0)


def _lost(rows: list[Row], remembered: Remembered) -> Iterator[str]:
    if len(rows) < remembered.seq:
        yield f"the gate had committed {remembered.seq} facts, {len(rows)} are there"
    elif remembered.seq and rows[remembered.seq - 1].hash != remembered.head:
        yield f"row {remembered.seq} is not the one that was committed"


def _tables(book: Book) -> Iterator[str]:
    for name, expected in expected_tables(book.rows).items():
        if book.tables[name] != expected:
            odd = [row for row in book.tables[name] if row not in expected][:3]
            missing = [row for row in expected if row not in book.tables[name]][:3]
            yield f"{name}: {odd} in the table, {missing} by the facts"


def _difference(live: State, replayed: State) -> str:
    names = [name for name in State.__dataclass_fields__ if getattr(live, name) != getattr(replayed, name)]
    return (
        f"{', '.join(names)} differ: {getattr(live, names[0])} lived, {getattr(replayed, names[0])} replayed"[
            :400
        ]
    )
