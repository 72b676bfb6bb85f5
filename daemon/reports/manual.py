"""Every time that a person had a boom raised: who, where, and why.

The law of this file: a lane held open is one such time, however many cars then go through.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.facts import BoomRaiseOrdered
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Sheet

KINDS = (BoomRaiseOrdered,)
BEFORE = ()

_NAMES = (
    Column("who", "谁", "who", "text"),
    Column("role", "身份", "role", "text"),
    Column("lane", "车道", "lane", "text"),
    Column("what", "事由", "what", "text"),
    Column("why", "原因", "why", "text"),
)
_NUMBERS = (Column("opens", "次数", "opens"),)


def manual(facts: Iterable[Dated]) -> Sheet:
    counts = Counts()
    for dated in facts:
        fact = dated.fact
        if not isinstance(fact, BoomRaiseOrdered) or fact.by is None:
            continue
        if fact.reason is Reason.LANE_HELD_OPEN and fact.passage is not None:
            continue
        words = REASON_WORDS[fact.reason].zh
        counts.add(dated, (fact.by.name, fact.by.role, fact.lane or "", words, fact.note), opens=1)
    return counts.sheet(_NAMES, _NUMBERS)
