"""Where the bands of a tariff lie on the time line: the only file of the tariff that knows clocks and zones.

The law of this file: moments are whole seconds since 1970 in UTC, so that lengths are true lengths on the
days on which clocks are changed too; a band begins and ends when the wall clock says so. A wall time that
the clocks leave out is read by the offset before it, but never lies behind the wall times after it; one that
comes twice is its first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from daemon.core.tariff.book import FREE_DAY, MINUTES_A_DAY, Band, Rates, Restart, Version

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_FREE: Final = (Band(name="free"),)


def seconds(length: timedelta) -> int:
    """Whole ones; a begun second is not counted."""
    return length // _SECOND


def stamp(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def moment_of(stamp: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(seconds=stamp)).astimezone(zone)


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a stay that lies in one coming-round of a band."""

    start: int
    end: int
    band: Band
    round: int
    """When this coming-round of the band began, perhaps before the stay: tells it from the next one."""


def midnights(start: int, end: int, zone: tzinfo) -> list[int]:
    """The midnight at or before `start`, and all up to `end`."""
    day = moment_of(start, zone).date()
    found = [_at(day, 0, zone)]
    while found[-1] < end:
        day += _DAY
        found.append(_at(day, 0, zone))
    return found


def spans(version: Version, rates: Rates, zone: tzinfo, start: int, end: int) -> Iterator[Span]:
    """The bands from `start` to `end`, in order and without a gap; a band over midnight is one span."""
    pending: Span | None = None
    for piece in _pieces(version, rates, zone, start, end):
        if pending is not None and pending.band is piece.band:
            pending = Span(pending.start, piece.end, piece.band, pending.round)
            continue
        if pending is not None and (clipped := _clipped(pending, start, end)) is not None:
            yield clipped
        pending = piece
    if pending is not None and (clipped := _clipped(pending, start, end)) is not None:
        yield clipped


def depends_on_clock(version: Version, rates: Rates) -> bool:
    """True where it matters at which hour, or on which day, a stay of a given length began."""
    is_plain = all(len(bands) == 1 and bands[0].is_all_day for bands in rates.schedules.values())
    by_day = rates.caps.day is not None or rates.restart is Restart.EACH_DAY
    return bool(version.calendar) or not is_plain or by_day


def _clipped(span: Span, start: int, end: int) -> Span | None:
    low, high = max(span.start, start), min(span.end, end)
    return Span(low, high, span.band, span.round) if low < high else None


def _pieces(version: Version, rates: Rates, zone: tzinfo, start: int, end: int) -> Iterator[Span]:
    """From the day before on, so that a band over midnight is known by when it really began."""
    day = moment_of(start, zone).date() - _DAY
    while True:
        yield from (piece for piece in _of_day(version, rates, zone, day) if piece.start < piece.end)
        day += _DAY
        if _at(day, 0, zone) >= end:
            return


def _of_day(version: Version, rates: Rates, zone: tzinfo, day: date) -> list[Span]:
    name = version.schedule_on(day)
    bands = _FREE if name == FREE_DAY and name not in rates.schedules else rates.schedules[name]
    cuts: list[tuple[int, Band]] = []
    for band in bands:
        if band.is_all_day:
            cuts.append((0, band))
        elif band.start < band.end:
            cuts.append((band.start, band))
        else:
            cuts.append((band.start, band))
            if band.end:
                cuts.append((0, band))
    cuts.sort(key=lambda cut: cut[0])
    # From the back: a wall time that the clocks leave out must not lie behind the one that follows it.
    found: list[Span] = []
    until = _at(day, MINUTES_A_DAY, zone)
    for minute, band in reversed(cuts):
        begins = min(_at(day, minute, zone), until)
        found.append(Span(begins, until, band, begins))
        until = begins
    return found[::-1]


def _at(day: date, minute: int, zone: tzinfo) -> int:
    if minute >= MINUTES_A_DAY:
        day, minute = day + _DAY, minute - MINUTES_A_DAY
    return stamp(datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone))
