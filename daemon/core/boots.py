"""What each boot of the machine has believed of the time (R43).

The law of this file: a wall clock that was believed, and then jumped, was wrong before or after, and nobody
can tell which. So what was before a jump lies between the earliest and the latest that any clock believed
then or since makes of it; what comes after the last jump is dated by that clock alone. What was written
before a clock could be believed is dated by what its boot knew later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from daemon.core.fact import Fact
from daemon.core.signals import Instant
from daemon.core.table import Table

KEPT = 500
"""Boots: a car that is inside since longer ago is dated by its own entry alone."""

KEPT_JUMPS = 16
"""Clocks that were believed in one boot; of more, the latest count."""

_DATES = frozenset({"gate_started", "clock_set"})
"""By their names, as in `lane.MOVES`: the facts that have these are made of what is made of this."""


@dataclass(frozen=True, slots=True)
class Between:
    """A moment, as far as it is known; `earliest` and `latest` are one where no clock has jumped since."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Believed:
    """From `since` on a wall clock was believed by which the boot's own clock had stood at zero at `zero`."""

    since: timedelta
    zero: datetime


@dataclass(frozen=True, slots=True)
class Boots:
    clocks: Table[tuple[Believed, ...]] = field(default_factory=Table)
    """What was believed in each boot, by its name, one after the other."""
    names: tuple[str, ...] = ()
    """Oldest first."""

    def when(self, at: Instant) -> Between | None:
        """When that was, by the clock that was believed then and by all later ones of its boot; None where no
        clock of its boot was ever believed."""
        clocks = self.clocks.get(at.boot, ())
        over = [one.since for one in clocks[1:]]
        zeros = [one.zero for one, until in zip_longest(clocks, over) if until is None or until > at.mono]
        if at.trusted:
            zeros.append(at.wall - at.mono)
        return Between(min(zeros) + at.mono, max(zeros) + at.mono) if zeros else None


NO_BOOTS = Boots()


def evolve(boots: Boots, fact: Fact) -> Boots:
    if getattr(fact, "kind", "") not in _DATES or not fact.at.trusted:
        return boots
    name, clocks = fact.at.boot, boots.clocks
    names = boots.names if name in clocks else (*boots.names, name)
    if len(names) > KEPT:
        clocks, names = clocks.without(names[0]), names[1:]
    believed = Believed(fact.at.mono, fact.at.wall - fact.at.mono)
    known = (*clocks.get(name, ()), believed)[-KEPT_JUMPS:]
    return replace(boots, clocks=clocks.put(name, known), names=names)
