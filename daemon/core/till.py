"""The drawer of each shift: what came in by which means, what was counted, and who took it over (R19).

The law of this file: all money that comes in belongs to the shift in which it came, also what comes from
outside, and a void is taken off the shift in which the money went back: so the shifts add up to the receipts.
A drawer that does not hold what it should is explained in words by whoever counted it. What was handed in is
open until the office says that it has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.money import MOST_FEN, Means, PaymentTaken, ReceiptVoided
from daemon.core.reasons import Reason
from daemon.core.shifts import ShiftStarted
from daemon.core.signals import Actor, Asked, Request
from daemon.core.table import Table

if TYPE_CHECKING:
    from daemon.core.draft import Draft

KEPT_SHIFTS = 100
"""How many shifts back the takings can be looked up, where all cash is handed in."""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCash(Request):
    """The cash of a shift was counted; a difference to what was taken needs an explanation."""

    counted_fen: int
    explanation: str = ""
    shift: int | None = None
    """None: the one that runs."""
    kind: Literal["count_cash"] = "count_cash"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInCash(Request):
    """The counted cash of a shift goes to the office, all of it."""

    to: str
    shift: int | None = None
    kind: Literal["hand_in_cash"] = "hand_in_cash"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeCash(Request):
    """The office has the cash; another sum than was handed in needs a remark."""

    number: int
    received_fen: int
    remark: str = ""
    kind: Literal["acknowledge_cash"] = "acknowledge_cash"


AnyRequest = CountCash | HandInCash | AcknowledgeCash


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class CashCounted(Fact):
    shift: int
    expected_fen: int
    counted_fen: int
    difference_fen: int
    """Negative: some is missing."""
    explanation: str
    by: Actor
    kind: Literal["cash_counted"] = "cash_counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashHandedIn(Fact):
    number: int
    shift: int
    fen: int
    expected_fen: int
    explanation: str
    to: str
    by: Actor
    kind: Literal["cash_handed_in"] = "cash_handed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashAcknowledged(Fact):
    number: int
    shift: int
    handed_in_fen: int
    received_fen: int
    remark: str
    by: Actor
    kind: Literal["cash_acknowledged"] = "cash_acknowledged"


AnyFact = CashCounted | CashHandedIn | CashAcknowledged


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What one shift has taken, net of what was voided in it, in fen; below zero where it gave back more."""

    shift: int
    guard: str = ""
    """Who was on duty; "" before the first shift."""
    cash: int = 0
    qr: int = 0
    transfer: int = 0
    accounted: int = 0
    """What of the cash was handed in."""
    counted: CashCounted | None = None
    """The count that still holds: no cash has come or gone since."""

    @property
    def in_drawer(self) -> int:
        """The cash that is to be there."""
        return self.cash - self.accounted

    @property
    def total(self) -> int:
        return self.cash + self.qr + self.transfer


@dataclass(frozen=True, slots=True)
class Till:
    shift: int = 0
    shifts: Table[Takings] = field(default_factory=Table)
    hand_ins: int = 0
    on_the_way: Table[CashHandedIn] = field(default_factory=Table)
    """What was handed in, and the office has not acknowledged, by its number."""

    def takings(self, shift: int) -> Takings | None:
        """None for a shift that is unknown, or long over."""
        return self.shifts.get(str(shift))


def evolve(till: Till, fact: Fact) -> Till:
    match fact:
        case ShiftStarted():
            return _begun(till, fact)
        case PaymentTaken():
            return _moved(till, fact.means, fact.fen)
        case ReceiptVoided():
            return _moved(till, fact.means, -fact.fen)
        case CashCounted():
            return _put(till, replace(_of(till, fact.shift), counted=fact))
        case CashHandedIn():
            takings = _of(till, fact.shift)
            till = _put(till, replace(takings, accounted=takings.accounted + fact.expected_fen, counted=None))
            till = _forgotten(till, fact.shift)
            return replace(till, hand_ins=fact.number, on_the_way=till.on_the_way.put(str(fact.number), fact))
        case CashAcknowledged():
            return replace(till, on_the_way=till.on_the_way.without(str(fact.number)))
        case _:
            return till


def takings_by_shift(facts: Iterable[Fact]) -> dict[int, Takings]:
    """The takings of every shift that these facts speak of, from the ledger alone: the report of a month."""
    till = Till()
    found: dict[int, Takings] = {}
    for fact in facts:
        till = evolve(till, fact)
        found.update({takings.shift: takings for takings in (till.takings(till.shift),) if takings})
    return {**found, **{takings.shift: takings for takings in till.shifts.values()}}


def _begun(till: Till, fact: ShiftStarted) -> Till:
    till = _put(replace(till, shift=fact.number), Takings(shift=fact.number, guard=fact.guard.name))
    return _forgotten(till, fact.number - KEPT_SHIFTS)


def _forgotten(till: Till, shift: int) -> Till:
    """Without that shift, where it is long over and its drawer is empty."""
    takings = till.takings(shift)
    if takings is None or takings.in_drawer or shift > till.shift - KEPT_SHIFTS:
        return till
    return replace(till, shifts=till.shifts.without(str(shift)))


def _moved(till: Till, means: Means, fen: int) -> Till:
    takings = _of(till, till.shift)
    match means:
        case "cash":
            return _put(till, replace(takings, cash=takings.cash + fen, counted=None))
        case "qr":
            return _put(till, replace(takings, qr=takings.qr + fen))
        case "transfer":
            return _put(till, replace(takings, transfer=takings.transfer + fen))
        case _:
            assert_never(means)


def _of(till: Till, shift: int) -> Takings:
    return till.shifts.get(str(shift)) or Takings(shift=shift)


def _put(till: Till, takings: Takings) -> Till:
    return replace(till, shifts=till.shifts.put(str(takings.shift), takings))


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> Reason | None:
    """Do it, or say why not."""
    actor = asked.actor
    match request:
        case CountCash():
            return _count(draft, actor, request)
        case HandInCash():
            return _hand_in(draft, actor, request)
        case AcknowledgeCash():
            return _acknowledge(draft, actor, request)
        case _:
            assert_never(request)


def _takings_of(till: Till, shift: int | None) -> Takings | None:
    return _of(till, till.shift) if shift is None else till.takings(shift)


def _count(draft: Draft, actor: Actor, request: CountCash) -> Reason | None:
    takings = _takings_of(draft.state.till, request.shift)
    if takings is None:
        return Reason.SHIFT_UNKNOWN
    if not 0 <= request.counted_fen <= MOST_FEN:
        return Reason.AMOUNT_WRONG
    difference = request.counted_fen - takings.in_drawer
    explanation = request.explanation.strip()
    if difference and not explanation:
        return Reason.REASON_NEEDED
    draft.say(
        CashCounted(
            at=draft.at,
            shift=takings.shift,
            expected_fen=takings.in_drawer,
            counted_fen=request.counted_fen,
            difference_fen=difference,
            explanation=explanation,
            by=actor,
        )
    )
    return None


def _hand_in(draft: Draft, actor: Actor, request: HandInCash) -> Reason | None:
    till = draft.state.till
    takings = _takings_of(till, request.shift)
    if takings is None:
        return Reason.SHIFT_UNKNOWN
    if takings.counted is None:
        return Reason.CASH_NOT_COUNTED
    draft.say(
        CashHandedIn(
            at=draft.at,
            number=till.hand_ins + 1,
            shift=takings.shift,
            fen=takings.counted.counted_fen,
            expected_fen=takings.in_drawer,
            explanation=takings.counted.explanation,
            to=request.to,
            by=actor,
        )
    )
    return None


def _acknowledge(draft: Draft, actor: Actor, request: AcknowledgeCash) -> Reason | None:
    handed_in = draft.state.till.on_the_way.get(str(request.number))
    if handed_in is None:
        return Reason.HAND_IN_UNKNOWN
    if not 0 <= request.received_fen <= MOST_FEN:
        return Reason.AMOUNT_WRONG
    if request.received_fen != handed_in.fen and not request.remark.strip():
        return Reason.REASON_NEEDED
    draft.say(
        CashAcknowledged(
            at=draft.at,
            number=handed_in.number,
            shift=handed_in.shift,
            handed_in_fen=handed_in.fen,
            received_fen=request.received_fen,
            remark=request.remark.strip(),
            by=actor,
        )
    )
    return None
