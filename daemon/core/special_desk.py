"""What follows from asking about watched, exempt, large and dangerous cars (R08 to R11).

The law of this file: the same thing asked twice says nothing twice; a car that stands at a lane is judged
anew the moment a list or an approval changes, so that nobody has to show card and plate again for it.
"""

from __future__ import annotations

from typing import assert_never

from daemon.core.card_numbers import NotThatPresentation, canonical, shown_as
from daemon.core.case import Case, Grant
from daemon.core.draft import Draft
from daemon.core.lane import DECIDED
from daemon.core.passages import grant, open_passage, settle
from daemon.core.plates import normalise
from daemon.core.reasons import AlertKind, Reason
from daemon.core.roles import who_decides
from daemon.core.sightings import noticed
from daemon.core.signals import Asked
from daemon.core.special import (
    AnyRequest,
    ApprovalWithdrawn,
    ApproveLarge,
    CarClassified,
    CarDeclared,
    CarExempted,
    CarUnclassified,
    ClassedCar,
    ClassifyCar,
    DeclareCar,
    ExemptCar,
    LargeApproval,
    LargeApproved,
    ListWatched,
    UnclassifyCar,
    UnlistWatched,
    Watch,
    WatchListed,
    WatchUnlisted,
    WithdrawApproval,
    key_of,
)
from daemon.core.special_rules import dangerous_goods, standing_holds, watch_list
from daemon.core.state import LaneState, Passage, next_turn

_LISTED = frozenset({Reason.DANGEROUS_GOODS, Reason.LARGE_NEEDS_APPROVAL})
"""The holds that a change of the lists may end."""


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    match request:
        case ListWatched():
            _list_watched(draft, asked, request)
        case UnlistWatched():
            _unlist_watched(draft, asked, request)
        case ClassifyCar():
            _classify(draft, asked, request)
        case UnclassifyCar():
            plate = request.plate
            if plate not in draft.state.special.classed:
                draft.refuse(asked, Reason.NOT_LISTED)
            else:
                draft.say(CarUnclassified(at=draft.at, plate=plate, why=request.reason, by=asked.actor))
                _judge_anew(draft)
        case ApproveLarge():
            _approve(draft, asked, request)
        case WithdrawApproval():
            _withdraw(draft, asked, request)
        case DeclareCar():
            _declare(draft, asked, request)
        case ExemptCar():
            _exempt(draft, asked, request)
        case _:
            assert_never(request)


# ---------------------------------------------------------------- lists


def _list_watched(draft: Draft, asked: Asked, request: ListWatched) -> None:
    value = _one_way(draft, request)
    if value is None:
        draft.refuse(asked, Reason.CARD_NUMBER_WRONG)
        return
    if not value or not request.what_to_do.strip():
        draft.refuse(asked, Reason.WATCH_INCOMPLETE)
        return
    watch = Watch(sign=request.sign, value=value, why=request.why, what_to_do=request.what_to_do)
    if draft.state.special.watched.get(watch.key) == watch:
        return
    turn = next_turn(draft.state, f"watch:{watch.key}")
    draft.say(WatchListed(at=draft.at, watch=watch, by=asked.actor, turn=turn))
    listed_anew(draft)


def listed_anew(draft: Draft) -> None:
    """The watch list has grown: the cars that stand here are looked at again."""
    for lane in draft.state.lanes.values():
        for car in (lane.passage, lane.behind):
            if car is not None:
                noticed(draft, lane, car.id)
    _judge_anew(draft)


def _unlist_watched(draft: Draft, asked: Asked, request: UnlistWatched) -> None:
    value = _one_way(draft, request) or ""
    key = key_of(request.sign, value)
    if key not in draft.state.special.watched:
        draft.refuse(asked, Reason.NOT_LISTED)
        return
    turn = next_turn(draft.state, f"watch:{key}")
    draft.say(
        WatchUnlisted(
            at=draft.at, sign=request.sign, value=value, why=request.reason, by=asked.actor, turn=turn
        )
    )
    draft.clear_alerts([AlertKind.WATCH_LISTED], key)


def _classify(draft: Draft, asked: Asked, request: ClassifyCar) -> None:
    plate = request.plate
    if not plate:
        draft.refuse(asked, Reason.WATCH_INCOMPLETE)
        return
    car = ClassedCar(plate=plate, car_class=request.car_class, company=request.company)
    if draft.state.special.classed.get(plate) != car:
        draft.say(CarClassified(at=draft.at, car=car, by=asked.actor))
        _judge_anew(draft)


def _approve(draft: Draft, asked: Asked, request: ApproveLarge) -> None:
    approval = LargeApproval(
        number=request.number,
        plate=request.plate or None,
        company=request.company or None,
        valid_from=request.valid_from,
        valid_until=request.valid_until,
        area=request.area,
        posts=request.posts,
    )
    approvals = draft.state.special.approvals
    if approval.plate is None and approval.company is None:
        draft.refuse(asked, Reason.APPROVAL_FOR_NOBODY)
    elif approval.valid_from >= approval.valid_until or not approval.area.strip():
        draft.refuse(asked, Reason.APPROVAL_INCOMPLETE)
    elif approvals.get(approval.number) == approval:
        return
    elif approval.number in approvals:
        draft.refuse(asked, Reason.APPROVAL_NUMBER_TAKEN)
    else:
        draft.say(LargeApproved(at=draft.at, approval=approval, by=asked.actor))
        _judge_anew(draft)


def _withdraw(draft: Draft, asked: Asked, request: WithdrawApproval) -> None:
    if draft.state.special.approvals.get(request.number) is None:
        draft.refuse(asked, Reason.NOT_LISTED)
        return
    draft.say(ApprovalWithdrawn(at=draft.at, number=request.number, why=request.reason, by=asked.actor))
    draft.clear_alerts([AlertKind.LARGE_VEHICLE_ENTERS], request.number)


# ---------------------------------------------------------------- the car at a lane


def _declare(draft: Draft, asked: Asked, request: DeclareCar) -> None:
    lane = draft.state.lanes.get(request.lane)
    if lane is None:
        draft.refuse(asked, Reason.NO_SUCH_LANE)
        return
    car = _undecided(lane)
    if car is None:
        draft.refuse(asked, Reason.CAR_BEING_LET_THROUGH if lane.phase in DECIDED else Reason.NO_CAR_HELD)
        return
    if (car.declared, car.company) == (request.car_class, request.company):
        return
    if car.declared == "dangerous":
        # Who has called it dangerous does not take that back: it is not his to override.
        draft.refuse(asked, Reason.SUPERVISOR_DECIDES)
        return
    draft.say(
        CarDeclared(
            at=draft.at,
            lane=lane.id,
            passage=car.id,
            car_class=request.car_class,
            company=request.company,
            by=asked.actor,
        )
    )
    settle(draft, draft.lane(lane))


def _exempt(draft: Draft, asked: Asked, request: ExemptCar) -> None:
    """Let it through at once, whatever is down: before it stand only the watch list, dangerous goods, and the
    lock on a lane."""
    lane = draft.state.lanes.get(request.lane)
    if lane is None:
        draft.refuse(asked, Reason.NO_SUCH_LANE)
        return
    if lane.locked is not None and who_decides(asked.actor.role, Reason.LANE_LOCKED) is not None:
        draft.refuse(asked, Reason.LANE_LOCKED)
        return
    car = _undecided(lane)
    if car is None and lane.phase in DECIDED:
        draft.refuse(asked, Reason.CAR_BEING_LET_THROUGH)
        return
    if car is not None:
        case = Case(draft.state, lane, car, draft.at)
        before = watch_list(case) or dangerous_goods(case)
        if before is not None:
            draft.refuse(asked, Reason.LEADER_DECIDES if car.watch is not None else Reason.SUPERVISOR_DECIDES)
            return
        if car.exempt == request.exempt_class and lane.phase in DECIDED:
            return
    else:
        car = open_passage(draft, lane, "guard")
    draft.say(
        CarExempted(
            at=draft.at, lane=lane.id, passage=car.id, exempt_class=request.exempt_class, by=asked.actor
        )
    )
    lane = draft.lane(lane)
    if lane.passage is None or lane.passage.id != car.id:
        return  # the one in front drives first; then this one is judged
    case = Case(draft.state, lane, lane.passage, draft.at)
    verdict = Grant(
        reason=Reason.EXEMPT_VEHICLE,
        permit=case.plate_permit,
        stay=case.stay if lane.direction == "exit" else None,
        trace=("exempt",),
    )
    grant(draft, lane, lane.passage, verdict, by=asked.actor, note=request.exempt_class)


def _undecided(lane: LaneState) -> Passage | None:
    """The car that somebody can still say something about."""
    return lane.behind if lane.phase in DECIDED else lane.passage


def _judge_anew(draft: Draft) -> None:
    """Only cars that the list is about: whoever is held for something else stays the guard's."""
    for lane in draft.state.lanes.values():
        car = lane.passage
        if car is None or lane.phase in DECIDED:
            continue
        if car.reason in _LISTED or standing_holds(Case(draft.state, lane, car, draft.at)):
            settle(draft, lane)


def _one_way(draft: Draft, request: ListWatched | UnlistWatched) -> str | None:
    """The value as the gate keeps it; None for a card that is not written as is said."""
    if request.sign == "plate":
        return normalise(request.value)
    if request.written_as is None:
        return request.value.strip().upper()
    try:
        number = canonical(request.value, request.written_as).hex
    except NotThatPresentation:
        return None
    # What is printed on a card is often a part of its number: the whole of it is known where the card is.
    return shown_as(number, (draft.state.permit_of_card, draft.state.cards.stock))
