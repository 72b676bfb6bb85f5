"""What each boot of the machine has believed of the time (R43).

The law of this file: a wall clock that was believed, and then jumped, was wrong before or after, and nobody
can tell which. So the moment at which a boot's own clock stood at zero lies between the earliest and the
latest that was ever believed in it. What was written before a clock could be believed is dated by what the
boot knew later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from daemon.core.fact import Fact
from daemon.core.signals import Instant
from daemon.core.table import Table

KEPT = 500
"""Boots: a car that is inside since longer ago is dated by its own entry alone."""

_DATES = frozenset({"gate_started", "clock_set"})
"""By their names, as in `lane.MOVES`: the facts that have these are made of what is made of this."""


@dataclass(frozen=True, slots=True)
class Between:
    """A moment, as far as it is known; `earliest` and `latest` are one where no clock has jumped."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Boots:
    zero: Table[Between] = field(default_factory=Table)
    """When each boot's clock was zero, by its name."""
    names: tuple[str, ...] = ()
    """Oldest first."""

    def when(self, at: Instant) -> Between | None:
        """When that was; None where no clock of its boot was ever believed."""
        zero = self.zero.get(at.boot)
        if at.trusted:
            zero = _also(zero, at)
        return None if zero is None else Between(zero.earliest + at.mono, zero.latest + at.mono)


NO_BOOTS = Boots()


def evolve(boots: Boots, fact: Fact) -> Boots:
    if getattr(fact, "kind", "") not in _DATES or not fact.at.trusted:
        return boots
    name, zero = fact.at.boot, boots.zero
    names = boots.names if name in zero else (*boots.names, name)
    if len(names) > KEPT:
        zero, names = zero.without(names[0]), names[1:]
    return replace(boots, zero=zero.put(name, _also(zero.get(name), fact.at)), names=names)


def _also(zero: Between | None, at: Instant) -> Between:
    own = at.wall - at.mono
    return Between(own, own) if zero is None else Between(min(zero.earliest, own), max(zero.latest, own))
