"""Cars under the boom that nobody let through: followers, forced entries, and whoever drives by an open lane.

The law of this file: a car counts as driven in when it has left the approach loop for the safety loop; where
no approach loop tells, when it has left the safety loop. Whoever backs off the safety loop and still stands
on the approach loop has not gone in. In a lane that is held open, or in a fire, whoever drives in is let
through there and then; elsewhere it is an alert, and whose car it is follows from what that car has shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.core.facts import CarForcedIn, CarUnderBoom
from daemon.core.lane import DECIDED, may_be_open
from daemon.core.passages import let_through_open_lane, open_passage
from daemon.core.reasons import AlertKind, Severity
from daemon.core.signals import LoopState
from daemon.core.state import Phase

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState


def safety_changed(draft: Draft, before: LaneState) -> None:
    """To be called before the car in front hears of it."""
    lane = draft.lane(before)
    if lane.phase in DECIDED:
        return
    if lane.safety is LoopState.OCCUPIED:
        if lane.why_stays_open is None and may_be_open(lane, draft.at.mono):
            _alert(draft, lane)
        _look_at_approach(draft, lane)
    elif lane.safety is LoopState.FREE and before.safety is LoopState.OCCUPIED:
        stands_in_front = lane.rules.has_approach_loop and lane.approach is LoopState.OCCUPIED
        if lane.why_stays_open is not None or not stands_in_front:
            _drives_in(draft, lane)


def approach_changed(draft: Draft, before: LaneState) -> None:
    lane = draft.lane(before)
    if lane.phase not in DECIDED and lane.safety is LoopState.OCCUPIED:
        _look_at_approach(draft, lane)


def _look_at_approach(draft: Draft, lane: LaneState) -> None:
    if lane.car_is_absent:
        _drives_in(draft, lane)


def _drives_in(draft: Draft, lane: LaneState) -> None:
    why = lane.why_stays_open
    if why is None and not may_be_open(lane, draft.at.mono):
        return
    passage = lane.passage or open_passage(draft, lane, "safety_loop")
    lane = draft.lane(lane)
    if why is None:
        _alert(draft, lane)
        draft.say(CarForcedIn(at=draft.at, lane=lane.id, passage=passage.id, after=lane.opened_for))
        return
    let_through_open_lane(draft, lane, passage, why)
    if draft.lane(lane).phase is Phase.GRANTED:
        # It is seen leaving the safety loop: `grant` could not know any more that it was on it.
        draft.say(CarUnderBoom(at=draft.at, lane=lane.id, passage=passage.id))


def _alert(draft: Draft, lane: LaneState) -> None:
    is_follower = lane.opened_for is not None
    behind = f"behind {lane.opened_for}" if is_follower else "nobody let through"
    draft.raise_alert(
        AlertKind.TAILGATING if is_follower else AlertKind.PASSED_WITHOUT_GRANT,
        lane.id,
        f"{lane.name}: boom {lane.boom}, {behind}",
        severity=Severity.URGENT,
        lane=lane,
        picture=lane.passage.picture if lane.passage is not None else None,
    )
