"""The meter: intervals of parking in, priced blocks out, before any cap.

The law of this file: the later a car leaves, the more or the same is metered, never less. Blocks are laid one
behind the other from where billing begins; whatever is sold is one `Charge`, so that a quote can show it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final

from daemon.core.tariff.book import (
    Band,
    Block,
    Edge,
    FirstBlock,
    Free,
    FreeMode,
    Part,
    Rates,
    Restart,
    SameDay,
    Version,
)
from daemon.core.tariff.days import Span, midnights, seconds, spans

DAY: Final = 24 * 60 * 60


class What(StrEnum):
    FREE = "free"
    ENTRY = "entry"
    BAND_ENTRY = "band_entry"
    FIRST = "first"
    THEN = "then"
    PART = "part"
    """A block not used up, charged for what was used."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One time that the car was inside: seconds since 1970, `end` at or after `start`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    what: What
    interval: int
    """Which of the intervals it belongs to."""
    band: Band | None
    round: int
    start: int
    end: int
    units: int
    unit_fen: int
    fen: int
    day: int
    """The midnight before its start."""
    window: int
    """When the 24 hours began that its start lies in."""


@dataclass(slots=True)
class _Progress:
    """What the meter remembers from one interval to the next, where they count as one."""

    free_left: int
    begun: set[str] = field(default_factory=set)
    """Bands whose first block has been sold."""
    entered: set[tuple[str, int]] = field(default_factory=set)
    paid_entry: bool = False
    credit_band: Band | None = None
    credit: int = 0
    """Seconds of a block that was sold and not used up."""


def metered(
    version: Version,
    rates: Rates,
    zone: tzinfo,
    intervals: Sequence[Interval],
    *,
    free: Free,
    is_continued: bool = False,
) -> list[Charge]:
    """The charges of these intervals, in order. `is_continued`: the fee for coming in is paid."""
    return list(_Meter(version, rates, zone, free, is_continued=is_continued).run(intervals))


@dataclass(slots=True, init=False)
class _Meter:
    version: Version
    rates: Rates
    zone: tzinfo
    free: Free
    is_continued: bool
    interval: int
    until: int
    marks: list[int]
    """Where a new day or a new 24 hours begins: charges are not added up across."""
    days: list[int]
    windows: list[int]

    def __init__(
        self, version: Version, rates: Rates, zone: tzinfo, free: Free, *, is_continued: bool
    ) -> None:
        self.version, self.rates, self.zone, self.free = version, rates, zone, free
        self.is_continued = is_continued
        self.interval, self.until, self.marks, self.days, self.windows = 0, 0, [], [], []

    def run(self, intervals: Sequence[Interval]) -> Iterator[Charge]:
        as_one = self.version.same_day is SameDay.AS_ONE
        total = sum(interval.end - interval.start for interval in intervals)
        progress: _Progress | None = None
        for self.interval, interval in enumerate(intervals):
            self._survey(interval)
            for at, (start, end) in enumerate(self._runs(interval)):
                gives_free_time = at == 0 or self.rates.restart_gives_free_time
                if progress is None or (at == 0 and not as_one):
                    progress = _Progress(seconds(self.free.time), paid_entry=self.is_continued)
                elif at > 0:
                    free_left = seconds(self.free.time) if gives_free_time else 0
                    progress = _Progress(free_left, entered=progress.entered, paid_entry=progress.paid_entry)
                stayed = total if as_one and at == 0 else end - start
                yield from self._run(start, end, stayed, progress, gives_free_time=gives_free_time)

    def _survey(self, interval: Interval) -> None:
        """Days and 24 hours of this interval. A 24 hours that an earlier one has begun goes on."""
        self.days = midnights(interval.start, interval.end, self.zone)
        first = self.windows[-1] if self.windows else interval.start
        if interval.start >= first + DAY:
            first = interval.start
        self.windows = list(range(first, max(interval.end, first + 1), DAY))
        caps = self.rates.caps
        marks = {
            *(self.days if caps.day is not None else ()),
            *(self.windows if caps.rolling is not None else ()),
        }
        self.marks = sorted(marks)

    def _runs(self, interval: Interval) -> Iterator[tuple[int, int]]:
        """The interval, cut where the tariff begins anew."""
        cuts: Sequence[int]
        match self.rates.restart:
            case Restart.NEVER:
                cuts = ()
            case Restart.EACH_24_HOURS:
                cuts = range(interval.start + DAY, interval.end, DAY)
            case Restart.EACH_DAY:
                cuts = [day for day in self.days if interval.start < day < interval.end]
        edges = [interval.start, *cuts, interval.end]
        return pairwise(edges)

    def _run(
        self, start: int, end: int, stayed: int, progress: _Progress, *, gives_free_time: bool
    ) -> Iterator[Charge]:
        if start >= end:
            return
        self.until = end
        begin = start
        if gives_free_time and self.free.time:
            if self.free.mode is FreeMode.DEDUCTED:
                begin = min(start + progress.free_left, end)
                progress.free_left -= begin - start
            elif stayed <= seconds(self.free.time):
                begin = end
        if begin > start:
            yield self._charge(What.FREE, (start, begin))
        if begin >= end:
            return
        if self.rates.entry_fen and not progress.paid_entry:
            progress.paid_entry = True
            yield self._charge(What.ENTRY, (begin, begin), None, 1, self.rates.entry_fen)
        cursor = begin
        last: Band | None = None
        for span in spans(self.version, self.rates, self.zone, begin, end):
            cursor = span.start if self.rates.edge is Edge.CUT else max(cursor, span.start)
            if cursor >= span.end:
                continue
            if progress.credit_band is span.band:
                cursor += progress.credit
            progress.credit_band = None
            cursor = yield from self._span(span, cursor, progress)
            last = span.band
        if last is not None and cursor > end:
            progress.credit_band, progress.credit = last, cursor - end

    def _span(self, span: Span, cursor: int, progress: _Progress) -> Generator[Charge, None, int]:
        """The charges of one band; gives back where the last block ends."""
        band = span.band
        length = seconds(band.free.time)
        if cursor >= span.end:
            return cursor
        if length and band.free.mode is FreeMode.ONLY_WITHIN and span.end - cursor <= length:
            yield self._charge(What.FREE, (cursor, span.end), span)
            return span.end
        if band.free.mode is FreeMode.DEDUCTED and length:
            free_until = min(cursor + length, span.end)
            yield self._charge(What.FREE, (cursor, free_until), span)
            cursor = free_until
        if cursor >= span.end:
            return cursor
        if band.entry_fen and (band.name, span.round) not in progress.entered:
            progress.entered.add((band.name, span.round))
            yield self._charge(What.BAND_ENTRY, (cursor, cursor), span, 1, band.entry_fen)
        wants_first = band.name not in progress.begun or self.rates.first_block is FirstBlock.EACH_TIME
        if band.first is not None and wants_first:
            progress.begun.add(band.name)
            ends = cursor + seconds(band.first.lasts)
            shown = min(ends, self._shown_until(span))
            yield self._charge(What.FIRST, (cursor, shown), span, 1, band.first.fen)
            cursor = ends
        if band.then is not None:
            return (yield from self._blocks(span, band.then, cursor))
        if cursor < span.end:
            yield self._charge(What.FREE, (cursor, span.end), span)
        return max(cursor, span.end)

    def _blocks(self, span: Span, block: Block, cursor: int) -> Generator[Charge, None, int]:
        lasts = seconds(block.lasts)
        edges = [mark for mark in self.marks if cursor < mark < span.end]
        for edge in (*edges, span.end):
            if cursor >= edge:
                continue
            units = -(-(edge - cursor) // lasts)
            ends = cursor + units * lasts
            is_used_up = ends <= span.end
            if not is_used_up and self.rates.part is not Part.WHOLE:
                units -= 1
            whole_until = cursor + units * lasts
            if units:
                shown = min(whole_until, self._shown_until(span))
                yield self._charge(What.THEN, (cursor, shown), span, units, block.fen)
            if not is_used_up and self.rates.part is Part.PRO_RATA:
                fen = block.fen * (span.end - whole_until) // lasts
                yield self._charge(What.PART, (whole_until, span.end), span, 1, fen)
            cursor = ends if self.rates.part is Part.WHOLE else min(ends, span.end)
        return cursor

    def _shown_until(self, span: Span) -> int:
        return span.end if self.rates.edge is Edge.CUT else self.until

    def _charge(
        self, what: What, time: tuple[int, int], span: Span | None = None, units: int = 0, unit_fen: int = 0
    ) -> Charge:
        start, end = time
        return Charge(
            what=what,
            interval=self.interval,
            band=span.band if span is not None else None,
            round=span.round if span is not None else 0,
            start=start,
            end=end,
            units=units,
            unit_fen=unit_fen,
            fen=units * unit_fen,
            day=self.days[max(bisect_right(self.days, start) - 1, 0)],
            window=self.windows[max(bisect_right(self.windows, start) - 1, 0)],
        )
