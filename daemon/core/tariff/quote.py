"""What a stay costs, line by line.

The law of this file: total for every input, the same to the fen whenever it is computed again, and the lines
sum to the total. It never grows when a car leaves earlier, and never exceeds a cap. What it could not know is
in `flagged`, and then the total is the least that can be right (R43): nobody pays for a clock.

Over the charges of the meter runs one pass in the order of time: of each charge is kept what the caps of its
band, its day, its 24 hours and its stay have left. A stay with earlier ones costs what all of them cost, less
what the earlier ones did: so that the sum over a day is right in whatever order it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from daemon.core.tariff.book import Book, Discount, OverChange, Rates, SameDay, Version
from daemon.core.tariff.days import depends_on_clock, moment_of, seconds, stamp
from daemon.core.tariff.meter import DAY, Charge, Interval, What, metered
from daemon.core.tariff.stay import Parked


class Kind(StrEnum):
    """What a line of a quote is for."""

    FREE = "free"
    ENTRY = "entry"
    BAND_ENTRY = "band_entry"
    FIRST = "first"
    THEN = "then"
    PART = "part"
    EARLIER = "earlier"
    """Earlier stays of the day that were free by themselves, and are not together with this one."""
    CAP_BAND = "cap_band"
    CAP_DAY = "cap_day"
    CAP_24_HOURS = "cap_24_hours"
    CAP_STAY = "cap_stay"
    DISCOUNT = "discount"
    EXEMPT = "exempt"
    ROUNDING = "rounding"
    LOST_PASS = "lost_pass"  # noqa: S105 - a pass, not a password


class Flag(StrEnum):
    """Why a person should look at this total before it is asked for."""

    WALL_UNKNOWN = "wall_unknown"
    """The hour of entry matters and is not known: the least over all hours is charged."""
    ELAPSED_AT_LEAST = "elapsed_at_least"
    RAN_BACKWARDS = "ran_backwards"
    UNKNOWN_CLASS = "unknown_class"
    """The usual class was taken."""
    UNKNOWN_CLAIM = "unknown_claim"
    """It was left aside."""
    BEFORE_FIRST_VERSION = "before_first_version"
    """The first one was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    kind: Kind
    label: str
    """A name from the tariff: a band, a discount; "" where the kind says it all."""
    begins: datetime | None = None
    """In the tariff's zone; None where the line is for no time, or the time of day is not known."""
    ends: datetime | None = None
    """Until when it was used: a begun block is shown no longer than the stay."""
    units: int = 0
    unit_fen: int = 0
    fen: int
    """Negative for what is taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    total_fen: int
    lines: tuple[Line, ...]
    version: str
    """The id of the version; several, joined by " + ", where one that splits stays took effect."""
    digest: str
    entered: datetime | None
    elapsed: timedelta
    vehicle: str
    flagged: tuple[Flag, ...] = ()


_CAP_KINDS: Final = (Kind.CAP_BAND, Kind.CAP_DAY, Kind.CAP_24_HOURS, Kind.CAP_STAY)
_QUARTERS: Final = 24 * 4


def quote(book: Book, parked: Parked) -> Quote:
    """What this stay costs under this book."""
    flags = {
        Flag.ELAPSED_AT_LEAST: not parked.is_whole,
        Flag.RAN_BACKWARDS: parked.ran_backwards,
        Flag.BEFORE_FIRST_VERSION: parked.is_dated and book.version_at(parked.entered) is None,
    }
    found = _dated(book, parked) if parked.is_dated else _undated(book, parked)
    return replace(found, flagged=(*(flag for flag, holds in flags.items() if holds), *found.flagged))


def _dated(book: Book, parked: Parked) -> Quote:
    """Each version that has a part of the stay bills its part."""
    version = book.version_at(parked.entered) or book.versions[0]
    begin = stamp(parked.entered)
    end = begin + seconds(parked.elapsed)
    parts: list[Quote] = []
    for following in book.versions[book.versions.index(version) + 1 :]:
        change = stamp(following.effective)
        if following.over_change is OverChange.SPLIT and begin < change < end:
            parts.append(_part(book, version, parked, Interval(begin, change), is_continued=bool(parts)))
            version, begin = following, change
    parts.append(_part(book, version, parked, Interval(begin, end), is_continued=bool(parts)))
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first,
        total_fen=sum(part.total_fen for part in parts),
        lines=tuple(line for part in parts for line in part.lines),
        version=" + ".join(part.version for part in parts),
        digest=" + ".join(part.digest for part in parts),
        elapsed=parked.elapsed,
        flagged=tuple(dict.fromkeys(flag for part in parts for flag in part.flagged)),
    )


def _undated(book: Book, parked: Parked) -> Quote:
    """The least over all versions and hours at which the stay may have begun; right where all agree."""
    tried = [
        _part(book, version, replace(parked, earlier=()), Interval(begin, begin + seconds(parked.elapsed)))
        for version in book.versions
        for begin in _beginnings(book, version, parked.under(version).vehicle)
    ]
    least = min(tried, key=lambda one: one.total_fen)
    same_day_matters = bool(parked.earlier) and any(
        version.same_day is not SameDay.SEPARATE for version in book.versions
    )
    is_sure = all(one.total_fen == least.total_fen for one in tried) and not same_day_matters
    return replace(
        least,
        entered=None,
        lines=tuple(replace(line, begins=None, ends=None) for line in least.lines),
        flagged=least.flagged if is_sure else (*least.flagged, Flag.WALL_UNKNOWN),
    )


def _beginnings(book: Book, version: Version, vehicle: str) -> Iterator[int]:
    """One moment where the hour does not matter, else every quarter of an hour of a day of each kind."""
    rates = version.classes.get(vehicle) or next(iter(version.classes.values()))
    day = stamp(version.effective)
    if not depends_on_clock(version, rates):
        yield day
        return
    today = version.effective.astimezone(book.zone).date()
    week = [today + timedelta(days=number) for number in range(7)]
    dated = [min(rule.dates) for rule in version.calendar if rule.dates]
    kinds = {version.schedule_on(one): one for one in (*week, *dated)}
    for one in kinds.values():
        start = stamp(datetime.combine(one, time(), tzinfo=book.zone))
        yield from range(start, start + DAY, DAY // _QUARTERS)


def _part(
    book: Book, version: Version, parked: Parked, interval: Interval, *, is_continued: bool = False
) -> Quote:
    """A stay under one version."""
    parked = parked.under(version)
    flags = []
    vehicle = parked.vehicle or next(iter(version.classes))
    if vehicle not in version.classes:
        flags.append(Flag.UNKNOWN_CLASS)
        vehicle = next(iter(version.classes))
    if parked.claims - version.discounts.keys() - version.exempt.keys():
        flags.append(Flag.UNKNOWN_CLAIM)
    exempt = [version.exempt[claim] for claim in sorted(parked.claims & version.exempt.keys())]
    lines: list[Line]
    if exempt:
        lines = [Line(kind=Kind.EXEMPT, label=exempt[0], fen=0)]
    else:
        lines = _lines(book, version, vehicle, parked, interval, is_continued=is_continued)
    if parked.lost_pass and not is_continued and not exempt and (fen := version.lost_pass_fen):
        lines.append(Line(kind=Kind.LOST_PASS, label="", units=1, unit_fen=fen, fen=fen))
    return Quote(
        total_fen=sum(line.fen for line in lines),
        lines=tuple(lines),
        version=version.id,
        digest=version.digest,
        entered=moment_of(interval.start, book.zone),
        elapsed=timedelta(seconds=interval.end - interval.start),
        vehicle=vehicle,
        flagged=tuple(flags),
    )


def _lines(
    book: Book, version: Version, vehicle: str, parked: Parked, interval: Interval, *, is_continued: bool
) -> list[Line]:
    rates = version.classes[vehicle]
    claimed = [
        version.discounts[claim]
        for claim in sorted(parked.claims & version.discounts.keys())
        if not version.discounts[claim].classes or vehicle in version.discounts[claim].classes
    ]
    free = max([rates.free, *(one.free for one in claimed)], key=lambda one: one.time)
    before = [] if is_continued else list(_earlier(book, version, parked, interval.start))
    charges = metered(version, rates, book.zone, [*before, interval], free=free, is_continued=is_continued)
    past = metered(version, rates, book.zone, before, free=free, is_continued=is_continued)
    this = len(before)
    lines = [_line(charge, book) for charge in charges if charge.interval == this]
    caught_up = sum(charge.fen for charge in charges if charge.interval < this) - sum(one.fen for one in past)
    if caught_up:
        lines.append(Line(kind=Kind.EARLIER, label="", fen=caught_up))
    cuts, cuts_before = _cuts(charges, rates, version), _cuts(past, rates, version)
    for (kind, label), fen in cuts.items():
        if cut := fen - cuts_before.get((kind, label), 0):
            lines.append(Line(kind=kind, label=label, fen=-cut))
    lines += _taken_off(sum(line.fen for line in lines), claimed, version)
    return lines


def _earlier(book: Book, version: Version, parked: Parked, start: int) -> Iterator[Interval]:
    """The earlier stays that this version counts with this one, in order and without overlap."""
    if version.same_day is SameDay.SEPARATE:
        return
    today = parked.entered.astimezone(book.zone).date()
    until = 0
    for entered, elapsed in sorted(parked.earlier):
        begin = max(stamp(entered), until)
        end = min(stamp(entered) + seconds(elapsed), start)
        is_today = entered.astimezone(book.zone).date() == today
        if version.same_day is SameDay.SHARE_CAPS:
            is_today = (
                is_today or (entered + elapsed).astimezone(book.zone).date() == today or begin > start - DAY
            )
        if is_today and begin < end:
            yield Interval(begin, end)
            until = end


def _cuts(charges: Sequence[Charge], rates: Rates, version: Version) -> dict[tuple[Kind, str], int]:
    """What the caps take off, by cap; in the order in which they take effect."""
    caps = rates.caps
    as_one = version.same_day is SameDay.AS_ONE
    kept: dict[tuple[object, ...], int] = defaultdict(int)
    cuts: dict[tuple[Kind, str], int] = defaultdict(int)
    for charge in charges:
        if not charge.fen:
            continue
        band = charge.band
        limits: list[tuple[int, Kind, str, tuple[object, ...]]] = []
        if band is not None and band.cap_fen is not None:
            limits.append((band.cap_fen, Kind.CAP_BAND, band.name, (Kind.CAP_BAND, band.name, charge.round)))
        if caps.day is not None:
            limits.append((caps.day, Kind.CAP_DAY, "", (Kind.CAP_DAY, charge.day)))
        if caps.rolling is not None:
            limits.append((caps.rolling, Kind.CAP_24_HOURS, "", (Kind.CAP_24_HOURS, charge.window)))
        if caps.stay is not None:
            whose = 0 if as_one else charge.interval
            limits.append((caps.stay, Kind.CAP_STAY, "", (Kind.CAP_STAY, whose)))
        allowed = charge.fen
        binding: tuple[Kind, str] | None = None
        for most, kind, label, key in limits:
            if most - kept[key] < allowed:
                allowed, binding = most - kept[key], (kind, label)
        for *_, key in limits:
            kept[key] += allowed
        if binding is not None:
            cuts[binding] += charge.fen - allowed
    return cuts


def _taken_off(due: int, claimed: Iterable[Discount], version: Version) -> Iterator[Line]:
    """The best discount, then the rounding: both in the driver's favour."""
    best = max(claimed, key=lambda one: one.percent_off, default=None)
    if best is not None and best.percent_off and due:
        reduced = due * (100 - best.percent_off) // 100
        yield Line(kind=Kind.DISCOUNT, label=best.label, units=best.percent_off, fen=reduced - due)
        due = reduced
    if rest := due % version.round_down_to_fen:
        yield Line(kind=Kind.ROUNDING, label="", fen=-rest)


def _line(charge: Charge, book: Book) -> Line:
    return Line(
        kind=_LINE_OF[charge.what],
        label=charge.band.name if charge.band is not None else "",
        begins=moment_of(charge.start, book.zone),
        ends=moment_of(charge.end, book.zone),
        units=charge.units,
        unit_fen=charge.unit_fen,
        fen=charge.fen,
    )


_LINE_OF: Final = {what: Kind(what.value) for what in What}
