"""What follows when somebody deals with an alert, and when nobody does (R35).

The law of this file: whoever acts on an alert has acknowledged it; what is done twice is said once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.alerts import (
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertFollowedUp,
    AnyRequest,
    CloseAlert,
    FollowUpAlert,
    Level,
    SendSomeone,
    SomeoneSent,
)
from daemon.core.facts import AlertCleared, AlertRaised
from daemon.core.reasons import Reason, Severity
from daemon.core.signals import Actor, Asked

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = why_not(draft.state, request)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    alert = draft.state.alerts[request.alert_id]
    at, lane, by = draft.at, alert.lane, asked.actor
    match request:
        case AcknowledgeAlert():
            acknowledge(draft, request.alert_id, request.note, by=by)
        case SendSomeone():
            acknowledge(draft, request.alert_id, "", by=by)
            draft.say(SomeoneSent(at=at, lane=lane, alert_id=request.alert_id, who=request.who, by=by))
        case FollowUpAlert():
            draft.say(AlertFollowedUp(at=at, lane=lane, alert_id=request.alert_id, text=request.text, by=by))
        case CloseAlert():
            acknowledge(draft, request.alert_id, "", by=by)
            draft.say(
                AlertCleared(at=at, lane=lane, alert_id=request.alert_id, by=by, outcome=request.outcome)
            )


def acknowledge(draft: Draft, alert_id: str, note: str, *, by: Actor) -> None:
    """Whoever acts on an alert has seen it; once seen, it is not seen again."""
    care = draft.state.cares.get(alert_id)
    if care is not None and care.acknowledged is None:
        lane = draft.state.alerts[alert_id].lane
        draft.say(AlertAcknowledged(at=draft.at, lane=lane, alert_id=alert_id, note=note, by=by))


def why_not(state: State, request: AnyRequest) -> Reason | None:
    """Why that cannot be done with this alert; None where it can."""
    alert = state.alerts.get(request.alert_id)
    if alert is None:
        return Reason.ALERT_NOT_OPEN
    care = state.cares.get(request.alert_id)
    match request:
        case AcknowledgeAlert():
            seen = care is not None and care.acknowledged is not None
            return Reason.ALERT_ACKNOWLEDGED if seen else None
        case SendSomeone():
            if not request.who.strip():
                return Reason.NAME_NEEDED
            return Reason.ALREADY_SENT if care is not None and care.sent == request.who else None
        case FollowUpAlert():
            return None if request.text.strip() else Reason.TEXT_NEEDED
        case CloseAlert():
            if not request.outcome.strip():
                return Reason.TEXT_NEEDED
            return Reason.CAUSE_LASTS if _lasts(state, alert) else None


def _lasts(state: State, alert: AlertRaised) -> bool:
    return alert.subject in state.failed or bool(state.alarms.get(alert.subject))


# ---------------------------------------------------------------- room

MOST_OPEN = 500
"""Nobody looks through more than that; a post that closes none of its alerts must not fill the memory."""

_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


def in_the_way(state: State) -> AlertRaised | None:
    """What gives way to one more alert: the oldest of the least severe whose cause is not known to last."""
    if len(state.alerts) < MOST_OPEN:
        return None
    may_go = (alert for alert in state.alerts.values() if not _lasts(state, alert))
    return min(may_go, key=lambda alert: _GRAVITY[alert.severity], default=None)


# ---------------------------------------------------------------- time


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    """When an alert goes up a level, on the clock of the running boot."""
    within = state.rules.alerts.acknowledge_within
    for care in state.cares.values():
        if care.acknowledged is None and care.level < max(Level) and care.severity in within:
            yield care.since + within[care.severity]


def time_passed(draft: Draft) -> None:
    """Pass upwards what nobody has acknowledged in its time."""
    within = draft.state.rules.alerts.acknowledge_within
    for alert_id, care in draft.state.cares.items():
        if care.acknowledged is not None or care.level >= max(Level) or care.severity not in within:
            continue
        if care.since + within[care.severity] <= draft.at.mono:
            alert = draft.state.alerts[alert_id]
            draft.say(
                AlertEscalated(
                    at=draft.at,
                    lane=alert.lane,
                    passage=alert.passage,
                    alert_id=alert_id,
                    severity=care.severity,
                    level=care.level + 1,
                )
            )
