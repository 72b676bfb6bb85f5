"""What the gate was alarmed by, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.alerts import AlertAcknowledged, AlertEscalated
from daemon.core.facts import AlertCleared, AlertRaised
from daemon.core.reasons import ALERT_WORDS
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Names, Sheet

KINDS = (AlertAcknowledged, AlertEscalated, AlertCleared)
BEFORE = (AlertRaised,)

_NAMES = (
    Column("alert", "代码", "alert", "text"),
    Column("words", "告警", "words", "text"),
)
_NUMBERS = (
    Column("raised", "发生", "raised"),
    Column("acknowledged", "已确认", "acknowledged"),
    Column("escalated", "升级", "escalated"),
    Column("closed_by_person", "人工结案", "closed by a person"),
    Column("over", "原因消除", "cause over"),
)


def alerts(facts: Iterable[Dated]) -> Sheet:
    """Each step counts in the period in which it was taken."""
    counts = Counts()
    known: dict[str, Names] = {}
    for dated in facts:
        match dated.fact:
            case AlertRaised(alert_id=key, alert=alert):
                known[key] = (alert, ALERT_WORDS[alert].zh)
                counts.add(dated, known[key], raised=1)
            case AlertAcknowledged(alert_id=key):
                counts.add(dated, known.get(key, (key, "")), acknowledged=1)
            case AlertEscalated(alert_id=key):
                counts.add(dated, known.get(key, (key, "")), escalated=1)
            case AlertCleared(alert_id=key, by=by):
                end = {"over": 1} if by is None else {"closed_by_person": 1}
                counts.add(dated, known.get(key, (key, "")), **end)
            case _:
                pass
    return counts.sheet(_NAMES, _NUMBERS)
