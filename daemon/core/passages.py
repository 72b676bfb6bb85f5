"""What loops, time and the answer do to the car at a lane.

Steps of one decision: each takes the draft and says what follows. Which car a sign belongs to is settled in
`daemon.core.signs`; whether that car may pass, in `daemon.core.access`; when the boom may come down, in
`daemon.core.lane`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Literal, assert_never

from daemon.core import charges
from daemon.core.access import Case, Charge, Gone, Grant, Hold, Refuse, Wait, judge
from daemon.core.draft import Draft, alert_id
from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    CarHeld,
    CarUnderBoom,
    PassageClosed,
    PassageOpened,
    PlateCorrected,
)
from daemon.core.lane import (
    DECIDED,
    grant_lapse_due,
    is_lowering,
    lower_due,
    nobody_is_there,
    order_check_due,
)
from daemon.core.notices import on_granted
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, LoopState
from daemon.core.state import LaneState, Passage, Phase, State
from daemon.core.stays import on_cleared

_ALERT_OF_HOLD = {
    Reason.CARD_PLATE_MISMATCH: AlertKind.CARD_PLATE_MISMATCH,
    Reason.ALREADY_INSIDE: AlertKind.ANTI_PASSBACK,
    Reason.NOT_INSIDE: AlertKind.ANTI_PASSBACK,
    Reason.CARD_LOST: AlertKind.STOPPED_CARD_USED,
    Reason.CARD_BLOCKED: AlertKind.STOPPED_CARD_USED,
    Reason.DANGEROUS_GOODS: AlertKind.DANGEROUS_GOODS,
}
"""The holds that are more than a driver's slip: the control room hears of them too."""

_REFUSED_AT_ONCE = frozenset({Reason.DANGEROUS_GOODS})
"""Sent away, urgently; and still held while it stands there, so that nothing it shows next opens the boom."""

Cause = Literal["loop", "card", "plate", "guard", "safety_loop"]


# ---------------------------------------------------------------- a car is here


def open_passage(draft: Draft, lane: LaneState, cause: Cause) -> Passage:
    key = f"{lane.id}-{draft.state.passages_opened + 1:07d}"
    draft.say(PassageOpened(at=draft.at, lane=lane.id, passage=key, direction=lane.direction, cause=cause))
    now = draft.lane(lane)
    opened = now.behind if now.phase in DECIDED else now.passage
    assert opened is not None
    return opened


# ---------------------------------------------------------------- loops


def approach_changed(draft: Draft, lane: LaneState) -> None:
    if lane.approach is LoopState.OCCUPIED:
        if lane.phase is Phase.IDLE or (lane.phase in DECIDED and lane.behind is None):
            open_passage(draft, lane, "loop")
        settle(draft, draft.lane(lane))


def safety_changed(draft: Draft, lane: LaneState) -> None:
    if lane.safety is LoopState.OCCUPIED:
        keep_off_car(draft, lane)
        if lane.phase is Phase.GRANTED and lane.passage is not None:
            draft.say(CarUnderBoom(at=draft.at, lane=lane.id, passage=lane.passage.id))
    elif lane.safety is LoopState.FREE:
        # Whatever it said before: a loop that failed under the car, and mended, has seen it go all the same.
        draft.clear_alerts([AlertKind.PASSED_WITHOUT_GRANT, AlertKind.TAILGATING], lane.id)
        if lane.phase is Phase.PASSING and lane.passage is not None:
            _cleared(draft, lane, lane.passage)


def keep_off_car(draft: Draft, lane: LaneState) -> None:
    """Send a lowering boom up again from a car under it."""
    if lane.safety is LoopState.OCCUPIED and is_lowering(lane, draft.at.mono):
        draft.say(
            BoomRaiseOrdered(
                at=draft.at,
                lane=lane.id,
                passage=lane.passage.id if lane.passage is not None else None,
                reason=Reason.LOOP_OCCUPIED_WHILE_LOWERING,
            )
        )


def car_waits_under_open_boom(draft: Draft, lane: LaneState) -> None:
    """The boom goes up for all, and a car has its nose over the safety loop: it is let through with them."""
    why, passage = lane.why_stays_open, lane.passage
    is_there = lane.safety is LoopState.OCCUPIED and lane.phase not in DECIDED
    if is_there and why is not None and passage is not None:
        let_through_open_lane(draft, lane, passage, why)


def let_through_open_lane(draft: Draft, lane: LaneState, passage: Passage, why: Reason) -> None:
    """Whoever holds the lane open answers for this car; whose it is follows from what it has shown."""
    case = Case(draft.state, lane, passage, draft.at)
    verdict = Grant(reason=why, permit=case.permit_by("plate"))
    held = lane.held_open if why is Reason.LANE_HELD_OPEN else None
    by, note = (held.by, held.why) if held is not None else (None, "")
    grant(draft, lane, passage, verdict, by=by, note=note)


def _cleared(draft: Draft, lane: LaneState, passage: Passage) -> None:
    """The car has driven under the boom: that, and nothing earlier, is when it is in or out."""
    _say_cleared(draft, lane, passage)
    draft.clear_alerts([AlertKind.PASSAGE_UNCONFIRMED], lane.id)
    close(draft, lane, passage, "forced" if passage.is_forced else "passed")


def _say_cleared(draft: Draft, lane: LaneState, passage: Passage) -> None:
    facts = on_cleared(draft.state, lane, passage, draft.at)
    charges.leaving(draft, lane, passage, facts)
    draft.say(*facts)


# ---------------------------------------------------------------- time


def deadlines(state: State, lane: LaneState, now: timedelta) -> Iterator[timedelta]:
    """Everything that will happen on this lane by itself, as things stand at `now`."""
    for due in (lower_due(lane), _unanswered_due(state, lane), grant_lapse_due(lane)):
        if due is not None:
            yield due
    if lane.phase in (Phase.IDENTIFYING, Phase.HELD) and lane.passage is not None:
        verdict = judge(state, lane, lane.passage, replace(lane.passage.opened, mono=now))
        if isinstance(verdict, Wait):
            yield verdict.until
        elif lane.phase is Phase.IDENTIFYING or isinstance(verdict, Gone):
            yield now  # nothing is awaited any more: the list of permits has changed, or a loop fell silent


def time_passed(draft: Draft, lane: LaneState) -> None:
    """Do what is due by `draft.at`."""
    now = draft.at.mono
    due = _unanswered_due(draft.state, lane)
    if due is not None and due <= now:
        _order_unanswered(draft, lane)
    due = grant_lapse_due(lane)
    if due is not None and due <= now and lane.passage is not None:
        _grant_lapsed(draft, lane, lane.passage)
    due = lower_due(draft.lane(lane))
    if due is not None and due <= now:
        draft.say(BoomLowerOrdered(at=draft.at, lane=lane.id, reason=Reason.CAR_CLEARED))
    settle(draft, draft.lane(lane), only_time_has_passed=True)


def _unanswered_due(state: State, lane: LaneState) -> timedelta | None:
    """When to say that no limit switch has answered; None where that is said, and still so."""
    return None if alert_id(_alert_of_order(lane), lane.id) in state.alerts else order_check_due(lane)


def _alert_of_order(lane: LaneState) -> AlertKind:
    return AlertKind.BOOM_DID_NOT_RISE if lane.ordered == "raise" else AlertKind.BOOM_DID_NOT_LOWER


def _order_unanswered(draft: Draft, lane: LaneState) -> None:
    draft.raise_alert(
        _alert_of_order(lane),
        lane.id,
        f"{lane.name}: ordered {lane.ordered}, limit switches say {lane.boom}",
        severity=Severity.URGENT,
        lane=lane,
    )


def _grant_lapsed(draft: Draft, lane: LaneState, passage: Passage) -> None:
    draft.raise_alert(
        AlertKind.PASSAGE_UNCONFIRMED,
        lane.id,
        f"{lane.name}: no loop saw {passage.plate or passage.card or passage.id} drive through",
        severity=Severity.WARNING,
        lane=lane,
        picture=passage.picture,
    )
    is_known = passage.permit_id is not None or bool(passage.plate)
    if lane.safety is LoopState.UNKNOWN and (is_known or lane.phase is Phase.PASSING):
        # A blind loop is no evidence that it stayed: who is let through goes through.
        _say_cleared(draft, lane, passage)
    # A boom that is down is not ordered down once more because of a start.
    close(draft, lane, passage, "interrupted" if nobody_is_there(lane) else "unconfirmed")


# ---------------------------------------------------------------- the answer


def settle(draft: Draft, lane: LaneState, *, only_time_has_passed: bool = False) -> None:
    """Judge the car in front, and say what comes of it. Nothing new, nothing said.

    A held car that has shown nothing new stays the guard's: time alone can only tell that it has gone.
    """
    passage = lane.passage
    if passage is None or lane.phase in DECIDED:
        return
    verdict = judge(draft.state, lane, passage, draft.at)
    if only_time_has_passed and lane.phase is Phase.HELD and not isinstance(verdict, Gone):
        return
    if not isinstance(verdict, Wait | Gone):
        charges.show_arrears(draft, lane, passage)
    match verdict:
        case Wait():
            return
        case Gone():
            close(draft, lane, passage, "left")
        case Charge():
            charges.tell_at_exit(draft, lane, passage, verdict.stay)
            settle(draft, draft.lane(lane))
        case Grant():
            named = verdict.permit.id if verdict.permit is not None else passage.card_permit
            if verdict.corrected_plate is not None and named is not None:
                draft.say(
                    PlateCorrected(
                        at=draft.at,
                        lane=lane.id,
                        passage=passage.id,
                        read=passage.plate or "",
                        plate=verdict.corrected_plate,
                        permit_id=named,
                    )
                )
            grant(draft, lane, passage, verdict)
            on_granted(draft, lane, passage, verdict)
        case Hold():
            _hold(draft, lane, passage, verdict)
        case Refuse() if lane.why_stays_open is not None:
            # Sent away or not, it can drive on: who it is stays with it until it has.
            _hold(draft, lane, passage, Hold(reason=verdict.reason, trace=verdict.trace))
        case Refuse():
            _refuse(draft, lane, passage, verdict)
            close(draft, lane, passage, "refused")
        case _:
            assert_never(verdict)


def grant(
    draft: Draft,
    lane: LaneState,
    passage: Passage,
    verdict: Grant,
    *,
    by: Actor | None = None,
    note: str = "",
    resync: bool = False,
) -> None:
    """Let the car through: the grant and the order to raise are one decision, durable together."""
    permit = verdict.permit
    clear_hold(draft, passage.id)
    draft.say(
        AccessGranted(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            reason=verdict.reason,
            permit_id=permit.id if permit is not None else None,
            card=passage.card,
            plate=verdict.corrected_plate or passage.plate,
            picture=passage.picture,
            by=by,
            note=note,
            resync=resync,
            stay_id=verdict.stay.id if verdict.stay is not None else None,
            told=verdict.told,
            trace=verdict.trace,
            unheard=draft.state.unheard,
        ),
        BoomRaiseOrdered(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            reason=verdict.reason,
            by=by,
            note=note,
        ),
    )
    if lane.safety is LoopState.OCCUPIED:
        # It waited with its nose over the loop: nothing more will be reported of its driving in.
        draft.say(CarUnderBoom(at=draft.at, lane=lane.id, passage=passage.id))


def _refuse(draft: Draft, lane: LaneState, passage: Passage, verdict: Refuse | Hold) -> None:
    draft.say(
        AccessRefused(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            reason=verdict.reason,
            card=passage.card,
            plate=passage.plate,
            picture=passage.picture,
            trace=verdict.trace,
        )
    )


def _hold(draft: Draft, lane: LaneState, passage: Passage, verdict: Hold) -> None:
    if lane.phase is Phase.HELD and passage.reason is verdict.reason:
        return
    clear_hold(draft, passage.id)
    draft.say(
        CarHeld(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            reason=verdict.reason,
            card=passage.card,
            card_permit_id=passage.card_permit,
            plate=passage.plate,
            plate_permit_id=passage.plate_permit,
            picture=passage.picture,
            candidates=verdict.candidates,
            advice=verdict.advice,
            trace=verdict.trace,
        )
    )
    is_refused = verdict.reason in _REFUSED_AT_ONCE
    if is_refused:
        _refuse(draft, lane, passage, verdict)
    kind = _ALERT_OF_HOLD.get(verdict.reason)
    if kind is not None:
        draft.raise_alert(
            kind,
            passage.id,
            f"{lane.name}: {verdict.reason}, card {passage.card or '-'}, plate {passage.plate or '-'}",
            severity=Severity.URGENT if is_refused else Severity.WARNING,
            lane=lane,
            picture=passage.picture,
            other_picture=verdict.other_picture,
        )


def clear_hold(draft: Draft, passage_id: str) -> None:
    """The alerts that hung on this car's being held are over."""
    draft.clear_alerts(dict.fromkeys(_ALERT_OF_HOLD.values()), passage_id)


def close(
    draft: Draft,
    lane: LaneState,
    passage: Passage,
    outcome: Literal["passed", "forced", "left", "refused", "unconfirmed", "interrupted"],
    *,
    hold_next: Reason | None = None,
) -> None:
    """The car has gone; the one behind it steps up and is judged at once, or held for `hold_next`."""
    clear_hold(draft, passage.id)
    draft.say(PassageClosed(at=draft.at, lane=lane.id, passage=passage.id, outcome=outcome))
    lane = draft.lane(lane)
    if hold_next is not None and lane.passage is not None:
        _hold(draft, lane, lane.passage, Hold(reason=hold_next))
        return
    settle(draft, lane)
