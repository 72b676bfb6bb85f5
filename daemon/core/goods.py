"""Release slips (放行条): what is carried out needs one from the front desk, and it works once (R22).

The law of this file: one noun, whole: what may be asked, what becomes so, what is kept in mind, and what
follows from asking. The shape is the same for every noun of the desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Request
from daemon.core.table import Table, oldest

if TYPE_CHECKING:
    from daemon.core.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One release slip; at least one of `plate` and `person` says who may carry the items out."""

    number: str
    issuer: str
    household: str
    items: str
    plate: str | None
    person: str | None
    valid_until: datetime


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSlip(Request):
    """The front desk writes a slip."""

    number: str
    household: str
    items: str
    valid_until: datetime
    plate: str | None = None
    person: str | None = None
    kind: Literal["issue_slip"] = "issue_slip"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseSlip(Request):
    """The guard ticks a slip off for the car, or the person, in front of him."""

    number: str
    plate: str | None = None
    person: str | None = None
    kind: Literal["use_slip"] = "use_slip"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSlip(Request):
    """A slip was lost, or written by mistake: it opens nothing from now on."""

    number: str
    reason: str
    kind: Literal["cancel_slip"] = "cancel_slip"


AnyRequest = IssueSlip | UseSlip | CancelSlip


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipIssued(Fact):
    slip: Slip
    by: Actor
    kind: Literal["slip_issued"] = "slip_issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipUsed(Fact):
    number: str
    plate: str | None
    person: str | None
    by: Actor
    kind: Literal["slip_used"] = "slip_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipCancelled(Fact):
    number: str
    why: str
    by: Actor
    kind: Literal["slip_cancelled"] = "slip_cancelled"


AnyFact = SlipIssued | SlipUsed | SlipCancelled


# ---------------------------------------------------------------- what is kept in mind


KEPT = 2_000
"""Slips: beyond that, those that no longer work are forgotten, and are unknown ones from then on."""


@dataclass(frozen=True, slots=True)
class Slips:
    """Slips by their number, and what became of those that no longer work."""

    written: Table[Slip] = field(default_factory=Table)
    spent: Table[Reason] = field(default_factory=Table)


def evolve(slips: Slips, fact: Fact) -> Slips:
    match fact:
        case SlipIssued():
            written = replace(slips, written=slips.written.put(fact.slip.number, fact.slip))
            return _forgotten(written, fact.at)
        case SlipUsed():
            return replace(slips, spent=slips.spent.put(fact.number, Reason.SLIP_USED))
        case SlipCancelled():
            return replace(slips, spent=slips.spent.put(fact.number, Reason.SLIP_CANCELLED))
        case _:
            return slips


def _forgotten(slips: Slips, at: Instant) -> Slips:
    def ended(slip: Slip) -> datetime | None:
        return slip.valid_until if slip.number in slips.spent or is_over(slip, at) else None

    for number in oldest(slips.written, KEPT, ended):
        slips = replace(slips, written=slips.written.without(number), spent=slips.spent.without(number))
    return slips


def is_over(slip: Slip, at: Instant) -> bool:
    """A date counts only while the clock can be trusted, as everywhere at the gate."""
    return at.trusted and at.wall >= slip.valid_until


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    slips = draft.state.slips
    match request:
        case IssueSlip():
            if request.number in slips.written:
                draft.refuse(asked, Reason.SLIP_NUMBER_TAKEN)
            elif not request.plate and not request.person:
                draft.refuse(asked, Reason.SLIP_FOR_NOBODY)
            else:
                draft.say(SlipIssued(at=draft.at, slip=_written(request, asked.actor), by=asked.actor))
        case UseSlip():
            objection = why_not(slips, request, draft.at)
            if objection is not None:
                draft.refuse(asked, objection)
            else:
                draft.say(
                    SlipUsed(
                        at=draft.at,
                        number=request.number,
                        plate=request.plate,
                        person=request.person,
                        by=asked.actor,
                    )
                )
        case CancelSlip():
            if request.number not in slips.written:
                draft.refuse(asked, Reason.SLIP_UNKNOWN)
            elif request.number in slips.spent:
                draft.refuse(asked, slips.spent[request.number])
            else:
                draft.say(
                    SlipCancelled(at=draft.at, number=request.number, why=request.reason, by=asked.actor)
                )


def why_not(slips: Slips, request: UseSlip, at: Instant) -> Reason | None:
    """Why this slip does not let this car or person carry anything out; None where it does."""
    slip = slips.written.get(request.number)
    if slip is None:
        return Reason.SLIP_UNKNOWN
    if request.number in slips.spent:
        return slips.spent[request.number]
    if is_over(slip, at):
        return Reason.SLIP_EXPIRED
    if slip.plate is not None and request.plate != slip.plate:
        return Reason.SLIP_OF_ANOTHER
    if slip.plate is None and request.person != slip.person:
        return Reason.SLIP_OF_ANOTHER
    return None


def _written(request: IssueSlip, issuer: Actor) -> Slip:
    return Slip(
        number=request.number,
        issuer=issuer.name,
        household=request.household,
        items=request.items,
        plate=request.plate,
        person=request.person,
        valid_until=request.valid_until,
    )
