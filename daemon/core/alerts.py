"""What becomes of an alert (R35, at the gate): seen, somebody sent, followed up, closed; or passed upwards.

The law of this file: an alert that nobody acknowledges in the time of its severity goes up a level, until it
is at the highest. It is over when its cause is, or when a person closes it with what came of it; one whose
cause is known to last is not closed by anybody. What follows from asking is in `daemon.core.alert_desk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Severity
from daemon.core.signals import Actor, Instant, Request


class Level(IntEnum):
    """Who is to see to it: the guard first, then whoever answers for him."""

    GUARD = 0
    LEADER = 1
    CONTROL_ROOM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """The `alerts:` section of config.yaml: how long each severity may wait to be acknowledged."""

    acknowledge_within: Mapping[Severity, timedelta] = field(default_factory=lambda: MappingProxyType({}))
    """A severity that is not named waits for ever."""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert(Request):
    """Somebody has seen it and takes care of it."""

    alert_id: str
    note: str = ""
    kind: Literal["acknowledge_alert"] = "acknowledge_alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSomeone(Request):
    """Somebody is on the way there."""

    alert_id: str
    who: str
    kind: Literal["send_someone"] = "send_someone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpAlert(Request):
    """What was found or done."""

    alert_id: str
    text: str
    kind: Literal["follow_up_alert"] = "follow_up_alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAlert(Request):
    """It is dealt with, and what came of it."""

    alert_id: str
    outcome: str
    kind: Literal["close_alert"] = "close_alert"


AnyRequest = AcknowledgeAlert | SendSomeone | FollowUpAlert | CloseAlert


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAcknowledged(Fact):
    alert_id: str
    note: str
    by: Actor
    kind: Literal["alert_acknowledged"] = "alert_acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeoneSent(Fact):
    alert_id: str
    who: str
    by: Actor
    kind: Literal["someone_sent"] = "someone_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFollowedUp(Fact):
    alert_id: str
    text: str
    by: Actor
    kind: Literal["alert_followed_up"] = "alert_followed_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEscalated(Fact):
    """Nobody has acknowledged it in its time: it is the next level's now."""

    alert_id: str
    severity: Severity
    level: int
    kind: Literal["alert_escalated"] = "alert_escalated"


AnyFact = AlertAcknowledged | SomeoneSent | AlertFollowedUp | AlertEscalated


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Care:
    """How far one open alert has come."""

    severity: Severity
    since: timedelta
    """From when its time to be acknowledged runs, on the clock of the running boot."""
    level: Level = Level.GUARD
    acknowledged: Actor | None = None
    sent: str = ""


Cares = Mapping[str, Care]


def raised(cares: Cares, alert_id: str, severity: Severity, at: Instant) -> Cares:
    return MappingProxyType({**cares, alert_id: Care(severity, at.mono)})


def cleared(cares: Cares, alert_id: str) -> Cares:
    return MappingProxyType({key: care for key, care in cares.items() if key != alert_id})


def restarted(cares: Cares, at: Instant) -> Cares:
    """The clock of another boot says nothing now: every time runs anew."""
    return MappingProxyType({key: replace(care, since=at.mono) for key, care in cares.items()})


def evolve(cares: Cares, fact: Fact) -> Cares:
    match fact:
        case AlertAcknowledged() if (care := cares.get(fact.alert_id)) is not None:
            changed = replace(care, acknowledged=fact.by)
        case SomeoneSent() if (care := cares.get(fact.alert_id)) is not None:
            changed = replace(care, sent=fact.who)
        case AlertEscalated() if (care := cares.get(fact.alert_id)) is not None:
            changed = replace(care, level=Level(min(fact.level, max(Level))), since=fact.at.mono)
        case _:
            return cares
    return MappingProxyType({**cares, fact.alert_id: changed})
