"""A tariff as data: what a site may charge, in versions with the moment each takes effect.

The law of this file: values only, and every amount a whole number of fen. Whoever makes a `Book` has checked
it (`daemon.config.tariffs`): the bands of a day cover it once, versions ascend, names that are used exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

MINUTES_A_DAY: Final = 24 * 60
NORMAL: Final = "normal"
"""The bands of a day that no rule of the calendar speaks of."""
FREE_DAY: Final = "free"
"""What a rule of the calendar uses for days that cost nothing."""


class FreeMode(StrEnum):
    """What becomes of the free minutes once the car stays longer; both are posted in Chinese cities."""

    DEDUCTED = "deducted"
    """They are taken off: two hours with 30 minutes free bill 1.5 hours (Nanning)."""
    ONLY_WITHIN = "only_within"
    """They are lost: billed from the start (Shenzhen, Harbin, Yichang, Qinzhou)."""


class Part(StrEnum):
    """What a block that was begun but not used up costs. The first block always counts whole."""

    WHOLE = "whole"
    DROPPED = "dropped"
    PRO_RATA = "pro_rata"
    """By the second, down to the whole fen."""


class Edge(StrEnum):
    """A block that is under way when the next band begins."""

    CUT = "cut"
    """Ends there, paid in full; the new band counts from its own start."""
    RUN_ON = "run_on"
    """Runs to its own end at the price of the band it began in."""


class FirstBlock(StrEnum):
    EACH_STAY = "each_stay"
    """The first time that the stay is in the band."""
    EACH_TIME = "each_time"
    """Every time that it comes into the band."""


class Restart(StrEnum):
    """When a long stay begins anew, first block and all."""

    NEVER = "never"
    EACH_24_HOURS = "each_24_hours"
    EACH_DAY = "each_day"


class SameDay(StrEnum):
    """What the earlier stays of a car on one day mean for the next one."""

    SEPARATE = "separate"
    SHARE_CAPS = "share_caps"
    """Each is metered by itself, all count towards the caps: once the day's cap is paid, no more is."""
    AS_ONE = "as_one"
    """Their times are laid end to end: free minutes and first block are given once."""


class OverChange(StrEnum):
    """Stays that are inside when a version takes effect."""

    ENTRY = "entry"
    """Keep the version they came in under, to their end."""
    SPLIT = "split"
    """Are billed up to that moment by the old one and from there by the new one, as two stays."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time that is sold whole; more than zero long."""

    lasts: timedelta
    fen: int


@dataclass(frozen=True, slots=True)
class Free:
    time: timedelta = timedelta()
    mode: FreeMode = FreeMode.ONLY_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A part of every day with its own prices, from `start` to `end` in minutes of the local clock.

    `end` at or before `start`: over midnight. Without `then`, what lies behind the first block is free.
    """

    name: str
    start: int = 0
    end: int = MINUTES_A_DAY
    entry_fen: int = 0
    """Once for each time a stay is in the band, whatever its length (计次)."""
    first: Block | None = None
    then: Block | None = None
    free: Free = Free()
    """Of this band alone, beside that of the stay."""
    cap_fen: int | None = None
    """For each time the band comes round."""

    @property
    def is_all_day(self) -> bool:
        return (self.end - self.start) % MINUTES_A_DAY == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that is charged; None for no limit."""

    stay: int | None = None
    day: int | None = None
    """For a calendar day. A block belongs to the day in which it begins."""
    rolling: int | None = None
    """For 24 hours from entry, and again for each 24 hours after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one class of vehicles pays."""

    label: str
    schedules: Mapping[str, tuple[Band, ...]]
    """`NORMAL` and one for each name that the calendar uses; each covers the day exactly once."""
    free: Free = Free()
    entry_fen: int = 0
    """Once for each stay that is longer than its free time."""
    caps: Caps = Caps()
    part: Part = Part.WHOLE
    edge: Edge = Edge.CUT
    first_block: FirstBlock = FirstBlock.EACH_STAY
    restart: Restart = Restart.NEVER
    restart_gives_free_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A right that a stay may claim: part of the money, or free time. Several: the best of each counts."""

    label: str
    percent_off: int = 0
    """Of what is left under the caps."""
    free: Free = Free()
    """In place of the class's own free time where it is longer."""
    classes: frozenset[str] = frozenset()
    """Empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """Days that follow other bands: by date, or by weekday (Monday is 0). The first rule that fits counts."""

    name: str
    schedule: str
    dates: frozenset[date] = frozenset()
    weekdays: frozenset[int] = frozenset()

    def is_for(self, day: date) -> bool:
        return day in self.dates or day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    id: str
    effective: datetime
    """Aware; the first moment at which it is in force."""
    classes: Mapping[str, Rates]
    """The first is the usual one: it is taken where a stay names none."""
    digest: str = ""
    """Of its content as written: a version that was edited under its old id is noticed."""
    discounts: Mapping[str, Discount] = field(default_factory=dict)
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Claims that cost nothing at all, with what people call them."""
    calendar: tuple[CalendarRule, ...] = ()
    same_day: SameDay = SameDay.SEPARATE
    over_change: OverChange = OverChange.ENTRY
    lost_pass_fen: int = 0
    round_down_to_fen: int = 1
    grace: timedelta = timedelta(minutes=15)
    """How long after paying the car may take to leave (R21)."""

    def schedule_on(self, day: date) -> str:
        return next((rule.schedule for rule in self.calendar if rule.is_for(day)), NORMAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All versions of a site's tariff, ascending by `effective`; at least one."""

    name: str
    zone: tzinfo
    """Bands and days are those of this zone's clocks."""
    versions: tuple[Version, ...]
    service: str
    phone: str
    """Where to complain: it has to be posted."""
    operator: str = ""
    sources: tuple[str, ...] = ()

    def version_at(self, moment: datetime) -> Version | None:
        """The version in force; None before the first."""
        return next((one for one in reversed(self.versions) if one.effective <= moment), None)
