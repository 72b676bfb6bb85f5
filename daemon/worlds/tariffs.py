"""The price that is posted at a made-up site, and the product's tariff of the same words.

The law of this file: values. A day's tariff in minutes would outlast a world, so blocks of time are seconds;
and a world begins a little before midnight, or before a change of shifts, more often than not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from daemon.core.state import CHINA
from daemon.core.tariff import Book, Version
from daemon.core.tariff.book import Band, Block, Caps, Discount, Free, FreeMode, OverChange, Rates

BEGINNINGS = (
    datetime(2026, 6, 1, 15, 58, 40, tzinfo=UTC),  # 23:58:40 at the site: midnight is near
    datetime(2026, 6, 1, 7, 58, 30, tzinfo=UTC),
    datetime(2026, 6, 1, 3, 10, 0, tzinfo=UTC),
)
"""The wall clock at the first instant of a world."""

NEW_ENERGY, POLICE = "new_energy", "police"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """From `since` on; lengths in seconds, sums in fen."""

    since: datetime
    free_s: int
    free_is_deducted: bool
    first_s: int
    first_fen: int
    then_s: int
    then_fen: int
    most_a_day_fen: int | None
    most_a_stay_fen: int | None
    splits: bool
    """A stay that it finds inside is billed in two parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What hangs at the entry."""

    prices: tuple[Price, ...]
    grace_s: int


def posted(random: Random, begins: datetime, until_s: float) -> Posted:
    prices = [_price(random, begins - timedelta(days=400))]
    if random.random() < 0.5:
        prices.append(_price(random, begins + timedelta(seconds=int(random.uniform(30, until_s)))))
    return Posted(prices=tuple(prices), grace_s=random.choice((20, 40)))


def _price(random: Random, since: datetime) -> Price:
    return Price(
        since=since,
        free_s=random.choice((0, 10, 25)),
        free_is_deducted=random.random() < 0.5,
        first_s=random.choice((20, 45)),
        first_fen=random.choice((300, 500)),
        then_s=random.choice((10, 17)),
        then_fen=random.choice((100, 150)),
        most_a_day_fen=random.choice((None, 800, 1500)),
        most_a_stay_fen=random.choice((None, None, 2000)),
        splits=random.random() < 0.5,
    )


def book(posted: Posted) -> Book:
    """The same as the product has it."""
    return Book(
        name="虚拟小区",
        zone=CHINA,
        versions=tuple(_version(number, price, posted.grace_s) for number, price in enumerate(posted.prices)),
        service="停车",
        phone="12345",
    )


def _version(number: int, price: Price, grace_s: int) -> Version:
    band = Band(
        name="全天",
        first=Block(timedelta(seconds=price.first_s), price.first_fen),
        then=Block(timedelta(seconds=price.then_s), price.then_fen),
    )
    mode = FreeMode.DEDUCTED if price.free_is_deducted else FreeMode.ONLY_WITHIN
    rates = Rates(
        label="小型车",
        schedules={"normal": (band,)},
        free=Free(timedelta(seconds=price.free_s), mode),
        caps=Caps(stay=price.most_a_stay_fen, day=price.most_a_day_fen),
    )
    return Version(
        id=f"v{number + 1}",
        effective=price.since,
        classes={"small": rates},
        digest=f"{number:064d}",
        discounts={NEW_ENERGY: Discount(label="新能源", percent_off=50)},
        exempt={POLICE: "警车"},
        over_change=OverChange.SPLIT if price.splits else OverChange.ENTRY,
        grace=timedelta(seconds=grace_s),
    )
