"""From what a tariff file says to what the core bills with. The law of this file: nothing is checked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from daemon.config.tariff_checks import WEEKDAYS, dates_of, minute_of
from daemon.config.tariff_file import BandFile, BlockFile, ClassFile, DiscountFile, FreeFile, RuleFile
from daemon.core.tariff.book import (
    NORMAL,
    Band,
    Block,
    CalendarRule,
    Caps,
    Discount,
    Edge,
    FirstBlock,
    Free,
    FreeMode,
    Part,
    Rates,
    Restart,
)

_ALL_DAY = "全天"


def rates_of(one: ClassFile) -> Rates:
    """A class that has passed its checks."""
    normal: tuple[Band, ...]
    if one.bands is None:
        normal = (Band(name=_ALL_DAY, first=_block(one.first), then=_block(one.then)),)
    else:
        normal = _bands(one.bands)
    return Rates(
        label=one.label,
        schedules={NORMAL: normal, **{name: _bands(bands) for name, bands in one.schedules.items()}},
        free=_free(one.free),
        entry_fen=one.entry_yuan or 0,
        caps=Caps(stay=one.cap_yuan.stay, day=one.cap_yuan.day, rolling=one.cap_yuan.hours_24),
        part=Part(one.part),
        edge=Edge(one.edge),
        first_block=FirstBlock(one.first_block),
        restart=Restart(one.restart),
        restart_gives_free_time=one.restart_gives_free_time,
    )


def scaled(rates: Rates, percent: int) -> Rates:
    """All prices and caps times `percent`. Raises ValueError where one does not come out in whole fen."""

    def of(fen: int) -> int:
        if fen * percent % 100:
            raise ValueError(fen)
        return fen * percent // 100

    def cap(fen: int | None) -> int | None:
        return None if fen is None else of(fen)

    def block(one: Block | None) -> Block | None:
        return None if one is None else Block(one.lasts, of(one.fen))

    def band(one: Band) -> Band:
        return replace(
            one,
            entry_fen=of(one.entry_fen),
            first=block(one.first),
            then=block(one.then),
            cap_fen=cap(one.cap_fen),
        )

    return replace(
        rates,
        schedules={name: tuple(map(band, bands)) for name, bands in rates.schedules.items()},
        entry_fen=of(rates.entry_fen),
        caps=Caps(stay=cap(rates.caps.stay), day=cap(rates.caps.day), rolling=cap(rates.caps.rolling)),
    )


def discount_of(one: DiscountFile) -> Discount:
    return Discount(
        label=one.label, percent_off=one.percent_off, free=_free(one.free), classes=frozenset(one.classes)
    )


def rule_of(one: RuleFile) -> CalendarRule:
    return CalendarRule(
        name=one.name,
        schedule=one.use,
        dates=frozenset(day for text in one.dates for day in dates_of(text) or ()),
        weekdays=frozenset(WEEKDAYS.index(name) for name in one.weekdays),
    )


def _bands(bands: Sequence[BandFile]) -> tuple[Band, ...]:
    return tuple(
        Band(
            name=one.name,
            start=minute_of(one.start),
            end=minute_of(one.end),
            entry_fen=one.entry_yuan or 0,
            first=_block(one.first),
            then=_block(one.then),
            free=_free(one.free),
            cap_fen=one.cap_yuan,
        )
        for one in bands
    )


def _block(one: BlockFile | None) -> Block | None:
    return None if one is None else Block(timedelta(minutes=one.minutes), one.yuan)


def _free(one: FreeFile | None) -> Free:
    return Free() if one is None else Free(timedelta(minutes=one.minutes), FreeMode(one.counts))
