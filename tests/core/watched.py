"""A gate under watch: every decision is looked at from outside before the next one is made.

The law of this file: nothing of what the core believes is asked. What the loops last said and what the booms
were last told is kept here, in books of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from daemon.core.decide import decide
from daemon.core.evolve import evolve_all
from daemon.core.facts import (
    AccessGranted,
    ActionRefused,
    AlertRaised,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    Fact,
)
from daemon.core.lane import DECIDED
from daemon.core.signals import Boom, BoomReported, Loop, LoopChanged, LoopState, Signal, Started
from daemon.core.state import State
from tests.core.rig import ORDERS, GateRig
from tests.core.standing_books import StandingOrders


class Watched(GateRig):
    """The rig, with an inspector beside it: an AssertionError is a broken promise of the core."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.safety: dict[str, LoopState] = {}
        self.position: dict[str, Boom] = {}
        self.lowering_until: dict[str, timedelta] = {}
        """Lanes whose boom was told to come down, and until when it may still be on its way."""
        self.standing: StandingOrders | None = None
        super().__init__(*args, **kwargs)

    def _handle(self, signal: Signal) -> tuple[Fact, ...]:
        before = self.engine.state
        seen = contents(before)
        expected = decide(before, signal)
        assert decide(before, signal) == expected, "the same signal in the same state says the same"
        assert contents(before) == seen, "decide changed the state that it was given"
        self._notice(signal)
        if self.standing is None:
            self.standing = StandingOrders(self.booms)
        self.standing.hear(signal)
        needs_raise = self._is_coming_down_on_a_car(signal)
        facts = super()._handle(signal)
        assert facts == expected
        assert evolve_all(before, facts) == self.engine.state
        if any(isinstance(fact, ActionRefused) for fact in facts):
            assert len(facts) == 1
            assert self.engine.state == before, "what is refused changes nothing"
        entries = {name for name in self.booms if self.lane(name).direction == "entry"}
        self.standing.judge(facts, set(before.alerts) | _raised(facts), entries)
        for lane in needs_raise:
            assert any(isinstance(fact, BoomRaiseOrdered) and fact.lane == lane for fact in facts), (
                f"{lane}: a car came under the lowering boom, and the same decision did not raise it"
            )
        for fact, then in zip_longest(facts, facts[1:]):
            if isinstance(fact, BoomLowerOrdered):
                assert self.safety[fact.lane or ""] is LoopState.FREE, f"lowered over {self.safety}"
            if isinstance(fact, AccessGranted):
                assert isinstance(then, BoomRaiseOrdered)
                assert then.passage == fact.passage
            self._note_order(fact)
        for name in self.booms:
            orders = [ORDERS[type(fact)] for fact in facts if type(fact) in ORDERS and fact.lane == name]
            if orders and orders[-1] == "lower":
                assert self.lane(name).phase not in DECIDED, "closed in front of a car that was let through"
        return facts

    def _notice(self, signal: Signal) -> None:
        match signal:
            case Started():
                self.safety = dict.fromkeys(self.booms, LoopState.UNKNOWN)
                self.position = dict.fromkeys(self.booms, Boom.UNKNOWN)
                self.lowering_until = {}
            case LoopChanged(loop=Loop.SAFETY):
                self.safety[signal.lane] = signal.state
            case BoomReported():
                self.position[signal.lane] = signal.boom
                if signal.boom is Boom.DOWN:
                    self.lowering_until.pop(signal.lane, None)

    def _is_coming_down_on_a_car(self, signal: Signal) -> list[str]:
        if not isinstance(signal, LoopChanged) or signal.loop is not Loop.SAFETY:
            return []
        until = self.lowering_until.get(signal.lane)
        if signal.state is not LoopState.OCCUPIED or until is None or signal.at.mono >= until:
            return []
        return [signal.lane]

    def _note_order(self, fact: Fact) -> None:
        order, lane = ORDERS.get(type(fact)), fact.lane or ""
        if order in ("raise", "stop"):
            self.lowering_until.pop(lane, None)
        if order == "lower" and self.position[lane] is not Boom.DOWN:
            rules = self.lane(lane).rules
            travel = timedelta(days=999) if rules.has_limit_switches else rules.boom_travel
            self.lowering_until[lane] = fact.at.mono + travel

    def restart(self) -> tuple[Fact, ...]:
        self.check_replay()
        return super().restart()


def _raised(facts: tuple[Fact, ...]) -> set[str]:
    return {fact.alert_id for fact in facts if isinstance(fact, AlertRaised)}


def contents(state: State) -> dict[str, object]:
    """All of a state, in values that a later change of it could not reach: what lies in them is frozen."""
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
