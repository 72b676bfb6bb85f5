"""Who came in, who left, how many are in, and how long they stayed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from daemon.core.facts import StayClosed, StayOpened
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Sheet

KINDS = ()
BEFORE = (StayOpened, StayClosed)

_NUMBERS = (
    Column("came_in", "进场", "in"),
    Column("left", "出场", "out"),
    Column("put_right", "人工更正", "put right by a person"),
    Column("still_in", "期末在场", "still in at the end", adds_up=False),
    Column("mean_minutes", "平均停留（分钟）", "mean stay, minutes", adds_up=False),
)


def stays(facts: Iterable[Dated]) -> Sheet:
    """The mean is of stays that left at the exit; one whose times are uncertain on a side is not in it."""
    counts = Counts()
    inside: dict[str, Dated] = {}
    for dated in facts:
        match dated.fact:
            case StayOpened(stay_id=key):
                inside[key] = dated
                counts.add(dated, (), came_in=1)
            case StayClosed(stay_id=key, how="resync"):
                inside.pop(key, None)
                counts.add(dated, (), put_right=1)
            case StayClosed(stay_id=key):
                counts.add(dated, (), left=1, **_lasted(inside.pop(key, None), dated))
            case _:
                continue
        counts.put(dated, (), still_in=len(inside))
    for row in counts.rows.values():
        if row["measured"]:
            row["mean_minutes"] = row["seconds"] // row["measured"] // 60
    return counts.sheet((), _NUMBERS)


def _lasted(came: Dated | None, left: Dated) -> dict[str, int]:
    if came is None:
        return {}
    if came.fact.at.boot == left.fact.at.boot:
        lasted = left.fact.at.mono - came.fact.at.mono
    elif came.has_trusted_clock and left.has_trusted_clock:
        lasted = left.when - came.when
    else:
        return {}
    return {"measured": 1, "seconds": lasted // timedelta(seconds=1)}
