"""How often a duty of the post is due: rules as data, and the stretches of time that follow from them.

The law of this file: arithmetic on aware moments, no state. A duty wants so many check-ins in each of its
slots, and the slots follow the calendar of the site, so that no restart moves them. All moments come back in
UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, assert_never

Per = Literal["minutes", "shift", "day", "week", "month", "quarter", "year"]

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One line of the `duties:` section of config.yaml."""

    id: str
    name: str
    per: Per
    every: timedelta = timedelta(hours=1)
    """With `per` minutes: how long a slot is."""
    times: int = 1
    """How many check-ins a slot wants."""
    between: tuple[time, time] | None = None
    """Only in this part of the day, which may go over midnight. With `per` minutes or day."""
    by_leader: bool = False
    """Only a shift leader's check-in counts."""


@dataclass(frozen=True, slots=True)
class Slot:
    starts: datetime
    ends: datetime


@lru_cache(maxsize=256)
def next_slot(duty: Duty, shifts: tuple[time, ...], zone: tzinfo, after: datetime) -> Slot | None:
    """The first slot that ends later than `after`; None for one of each shift where there are none."""
    day = after.astimezone(zone).date()
    return next((slot for slot in _slots(duty, shifts, zone, day) if slot.ends > after), None)


def _slots(duty: Duty, shifts: tuple[time, ...], zone: tzinfo, day: date) -> Iterator[Slot]:
    """In order, from at least a day before `day` to at least two days after it."""
    days = [day + timedelta(days=number) for number in range(-2, 4)]
    match duty.per:
        case "minutes":
            yield from _of_minutes(duty, zone, days)
        case "day":
            begins, ends = duty.between or (time(0), time(0))
            for one in days:
                yield Slot(_at(one, begins, zone), _at(one + A_DAY if ends <= begins else one, ends, zone))
        case "shift":
            starts = [_at(one, start, zone) for one in days for start in shifts]
            yield from map(Slot, starts, starts[1:])
        case "week":
            monday = day - timedelta(days=day.weekday())
            yield from _between([monday + timedelta(days=7 * number) for number in range(-1, 3)], zone)
        case "month":
            yield from _between([_month(day, number) for number in range(-1, 3)], zone)
        case "quarter":
            first = day.replace(month=(day.month - 1) // 3 * 3 + 1)
            yield from _between([_month(first, number) for number in (-3, 0, 3, 6)], zone)
        case "year":
            yield from _between([date(day.year + number, 1, 1) for number in range(-1, 3)], zone)
        case _:
            assert_never(duty.per)


def _of_minutes(duty: Duty, zone: tzinfo, days: list[date]) -> Iterator[Slot]:
    """From each midnight on; what is left of the day before the next one is the last slot."""
    for one in days:
        midnight = datetime.combine(one, time(0))
        for number in range(-(-A_DAY // duty.every)):
            start = midnight + number * duty.every
            if duty.between is None or _is_within(start.time(), *duty.between):
                end = min(start + duty.every, midnight + A_DAY)
                yield Slot(_in_utc(start, zone), _in_utc(end, zone))


def _is_within(moment: time, begins: time, ends: time) -> bool:
    return begins <= moment < ends if begins < ends else moment >= begins or moment < ends


def _between(days: list[date], zone: tzinfo) -> Iterator[Slot]:
    moments = [_at(one, time(0), zone) for one in days]
    yield from map(Slot, moments, moments[1:])


def _month(day: date, number: int) -> date:
    """The first of the month so many months later."""
    months = day.year * 12 + day.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def _at(day: date, moment: time, zone: tzinfo) -> datetime:
    return _in_utc(datetime.combine(day, moment), zone)


def _in_utc(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
