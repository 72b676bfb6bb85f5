"""When and where a permit holds (R07): its dates, its lanes, its hours of the day, and its end drawing near.

The law of this file: pure answers about one permit at one moment. Moments count only while the clock can be
trusted: a gate without a clock goes on working. What is done about an answer is `daemon.core.access`'s.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from daemon.core.reasons import Reason
from daemon.core.signals import Instant, Permit
from daemon.core.state import LaneState

HOURS = r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
"""How the hours of a permit are written; whoever takes them from outside checks them against it."""


def why_not(permit: Permit, lane: LaneState, at: Instant, zone: tzinfo) -> Reason | None:
    """Why the permit does not hold here and now; None where it does.

    Hours are those of coming in: whoever is inside may leave at any time.
    """
    if permit.lanes and lane.id not in permit.lanes:
        return Reason.LANE_NOT_ALLOWED
    if not at.trusted:
        return None
    if permit.valid_from is not None and at.wall < permit.valid_from:
        return Reason.NOT_YET_VALID
    if has_expired(permit, at):
        return Reason.EXPIRED
    if lane.direction == "entry" and not is_within_hours(permit.hours, at.wall.astimezone(zone)):
        return Reason.OUTSIDE_HOURS
    return None


def has_expired(permit: Permit, at: Instant) -> bool:
    return at.trusted and permit.valid_until is not None and at.wall >= permit.valid_until


def is_within_hours(hours: str, local: datetime) -> bool:
    """True where `local` is in `07:00-20:00`, the end not counted; `22:00-06:00` goes over midnight.

    "" is the whole day.
    """
    if not hours:
        return True
    begin, _, end = hours.partition("-")
    now = f"{local:%H:%M}"
    return begin <= now < end if begin < end else now >= begin or now < end


def ends_soon(permit: Permit, at: Instant, notice: timedelta) -> bool:
    """True where the permit still holds and has no longer than `notice` to go."""
    return at.trusted and permit.valid_until is not None and at.wall < permit.valid_until <= at.wall + notice
