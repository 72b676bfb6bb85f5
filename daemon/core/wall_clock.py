"""What time it is, as far as the gate can tell: elapsed time, counted from a wall clock that was believed.

The law of this file: schedules of the site are kept by the wall clock, deadlines by elapsed time, and the one
is turned into the other here alone. A wall clock that jumps, or is no longer to be believed, is a fact; while
it is not, there is no time of day and no schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.signals import Instant

if TYPE_CHECKING:
    from daemon.core.draft import Draft

JUMP = timedelta(seconds=2)
"""Further off than this from what elapsed time makes it, the wall clock was set by somebody; less is what a
server of time corrects by and by."""

LONG_AGO = timedelta(days=2)
"""A wall clock that goes back further was wrong before: what was reckoned by it is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet(Fact):
    """From now on the time of day is reckoned from `at`: the wall clock jumped, or its trust changed."""

    reckoned: datetime | None
    """What the gate took the time of day for until now; None where it could not tell."""
    kind: Literal["clock_set"] = "clock_set"


AnyFact = ClockSet


def time_of_day(clock: Instant | None, mono: timedelta) -> datetime | None:
    """The wall time at `mono` of the running boot; None where no wall clock can be believed."""
    return clock.wall + (mono - clock.mono) if clock is not None and clock.trusted else None


def mono_at(clock: Instant, wall: datetime) -> timedelta:
    """When, on the clock of the running boot, it is `wall`."""
    return clock.mono + (wall - clock.wall)


def aware(moment: datetime, zone: tzinfo) -> datetime:
    """A moment that somebody wrote without an offset is meant in the site's own time."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def noticed(draft: Draft) -> None:
    """Look at the wall clock, and say so where it does not go on as it went."""
    clock, at = draft.state.clock, draft.at
    if clock is None:
        return
    reckoned = time_of_day(clock, at.mono)
    goes_on = not at.trusted if reckoned is None else at.trusted and abs(at.wall - reckoned) <= JUMP
    if not goes_on:
        draft.say(ClockSet(at=at, reckoned=reckoned))
