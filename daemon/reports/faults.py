"""Devices that failed: how often, and how long they were away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from daemon.core.facts import DeviceFailed, DeviceRecovered, GateStarted
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Sheet

KINDS = ()
BEFORE = (GateStarted, DeviceFailed, DeviceRecovered)

_NAMES = (
    Column("device", "设备", "device", "text"),
    Column("role", "类别", "role", "text"),
)
_NUMBERS = (
    Column("failures", "故障", "failures"),
    Column("recoveries", "恢复", "recoveries"),
    Column("minutes_away", "失联（分钟）", "minutes away"),
)


def faults(facts: Iterable[Dated]) -> Sheet:
    """The time away counts in the period in which the device came back.

    A start looks at every device anew: what is still broken then fails again, and is counted again.
    """
    counts = Counts()
    failed: dict[str, Dated] = {}
    for dated in facts:
        match dated.fact:
            case GateStarted():
                failed.clear()
            case DeviceFailed(device=device, role=role):
                failed[device] = dated
                counts.add(dated, (device, role), failures=1)
            case DeviceRecovered(device=device, role=role):
                away = _away(failed.pop(device, None), dated)
                counts.add(dated, (device, role), recoveries=1, minutes_away=away)
            case _:
                pass
    return counts.sheet(_NAMES, _NUMBERS)


def _away(since: Dated | None, back: Dated) -> int:
    """Whole minutes; a start lies between facts of two boots, so both are of one."""
    return (back.fact.at.mono - since.fact.at.mono) // timedelta(minutes=1) if since is not None else 0
