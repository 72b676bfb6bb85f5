"""Other alarms (R33): perimeter, panic button, cabinet tamper, each a named contact of the site.

The law of this file: a contact that begins to report is an alert, once; that it falls silent again ends
nothing, since somebody has to go and look. How it is wired, and for how long it must rest, its driver knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import AlertKind, Severity
from daemon.core.signals import AlarmChanged

if TYPE_CHECKING:
    from daemon.core.draft import Draft

AlarmKind = Literal["perimeter", "panic", "tamper"]

ALERT_OF: dict[AlarmKind, AlertKind] = {
    "perimeter": AlertKind.PERIMETER,
    "panic": AlertKind.PANIC,
    "tamper": AlertKind.TAMPER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRules:
    """One line of the `alarms:` section of config.yaml."""

    id: str
    name: str
    alarm: AlarmKind
    severity: Severity = Severity.URGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReported(Fact):
    alarm: str
    active: bool | None
    """None where the contact cannot be read."""
    kind: Literal["alarm_reported"] = "alarm_reported"


AnyFact = AlarmReported

Alarms = Mapping[str, bool | None]
"""What each contact said last."""


def evolve(alarms: Alarms, fact: Fact) -> Alarms:
    match fact:
        case AlarmReported():
            return MappingProxyType({**alarms, fact.alarm: fact.active})
        case _:
            return alarms


def changed(draft: Draft, signal: AlarmChanged) -> None:
    """A contact says something new; one that config.yaml does not name says nothing."""
    rules = next((alarm for alarm in draft.state.rules.alarms if alarm.id == signal.alarm), None)
    if rules is None or draft.state.alarms.get(signal.alarm) is signal.active:
        return
    draft.say(AlarmReported(at=draft.at, alarm=signal.alarm, active=signal.active))
    if signal.active:
        draft.raise_alert(ALERT_OF[rules.alarm], rules.id, rules.name, severity=rules.severity)
