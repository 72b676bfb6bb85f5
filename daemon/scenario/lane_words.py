"""Lanes held open or locked, fire, and the count of cars, as lines of a `.gate` file.

The law of this file: as in `daemon.scenario.desk_words`, which puts who asks in front of REQUESTS.

班长 常开 30 分钟 婚车队                     leader holds open 30 min wedding
班长 结束常开 车队已过                       leader ends hold convoy is through
消防动作                                    fire alarm
班长 火警复位 误报                           leader resets fire false alarm
门岗 点数 临时车 12 夜间清点                 guard recounts temporary 12 night round
班长 注销在场 粤B77777 已不在场               leader ends stay of 粤B77777 is not there
车场应有 12 辆                              then lot 12
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.fire import ResetFire
from daemon.core.hold_open import EndHoldOpen, HoldOpen, LockLane, UnlockLane
from daemon.core.lot import EndStay, LotClass, Recount
from daemon.core.signals import FireInput, FireReported, Instant, Request, Signal

if TYPE_CHECKING:
    from daemon.core.state import State
    from daemon.scenario.desk_words import Here

_CLASSES: dict[str, LotClass] = {
    "固定车": "permit", "临时车": "temporary", "permit": "permit", "temporary": "temporary"
}  # fmt: skip
_CLASS = "|".join(_CLASSES)

SENTENCES: tuple[tuple[str, str], ...] = (
    ("hold_open", r"常开 (?P<minutes>\d+) 分钟 (?P<why>.+)"),
    ("hold_open", r"holds open (?P<minutes>\d+) min (?P<why>.+)"),
    ("end_hold", r"(结束常开|ends hold) (?P<why>.+)"),
    ("lock", r"(锁定车道|locks) (?P<why>.+)"),
    ("unlock", r"(解锁车道|unlocks) (?P<why>.+)"),
    ("reset_fire", r"(火警复位|resets fire) (?P<why>.+)"),
    ("end_stay", r"(注销在场|ends stay of) (?P<plate>\S+) (?P<why>.+)"),
    ("recount", rf"(点数|recounts) (?P<of>{_CLASS}) (?P<count>\d+) (?P<why>.+)"),
)
"""What somebody asks; who does, stands in front."""

HAPPENINGS: tuple[tuple[str, str], ...] = (
    ("fire_on", r"消防动作|fire alarm"),
    ("fire_off", r"消防恢复|fire quiet"),
    ("lot", r"(车场应有|then lot) (?P<count>\d+)( 辆)?"),
)

REQUESTS: dict[str, Callable[[Mapping[str, str], Here], Request]] = {
    "hold_open": lambda words, here: HoldOpen(
        lane=here.lane, until=here.now + timedelta(minutes=int(words["minutes"])), reason=words["why"]
    ),
    "end_hold": lambda words, here: EndHoldOpen(lane=here.lane, reason=words["why"]),
    "lock": lambda words, here: LockLane(lane=here.lane, reason=words["why"]),
    "unlock": lambda words, here: UnlockLane(lane=here.lane, reason=words["why"]),
    "reset_fire": lambda words, _here: ResetFire(reason=words["why"]),
    "end_stay": lambda words, _here: EndStay(plate=words["plate"], reason=words["why"]),
    "recount": lambda words, _here: Recount(
        of=_CLASSES[words["of"]], count=int(words["count"]), reason=words["why"]
    ),
}

DEEDS: dict[str, Callable[[Instant], Signal]] = {
    "fire_on": lambda at: FireReported(at=at, input=FireInput.ALARM),
    "fire_off": lambda at: FireReported(at=at, input=FireInput.QUIET),
}


def _lot(words: Mapping[str, str], state: State) -> str:
    """What is so instead; "" where the claim holds."""
    return "" if state.lot.inside == int(words["count"]) else f"车场 lot: {state.lot.inside}"


CLAIMS: dict[str, Callable[[Mapping[str, str], State], str]] = {"lot": _lot}
