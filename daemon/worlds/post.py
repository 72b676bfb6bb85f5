"""The guard's post: who is on duty, how one hands over to the next, the drawer, the rounds.

The law of this file: at each look everybody does the next thing that the panel says is missing, as people do
who were interrupted; and now and then what is not allowed. Shifts change in the middle of whatever goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from daemon.core.facts import Fact
from daemon.core.rounds import CheckIn
from daemon.core.shifts import CheckEquipment, PrepareHandover, SignHandover, SignOff, SignOn, StandIn
from daemon.core.signals import Actor, Request
from daemon.core.state import State
from daemon.core.till import AcknowledgeCash, CountCash, HandInCash
from daemon.worlds.devices import Desk
from daemon.worlds.gate import Gate
from daemon.worlds.persons import GUARDS, LEADER, OFFICE
from daemon.worlds.premises import EQUIPMENT, PATROL_CARD, ROUND, STAFF
from daemon.worlds.scene import Scene

Step = tuple[Actor, Request] | None


class Post:
    def __init__(self, *, random: Random, scene: Scene, desks: Mapping[str, Desk]) -> None:
        self._random = random
        self._scene = scene
        self._desks = desks
        self._turn = 0

    def wakes(self, until_s: float) -> None:
        self._look(until_s)
        self._walk(until_s)
        for _ in range(self._random.choice((1, 1, 2))):
            self._scene.later(self._random.uniform(20.0, until_s), self._change)

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        """They look at the panel when they come to it."""

    def calms_down(self) -> None:
        """The post is never left."""

    def _change(self) -> None:
        self._turn += 1

    # ------------------------------------------------------------ one shift, and the next

    def _look(self, until_s: float) -> None:
        shown = self._scene.shown
        if shown is not None:
            step = self._next(shown)
            if step is not None:
                self._does(*step)
        if self._scene.outside.elapsed_s < until_s:
            self._scene.later(self._random.uniform(2.0, 6.0), lambda: self._look(until_s))

    def _does(self, actor: Actor, request: Request) -> None:
        card = STAFF[actor.name]
        if isinstance(request, SignOn) and self._random.random() < 0.5:
            desk = self._random.choice(list(self._desks.values()))
            desk.sends(desk.shows(card))
            return
        self._scene.asks(actor, request)
        if self._random.random() < 0.2:  # a double click
            self._scene.later(self._random.choice((0.0, 0.2)), lambda: self._scene.asks(actor, request))

    def _next(self, shown: State) -> Step:
        """The next thing that is missing, whoever has to do it."""
        random, shifts = self._random, shown.shifts
        self._hand_ins(shown)
        wanted = GUARDS[self._turn % len(GUARDS)]
        if shifts.on_duty is None:
            return wanted, SignOn()
        if shifts.relieved and random.random() < 0.5:
            return _named(shifts.relieved[0]), SignOff()
        giving = shifts.on_duty.guard
        if giving.name == wanted.name:
            return None
        if random.random() < 0.06:
            return LEADER, StandIn(reason="接班人没到")
        if random.random() < 0.06:
            return giving, SignOff()
        if all(wanted.name != one.name for one in shifts.arrived):
            return wanted, SignOn()
        return self._hands_over(shown, giving, wanted)

    def _hands_over(self, shown: State, giving: Actor, taking: Actor) -> Step:
        shifts = shown.shifts
        unchecked = next((item for item in EQUIPMENT if item not in shifts.equipment), None)
        if unchecked is not None:
            return giving, CheckEquipment(item=unchecked)
        takings = shown.till.takings(shown.till.shift)
        if takings is not None and takings.in_drawer > 0:
            if takings.counted is not None:
                return giving, HandInCash(to="物业财务")
            missing = self._random.choice((0, 0, 0, 100))
            counted = max(takings.in_drawer - missing, 0)
            return giving, CountCash(counted_fen=counted, explanation="找零" if missing else "")
        if shifts.listed is None or shifts.listed.by.name != giving.name:
            return giving, PrepareHandover(cash_fen=takings.in_drawer if takings is not None else None)
        return taking, SignHandover()

    def _hand_ins(self, shown: State) -> None:
        """The office signs for the cash that it was brought, sometimes for less, sometimes twice."""
        for handed_in in shown.till.on_the_way.values():
            less = self._random.choice((0, 0, 0, 50))
            received = max(handed_in.fen - less, 0)
            remark = "少了" if received != handed_in.fen else ""
            request = AcknowledgeCash(number=handed_in.number, received_fen=received, remark=remark)
            self._scene.asks(OFFICE, request)

    # ------------------------------------------------------------ rounds

    def _walk(self, until_s: float) -> None:
        """Somebody shows the patrol card at a reader, or says at the panel that he has been round."""
        if self._random.random() < 0.7:
            desk = self._random.choice(list(self._desks.values()))
            desk.sends(desk.shows(PATROL_CARD))
        else:
            finding = self._random.choice(("", "", "灯不亮"))
            self._scene.asks(self._random.choice(GUARDS), CheckIn(duty=ROUND, finding=finding))
        if self._scene.outside.elapsed_s < until_s:
            self._scene.later(self._random.uniform(15.0, 90.0), lambda: self._walk(until_s))


def _named(name: str) -> Actor:
    return next(one for one in (*GUARDS, LEADER) if one.name == name)
