"""The only thing that changes state: one fact, the next state.

The law of this file: total and forgiving. Every fact is accepted in every state (an older ledger is history,
not input), nothing is decided here, and a lane that config.yaml no longer has is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from daemon.core import (
    accounts,
    alarms,
    alerts,
    bays,
    boots,
    cards,
    commands,
    contractors,
    findings,
    fire,
    goods,
    hold_open,
    identity,
    inside,
    lending,
    logbook,
    lot,
    posted,
    printing,
    register,
    rounds,
    shifts,
    sibling_books,
    siblings,
    special,
    standing,
    substitution,
    till,
    visits,
)
from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    AlertCleared,
    AlertRaised,
    BoomLowerOrdered,
    BoomMoved,
    BoomRaiseOrdered,
    BoomStopOrdered,
    CardPresented,
    CarForcedIn,
    CarHeld,
    DeviceFailed,
    DeviceRecovered,
    Fact,
    GateStarted,
    LoopReported,
    PassageClosed,
    PassageOpened,
    PermitGranted,
    PermitWithdrawn,
    PictureKept,
    PlateCorrected,
    PlateSeen,
    StayClosed,
    StayOpened,
)
from daemon.core.lane import DECIDED, MOVES
from daemon.core.money import ChargeQuoted
from daemon.core.reasons import AlertKind, Reason
from daemon.core.siblings import SiblingTold
from daemon.core.signals import Boom, Loop, LoopState
from daemon.core.state import LaneState, Passage, Phase, State
from daemon.core.wall_clock import ClockSet


def evolve_all(state: State, facts: Iterable[Fact]) -> State:
    for fact in facts:
        state = evolve(state, fact)
    return state


def evolve(state: State, fact: Fact) -> State:
    """The state after `fact`. Pure; raises nothing."""
    if isinstance(fact, SiblingTold):
        return sibling_books.told(state, fact)
    state = sibling_books.own(_desk(_site(state, fact), fact), fact)
    if isinstance(fact, standing.SITE_WIDE):
        lanes = {key: standing.of_every_lane(lane, fact) for key, lane in state.lanes.items()}
        return replace(state, lanes=MappingProxyType(lanes))
    lane = state.lanes.get(fact.lane) if fact.lane is not None else None
    if lane is None:
        return state
    changed = _lane(lane, fact)
    if changed is lane:
        return state
    return replace(state, lanes=MappingProxyType({**state.lanes, lane.id: changed}))


# ---------------------------------------------------------------- what is not of one lane


def _site(state: State, fact: Fact) -> State:
    match fact:
        case GateStarted():
            restarted = {key: _restarted(lane, fact) for key, lane in state.lanes.items()}
            lanes = MappingProxyType(restarted)
            is_new_boot = state.clock is None or state.clock.boot != fact.at.boot
            cares = alerts.restarted(state.cares, fact.at) if is_new_boot else state.cares
            return replace(
                state,
                lanes=lanes,
                failed=MappingProxyType({}),
                clock=fact.at,
                cares=cares,
                fire=fire.restarted(state.fire),
            )
        case ClockSet():
            return replace(state, clock=fact.at)
        case DeviceFailed():
            return replace(state, failed=MappingProxyType({**state.failed, fact.device: fact.why}))
        case DeviceRecovered():
            failed = {device: why for device, why in state.failed.items() if device != fact.device}
            return replace(state, failed=MappingProxyType(failed))
        case PermitGranted():
            return _with_permit(_without_permit(state, fact.permit.id), fact)
        case PermitWithdrawn():
            return _without_permit(state, fact.permit_id)
        case PassageOpened():
            return replace(state, passages_opened=state.passages_opened + 1)
        case PassageClosed(outcome="passed" | "unconfirmed"):
            return _with_use(state, fact)
        case StayOpened():
            return inside.opened(state, fact)
        case StayClosed():
            return inside.closed(state, fact.stay_id)
        case AlertRaised():
            cares = alerts.raised(state.cares, fact.alert_id, fact.severity, fact.at)
            return replace(state, alerts=MappingProxyType({**state.alerts, fact.alert_id: fact}), cares=cares)
        case PictureKept() if (alert := state.alerts.get(fact.alert_id or "")) and alert.picture is None:
            seen = replace(alert, picture=fact.picture)
            return replace(state, alerts=MappingProxyType({**state.alerts, alert.alert_id: seen}))
        case AlertCleared():
            still = {key: alert for key, alert in state.alerts.items() if key != fact.alert_id}
            cares = alerts.cleared(state.cares, fact.alert_id)
            return replace(state, alerts=MappingProxyType(still), cares=cares)
        case _:
            return state


_PARTS: tuple[tuple[str, Callable[[Any, Fact], Any]], ...] = (
    ("fire", fire.evolve),
    ("lot", lot.evolve),
    ("slips", goods.evolve),
    ("special", special.evolve),
    ("register", register.evolve),
    ("bays", bays.evolve),
    ("boots", boots.evolve),
    ("cards", cards.evolve),
    ("identities", identity.evolve),
    ("findings", findings.evolve),
    ("substitutions", substitution.evolve),
    ("visits", visits.evolve),
    ("contractors", contractors.evolve),
    ("money", accounts.evolve),
    ("prints", printing.evolve),
    ("till", till.evolve),
    ("shifts", shifts.evolve),
    ("logbook", logbook.evolve),
    ("cares", alerts.evolve),
    ("alarms", alarms.evolve),
    ("rounds", rounds.evolve),
    ("commands", commands.evolve),
    ("siblings", siblings.evolve),
    ("posted", posted.evolve),
)
"""Each noun of the desk keeps its own part of the state."""


def _desk(state: State, fact: Fact) -> State:
    changed: dict[str, Any] = {}
    for name, evolve_part in _PARTS:
        part = getattr(state, name)
        after = evolve_part(part, fact)
        if after is not part:
            changed[name] = after
    return replace(state, **changed) if changed else state


def _with_use(state: State, fact: PassageClosed) -> State:
    lane = state.lanes.get(fact.lane or "")
    if lane is None or lane.passage is None or lane.passage.id != fact.passage:
        return state
    return replace(state, card_uses=lending.after_passing(state.card_uses, lane.passage, fact.at))


def _with_permit(state: State, fact: PermitGranted) -> State:
    permit = fact.permit
    return replace(
        state,
        permits=state.permits.put(permit.id, permit),
        permit_of_card=state.permit_of_card.put(permit.card, permit.id),
        permit_of_plate=state.permit_of_plate.put(permit.plate, permit.id),
    )


def _without_permit(state: State, permit_id: str) -> State:
    permit = state.permits.get(permit_id)
    if permit is None:
        return state
    return replace(
        state,
        permits=state.permits.without(permit_id),
        permit_of_card=state.permit_of_card.without(permit.card),
        permit_of_plate=state.permit_of_plate.without(permit.plate),
    )


# ---------------------------------------------------------------- one lane


def _restarted(lane: LaneState, fact: GateStarted) -> LaneState:
    """What a switch said before the start says nothing now, and no order of another run is still awaited."""
    return replace(
        lane,
        boom=Boom.UNKNOWN,
        approach=LoopState.UNKNOWN,
        approach_since=fact.at.mono,
        safety=LoopState.UNKNOWN,
        safety_since=fact.at.mono,
        granted_at=fact.at.mono if lane.phase in DECIDED else None,
        ordered=None,
        ordered_at=None,
        close_from=None,
        passed_at=None,
        opened_for=None,
        boom_since=fact.at.mono,
        held_open=hold_open.restarted(lane.held_open, fact.at),
    )


def _lane(lane: LaneState, fact: Fact) -> LaneState:
    match fact:
        case LoopReported(loop=Loop.APPROACH):
            return replace(lane, approach=fact.state, approach_since=fact.at.mono)
        case LoopReported():
            return replace(lane, safety=fact.state, safety_since=fact.at.mono)
        case BoomMoved():
            arrived = (lane.ordered, fact.boom) in {("raise", Boom.UP), ("lower", Boom.DOWN)}
            opened_for = None if fact.boom is Boom.DOWN else lane.opened_for
            lane = replace(lane, boom=fact.boom, boom_since=fact.at.mono, opened_for=opened_for)
            return replace(lane, ordered=None, ordered_at=None) if arrived else lane
        case BoomRaiseOrdered():
            # After a car under a lowering boom the wish to close stays; any other raise ends it.
            still_closing = fact.reason is Reason.LOOP_OCCUPIED_WHILE_LOWERING
            return replace(
                lane,
                ordered="raise",
                ordered_at=fact.at.mono,
                close_from=fact.at.mono if still_closing else None,
                opened_for=lane.opened_for if still_closing else None,
            )
        case BoomLowerOrdered():
            return replace(lane, ordered="lower", ordered_at=fact.at.mono, close_from=None)
        case BoomStopOrdered():
            return replace(lane, ordered="stop", ordered_at=fact.at.mono, close_from=None)
        case AlertRaised(alert=AlertKind.BOOM_DID_NOT_RISE | AlertKind.BOOM_DID_NOT_LOWER):
            return replace(lane, ordered_at=None)
        case _:
            return _moved(lane, _passage(standing.of_one_lane(lane, fact), fact), fact)


def _moved(before: LaneState, after: LaneState, fact: Fact) -> LaneState:
    """MOVES, for a fact about the car in front; the car behind steps up when that one's passage closes."""
    then = MOVES.get((before.phase, getattr(fact, "kind", "")))
    in_front = before.passage.id if before.passage is not None else fact.passage
    if then is None or fact.passage != in_front:
        return after
    if isinstance(fact, PassageClosed) and after.passage is not None:
        return replace(after, phase=Phase.IDENTIFYING)
    return replace(after, phase=then)


def _passage(lane: LaneState, fact: Fact) -> LaneState:
    match fact:
        case PassageOpened():
            opened = Passage(id=fact.passage or "", opened=fact.at)
            return replace(lane, behind=opened) if lane.phase in DECIDED else replace(lane, passage=opened)
        case PassageClosed() if lane.behind is not None and lane.behind.id == fact.passage:
            return replace(lane, behind=None)
        case PassageClosed() if lane.passage is not None and lane.passage.id == fact.passage:
            went = fact.outcome in ("passed", "unconfirmed") or lane.phase in DECIDED
            passed = fact.outcome in ("passed", "forced")
            return replace(
                lane,
                passage=lane.behind,
                behind=None,
                done_track=lane.passage.track or lane.done_track,
                granted_at=None,
                close_from=fact.at.mono if went and fact.outcome != "interrupted" else lane.close_from,
                passed_plate=lane.passage.plate if passed else lane.passed_plate,
                passed_at=fact.at.mono if passed else lane.passed_at,
                opened_for=fact.passage if passed else lane.opened_for,
            )
        case _:
            pass
    if lane.behind is not None and lane.behind.id == fact.passage:
        return replace(lane, behind=_known(lane.behind, fact))
    if lane.passage is not None and lane.passage.id == fact.passage:
        is_decided = isinstance(fact, AccessGranted | CarForcedIn)
        granted_at = fact.at.mono if is_decided else lane.granted_at
        return replace(lane, passage=_known(lane.passage, fact), granted_at=granted_at)
    return lane


def _known(passage: Passage, fact: Fact) -> Passage:
    """What the fact adds to what is known of this car."""
    match fact:
        case CardPresented():
            return replace(passage, card=fact.card, card_permit=fact.permit_id, card_at=fact.at.mono)
        case ChargeQuoted():
            return replace(passage, stay_id=fact.stay_id)
        case PlateSeen():
            return replace(
                passage,
                # Who was told a price, and then shows another plate, is another car.
                stay_id=passage.stay_id if passage.plate in (None, "", fact.plate) else None,
                plate=fact.plate,
                plate_valid=fact.valid,
                plate_permit=fact.permit_id,
                plate_at=fact.at.mono,
                chars=fact.chars,
                track=fact.track,
                picture=fact.picture,
                crop=fact.crop,
            )
        case PlateCorrected():
            return replace(passage, plate=fact.plate, plate_valid=True, plate_permit=fact.permit_id)
        case CarHeld():
            return replace(passage, reason=fact.reason)
        case AccessGranted():
            return replace(
                passage,
                reason=fact.reason,
                permit_id=fact.permit_id,
                stay_id=fact.stay_id,
                resync=fact.resync,
                by=fact.by,
                note=fact.note,
                told=fact.told,
            )
        case AccessRefused():
            return replace(passage, reason=fact.reason)
        case CarForcedIn():
            return replace(passage, is_forced=True)
        case special.WatchedCarSeen():
            return replace(passage, watch=fact.watch)
        case special.CarDeclared():
            return replace(passage, declared=fact.car_class, company=fact.company)
        case special.CarExempted():
            return replace(passage, exempt=fact.exempt_class)
        case _:
            return passage
