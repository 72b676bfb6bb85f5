"""What must never be seen from outside: judged at the lane, the moment it happens, with the model's own eyes.

The law of this file: a law is excused only by what the gate cannot know or cannot help, and each excuse is
named: a process that is dead or stalls, a disk that refuses, a sensor that lies, a body that trips no loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.core.facts import ActionRefused, BoomLowerOrdered, BoomRaiseOrdered, BoomStopOrdered, Fact
from daemon.core.reasons import Reason
from daemon.core.signals import LoopState, Signal
from daemon.worlds.devices import Life
from daemon.worlds.outside import Outside
from daemon.worlds.site import TRAVEL_S, Broken, Given, Lane

REACTION_S = 0.1
"""From the loop's edge; GB/T 24973 has an open signal while lowering raise at once."""

BUTTON_S = 1.0
SETTLED_S = 2.0
"""After an edge, or after a refusing disk: by then the gate must know."""

_CAUSES = frozenset({"passage_closed", "boom_raise_ordered", "hold_open_ended"})
"""What a lowering can follow from, beside what a person has asked for."""

_FOR_RANK = frozenset({Reason.LANE_LOCKED, Reason.LEADER_DECIDES, Reason.SUPERVISOR_DECIDES})

_OPPOSITE = {LoopState.FREE: True, LoopState.OCCUPIED: False}


@dataclass(frozen=True, slots=True)
class Violation:
    law: str
    what: str
    at_s: float


class Witness:
    """Looks at the lanes. `hindered_since(at)` says that the gate could not act at some time since then."""

    def __init__(
        self,
        outside: Outside,
        lanes: list[Lane],
        accuse: Callable[[str, str], None],
        hindered_since: Callable[[float], bool],
        life: Callable[[], Life],
    ) -> None:
        self._outside = outside
        self.accuse = accuse
        self._hindered_since = hindered_since
        self._life = life
        self._safety: dict[str, tuple[bool | Broken, float]] = {}
        self._lies_until: dict[str, float] = {}
        """By when what the sensors of a lane said is of no consequence any more."""
        self._may_lower: set[tuple[str, int]] = set()
        """(lane, life) in which something has happened that a lowering can follow from."""
        self._left_to_rank: dict[str, float] = {}
        """When a press at a lane was last refused because it takes somebody of rank."""
        for lane in lanes:
            self._safety[lane.name] = (lane.contact("safety"), 0.0)
            lane.told.append(self._looks_at(lane))
            lane.on_pulse = self._pulsed(lane)
            lane.on_struck = self._struck(lane)

    def lies(self, lane: Lane, seconds: float) -> None:
        """A sensor of this lane says what is not so, for that long and as long again as a boom needs."""
        until = self._outside.elapsed_s + seconds + 2 * TRAVEL_S
        self._lies_until[lane.name] = max(self._lies_until.get(lane.name, 0.0), until)

    def facts(self, signal: Signal, facts: tuple[Fact, ...]) -> None:
        """What the gate has just held to be so."""
        orders = [
            fact for fact in facts if isinstance(fact, BoomRaiseOrdered | BoomLowerOrdered | BoomStopOrdered)
        ]
        if orders and any(isinstance(fact, ActionRefused) for fact in facts):
            self.accuse("a refused command moves nothing", f"{signal} was refused, and {orders[0].kind}")
        for fact in facts:
            if isinstance(fact, ActionRefused) and fact.reason in _FOR_RANK and fact.lane is not None:
                self._left_to_rank[fact.lane] = self._outside.elapsed_s
            kind = getattr(fact, "kind", "")
            if kind in _CAUSES or getattr(fact, "by", None) is not None:
                lanes = [fact.lane] if fact.lane is not None else self._safety
                self._may_lower |= {(lane, self._life().number) for lane in lanes}

    def believes(self, lane: Lane, safety: LoopState) -> None:
        """What the gate holds its safety loop to be, at any time at which it has had time to notice."""
        says, since = self._safety[lane.name]
        is_settled = self._outside.elapsed_s - since >= SETTLED_S
        if is_settled and safety in _OPPOSITE and says is _OPPOSITE[safety]:
            self.accuse(
                "the gate knows what its loops say",
                f"{lane.name}: held to be {safety}, and is {_words(says)}",
            )

    def presses_button(self, lane: Lane) -> None:
        pressed_at, before = self._outside.elapsed_s, len(lane.given)
        lane.presses_button()

        def look() -> None:
            was_raised = any(given.pulse == "raise" for given in lane.given[before:])
            is_for_rank = self._left_to_rank.get(lane.name, -1.0) >= pressed_at
            if not was_raised and not is_for_rank and not self._hindered_since(pressed_at - BUTTON_S):
                self.accuse("the guard's button works", f"{lane.name}: pressed, and nothing moved")

        self._outside.later(BUTTON_S, look)

    # ------------------------------------------------------------ the lane

    def _looks_at(self, lane: Lane) -> Callable[[], None]:
        def look() -> None:
            says, now = lane.contact("safety"), self._outside.elapsed_s
            if says != self._safety[lane.name][0]:
                self._safety[lane.name] = (says, now)
                if says is True and lane.is_lowering:
                    before = len(lane.given)
                    self._outside.later(REACTION_S, lambda: self._has_raised(lane, before, now))

        return look

    def _has_raised(self, lane: Lane, before: int, since: float) -> None:
        was_raised = any(given.pulse == "raise" for given in lane.given[before:])
        if not was_raised and not self._hindered_since(since - REACTION_S) and not self.is_lied_to(lane):
            self.accuse(
                "a car under a lowering boom raises it", f"{lane.name}: no raise within {REACTION_S} s"
            )

    def _pulsed(self, lane: Lane) -> Callable[[Given], None]:
        def pulsed(given: Given) -> None:
            if given.pulse != "lower":
                return
            says, since = self._safety[lane.name]
            if says is not False and given.at_s - since >= REACTION_S:
                self.accuse(
                    "never lowered on a car",
                    f"{lane.name}: lowered, its safety loop {_words(says)} for {given.at_s - since:.2f} s",
                )
            # The facts of the decision come to be known right after their orders.
            self._outside.later(0.05, lambda: self._had_a_reason(given))

        return pulsed

    def _had_a_reason(self, given: Given) -> None:
        if (given.lane, given.life) not in self._may_lower and given.life == self._life().number:
            self.accuse(
                "nothing closes because of a start", f"{given.lane}: lowered for no reason of this run"
            )

    def _struck(self, lane: Lane) -> Callable[[], None]:
        def struck() -> None:
            under = [body for body in lane.bodies if body.on_safety]
            is_felt = any(body.trips_loops for body in under)
            if (
                is_felt
                and not self.is_lied_to(lane)
                and not self._hindered_since(self._outside.elapsed_s - TRAVEL_S)
            ):
                self.accuse("never lowered on a car", f"{lane.name}: the boom came down on a car")

        return struck

    def is_lied_to(self, lane: Lane) -> bool:
        return bool(lane.broken) or self._outside.elapsed_s < self._lies_until.get(lane.name, 0.0)


def _words(says: bool | Broken) -> str:
    return {True: "occupied", False: "free"}.get(says, str(says)) if isinstance(says, bool) else str(says)
