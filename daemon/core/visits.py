"""Visitors (R13): whom they visit is asked, checked against the register of households, and written down.

The law of this file: nobody is admitted to a household that the register does not know. A visit is announced
by plate, which holds until its end, or by a code, which works once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.plates import is_plate
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Request
from daemon.core.table import Table, oldest

if TYPE_CHECKING:
    from daemon.core.draft import Draft

SHORTEST_CODE = 6
"""Characters: a million codes for the few that are open at a time, at a desk where a person types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An announced visit; `plate` or `code` says how the visitor is known."""

    number: str
    unit: str
    name: str
    visitor: str
    plate: str | None
    code: str | None
    valid_until: datetime


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterResident(Request):
    """Somebody lives in a unit and may be visited there."""

    unit: str
    name: str
    kind: Literal["register_resident"] = "register_resident"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveResident(Request):
    """Somebody has moved out."""

    unit: str
    name: str
    kind: Literal["remove_resident"] = "remove_resident"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceVisit(Request):
    """The office, for itself or a household, expects a visitor: by plate, or by a code that works once."""

    unit: str
    name: str
    visitor: str
    valid_until: datetime
    plate: str | None = None
    code: str | None = None
    kind: Literal["announce_visit"] = "announce_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelVisit(Request):
    """An announced visitor is not expected any more."""

    number: str
    reason: str
    kind: Literal["cancel_visit"] = "cancel_visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitVisitor(Request):
    """The guard has asked whom the visitor sees. With a lane, the car that waits there is let in."""

    unit: str
    name: str
    visitor: str
    lane: str | None = None
    kind: Literal["admit_visitor"] = "admit_visitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitByCode(Request):
    """The visitor shows the code. With a lane, the car that waits there is let in."""

    code: str
    lane: str | None = None
    kind: Literal["admit_by_code"] = "admit_by_code"


AnyRequest = RegisterResident | RemoveResident | AnnounceVisit | CancelVisit | AdmitVisitor | AdmitByCode


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRegistered(Fact):
    unit: str
    name: str
    by: Actor
    kind: Literal["resident_registered"] = "resident_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRemoved(Fact):
    unit: str
    name: str
    by: Actor
    kind: Literal["resident_removed"] = "resident_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitAnnounced(Fact):
    visit: Visit
    by: Actor
    kind: Literal["visit_announced"] = "visit_announced"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCancelled(Fact):
    number: str
    why: str
    by: Actor
    kind: Literal["visit_cancelled"] = "visit_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorAdmitted(Fact):
    """Whom somebody visits; with `passage`, the car that he comes in. `number`: it was announced by code."""

    unit: str
    name: str
    visitor: str
    by: Actor
    number: str | None = None
    kind: Literal["visitor_admitted"] = "visitor_admitted"


AnyFact = ResidentRegistered | ResidentRemoved | VisitAnnounced | VisitCancelled | VisitorAdmitted


# ---------------------------------------------------------------- what is kept in mind


KEPT = 2_000
"""Announced visits, and codes that are spent: beyond that, what is over is forgotten, oldest first."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Why a code opens nothing any more, and which of all visits it was for."""

    why: Reason
    visit: int


@dataclass(frozen=True, slots=True)
class Visits:
    residents: Table[tuple[str, ...]] = field(default_factory=Table)
    """Units, to the names of those who live there."""
    announced: Table[Visit] = field(default_factory=Table)
    """By number, until they are cancelled, used, or over and forgotten."""
    of_plate: Table[str] = field(default_factory=Table)
    of_code: Table[str] = field(default_factory=Table)
    spent: Table[Spent] = field(default_factory=Table)
    """Codes that open nothing any more."""
    passages: Table[str] = field(default_factory=Table)
    """The waiting cars whose visitor was admitted, to the name of the visitor."""
    written: int = 0

    def expects(self, plate: str, at: Instant) -> Visit | None:
        number = self.of_plate.get(plate)
        visit = self.announced[number] if number is not None else None
        return None if visit is None or is_over(visit, at) else visit


def evolve(visits: Visits, fact: Fact) -> Visits:
    match fact:
        case ResidentRegistered():
            names = (*visits.residents.get(fact.unit, ()), fact.name)
            return replace(visits, residents=visits.residents.put(fact.unit, names))
        case ResidentRemoved():
            names = tuple(name for name in visits.residents.get(fact.unit, ()) if name != fact.name)
            rest = visits.residents.put(fact.unit, names) if names else visits.residents.without(fact.unit)
            return replace(visits, residents=rest)
        case VisitAnnounced():
            visit = fact.visit
            by_plate, by_code = visits.of_plate, visits.of_code
            visits = replace(
                visits,
                announced=visits.announced.put(visit.number, visit),
                of_plate=by_plate.put(visit.plate, visit.number) if visit.plate else by_plate,
                of_code=by_code.put(visit.code, visit.number) if visit.code else by_code,
                written=visits.written + 1,
            )
            return _forgotten(visits, fact.at)
        case VisitCancelled():
            return _without(visits, fact.number, Reason.VISIT_CANCELLED)
        case VisitorAdmitted():
            used = visits if fact.number is None else _without(visits, fact.number, Reason.CODE_USED)
            if fact.passage is None:
                return used
            return replace(used, passages=used.passages.put(fact.passage, fact.visitor))
        case _:
            # A car that was admitted and has gone waits no more.
            if fact.passage is not None and getattr(fact, "kind", "") == "passage_closed":
                passages = visits.passages.without(fact.passage)
                return visits if passages is visits.passages else replace(visits, passages=passages)
            return visits


def _forgotten(visits: Visits, at: Instant) -> Visits:
    for number in oldest(visits.announced, KEPT, lambda one: one.valid_until if is_over(one, at) else None):
        visits = _without(visits, number, Reason.VISIT_EXPIRED)
    return visits


def _without(visits: Visits, number: str, why: Reason) -> Visits:
    visit = visits.announced.get(number)
    if visit is None:
        return visits
    spent = visits.spent
    if visit.code:
        spent = spent.put(visit.code, Spent(why, int(number.removeprefix("V"))))
        for code in oldest(spent, KEPT, lambda one: one.visit):
            spent = spent.without(code)
    of_plate = visits.of_plate
    if visit.plate and of_plate.get(visit.plate) == number:
        of_plate = of_plate.without(visit.plate)
    return replace(
        visits,
        announced=visits.announced.without(number),
        of_plate=of_plate,
        of_code=visits.of_code.without(visit.code or ""),
        spent=spent,
    )


def is_over(visit: Visit, at: Instant) -> bool:
    """True where its time is over, as far as the clock can be trusted."""
    return at.trusted and at.wall >= visit.valid_until


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = _why_not(draft, request)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    at, by, visits = draft.at, asked.actor, draft.state.visits
    match request:
        case RegisterResident():
            draft.say(ResidentRegistered(at=at, unit=request.unit.strip(), name=request.name.strip(), by=by))
        case RemoveResident():
            draft.say(ResidentRemoved(at=at, unit=request.unit.strip(), name=request.name.strip(), by=by))
        case AnnounceVisit():
            draft.say(VisitAnnounced(at=at, visit=_announced(draft, request), by=by))
        case CancelVisit():
            draft.say(VisitCancelled(at=at, number=request.number, why=request.reason, by=by))
        case AdmitVisitor():
            draft.say(
                VisitorAdmitted(
                    at=at,
                    lane=request.lane,
                    passage=draft.waiting_at(request.lane),
                    unit=request.unit.strip(),
                    name=request.name.strip(),
                    visitor=request.visitor,
                    by=by,
                )
            )
        case AdmitByCode():
            visit = visits.announced[visits.of_code[request.code.strip()]]
            draft.say(
                VisitorAdmitted(
                    at=at,
                    lane=request.lane,
                    passage=draft.waiting_at(request.lane),
                    unit=visit.unit,
                    name=visit.name,
                    visitor=visit.visitor,
                    by=by,
                    number=visit.number,
                )
            )
        case _:
            assert_never(request)


def _announced(draft: Draft, request: AnnounceVisit) -> Visit:
    return Visit(
        number=f"V{draft.state.visits.written + 1:06d}",
        unit=request.unit.strip(),
        name=request.name.strip(),
        visitor=request.visitor,
        plate=request.plate or None,
        code=request.code.strip() if request.code else None,
        valid_until=request.valid_until,
    )


def _why_not(draft: Draft, request: AnyRequest) -> Reason | None:
    visits = draft.state.visits
    match request:
        case RegisterResident():
            if not request.unit.strip() or not request.name.strip():
                return Reason.HOUSEHOLD_UNKNOWN
            return Reason.RESIDENT_KNOWN if _lives(visits, request.unit, request.name) else None
        case RemoveResident():
            return None if _lives(visits, request.unit, request.name) else Reason.HOUSEHOLD_UNKNOWN
        case AnnounceVisit():
            return _why_not_announce(draft, request)
        case CancelVisit():
            if not request.reason.strip():
                return Reason.REASON_NEEDED
            return None if request.number in visits.announced else Reason.NO_SUCH_VISIT
        case AdmitVisitor():
            if not _lives(visits, request.unit, request.name):
                return Reason.HOUSEHOLD_UNKNOWN
            return _why_no_car(draft, request.lane)
        case AdmitByCode():
            return _why_not_code(draft, request.code.strip()) or _why_no_car(draft, request.lane)
        case _:
            assert_never(request)


def _lives(visits: Visits, unit: str, name: str) -> bool:
    return name.strip() in visits.residents.get(unit.strip(), ())


def _why_not_announce(draft: Draft, request: AnnounceVisit) -> Reason | None:
    visits = draft.state.visits
    code = (request.code or "").strip()
    if not _lives(visits, request.unit, request.name):
        return Reason.HOUSEHOLD_UNKNOWN
    if not request.plate and not code:
        return Reason.VISIT_OF_NOBODY
    if request.plate and not is_plate(request.plate):
        return Reason.PLATE_WRONG
    if code and len(code) < SHORTEST_CODE:
        return Reason.CODE_TOO_SHORT
    if code in visits.of_code or code in visits.spent:
        return Reason.CODE_TAKEN
    until = request.valid_until
    return Reason.PERIOD_IS_OVER if draft.at.trusted and draft.at.wall >= until else None


def _why_not_code(draft: Draft, code: str) -> Reason | None:
    visits = draft.state.visits
    if code in visits.spent:
        return visits.spent[code].why
    number = visits.of_code.get(code)
    if number is None:
        return Reason.CODE_UNKNOWN
    return Reason.VISIT_EXPIRED if is_over(visits.announced[number], draft.at) else None


def _why_no_car(draft: Draft, lane: str | None) -> Reason | None:
    """Nobody is on foot where a lane is named: a code is not spent on a car that has gone."""
    if lane is None:
        return None
    if lane not in draft.state.lanes:
        return Reason.NO_SUCH_LANE
    return Reason.NO_CAR_HELD if draft.waiting_at(lane) is None else None
