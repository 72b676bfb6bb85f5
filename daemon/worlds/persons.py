"""Who works at a made-up site, by name and rank."""

from __future__ import annotations

from daemon.core.signals import Actor

GUARDS = (
    Actor(name="老王", role="guard"),
    Actor(name="小李", role="guard"),
    Actor(name="大刘", role="guard"),
)
LEADER = Actor(name="周班长", role="leader")
SUPERVISOR = Actor(name="陈主管", role="supervisor")
OFFICE = Actor(name="物业", role="office")
