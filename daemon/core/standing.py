"""What a lane is told to be whoever comes: held open, locked, open in a fire.

The law of this file: part of `daemon.core.evolve`, and as total. The end of a hold or of a fire is the wish
to close; whether the boom may come down is `daemon.core.lane`'s to say.
"""

from __future__ import annotations

from dataclasses import replace

from daemon.core import hold_open
from daemon.core.fact import Fact
from daemon.core.fire import FireAlarmed, FireWasReset
from daemon.core.hold_open import HoldOpenEnded, HoldOpenStarted, LaneLocked, LaneUnlocked, Locked
from daemon.core.state import LaneState
from daemon.core.wall_clock import ClockSet


def of_every_lane(lane: LaneState, fact: Fact) -> LaneState:
    """What a fact about the whole site makes of one lane."""
    match fact:
        case FireAlarmed():
            return replace(lane, is_in_fire=True)
        case FireWasReset():
            return replace(lane, is_in_fire=False, close_from=fact.at.mono)
        case ClockSet():
            return replace(lane, held_open=hold_open.clock_set(lane.held_open, fact.at))
        case _:
            return lane


def of_one_lane(lane: LaneState, fact: Fact) -> LaneState:
    match fact:
        case HoldOpenStarted():
            return replace(lane, held_open=hold_open.started(fact))
        case HoldOpenEnded():
            return replace(lane, held_open=None, close_from=fact.at.mono)
        case LaneLocked():
            return replace(lane, locked=Locked(why=fact.why, by=fact.by))
        case LaneUnlocked():
            return replace(lane, locked=None)
        case _:
            return lane


SITE_WIDE = (FireAlarmed, FireWasReset, ClockSet)
"""The facts that every lane hears."""
