"""What a lane does that nobody ordered, or for too long (R24, R25): alerts that clear themselves.

The law of this file: a row of TOO_LONG is one thing that may last too long: since when it does, how long it
may, and when it certainly is over. What a silent loop or boom may be doing neither begins nor ends anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.draft import alert_id
from daemon.core.lane import DECIDED, may_be_open
from daemon.core.reasons import AlertKind, Severity
from daemon.core.signals import Boom, BoomReported, LoopState

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState, State


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    since: Callable[[LaneState, timedelta], timedelta | None]
    """From when it lasts, asked at a moment; None where it does not, or nobody can tell."""
    limit: Callable[[LaneState], timedelta]
    is_over: Callable[[LaneState], bool]


def _car_stands(lane: LaneState, _now: timedelta) -> timedelta | None:
    return lane.safety_since if lane.safety is LoopState.OCCUPIED else None


def _boom_stands_open(lane: LaneState, now: timedelta) -> timedelta | None:
    """Since the boom is open for nobody: every car that is let through begins it anew."""
    if lane.why_stays_open is not None or lane.phase in DECIDED or not may_be_open(lane, now):
        return None
    moments = (lane.boom_since, lane.ordered_at, lane.passed_at)
    return max(moment for moment in moments if moment is not None)


def _queue(lane: LaneState, _now: timedelta) -> timedelta | None:
    return lane.approach_since if lane.approach is LoopState.OCCUPIED else None


def _boom_is_closed(lane: LaneState) -> bool:
    has_come_down = lane.boom is Boom.DOWN or (not lane.rules.has_limit_switches and lane.ordered == "lower")
    return has_come_down or lane.why_stays_open is not None


TOO_LONG: dict[AlertKind, TooLong] = {
    AlertKind.LANE_BLOCKED: TooLong(
        since=_car_stands,
        limit=lambda lane: lane.rules.stand_limit,
        is_over=lambda lane: lane.safety is LoopState.FREE,
    ),
    AlertKind.BOOM_OPEN_TOO_LONG: TooLong(
        since=_boom_stands_open,
        limit=lambda lane: lane.rules.open_limit,
        is_over=_boom_is_closed,
    ),
    AlertKind.QUEUE_AT_LANE: TooLong(
        since=_queue,
        limit=lambda lane: lane.rules.queue_limit,
        is_over=lambda lane: lane.approach is LoopState.FREE,
    ),
}


def deadlines(state: State, now: timedelta) -> Iterator[timedelta]:
    for lane in state.lanes.values():
        for kind, row in TOO_LONG.items():
            since = row.since(lane, now)
            if since is not None and alert_id(kind, lane.id) not in state.alerts:
                yield since + row.limit(lane)


def time_passed(draft: Draft) -> None:
    now = draft.at.mono
    for lane in draft.state.lanes.values():
        for kind, row in TOO_LONG.items():
            since = row.since(lane, now)
            if since is not None and since + row.limit(lane) <= now:
                draft.raise_alert(
                    kind,
                    lane.id,
                    f"{lane.name}: longer than {row.limit(lane).total_seconds():.0f} s",
                    severity=Severity.WARNING,
                    lane=lane,
                    picture=lane.passage.picture if lane.passage is not None else None,
                )


def look_again(draft: Draft) -> None:
    """Clear what is over, after whatever has just been decided."""
    for lane in draft.state.lanes.values():
        over = [kind for kind, row in TOO_LONG.items() if row.is_over(lane)]
        draft.clear_alerts(over, lane.id)


def boom_reported(draft: Draft, before: LaneState, signal: BoomReported) -> None:
    """A boom that leaves its place without an order was moved: by hand, by a remote control, by a car."""
    rested = before.boom in (Boom.UP, Boom.DOWN)
    is_told = before.ordered is not None and not (before.ordered == "stop" and rested)
    leaves = rested and signal.boom in (Boom.UP, Boom.DOWN, Boom.MOVING) and signal.boom is not before.boom
    closes_by_itself = before.boom is Boom.UP and before.rules.closes_by_itself
    if leaves and not is_told and not closes_by_itself:
        lane = draft.lane(before)
        draft.raise_alert(
            AlertKind.BOOM_MOVED_BY_HAND,
            lane.id,
            f"{lane.name}: {before.boom}, then {signal.boom}, and nobody ordered it",
            severity=Severity.URGENT,
            lane=lane,
        )
