"""What config.yaml says of a made-up site: lanes, permits, prices, the post.

The law of this file: values, drawn once. Nothing of it changes while a world lasts, but for what people ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Literal

from daemon.core.rota import ShiftRules, Staff
from daemon.core.rounds import PatrolCard
from daemon.core.schedule import Duty
from daemon.core.signals import Actor, Permit
from daemon.core.state import LaneRules, SiteRules
from daemon.worlds import tariffs
from daemon.worlds.persons import GUARDS, LEADER
from daemon.worlds.site import Lane

LAST_PERMIT = Permit(id="P-last", card="00000000FF", plate="粤B90000", holder="末车", household="99-101")
"""Of the car that comes when all is over: nothing has ever happened to it."""

EQUIPMENT = ("对讲机", "手电")
_PEOPLE = (*GUARDS, LEADER)
STAFF = {one.name: f"5AFF{number:06X}" for number, one in enumerate(_PEOPLE)}
"""Who may be on duty, and the card of each."""
PATROL_CARD = "9A00000001"
ROUND = "lane-round"


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    lanes: Sequence[Lane]
    """As metal."""
    rules: tuple[LaneRules, ...]
    site: SiteRules
    permits: tuple[Permit, ...]
    posted: tariffs.Posted | None
    begins: datetime
    """The right time at the first instant of the world."""


def premises(random: Random, lanes: Sequence[Lane], until_s: float) -> Premises:
    begins = random.choice(tariffs.BEGINNINGS)
    posted = tariffs.posted(random, begins, until_s) if random.random() < 0.85 else None
    site = SiteRules(
        expired=random.choice(("guard", "refuse", "temporary")),
        tariff=tariffs.book(posted) if posted is not None else None,
        receipts="east",
        shifts=ShiftRules(
            starts=(time(0), time(8), time(16)),
            equipment=EQUIPMENT,
            staff=tuple(Staff(name=one.name, role=_rank(one), card=STAFF[one.name]) for one in _PEOPLE),
        ),
        duties=(Duty(id=ROUND, name="巡查车道", per="minutes", every=timedelta(minutes=1)),),
        patrol_cards=(PatrolCard(card=PATROL_CARD, duty=ROUND),),
        has_fire_input=True,
    )
    return Premises(
        lanes=lanes,
        rules=tuple(_rules(random, lane) for lane in lanes),
        site=site,
        permits=_permits(random, begins, until_s),
        posted=posted,
        begins=begins,
    )


def permit(number: int, random: Random) -> Permit:
    return Permit(
        id=f"P{number:02d}",
        card=f"{random.getrandbits(40):010X}",
        plate=f"粤B{number:02d}{random.choice(('268', '086', '820'))}",
        holder=f"住户{number}",
        household=f"{number}-101",
    )


def _permits(random: Random, begins: datetime, until_s: float) -> tuple[Permit, ...]:
    """A dozen households: one permit has run out, one has not begun, one is for the other lane, two run out
    in the middle of it all."""
    permits = [permit(number, random) for number in range(10, 22)]
    permits[0] = replace(permits[0], valid_until=begins - timedelta(days=1))
    permits[1] = replace(permits[1], valid_from=begins + timedelta(days=1))
    permits[2] = replace(permits[2], lanes=("exit-1",))
    for number in (3, 4):
        ends = begins + timedelta(seconds=random.uniform(40.0, until_s))
        permits[number] = replace(permits[number], valid_until=ends)
    return (LAST_PERMIT, *permits)


def _rules(random: Random, lane: Lane) -> LaneRules:
    modes: tuple[Literal["card_and_plate", "plate_only", "card_only"], ...]
    modes = ("card_and_plate", "card_and_plate", "card_and_plate", "plate_only", "card_only")
    return LaneRules(
        id=lane.name,
        name=lane.name,
        direction=lane.direction,
        mode=random.choice(modes),
        temporary=random.choice(("allow", "allow", "guard", "refuse")),
    )


def _rank(one: Actor) -> Literal["guard", "leader"]:
    return "leader" if one.role == "leader" else "guard"
