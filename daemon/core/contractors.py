"""Contractors (R12): renovation and delivery crews come on dated passes, tied to a household or a job.

The law of this file: a pass is for one person and, if it names one, one vehicle. Outside its dates it opens
nothing and is refused with that reason; a car that is inside on it may always leave.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.plates import is_plate
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Permit, Request
from daemon.core.table import Table, oldest

if TYPE_CHECKING:
    from daemon.core.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    number: str
    person: str
    company: str
    household_or_job: str
    plate: str | None
    valid_from: datetime
    valid_until: datetime


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePass(Request):
    """The office gives a contractor a pass for some days."""

    number: str
    person: str
    household_or_job: str
    valid_from: datetime
    valid_until: datetime
    company: str = ""
    plate: str | None = None
    kind: Literal["issue_pass"] = "issue_pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPass(Request):
    """The job is done, or the pass was lost."""

    number: str
    reason: str
    kind: Literal["withdraw_pass"] = "withdraw_pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPass(Request):
    """The guard checks the pass of somebody on foot, or in another's car."""

    number: str
    person: str
    kind: Literal["check_pass"] = "check_pass"


AnyRequest = IssuePass | WithdrawPass | CheckPass


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class PassIssued(Fact):
    contractor: Pass
    by: Actor
    kind: Literal["pass_issued"] = "pass_issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassWithdrawn(Fact):
    number: str
    why: str
    by: Actor
    kind: Literal["pass_withdrawn"] = "pass_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassChecked(Fact):
    """Somebody came in on a pass that holds."""

    number: str
    person: str
    household_or_job: str
    by: Actor
    kind: Literal["pass_checked"] = "pass_checked"


AnyFact = PassIssued | PassWithdrawn | PassChecked


# ---------------------------------------------------------------- what is kept in mind


KEPT = 2_000
"""Passes: beyond that, those that let nobody in any more are forgotten, and are unknown ones from then on."""


@dataclass(frozen=True, slots=True)
class Contractors:
    passes: Table[Pass] = field(default_factory=Table)
    of_plate: Table[str] = field(default_factory=Table)
    """Vehicles, to the number of their newest pass; one whose pass was withdrawn is any other car."""
    withdrawn: Table[Actor] = field(default_factory=Table)

    def by_plate(self, plate: str) -> Pass | None:
        number = self.of_plate.get(plate)
        return None if number is None else self.passes[number]

    def permit(self, permit_id: str) -> Permit | None:
        """What the pass comes to where a permit is asked for."""
        if not permit_id.startswith(_PREFIX):
            return None
        contractor = self.passes.get(permit_id.removeprefix(_PREFIX))
        return None if contractor is None else as_permit(contractor)


_PREFIX = "pass:"


def as_permit(contractor: Pass) -> Permit:
    """The pass of a vehicle as the permit it acts as; it has no card."""
    return Permit(
        id=f"{_PREFIX}{contractor.number}",
        card="",
        plate=contractor.plate or "",
        holder=contractor.person,
        household=contractor.household_or_job,
        valid_from=contractor.valid_from,
        valid_until=contractor.valid_until,
    )


def evolve(part: Contractors, fact: Fact) -> Contractors:
    match fact:
        case PassIssued():
            issued = fact.contractor
            of_plate = part.of_plate
            part = replace(
                part,
                passes=part.passes.put(issued.number, issued),
                of_plate=of_plate.put(issued.plate, issued.number) if issued.plate else of_plate,
            )
            return _forgotten(part, fact.at)
        case PassWithdrawn():
            part = replace(part, withdrawn=part.withdrawn.put(fact.number, fact.by))
            return _off_its_vehicle(part, fact.number)
        case _:
            return part


def _off_its_vehicle(part: Contractors, number: str) -> Contractors:
    gone = part.passes.get(number)
    plate = gone.plate if gone is not None and gone.plate is not None else ""
    is_newest = part.of_plate.get(plate) == number
    return replace(part, of_plate=part.of_plate.without(plate)) if is_newest else part


def _forgotten(part: Contractors, at: Instant) -> Contractors:
    def ended(one: Pass) -> datetime | None:
        is_over = one.number in part.withdrawn or (at.trusted and at.wall >= one.valid_until)
        return one.valid_until if is_over else None

    for number in oldest(part.passes, KEPT, ended):
        part = _off_its_vehicle(part, number)
        part = replace(part, passes=part.passes.without(number), withdrawn=part.withdrawn.without(number))
    return part


def why_no_entry(part: Contractors, contractor: Pass, at: Instant) -> Reason | None:
    """Why this pass lets nobody in now; None where it does. Dates count while the clock can be trusted."""
    if contractor.number in part.withdrawn:
        return Reason.PASS_WITHDRAWN
    if at.trusted and at.wall < contractor.valid_from:
        return Reason.PASS_NOT_YET_VALID
    if at.trusted and at.wall >= contractor.valid_until:
        return Reason.PASS_EXPIRED
    return None


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = _why_not(draft, request)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    at, by = draft.at, asked.actor
    match request:
        case IssuePass():
            draft.say(PassIssued(at=at, contractor=_issued(request), by=by))
        case WithdrawPass():
            draft.say(PassWithdrawn(at=at, number=request.number, why=request.reason, by=by))
        case CheckPass():
            household_or_job = draft.state.contractors.passes[request.number].household_or_job
            draft.say(
                PassChecked(
                    at=at,
                    number=request.number,
                    person=request.person,
                    household_or_job=household_or_job,
                    by=by,
                )
            )
        case _:
            assert_never(request)


def _issued(request: IssuePass) -> Pass:
    return Pass(
        number=request.number,
        person=request.person.strip(),
        company=request.company,
        household_or_job=request.household_or_job,
        plate=request.plate or None,
        valid_from=request.valid_from,
        valid_until=request.valid_until,
    )


def _why_not(draft: Draft, request: AnyRequest) -> Reason | None:
    part = draft.state.contractors
    match request:
        case IssuePass():
            return _why_not_issue(draft, request)
        case WithdrawPass():
            if not request.reason.strip():
                return Reason.REASON_NEEDED
            if request.number not in part.passes:
                return Reason.PASS_UNKNOWN
            return Reason.PASS_WITHDRAWN if request.number in part.withdrawn else None
        case CheckPass():
            contractor = part.passes.get(request.number)
            if contractor is None:
                return Reason.PASS_UNKNOWN
            if contractor.person != request.person.strip():
                return Reason.PASS_OF_ANOTHER
            return why_no_entry(part, contractor, draft.at)
        case _:
            assert_never(request)


def _why_not_issue(draft: Draft, request: IssuePass) -> Reason | None:
    if request.number in draft.state.contractors.passes:
        return Reason.PASS_NUMBER_TAKEN
    if not request.person.strip() or not request.household_or_job.strip():
        return Reason.PASS_FOR_NOBODY
    if request.plate and not is_plate(request.plate):
        return Reason.PLATE_WRONG
    if request.plate and request.plate in draft.state.permit_of_plate:
        return Reason.PLATE_TAKEN
    begins, ends = request.valid_from, request.valid_until
    return Reason.PERIOD_IS_OVER if ends <= begins or (draft.at.trusted and draft.at.wall >= ends) else None
