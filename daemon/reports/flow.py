"""How many cars, at which lane, when: each passage once, when it was over."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.facts import PassageClosed
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Sheet

KINDS = (PassageClosed,)
BEFORE = ()

_NAMES = (Column("lane", "车道", "lane", "text"),)
_NUMBERS = (
    Column("passed", "通过", "passed"),
    Column("unconfirmed", "通过未证实", "unconfirmed"),
    Column("forced", "闯杆", "forced"),
    Column("refused", "劝离", "refused"),
    Column("left", "自行离开", "backed away"),
    Column("interrupted", "中断", "interrupted"),
    Column("passages", "合计", "passages"),
)


def flow(facts: Iterable[Dated]) -> Sheet:
    counts = Counts()
    for dated in facts:
        if isinstance(fact := dated.fact, PassageClosed):
            counts.add(dated, (fact.lane or "",), passages=1, **{fact.outcome: 1})
    return counts.sheet(_NAMES, _NUMBERS)
