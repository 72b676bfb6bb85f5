"""Release slips as lines of a `.gate` file; each begins with who asks.

The law of this file: as in `daemon.scenario.desk_words`, which puts who asks in front of SENTENCES.

物业 开放行条 F-17 3-1201 粤B12345 旧沙发 4 小时   office writes slip F-17 3-1201 粤B12345 sofa for 4 h
门岗 核放行条 F-17 粤B12345                      guard ticks slip F-17 粤B12345
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.goods import CancelSlip, IssueSlip, UseSlip
from daemon.core.signals import Request

if TYPE_CHECKING:
    from daemon.scenario.desk_words import Here

_SLIP = r"(?P<number>\S+)"
_WHAT = r"(?P<unit>\S+) (?P<plate>\S+) (?P<items>\S+)"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("write_slip", rf"开放行条 {_SLIP} {_WHAT} (?P<hours>\d+) 小时"),
    ("write_slip", rf"writes slip {_SLIP} {_WHAT} for (?P<hours>\d+) h"),
    ("tick_slip", rf"(核放行条|ticks slip) {_SLIP} (?P<plate>\S+)"),
    ("cancel_slip", rf"(作废放行条|cancels slip) {_SLIP} (?P<why>.+)"),
)

REQUESTS: dict[str, Callable[[Mapping[str, str], Here], Request]] = {
    "write_slip": lambda words, here: IssueSlip(
        number=words["number"],
        household=words["unit"],
        items=words["items"],
        valid_until=here.now + timedelta(hours=int(words["hours"])),
        plate=words["plate"],
    ),
    "tick_slip": lambda words, _here: UseSlip(number=words["number"], plate=words["plate"]),
    "cancel_slip": lambda words, _here: CancelSlip(number=words["number"], reason=words["why"]),
}
