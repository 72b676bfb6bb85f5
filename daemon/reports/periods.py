"""When a fact was, and which hour, day, month or shift of the site that is.

The law of this file: a fact whose clock was not trusted is never left out. It is dated by what the same boot
later knew of the time; where no clock of that boot was ever right, by the fact before it in the ledger. It is
counted in the period that this gives, and said to be uncertain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple, get_args

from daemon.core.fact import Fact
from daemon.core.facts import GateStarted
from daemon.core.shifts import ShiftStarted
from daemon.core.signals import Instant
from daemon.core.wall_clock import ClockSet

By = Literal["hour", "day", "month", "shift"]
GRAINS: tuple[By, ...] = get_args(By)

_LABELS: Mapping[By, str] = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "month": "%Y-%m"}

ALWAYS = (GateStarted, ClockSet, ShiftStarted)
"""Needed from the whole ledger: they say what time it was, and in whose shift."""


class Period(NamedTuple):
    """One hour, day or month of the site's time zone, or one shift; they sort in their own order."""

    shift: int
    """0 where periods are times, and for what was before the first shift."""
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` until just before `until`; None has no end on that side."""

    since: datetime | None = None
    until: datetime | None = None


EVER = Span()


@dataclass(frozen=True, slots=True)
class Dated:
    """A fact with the time that it is taken to be of."""

    fact: Fact
    when: datetime
    period: Period
    is_within: bool
    """False: it was before the span, and only tells what was so when that began."""
    has_trusted_clock: bool


def labels(by: By, first: date, last: date) -> list[str]:
    """The label of every period of these days, in order; shifts have none before they have begun."""
    if by == "shift":
        return []
    hours = range(24) if by == "hour" else (0,)
    days = (first + timedelta(days=day) for day in range((last - first).days + 1))
    moments = (datetime.combine(day, time(hour)) for day in days for hour in hours)
    return list(dict.fromkeys(moment.strftime(_LABELS[by]) for moment in moments))


def anchors(numbered: Iterable[tuple[int, Fact]]) -> dict[str, Instant]:
    """For each boot one instant whose wall clock was right: by it the boot's other instants are dated."""
    found: dict[str, Instant] = {}
    for _, fact in numbered:
        if fact.at.trusted:
            found.setdefault(fact.at.boot, fact.at)
    return found


def dated(
    numbered: Iterable[tuple[int, Fact]],
    known: Mapping[str, Instant],
    *,
    zone: tzinfo,
    by: By,
    span: Span = EVER,
) -> Iterator[Dated]:
    """Each fact that was before the end of the span. `known`: what `anchors` made of the same ledger."""
    before: datetime | None = None
    shift = Period(0, "班前 before the first shift")
    for _, fact in numbered:
        when = before = _when(fact.at, known, before)
        if isinstance(fact, ShiftStarted):
            begun = when.astimezone(zone)
            shift = Period(fact.number, f"{fact.number} {begun:%Y-%m-%d %H:%M} {fact.guard.name}")
        if span.until is not None and when >= span.until:
            continue
        yield Dated(
            fact=fact,
            when=when,
            period=shift if by == "shift" else Period(0, when.astimezone(zone).strftime(_LABELS[by])),
            is_within=span.since is None or when >= span.since,
            has_trusted_clock=fact.at.trusted,
        )


def _when(at: Instant, known: Mapping[str, Instant], before: datetime | None) -> datetime:
    if at.trusted:
        return at.wall
    sure = known.get(at.boot)
    if sure is not None:
        return sure.wall + (at.mono - sure.mono)
    return before if before is not None else at.wall
