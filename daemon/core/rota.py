"""When shifts begin: the hours of the site as data, and the moments that follow from them.

The law of this file: arithmetic on aware moments, no state. All moments come back in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Somebody who may be on duty, and the card that says that he has come."""

    name: str
    role: Literal["guard", "leader", "supervisor"]
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRules:
    """The `shifts:` section of config.yaml."""

    starts: tuple[time, ...] = ()
    """In the site's own time, in order. Without any nobody is late and nobody is missed."""
    early: timedelta = timedelta(minutes=10)
    """How long before the start the successor is due."""
    absent_after: timedelta = timedelta(minutes=30)
    """How long after the start somebody who has not come counts as absent."""
    equipment: tuple[str, ...] = ()
    """What is handed over, and looked at before."""
    staff: tuple[Staff, ...] = ()

    def of_card(self, card: str) -> Staff | None:
        return next((person for person in self.staff if person.card == card), None)


COMES_FROM = timedelta(hours=2)
"""Who comes this long before a start comes for that shift; earlier, for the one that runs."""


@lru_cache(maxsize=64)
def next_start(starts: tuple[time, ...], zone: tzinfo, after: datetime) -> datetime | None:
    """The first start of a shift later than `after`; None where the site has no shifts."""
    day = after.astimezone(zone).date()
    moments = (_moment(day + timedelta(days=days), start, zone) for days in (0, 1, 2) for start in starts)
    return next((moment for moment in moments if moment > after), None)


@lru_cache(maxsize=64)
def last_start(starts: tuple[time, ...], zone: tzinfo, at: datetime) -> datetime | None:
    """The last start of a shift that is not later than `at`."""
    day = at.astimezone(zone).date()
    moments = [_moment(day - timedelta(days=days), start, zone) for days in (2, 1, 0) for start in starts]
    return max((moment for moment in moments if moment <= at), default=None)


def shift_of_arrival(starts: tuple[time, ...], zone: tzinfo, at: datetime) -> datetime | None:
    """The start of the shift that somebody comes for at this moment."""
    coming = next_start(starts, zone, at)
    if coming is not None and at >= coming - COMES_FROM:
        return coming
    return last_start(starts, zone, at)


def _moment(day: date, start: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, start, tzinfo=zone).astimezone(UTC)
