"""The guards at their panel: whom they let through, whom they send away, what they press besides.

The law of this file: a guard sees the panel and, out of the window, the boom and the queue. He clicks twice,
two of them click at once, and what is not his to decide he tries all the same before he calls somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Literal

from daemon.core.facts import AccessRefused, ActionRefused, CarHeld, Fact
from daemon.core.lane import DECIDED
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, GuardAsked
from daemon.worlds.cashdesk import CashDesk
from daemon.worlds.gate import Gate
from daemon.worlds.laws import Witness
from daemon.worlds.people import Driver, Kind, Place, Queue
from daemon.worlds.persons import GUARDS, LEADER, SUPERVISOR
from daemon.worlds.scene import Scene

Action = Literal["release", "refuse"]
Press = Literal["open", "close", "stop"]

_OVER_MONEY = frozenset({Reason.CHARGE_UNPAID, Reason.CHARGE_DOUBTFUL})
_CALLED = {
    Reason.LEADER_DECIDES: LEADER,
    Reason.LANE_LOCKED: LEADER,
    Reason.SUPERVISOR_DECIDES: SUPERVISOR,
    Reason.IDENTITY_NEEDED: LEADER,
}
"""Whom a guard calls when the panel tells him that it is not his to decide."""


class Guardhouse:
    def __init__(
        self,
        *,
        random: Random,
        scene: Scene,
        queues: Mapping[str, Queue],
        cashdesk: CashDesk,
        witness: Callable[[], Witness],
    ) -> None:
        self._random = random
        self._scene = scene
        self._queues = queues
        self._cashdesk = cashdesk
        self._witness = witness

    def wakes(self, until_s: float) -> None:
        for lane in self._queues:
            self._now_and_then(lane, until_s)

    def calms_down(self) -> None:
        """They go on: somebody has to close what stands open."""

    # ------------------------------------------------------------ cars that wait

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        del gate
        for fact in facts:
            match fact:
                case CarHeld(reason=reason, lane=str(lane)) if reason in _OVER_MONEY:
                    self._cashdesk.must_pay(fact, self._queues[lane].front)
                case CarHeld():
                    self._decides(fact)
                case AccessRefused(lane=str(lane)) if lane in self._queues:
                    self._queues[lane].turns_away()
                case ActionRefused(action="release" | "refuse" | "open", reason=reason, lane=str(lane)):
                    self._calls(_CALLED.get(reason), lane)
                case _:
                    pass

    def _decides(self, held: CarHeld) -> None:
        random, lane = self._random, held.lane or ""
        front = self._queues[lane].front
        is_wrong = front is None or front.kind is Kind.CLONED_CARD
        action: Action = "refuse" if is_wrong or random.random() < 0.1 else "release"
        plate = front.car.plate if front is not None else ""
        stay = next((one.stay_id for one in held.candidates if one.plate == plate), None)
        asked = GuardAsked(
            at=self._scene.outside.now(),
            actor=GUARDS[0],
            lane=lane,
            action=action,
            reason="看过车辆",
            passage=held.passage,
            resync=held.reason in (Reason.ALREADY_INSIDE, Reason.NOT_INSIDE),
            stay=stay,
        )
        delay_s = random.uniform(1.0, 12.0)
        self._asks(asked, delay_s)
        if random.random() < 0.3:  # a double click
            self._asks(asked, delay_s + random.choice((0.0, 0.2)))
        if random.random() < 0.2:  # two guards at two desks
            other: Action = random.choice(("release", "refuse"))
            self._asks(replace(asked, actor=GUARDS[1], action=other), delay_s + random.uniform(0, 1))

    def _calls(self, person: Actor | None, lane: str) -> None:
        """Somebody entitled comes and decides about whoever stands there then."""
        if person is None:
            return
        action: Action = "release" if self._random.random() < 0.5 else "refuse"
        self._scene.later(
            self._random.uniform(2.0, 10.0), lambda: self._decides_in_person(person, lane, action)
        )

    def _decides_in_person(self, person: Actor, lane: str, action: Action) -> None:
        shown = self._scene.shown
        car = shown.lanes[lane].passage if shown is not None else None
        if shown is None or car is None or shown.lanes[lane].phase in DECIDED:
            return
        self._scene.asks_at_lane(
            GuardAsked(
                at=self._scene.outside.now(),
                actor=person,
                lane=lane,
                action=action,
                reason="到场处理",
                passage=car.id,
            )
        )

    def _asks(self, asked: GuardAsked, delay_s: float) -> None:
        now = self._scene.outside.now
        self._scene.later(delay_s, lambda: self._scene.asks_at_lane(replace(asked, at=now())))

    # ------------------------------------------------------------ out of the window

    def _now_and_then(self, lane: str, until_s: float) -> None:
        """What guards do besides: look, press, change their minds, and close what stands open."""
        random, queue = self._random, self._queues[lane]
        if self._scene.outside.elapsed_s < until_s and random.random() < 0.25:
            action: Press | None = random.choice(("open", "close", "stop", None, None))
            if action is None:
                self._witness().presses_button(queue.lane)
            else:
                self._says(lane, action)
        elif queue.front is None and not queue.waiting and queue.lane.place > 0.9:
            self._says(lane, "close")
        elif queue.front is not None and self._waits_in_vain(queue.front):
            self._witness().presses_button(queue.lane)
        self._scene.later(random.uniform(5, 20), lambda: self._now_and_then(lane, until_s))

    def _waits_in_vain(self, driver: Driver) -> bool:
        return driver.place is Place.AT_BOOM and self._scene.outside.elapsed_s - driver.arrived_s > 35

    def _says(self, lane: str, action: Press) -> None:
        actor = self._random.choice(GUARDS[:2])
        at = self._scene.outside.now()
        self._scene.asks_at_lane(GuardAsked(at=at, actor=actor, lane=lane, action=action, reason="值班"))
