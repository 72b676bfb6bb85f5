"""Books of its own on what every lane is told to be: held open, locked, open in a fire.

The law of this file: as in `tests.core.watched`: nothing of what the core believes is asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.facts import (
    AccessGranted,
    AlertRaised,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    CarForcedIn,
    Fact,
    PassageClosed,
    StayOpened,
)
from daemon.core.fire import FireWasReset
from daemon.core.hold_open import HoldOpenEnded, HoldOpenStarted, LaneLocked, LaneUnlocked
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import Actor, FireInput, FireReported, Signal, Started

OF_RANK = ("leader", "supervisor")
UNGRANTED = (AlertKind.PASSED_WITHOUT_GRANT, AlertKind.TAILGATING)


class StandingOrders:
    """`hear` a signal, then `judge` the facts that it led to."""

    def __init__(self, lanes: Iterable[str]) -> None:
        self.lanes = set(lanes)
        self.held: set[str] = set()
        self.locked: set[str] = set()
        self.input = FireInput.UNKNOWN
        self.burns = False
        self._begins = False

    def hear(self, signal: Signal) -> None:
        self._begins = False
        match signal:
            case Started():
                self.input = FireInput.UNKNOWN
            case FireReported():
                self.input = signal.input
                self._begins = signal.input is FireInput.ALARM and not self.burns
                self.burns = self.burns or self._begins

    def judge(self, facts: tuple[Fact, ...], open_alerts: set[str], entries: set[str]) -> None:
        """`entries` are the lanes that lead in."""
        if self._begins:
            raised = {fact.lane for fact in facts if isinstance(fact, BoomRaiseOrdered)}
            assert raised == self.lanes, f"there is a fire, and only {raised} were raised"
            assert any(isinstance(fact, AlertRaised) and fact.alert is AlertKind.FIRE for fact in facts)
        for fact in facts:
            self._note(fact)
            self._judge(fact, facts, open_alerts, entries)

    def _note(self, fact: Fact) -> None:
        lane = fact.lane or ""
        match fact:
            case HoldOpenStarted():
                assert fact.by.role in OF_RANK
                self.held.add(lane)
            case HoldOpenEnded():
                self.held.remove(lane)
            case LaneLocked():
                assert fact.by.role in OF_RANK
                self.locked.add(lane)
            case LaneUnlocked():
                assert fact.by.role in OF_RANK
                self.locked.remove(lane)
            case FireWasReset():
                assert fact.by.role in OF_RANK
                assert self.input is FireInput.QUIET, f"the fire was over while its input was {self.input}"
                self.burns = False

    def _judge(self, fact: Fact, facts: tuple[Fact, ...], open_alerts: set[str], entries: set[str]) -> None:
        lane = fact.lane or ""
        match fact:
            case BoomLowerOrdered():
                assert not self.burns, f"{lane} was lowered in a fire"
                assert lane not in self.held, f"{lane} was lowered while it is held open"
            case AccessGranted() if lane in self.locked and not self.burns:
                assert _is_of_rank(fact.by), f"{lane} is locked, and {fact.by or 'a rule'} let a car through"
            case BoomRaiseOrdered() if lane in self.locked and not self.burns:
                is_new = fact.reason not in (Reason.LOOP_OCCUPIED_WHILE_LOWERING, Reason.GUARD)
                assert not is_new or _is_of_rank(fact.by), f"{lane} is locked, and rose for {fact.reason}"
            case CarForcedIn():
                assert not self.burns
                assert lane not in self.held, f"{lane} is held open: nobody forces his way in"
                assert any(f"{kind}:{lane}" in open_alerts for kind in UNGRANTED), "nobody was told"
            case PassageClosed(outcome="passed" | "forced") if lane in entries:
                opened = [stay for stay in facts if isinstance(stay, StayOpened)]
                assert fact.passage in {stay.passage for stay in opened}, "driven in, and not inside"


def _is_of_rank(by: Actor | None) -> bool:
    return by is not None and by.role in OF_RANK
