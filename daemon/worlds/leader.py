"""The shift leader at the lanes: held open for a convoy, locked for works; and after a fire.

The law of this file: the leader does what only a leader may, and guards try it before. In the end every lane
is as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from daemon.core.facts import Fact
from daemon.core.fire import ResetFire
from daemon.core.hold_open import EndHoldOpen, HoldOpen, LockLane, UnlockLane
from daemon.core.signals import Actor, Request
from daemon.core.state import LaneState
from daemon.worlds.gate import Gate
from daemon.worlds.persons import GUARDS, LEADER, SUPERVISOR
from daemon.worlds.scene import Scene
from daemon.worlds.site import Lane


class Leader:
    def __init__(self, *, random: Random, scene: Scene, lanes: Sequence[Lane]) -> None:
        self._random = random
        self._scene = scene
        self._lanes = lanes

    def wakes(self, until_s: float) -> None:
        random = self._random
        for lane in self._lanes:
            if random.random() < 0.25:
                self._scene.later(random.uniform(10.0, until_s), lambda lane=lane: self._holds(lane))  # type: ignore[misc]  # bound now
            if random.random() < 0.15:
                self._scene.later(random.uniform(10.0, until_s), lambda lane=lane: self._locks(lane))  # type: ignore[misc]  # bound now
        self._looks_at_fire(until_s)

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        """The leader is on the way, and looks at the panel there."""

    def calms_down(self) -> None:
        self._puts_right()

    # ------------------------------------------------------------ a lane

    def _lane(self, lane: Lane) -> LaneState | None:
        shown = self._scene.shown
        return shown.lanes[lane.name] if shown is not None else None

    def _asks(self, request: Request) -> None:
        """A guard tries it first, as often as not."""
        if self._random.random() < 0.3:
            self._scene.asks(GUARDS[0], request)
        self._scene.asks(LEADER, request)

    def _holds(self, lane: Lane) -> None:
        lasts = timedelta(seconds=self._random.uniform(8.0, 50.0))
        until = self._scene.outside.now().wall + lasts
        self._asks(HoldOpen(lane=lane.name, until=until, reason="婚车车队"))
        if self._random.random() < 0.4:
            self._scene.later(self._random.uniform(3.0, 40.0), lambda: self._ends(lane))

    def _ends(self, lane: Lane) -> None:
        now = self._lane(lane)
        if now is not None and now.held_open is not None:
            self._asks(EndHoldOpen(lane=lane.name, reason="车队已过"))

    def _locks(self, lane: Lane) -> None:
        self._asks(LockLane(lane=lane.name, reason="施工"))
        self._scene.later(self._random.uniform(10.0, 60.0), lambda: self._unlocks(lane))

    def _unlocks(self, lane: Lane) -> None:
        now = self._lane(lane)
        if now is None:
            self._scene.later(5.0, lambda: self._unlocks(lane))
        elif now.locked is not None:
            self._asks(UnlockLane(lane=lane.name, reason="完工"))

    # ------------------------------------------------------------ a fire

    def _looks_at_fire(self, until_s: float) -> None:
        """Somebody always wants the booms down again; who may, and when, is not theirs to say."""
        shown = self._scene.shown
        if shown is not None and shown.fire.is_alarmed:
            actor: Actor = self._random.choice((GUARDS[0], GUARDS[1], LEADER, SUPERVISOR))
            self._scene.asks(actor, ResetFire(reason="误报"))
        if self._scene.outside.elapsed_s < until_s:
            self._scene.later(self._random.uniform(4.0, 20.0), lambda: self._looks_at_fire(until_s))

    def _puts_right(self) -> None:
        """Until everything is as it was, at the end of the day."""
        shown = self._scene.shown
        if shown is not None:
            for lane in shown.lanes.values():
                if lane.held_open is not None:
                    self._scene.asks(LEADER, EndHoldOpen(lane=lane.id, reason="下班"))
                if lane.locked is not None:
                    self._scene.asks(LEADER, UnlockLane(lane=lane.id, reason="下班"))
            if shown.fire.is_alarmed:
                self._scene.asks(LEADER, ResetFire(reason="已查看"))
        self._scene.later(5.0, self._puts_right)
