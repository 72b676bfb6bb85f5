"""A lane held open for a while (R27), or locked (a person of rank alone opens it): what is asked and kept.

The law of this file: a hold has an end and ends by itself. Its length is elapsed time within one boot; the
wall clock is asked only where no elapsed time is known, after a reboot. What follows from asking is in
`daemon.core.lane_desk`; that nothing lowers a boom which is held, in `daemon.core.lane.why_not_lower`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from daemon.core.fact import Fact
from daemon.core.signals import Actor, Instant, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOpen:
    """One hold of one lane, as the running boot sees it."""

    began: Instant
    until: datetime
    due: timedelta
    """When it ends, on the clock of the running boot."""
    due_is_sure: bool
    why: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    why: str
    by: Actor


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOpen(Request):
    """Hold a lane open for a convoy, a wedding, a removal; asked again, the new end counts."""

    lane: str
    until: datetime
    reason: str
    kind: Literal["hold_open"] = "hold_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHoldOpen(Request):
    """End it before its time; the boom comes down when the lane is clear."""

    lane: str
    reason: str
    kind: Literal["end_hold_open"] = "end_hold_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockLane(Request):
    """From now on only a shift leader or supervisor opens this lane."""

    lane: str
    reason: str
    kind: Literal["lock_lane"] = "lock_lane"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockLane(Request):
    lane: str
    reason: str
    kind: Literal["unlock_lane"] = "unlock_lane"


AnyRequest = HoldOpen | EndHoldOpen | LockLane | UnlockLane


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOpenStarted(Fact):
    until: datetime
    lasts: timedelta
    """From `at`, as elapsed time."""
    why: str
    by: Actor
    kind: Literal["hold_open_started"] = "hold_open_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOpenEnded(Fact):
    """`by` is None where its time was over."""

    why: str = ""
    by: Actor | None = None
    kind: Literal["hold_open_ended"] = "hold_open_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLocked(Fact):
    why: str
    by: Actor
    kind: Literal["lane_locked"] = "lane_locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneUnlocked(Fact):
    why: str
    by: Actor
    kind: Literal["lane_unlocked"] = "lane_unlocked"


AnyFact = HoldOpenStarted | HoldOpenEnded | LaneLocked | LaneUnlocked


# ---------------------------------------------------------------- what is kept in mind


def started(fact: HoldOpenStarted) -> HeldOpen:
    return HeldOpen(
        began=fact.at,
        until=fact.until,
        due=fact.at.mono + fact.lasts,
        due_is_sure=True,
        why=fact.why,
        by=fact.by,
    )


def restarted(held: HeldOpen | None, at: Instant) -> HeldOpen | None:
    """The hold goes on. After a reboot its end is reckoned by a wall clock that can be believed.

    While there is none, it lasts its whole length anew: it ends by itself in any case.
    """
    if held is None or at.boot == held.began.boot:
        return held
    return replace(held, due=at.mono + _left(held, at), due_is_sure=at.trusted)


def clock_set(held: HeldOpen | None, at: Instant) -> HeldOpen | None:
    """A clock that is to be believed at last says how long a hold of the boot before still lasts."""
    if held is None or held.due_is_sure or not at.trusted:
        return held
    return replace(held, due=at.mono + _left(held, at), due_is_sure=True)


def _left(held: HeldOpen, at: Instant) -> timedelta:
    """How long it still lasts, by the wall clock where that is believed; never longer than it was to last:
    the clock that its end was reckoned by may have been years ahead."""
    whole = held.until - held.began.wall
    return min(max(held.until - at.wall, timedelta(0)), whole) if at.trusted else whole
