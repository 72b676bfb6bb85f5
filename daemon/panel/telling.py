"""How moments, durations, cards and plates are told to people.

The law of this file: pure functions of a value to a text; a card number is never told whole.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from daemon.core.masking import masked_card
from daemon.core.plates import PlateKind, distance, plate_kind
from daemon.core.reasons import Words

_PLATE_COLOURS: dict[PlateKind, str] = {
    PlateKind.NEW_ENERGY_SMALL: "green",
    PlateKind.NEW_ENERGY_LARGE: "green",
    PlateKind.TRAILER: "yellow",
    PlateKind.LEARNER: "yellow",
    PlateKind.POLICE: "white",
    PlateKind.MILITARY: "white",
    PlateKind.ARMED_POLICE: "white",
    PlateKind.EMBASSY: "black",
    PlateKind.CONSULATE: "black",
    PlateKind.HONG_KONG: "black",
    PlateKind.MACAO: "black",
}


def plate_colour(plate: str) -> str:
    """The ground that a plate of this shape has in life; blue where the shape does not tell (GA 36-2018)."""
    kind = plate_kind(plate)
    return "blue" if kind is None else _PLATE_COLOURS.get(kind, "blue")


def likeness_words(read: str, plate: str) -> Words | None:
    """How far `plate` is from what the camera read; None where it read nothing."""
    if not read:
        return None
    apart = distance(read, plate)
    if apart == 0:
        return Words("车牌相同", "same plate")
    if apart < 1:
        return Words("只差形近字", "look-alikes only")
    return Words(f"差 {ceil(apart)} 字", f"{ceil(apart)} off")


def without_cards(text: str) -> str:
    """The same text with every card number in it masked: details are written for the log too."""
    return _CARD.sub(lambda found: masked_card(found[0]), text)


_CARD = re.compile(r"(?<!\w)[0-9A-F]{6,10}(?!\w)")


def clock_time(wall: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    return f"{wall.astimezone(zone):%H:%M:%S}" if seconds else f"{wall.astimezone(zone):%H:%M}"


def day_and_time(wall: datetime, now: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """The time alone for today, with month and day for any other day."""
    local = wall.astimezone(zone)
    time = clock_time(wall, zone, seconds=seconds)
    return time if local.date() == now.astimezone(zone).date() else f"{local:%m-%d} {time}"


def duration_words(length: timedelta | None) -> Words:
    """Whole minutes, hours and days: what a person would say. None is a time that cannot be known."""
    if length is None or length < timedelta():
        return Words("时长不明", "time not known")
    minutes = length // timedelta(minutes=1)
    if minutes < 1:
        return Words("不到 1 分钟", "under 1 min")
    if minutes < 60:
        return Words(f"{minutes} 分钟", f"{minutes} min")
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return Words(f"{hours} 小时 {minutes} 分", f"{hours} h {minutes} min")
    days, hours = divmod(hours, 24)
    return Words(f"{days} 天 {hours} 小时", f"{days} d {hours} h")
