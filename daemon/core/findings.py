"""What is wrong with a car (R23): damage that it came in with, and findings on parked cars.

The law of this file: each with a picture. Damage at the entry says what the driver said to it; a finding is
looked up to its owner and stays open until somebody has told him.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Request
from daemon.core.table import Table

if TYPE_CHECKING:
    from daemon.core.draft import Draft

Acknowledgement = Literal["acknowledged", "refused", "absent"]
What = Literal["door_or_window_open", "leaking", "damage", "wrong_bay", "fire_lane", "lights_on", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    number: str
    plate: str
    what: What
    place: str
    picture: str
    note: str
    owner: str | None
    """Whose car it is; None where no permit, pass or visit tells."""
    household: str | None
    tried: int = 0
    """How often somebody tried to tell him, and could not."""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDamage(Request):
    """A car comes in with damage; the driver says whether he knows of it."""

    plate: str
    what: str
    picture: str
    driver: Acknowledgement
    lane: str | None = None
    kind: Literal["register_damage"] = "register_damage"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFinding(Request):
    """Something is wrong with a parked car: its owner has to know."""

    plate: str
    what: What
    place: str
    picture: str
    note: str = ""
    kind: Literal["register_finding"] = "register_finding"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerInformed(Request):
    """Somebody has told the owner, or tried to: only who was told closes the finding."""

    number: str
    was_told: bool
    how: str
    kind: Literal["owner_informed"] = "owner_informed"


AnyRequest = RegisterDamage | RegisterFinding | OwnerInformed


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageRegistered(Fact):
    plate: str
    what: str
    picture: str
    driver: Acknowledgement
    by: Actor
    kind: Literal["damage_registered"] = "damage_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRegistered(Fact):
    finding: Finding
    by: Actor
    kind: Literal["finding_registered"] = "finding_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerTold(Fact):
    number: str
    how: str
    by: Actor
    kind: Literal["owner_told"] = "owner_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerNotReached(Fact):
    number: str
    how: str
    by: Actor
    kind: Literal["owner_not_reached"] = "owner_not_reached"


AnyFact = DamageRegistered | FindingRegistered | OwnerTold | OwnerNotReached


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Findings:
    open: Table[Finding] = field(default_factory=Table)
    """Those whose owner does not know yet, by number."""
    written: int = 0


def evolve(part: Findings, fact: Fact) -> Findings:
    match fact:
        case FindingRegistered():
            found = part.open.put(fact.finding.number, fact.finding)
            return replace(part, open=found, written=part.written + 1)
        case OwnerTold():
            return replace(part, open=part.open.without(fact.number))
        case OwnerNotReached() if (finding := part.open.get(fact.number)) is not None:
            again = replace(finding, tried=finding.tried + 1)
            return replace(part, open=part.open.put(fact.number, again))
        case _:
            return part


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = _why_not(draft, request)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    at, by = draft.at, asked.actor
    match request:
        case RegisterDamage():
            draft.say(
                DamageRegistered(
                    at=at,
                    lane=request.lane,
                    passage=_in_front_at(draft, request.lane),
                    plate=request.plate,
                    what=request.what,
                    picture=request.picture,
                    driver=request.driver,
                    by=by,
                )
            )
        case RegisterFinding():
            draft.say(FindingRegistered(at=at, finding=_found(draft, request), by=by))
        case OwnerInformed(was_told=True):
            draft.say(OwnerTold(at=at, number=request.number, how=request.how, by=by))
        case OwnerInformed():
            draft.say(OwnerNotReached(at=at, number=request.number, how=request.how, by=by))
        case _:
            assert_never(request)


def _why_not(draft: Draft, request: AnyRequest) -> Reason | None:
    match request:
        case RegisterDamage():
            if request.lane is not None and request.lane not in draft.state.lanes:
                return Reason.NO_SUCH_LANE
            if not request.what.strip():
                return Reason.REASON_NEEDED
            return None if request.picture.strip() else Reason.PICTURE_NEEDED
        case RegisterFinding():
            return None if request.picture.strip() else Reason.PICTURE_NEEDED
        case OwnerInformed():
            if not request.how.strip():
                return Reason.REASON_NEEDED
            return None if request.number in draft.state.findings.open else Reason.NO_SUCH_FINDING
        case _:
            assert_never(request)


def _in_front_at(draft: Draft, lane: str | None) -> str | None:
    found = draft.state.lanes.get(lane or "")
    return found.passage.id if found is not None and found.passage is not None else None


def _found(draft: Draft, request: RegisterFinding) -> Finding:
    plate = request.plate
    owner, household = _owner(draft, plate)
    return Finding(
        number=f"F{draft.state.findings.written + 1:05d}",
        plate=plate,
        what=request.what,
        place=request.place,
        picture=request.picture,
        note=request.note,
        owner=owner,
        household=household,
    )


def _owner(draft: Draft, plate: str) -> tuple[str | None, str | None]:
    """Who can be told: the permit's holder, the crew, or the household that expects the visitor."""
    state = draft.state
    stay = state.stay_by_plate(plate)
    permit = state.permit_by_plate(plate, draft.at)
    if permit is None and stay is not None and stay.permit_id is not None:
        permit = state.permit(stay.permit_id, draft.at)
    if permit is not None:
        return permit.holder, permit.household
    visit = state.visits.expects(plate, draft.at)
    return (None, None) if visit is None else (visit.name, visit.unit)
