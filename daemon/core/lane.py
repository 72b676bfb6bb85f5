"""The lane: how one car goes from arrival to having cleared the boom.

    phase        what it means                                       the boom
    -----------  --------------------------------------------------  ---------------------------------
    idle         nobody is being dealt with                          down, or coming down
    identifying  a car is here; card and plate are awaited           as it was
    held         the guard decides                                   as it was
    granted      let through, and still in front of the boom         ordered up
    passing      on the safety loop, under the boom: let through,    up; no order to lower exists
                 or forced in behind another

MOVES is the whole of it: a fact that is not listed for a phase leaves the phase alone. The boom is not in the
table because it is never inferred: `BoomMoved` says where the limit switches see it. When it may come down is
`may_lower`, the one place that answers that question.
"""

from __future__ import annotations

from datetime import timedelta

from daemon.core.reasons import Reason
from daemon.core.signals import Boom, LoopState
from daemon.core.state import LaneState, Phase

LEFT_AFTER = timedelta(seconds=3)
"""A car that has been off the approach loop for so long without a decision has backed away."""

MOVES: dict[tuple[Phase, str], Phase] = {
    (Phase.IDLE, "passage_opened"): Phase.IDENTIFYING,
    (Phase.IDENTIFYING, "car_held"): Phase.HELD,
    (Phase.IDENTIFYING, "access_granted"): Phase.GRANTED,
    (Phase.IDENTIFYING, "passage_closed"): Phase.IDLE,
    (Phase.IDENTIFYING, "car_forced_in"): Phase.PASSING,
    (Phase.HELD, "access_granted"): Phase.GRANTED,
    (Phase.HELD, "car_forced_in"): Phase.PASSING,
    (Phase.HELD, "passage_closed"): Phase.IDLE,
    (Phase.GRANTED, "car_under_boom"): Phase.PASSING,
    (Phase.GRANTED, "passage_closed"): Phase.IDLE,
    (Phase.PASSING, "passage_closed"): Phase.IDLE,
}
"""A car that showed itself behind the one in front steps up when that one's passage closes: the lane then
goes from idle to identifying at once, with the passage that was opened for it."""

DECIDED = frozenset({Phase.GRANTED, Phase.PASSING})
"""The car in front has its answer: what is shown now belongs to the car behind."""


def why_not_lower(lane: LaneState) -> Reason | None:
    """Why the boom must not be ordered down now; None where it may be."""
    if lane.why_stays_open is not None:
        return lane.why_stays_open
    match lane.safety:
        case LoopState.OCCUPIED:
            return Reason.SAFETY_LOOP_OCCUPIED
        case LoopState.UNKNOWN:
            return Reason.SAFETY_LOOP_UNKNOWN
        case LoopState.FREE:
            return Reason.CAR_BEING_LET_THROUGH if lane.phase is Phase.PASSING else None


def lower_due(lane: LaneState) -> timedelta | None:
    """When the boom comes down by itself, as things stand; None where it does not."""
    if lane.close_from is None or lane.phase in DECIDED or why_not_lower(lane) is not None:
        return None
    return max(lane.close_from, lane.safety_since + lane.rules.close_delay)


def order_check_due(lane: LaneState) -> timedelta | None:
    """By when a limit switch must have answered the last order; None where none is awaited."""
    if not lane.rules.has_limit_switches or lane.ordered_at is None or lane.ordered in (None, "stop"):
        return None
    if (lane.ordered, lane.boom) in {("raise", Boom.UP), ("lower", Boom.DOWN)}:
        return None  # it was there already: no switch has anything to say
    return lane.ordered_at + lane.rules.boom_travel


def is_lowering(lane: LaneState, now: timedelta) -> bool:
    """True where the boom was ordered down and is not known to have arrived.

    Without limit switches nothing ever says that it has: then it counts as lowering for its travel time.
    A boom that moves with no order of this run may be coming down on one of the run before, or by hand.
    """
    if lane.ordered is None:
        return lane.boom is Boom.MOVING
    if lane.ordered != "lower" or lane.boom is Boom.DOWN:
        return False
    if lane.rules.has_limit_switches or lane.ordered_at is None:
        return True
    return now < lane.ordered_at + lane.rules.boom_travel


def may_be_open(lane: LaneState, now: timedelta) -> bool:
    """True where a car may get under the boom: it is not down, or only orders tell and the last was up."""
    if lane.boom in (Boom.UP, Boom.MOVING):
        return True
    if lane.boom is Boom.DOWN or lane.rules.has_limit_switches:
        return False
    return lane.ordered == "raise" or is_lowering(lane, now)


def grant_lapse_due(lane: LaneState) -> timedelta | None:
    """When a car that was let through has had long enough.

    A car under the boom has all the time it wants, as long as the safety loop can be read. One that a boom
    which is down has nobody in front of and nobody under has none: so it is found after a start.
    """
    if lane.granted_at is None or lane.phase not in DECIDED:
        return None
    if lane.phase is Phase.GRANTED and nobody_is_there(lane):
        return lane.granted_at
    if lane.phase is Phase.PASSING and lane.safety is not LoopState.UNKNOWN:
        return None
    return max(lane.granted_at, lane.safety_since) + lane.rules.pass_timeout


def nobody_is_there(lane: LaneState) -> bool:
    """True where both loops are known to be free, and the boom is down with no order to move it."""
    is_free = lane.car_is_absent and lane.safety is LoopState.FREE
    return is_free and lane.boom is Boom.DOWN and lane.ordered is None


def table_text() -> str:
    """MOVES as people read it."""
    rows = [f"{'phase':<12} {'fact':<16} next phase", f"{'-' * 11:<12} {'-' * 15:<16} {'-' * 11}"]
    rows += [f"{phase:<12} {fact:<16} {then}" for (phase, fact), then in MOVES.items()]
    return "\n".join(rows)
