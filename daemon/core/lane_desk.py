"""What a person of rank may have done to a whole lane: held open (R27) or locked; and booms that stay up.

The law of this file: a boom that is to stay up is ordered up again when it is found elsewhere, once for each
time that it is. A hold ends when it is asked to, or by itself; lowering is left to `daemon.core.lane`, which
waits until the lane is clear.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from daemon.core import fire, passages
from daemon.core.facts import BoomRaiseOrdered
from daemon.core.hold_open import (
    AnyRequest,
    EndHoldOpen,
    HoldOpen,
    HoldOpenEnded,
    HoldOpenStarted,
    LaneLocked,
    LaneUnlocked,
    LockLane,
    UnlockLane,
)
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Boom, BoomReported, FireReported

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState, State


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    lane = draft.state.lanes.get(request.lane)
    if lane is None:
        draft.refuse(asked, Reason.NO_SUCH_LANE)
    elif not request.reason.strip():
        draft.refuse(asked, Reason.REASON_NEEDED)
    elif (objection := _answer(draft, lane, asked.actor, request)) is not None:
        draft.refuse(asked, objection)


def _answer(draft: Draft, lane: LaneState, by: Actor, request: AnyRequest) -> Reason | None:
    """Do it, or say why not."""
    why = request.reason.strip()
    match request:
        case HoldOpen():
            return _hold(draft, lane, by, request)
        case EndHoldOpen():
            if lane.held_open is None:
                return Reason.LANE_NOT_HELD_OPEN
            draft.say(HoldOpenEnded(at=draft.at, lane=lane.id, why=why, by=by))
        case LockLane():
            if lane.held_open is not None:
                return Reason.LANE_HELD_OPEN
            if lane.locked is None:
                draft.say(LaneLocked(at=draft.at, lane=lane.id, why=why, by=by))
                passages.settle(draft, draft.lane(lane))
        case UnlockLane():
            if lane.locked is None:
                return Reason.LANE_NOT_LOCKED
            draft.say(LaneUnlocked(at=draft.at, lane=lane.id, why=why, by=by))
            passages.settle(draft, draft.lane(lane))
    return None


def _hold(draft: Draft, lane: LaneState, by: Actor, request: HoldOpen) -> Reason | None:
    if lane.locked is not None:
        return Reason.LANE_LOCKED
    if not draft.at.trusted:
        return Reason.TIME_UNKNOWN
    until = request.until.astimezone(UTC)
    if until <= draft.at.wall:
        return Reason.END_IS_PAST
    why, held = request.reason.strip(), lane.held_open
    if held is not None and (held.until, held.why) == (until, why):
        return None
    draft.say(
        HoldOpenStarted(at=draft.at, lane=lane.id, until=until, lasts=until - draft.at.wall, why=why, by=by)
    )
    if held is None:
        _keep_up(draft, draft.lane(lane), Reason.LANE_HELD_OPEN, by=by, note=why)
    return None


# ---------------------------------------------------------------- fire


def fire_reported(draft: Draft, signal: FireReported) -> None:
    if fire.reported(draft, signal):
        for lane in draft.state.lanes.values():
            _keep_up(draft, lane, Reason.FIRE)


# ---------------------------------------------------------------- booms that stay up


def _keep_up(
    draft: Draft, lane: LaneState, reason: Reason, *, by: Actor | None = None, note: str = ""
) -> None:
    draft.say(BoomRaiseOrdered(at=draft.at, lane=lane.id, reason=reason, by=by, note=note))
    passages.car_waits_under_open_boom(draft, draft.lane(lane))


def boom_reported(draft: Draft, before: LaneState, signal: BoomReported) -> None:
    """A boom that is to stay up, and is not where it belongs, is told so; a stop is not undone by that.

    Until it is heard of for the first time, nobody knows whether its barrier heard the order.
    """
    lane = draft.lane(before)
    is_on_its_way = lane.ordered == "raise" and (before.boom is not Boom.UNKNOWN or before.ordered != "raise")
    is_stopped = lane.ordered == "stop" and signal.boom is Boom.MOVING
    if signal.boom is not Boom.UP and not is_on_its_way and not is_stopped:
        raise_again(draft, lane)


def raise_again(draft: Draft, lane: LaneState) -> None:
    """For a barrier that may not have heard the order, or was moved by hand."""
    why = lane.why_stays_open
    if why is not None:
        draft.say(BoomRaiseOrdered(at=draft.at, lane=lane.id, reason=why))


# ---------------------------------------------------------------- time


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    for lane in state.lanes.values():
        if lane.held_open is not None:
            yield lane.held_open.due


def time_passed(draft: Draft) -> None:
    for lane in draft.state.lanes.values():
        if lane.held_open is not None and lane.held_open.due <= draft.at.mono:
            draft.say(HoldOpenEnded(at=draft.at, lane=lane.id))
