"""What people ask for at the desk, as lines of a `.gate` file: who says it, and which request it comes to.

The law of this file: a sentence here is a request, no claim and no deed; the runner puts it to the gate as
anybody would. A number of hours counts from the moment at which the line is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from daemon.core.bays import AssignBay, SetBayGroup
from daemon.core.plates import is_plate, normalise
from daemon.core.register import GivePermits
from daemon.core.signals import Actor, Request
from daemon.core.special import (
    ApproveLarge,
    ClassifyCar,
    DeclareCar,
    ExemptCar,
    ListWatched,
    UnlistWatched,
)
from daemon.scenario import goods_words, lane_words, people_words
from daemon.scenario.bench import GUARD, LEADER, OFFICE, SUPERVISOR, permit

PEOPLE = {
    "门岗": GUARD, "班长": LEADER, "主管": SUPERVISOR, "物业": OFFICE,
    "guard": GUARD, "leader": LEADER, "supervisor": SUPERVISOR, "office": OFFICE,
}  # fmt: skip

WHO = r"(?P<who>" + "|".join(PEOPLE) + r")"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("watch", rf"{WHO} (列入观察|watches) (?P<value>\S+) (?P<do>.+)"),
    ("unwatch", rf"{WHO} (解除观察|unwatches) (?P<value>\S+) (?P<why>.+)"),
    ("classify", rf"{WHO} (列为|lists) (?P<car_class>大型|危险品|large|dangerous) (?P<plate>\S+)"),
    ("declare", rf"{WHO} (申报|declares) (?P<car_class>大型|危险品|large|dangerous)( (?P<company>\S+))?"),
    ("exempt", rf"{WHO} (免检|exempts) (?P<exempt>\S+)"),
    ("approve", rf"{WHO} 批准大型 (?P<name>\S+) (?P<hours>\d+) 小时 去 (?P<area>\S+) 通知 (?P<posts>\S+)"),
    ("approve", rf"{WHO} approves (?P<name>\S+) for (?P<hours>\d+) h to (?P<area>\S+) tell (?P<posts>\S+)"),
    ("bays", rf"{WHO} 车位 (?P<group>\S+) (?P<count>\d+) 个 满时(?P<full>放行|按临时车|拒绝)"),
    ("bays", rf"{WHO} bays (?P<group>\S+) (?P<count>\d+) when full (?P<full>pass|temporary|refuse)"),
    ("give", rf"{WHO} (交来名单|gives the list)(?P<rows>( \S+ [0-9A-F]+ \S+)*)"),
    ("assign", rf"{WHO} (车位给|gives a bay to) (?P<permit>\S+) (?P<group>\S+)"),
    *((what, rf"{WHO} {sentence}") for what, sentence in people_words.SENTENCES),
    *((what, rf"{WHO} {sentence}") for what, sentence in goods_words.SENTENCES),
    *((what, rf"{WHO} {sentence}") for what, sentence in lane_words.SENTENCES),
)

_CLASSES: dict[str, Any] = {"大型": "large", "危险品": "dangerous"}
_WHEN_FULL: dict[str, Any] = {"放行": "pass", "按临时车": "temporary", "拒绝": "refuse"}
_EXEMPT: dict[str, Any] = {
    "警车": "police", "消防车": "fire", "救护车": "ambulance", "军车": "military", "抢险车": "rescue"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when the line is read."""

    lane: str
    now: datetime


def asked(what: str, words: Mapping[str, str], here: Here) -> tuple[Actor, Request]:
    """Who asks for what. `what` is one of REQUESTS."""
    return PEOPLE[words["who"]], REQUESTS[what](words, here)


def _watch(words: Mapping[str, str], _here: Here) -> Request:
    value = words["value"]
    return ListWatched(sign=_sign(value), value=value, why="观察名单", what_to_do=words["do"])


def _unwatch(words: Mapping[str, str], _here: Here) -> Request:
    return UnlistWatched(sign=_sign(words["value"]), value=words["value"], reason=words["why"])


def _sign(value: str) -> Any:
    return "plate" if is_plate(normalise(value)) else "card"


def _classify(words: Mapping[str, str], _here: Here) -> Request:
    return ClassifyCar(plate=words["plate"], car_class=_named(words["car_class"], _CLASSES))


def _declare(words: Mapping[str, str], here: Here) -> Request:
    return DeclareCar(
        lane=here.lane, car_class=_named(words["car_class"], _CLASSES), company=words.get("company", "")
    )


def _exempt(words: Mapping[str, str], here: Here) -> Request:
    return ExemptCar(lane=here.lane, exempt_class=_named(words["exempt"], _EXEMPT))


def _approve(words: Mapping[str, str], here: Here) -> Request:
    name = words["name"]
    return ApproveLarge(
        number=f"{name}-{here.now.isoformat()}",
        valid_from=here.now,
        valid_until=here.now + timedelta(hours=int(words["hours"])),
        area=words["area"],
        posts=words["posts"],
        plate=name if is_plate(normalise(name)) else None,
        company=None if is_plate(normalise(name)) else name,
    )


def _bays(words: Mapping[str, str], _here: Here) -> Request:
    full = _named(words["full"], _WHEN_FULL)
    return SetBayGroup(name=words["group"], bays=int(words["count"]), when_full=full)


def _give(words: Mapping[str, str], _here: Here) -> Request:
    """The whole list: name, card and plate of each permit in turn."""
    cells = words.get("rows", "").split()
    rows = zip(cells[::3], cells[1::3], cells[2::3], strict=True)
    return GivePermits(rows=tuple(permit(*row) for row in rows), source="名单")


def _assign(words: Mapping[str, str], _here: Here) -> Request:
    return AssignBay(permit=words["permit"], group=words["group"])


def _named(word: str, names: Mapping[str, Any]) -> Any:
    """The name behind a Chinese word, or the name itself; raises AssertionError for neither."""
    name = names.get(word, word)
    assert name in names.values(), f"没有这种说法 no such words: {word!r}; 可用 known: {' '.join(names)}"
    return name


REQUESTS: dict[str, Callable[[Mapping[str, str], Here], Request]] = {
    "watch": _watch,
    "unwatch": _unwatch,
    "classify": _classify,
    "declare": _declare,
    "exempt": _exempt,
    "approve": _approve,
    "bays": _bays,
    "assign": _assign,
    "give": _give,
    **people_words.REQUESTS,
    **goods_words.REQUESTS,
    **lane_words.REQUESTS,
}
