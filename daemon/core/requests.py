"""Everything that can be asked at the desk, and the noun that answers.

The law of this file: one line a noun. A request that no line names cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, get_args

from daemon.core import (
    alert_desk,
    alerts,
    bays,
    card_desk,
    cards,
    cashier,
    commands,
    contractors,
    duty,
    findings,
    fire,
    goods,
    hold_open,
    identity,
    lane_desk,
    logbook,
    lot,
    lot_desk,
    money,
    passages,
    posted,
    register,
    register_desk,
    rounds,
    shifts,
    special,
    special_desk,
    substitution,
    till,
    visits,
)
from daemon.core.plates import normalise
from daemon.core.reasons import Reason
from daemon.core.roles import may
from daemon.core.signals import Asked, Request
from daemon.core.state import NO_PLATE
from daemon.core.wall_clock import aware

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.fact import Fact
    from daemon.core.state import LaneState, State

AnyRequest = (
    goods.AnyRequest
    | cards.AnyRequest
    | shifts.AnyRequest
    | special.AnyRequest
    | bays.AnyRequest
    | register.AnyRequest
    | hold_open.AnyRequest
    | fire.AnyRequest
    | lot.AnyRequest
    | logbook.AnyRequest
    | alerts.AnyRequest
    | substitution.AnyRequest
    | visits.AnyRequest
    | contractors.AnyRequest
    | money.AnyRequest
    | till.AnyRequest
    | rounds.AnyRequest
    | identity.AnyRequest
    | findings.AnyRequest
    | commands.AnyRequest
    | posted.AnyRequest
)

YEARS = range(2000, 2200)
"""A request that names another year is a slip of the finger: from moments at the ends of the calendar nothing
can be reckoned."""

Answer = Callable[["Draft", Asked, Any], "Reason | None"]
"""A noun does what was asked, or says why not: by its answer, or by a refusal of its own."""

ANSWERS: tuple[tuple[Any, Answer], ...] = (
    (goods.AnyRequest, goods.asked),
    (special.AnyRequest, special_desk.asked),
    (register.AnyRequest, register_desk.asked),
    (bays.AnyRequest, bays.asked),
    (cards.AnyRequest, card_desk.asked),
    (money.AnyRequest, cashier.asked),
    (till.AnyRequest, till.asked),
    (identity.AnyRequest, identity.asked),
    (findings.AnyRequest, findings.asked),
    (substitution.AnyRequest, substitution.asked),
    (visits.AnyRequest, visits.asked),
    (contractors.AnyRequest, contractors.asked),
    (shifts.AnyRequest, duty.asked),
    (hold_open.AnyRequest, lane_desk.asked),
    (fire.AnyRequest, fire.asked),
    (lot.AnyRequest, lot_desk.asked),
    (logbook.AnyRequest, logbook.asked),
    (alerts.AnyRequest, alert_desk.asked),
    (rounds.AnyRequest, rounds.asked),
    (commands.AnyRequest, commands.asked),
    (posted.AnyRequest, posted.asked),
)

ALL_REQUESTS: tuple[type[Request], ...] = tuple(
    request for requests, _ in ANSWERS for request in get_args(requests) or (requests,)
)

_ANSWER: dict[type[Request], Answer] = {
    request: answer for requests, answer in ANSWERS for request in get_args(requests) or (requests,)
}


def kind_of(request: type[Request]) -> str:
    """What the request is called on the wire and on the command line."""
    return str(request.__dataclass_fields__["kind"].default)


def asked(draft: Draft, signal: Asked) -> None:
    """Have it answered by its noun, where the role of whoever asks allows it (R44)."""
    if not may(signal.actor.role, signal.request):
        draft.refuse(signal, Reason.ROLE_NOT_ALLOWED)
        return
    if not all(moment.year in YEARS for moment in _moments(signal.request).values()):
        draft.refuse(signal, Reason.DATE_WRONG)
        return
    before = len(draft.facts)
    request = _written_alike(signal.request, draft.state.rules.timezone)
    objection = _ANSWER[type(request)](draft, replace(signal, request=request), request)
    if objection is not None:
        draft.refuse(signal, objection)
    for fact in draft.facts[before:]:
        for lane in _spoken_for(draft.state, fact):
            passages.settle(draft, draft.lane(lane))


def _written_alike(request: Request, zone: tzinfo) -> Request:
    """Moments are aware ones, plates and references written one way from here on; the nouns need not ask."""
    alike: dict[str, Any] = {name: aware(moment, zone) for name, moment in _moments(request).items()}
    plate = getattr(request, "plate", None)
    if isinstance(plate, str) and not plate.startswith(NO_PLATE):
        alike["plate"] = normalise(plate)
    reference = getattr(request, "reference", None)
    if isinstance(reference, str):
        alike["reference"] = reference.strip()
    return replace(request, **alike)


def _moments(request: Request) -> dict[str, datetime]:
    written = {field.name: getattr(request, field.name) for field in fields(request)}
    return {name: value for name, value in written.items() if isinstance(value, datetime)}


def _spoken_for(state: State, fact: Fact) -> list[LaneState]:
    """Where a car waits that this fact is about: it is judged again at once."""
    match fact:
        case visits.VisitorAdmitted() | identity.ReleaseAgreed():
            return [lane for lane in state.lanes.values() if lane.id == fact.lane]
        case substitution.SubstitutionConfirmed():
            plate = state.substitutions.open[fact.number].plate
            return [lane for lane in state.lanes.values() if _waits_with(plate, lane)]
        case _:
            return []


def _waits_with(plate: str, lane: LaneState) -> bool:
    """A car that the guard has closed the boom on stays his to decide."""
    car = lane.passage
    return car is not None and car.plate == plate and car.reason is not Reason.CLOSED_BY_GUARD
