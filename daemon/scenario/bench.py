"""A gate on the bench: the real engine, the real store, a boom that moves, a clock turned by hand.

What is done to it is said the way a guard would say it. Everything below the edges is the shipped code; the
bench only owns what is outside: where cars stand, what a boom does with an order, and the time. After every
story `finish` proves that the ledger alone gives the same state and the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from daemon.core.decide import next_deadline
from daemon.core.evolve import evolve_all
from daemon.core.facts import BoomLowerOrdered, BoomRaiseOrdered, BoomStopOrdered, Fact
from daemon.core.signals import (
    Actor,
    Asked,
    Boom,
    BoomReported,
    CardRead,
    DeviceLost,
    DeviceRestored,
    DirectoryGiven,
    GuardAsked,
    Loop,
    LoopChanged,
    LoopState,
    Permit,
    PlateRead,
    Request,
    Signal,
    Started,
    TimerElapsed,
)
from daemon.core.state import USUAL_SITE, LaneRules, LaneState, SiteRules, empty_state
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store, tables

GUARD = Actor(name="李门岗", role="guard")
LEADER = Actor(name="周班长", role="leader")
SUPERVISOR = Actor(name="陈主管", role="supervisor")
OFFICE = Actor(name="物业", role="office")

ORDERS: dict[type[Fact], Literal["raise", "lower", "stop"]] = {
    BoomRaiseOrdered: "raise",
    BoomLowerOrdered: "lower",
    BoomStopOrdered: "stop",
}


def entry(lane: str = "entry-1", **rules: Any) -> LaneRules:
    return LaneRules(**{"id": lane, "name": lane, "direction": "entry", "mode": "card_and_plate", **rules})


def exit_(lane: str = "exit-1", **rules: Any) -> LaneRules:
    return LaneRules(**{"id": lane, "name": lane, "direction": "exit", "mode": "card_and_plate", **rules})


def permit(key: str, card: str, plate: str, **more: Any) -> Permit:
    return Permit(**{"id": key, "card": card, "plate": plate, "holder": key, "household": "1-101", **more})


@dataclass
class ModelBoom:
    """A boom as iron: an order sets it going, and it arrives when its time is over."""

    at: Boom = Boom.DOWN
    goal: Boom = Boom.DOWN
    due: timedelta | None = None
    travel: timedelta = timedelta(seconds=2)
    is_stuck: bool = False
    has_limit_switches: bool = True


class Bench:
    """One gate of some lanes; lanes are known by their id, and the first one is meant where none is said."""

    def __init__(
        self,
        folder: Path,
        lanes: Iterable[LaneRules],
        permits: Iterable[Permit] = (),
        site: SiteRules = USUAL_SITE,
    ) -> None:
        self.rules = tuple(lanes)
        self.site = site
        self.clock = ManualClock()
        self.store = Store(folder, ballast_bytes=0)
        self.store.open()
        self._opened(self.store)
        self.facts: list[Fact] = []
        self.orders: list[tuple[str, str]] = []
        self.booms = {
            rules.id: ModelBoom(has_limit_switches=rules.has_limit_switches) for rules in self.rules
        }
        self.loops: dict[tuple[str, Loop], LoopState] = {}
        self._tracks = 0
        self._boots = 1
        self.engine = self._engine()
        self.start()
        self.permits(*permits)

    def _opened(self, store: Store) -> None:
        """For whoever wants to look at the file beside it."""

    def _engine(self) -> Engine:
        state = evolve_all(empty_state(self.rules, self.site), (fact for _, fact in self.store.facts()))
        return Engine(state=state, store=self.store, clock=self.clock, perform=self._perform)

    def start(self) -> None:
        """The daemon comes up, and the loops and limit switches are read for the first time."""
        self.send(Started(at=self.now, version="bench"))
        for rules in self.rules:
            if rules.has_approach_loop:
                self.loop(self._at(rules.id, Loop.APPROACH), Loop.APPROACH, rules.id)
            self.loop(self._at(rules.id, Loop.SAFETY), Loop.SAFETY, rules.id)
            self._report_boom(rules.id)

    def _at(self, lane: str, loop: Loop) -> LoopState:
        return self.loops.get((lane, loop), LoopState.FREE)

    # ------------------------------------------------------------ the way in and the way out

    @property
    def now(self) -> Any:
        return self.clock.now()

    def send(self, signal: Signal) -> tuple[Fact, ...]:
        """One signal all the way round, then whatever the booms have to report at once."""
        before = len(self.facts)
        self._handle(signal)
        self._let_booms_report()
        return tuple(self.facts[before:])

    def _handle(self, signal: Signal) -> tuple[Fact, ...]:
        facts = self.engine.handle(signal)
        self.facts.extend(facts)
        return facts

    def _perform(self, fact: Fact) -> None:
        order = ORDERS.get(type(fact))
        if order is None:
            return
        assert fact.lane is not None
        self.orders.append((fact.lane, order))
        boom = self.booms[fact.lane]
        if boom.is_stuck:
            return
        boom.goal = {"raise": Boom.UP, "lower": Boom.DOWN, "stop": Boom.MOVING}[order]
        if boom.goal is not boom.at:
            boom.at = Boom.MOVING
            boom.due = None if order == "stop" else self.clock.mono + boom.travel

    def _let_booms_report(self) -> None:
        for lane, boom in self.booms.items():
            if boom.due is not None and boom.due <= self.clock.mono:
                boom.at, boom.due = boom.goal, None
            self._report_boom(lane)

    def _report_boom(self, lane: str) -> None:
        boom = self.booms[lane]
        if boom.has_limit_switches and self.lane(lane).boom is not boom.at:
            self._handle(BoomReported(at=self.now, lane=lane, boom=boom.at))

    # ------------------------------------------------------------ what happens at the gate

    def permits(self, *permits: Permit) -> tuple[Fact, ...]:
        return self.send(DirectoryGiven(at=self.now, actor=OFFICE, permits=permits))

    def loop(self, state: LoopState, loop: Loop, lane: str | None = None) -> tuple[Fact, ...]:
        lane = lane or self.rules[0].id
        if state is not LoopState.UNKNOWN:
            self.loops[lane, loop] = state
        return self.send(LoopChanged(at=self.now, lane=lane, loop=loop, state=state))

    def car_arrives(self, lane: str | None = None) -> tuple[Fact, ...]:
        return self.loop(LoopState.OCCUPIED, Loop.APPROACH, lane)

    def car_backs_off(self, lane: str | None = None) -> tuple[Fact, ...]:
        return self.loop(LoopState.FREE, Loop.APPROACH, lane)

    def car_under_boom(self, lane: str | None = None) -> tuple[Fact, ...]:
        return self.loop(LoopState.OCCUPIED, Loop.SAFETY, lane)

    def car_clears(self, lane: str | None = None) -> tuple[Fact, ...]:
        return self.loop(LoopState.FREE, Loop.SAFETY, lane)

    def loop_fails(self, loop: Loop = Loop.SAFETY, lane: str | None = None) -> tuple[Fact, ...]:
        return self.loop(LoopState.UNKNOWN, loop, lane)

    def drives_through(self, lane: str | None = None) -> tuple[Fact, ...]:
        """Off the approach loop, over the safety loop, and gone."""
        before = len(self.facts)
        self.time(1)
        self.car_under_boom(lane)
        if self.lane(lane).rules.has_approach_loop:
            self.car_backs_off(lane)
        self.time(1)
        self.car_clears(lane)
        return tuple(self.facts[before:])

    def comes_and_goes(self, card: str | None, plate: str | None, lane: str | None = None) -> None:
        """A whole passage without trouble; leaves the boom down."""
        self.car_arrives(lane)
        if plate is not None:
            self.plate(plate, lane)
        if card is not None:
            self.card(card, lane)
        self.time(5)
        self.drives_through(lane)
        self.time(10)

    def card(self, card: str, lane: str | None = None) -> tuple[Fact, ...]:
        return self.send(CardRead(at=self.now, lane=lane or self.rules[0].id, card=card, bits=32))

    def plate(
        self, plate: str, lane: str | None = None, *, track: str | None = None, valid: bool | None = None
    ) -> tuple[Fact, ...]:
        """A settled read; a track of its own unless one is named. "" is a plate that nobody can read."""
        self._tracks += track is None
        return self.send(
            PlateRead(
                at=self.now,
                lane=lane or self.rules[0].id,
                track=track or f"track-{self._tracks}",
                plate=plate,
                valid=bool(plate) if valid is None else valid,
                confidence=0.95,
                chars=(),
                colour="blue",
                frames=3,
                picture=f"{plate or 'blur'}.jpg",
                crop=None,
            )
        )

    def guard(
        self,
        action: Literal["open", "close", "stop", "release", "refuse"],
        lane: str | None = None,
        *,
        reason: str = "业主忘带卡",
        actor: Actor = GUARD,
        passage: str | None = None,
        resync: bool = False,
        stay: str | None = None,
        goes_by: Literal["plate", "card"] = "plate",
    ) -> tuple[Fact, ...]:
        return self.send(
            GuardAsked(
                at=self.now,
                actor=actor,
                lane=lane or self.rules[0].id,
                action=action,
                reason=reason,
                passage=passage,
                resync=resync,
                stay=stay,
                goes_by=goes_by,
            )
        )

    def ask(self, actor: Actor, request: Request) -> tuple[Fact, ...]:
        return self.send(Asked(at=self.now, actor=actor, request=request))

    def loses(self, device: str, lane: str | None = None, role: str = "reader") -> tuple[Fact, ...]:
        return self.send(DeviceLost(at=self.now, device=device, lane=lane, role=role, why="unplugged"))

    def finds(self, device: str, lane: str | None = None, role: str = "reader") -> tuple[Fact, ...]:
        return self.send(DeviceRestored(at=self.now, device=device, lane=lane, role=role))

    def boom_stuck(self, lane: str | None = None) -> None:
        self.booms[lane or self.rules[0].id].is_stuck = True

    def boom_mended(self, lane: str | None = None) -> None:
        self.booms[lane or self.rules[0].id].is_stuck = False

    # ------------------------------------------------------------ time, crashes

    def time(self, seconds: float) -> tuple[Fact, ...]:
        """Let time pass; everything that falls due on the way happens when it is due, and only then."""
        before = len(self.facts)
        end = self.clock.mono + timedelta(seconds=seconds)
        while (due := self._next(end)) is not None:
            self.clock.advance(max(due - self.clock.mono, timedelta(0)))
            self.send(TimerElapsed(at=self.now))
            still = next_deadline(self.engine.state, self.clock.mono)
            assert still is None or still > self.clock.mono, f"the timer spins: {still} is due and stays due"
        self.clock.advance(end - self.clock.mono)
        return tuple(self.facts[before:])

    def _next(self, end: timedelta) -> timedelta | None:
        due = [boom.due for boom in self.booms.values() if boom.due is not None]
        deadline = next_deadline(self.engine.state, self.clock.mono)
        return min((when for when in (*due, deadline) if when is not None and when <= end), default=None)

    def restart(self) -> tuple[Fact, ...]:
        """The daemon is killed and started again: all that it knows is what the ledger says."""
        before = len(self.facts)
        self.engine = self._engine()
        self.start()
        return tuple(self.facts[before:])

    def reboot(self) -> tuple[Fact, ...]:
        """The machine itself starts again, and its monotonic clock begins near zero."""
        self._boots += 1
        passed = self.clock.mono
        self.clock.reboot(f"boot-{self._boots}", off_for=timedelta(seconds=30))
        for boom in self.booms.values():
            if boom.due is not None:
                boom.due -= passed - self.clock.mono
        return self.restart()

    # ------------------------------------------------------------ what came of it

    def lane(self, lane: str | None = None) -> LaneState:
        return self.engine.state.lanes[lane or self.rules[0].id]

    def orders_of(self, lane: str | None = None) -> list[str]:
        return [order for where, order in self.orders if where == (lane or self.rules[0].id)]

    @property
    def inside(self) -> set[str]:
        """The plates of the open stays."""
        return {stay.plate for stay in self.engine.state.stays.values()}

    @property
    def alerts(self) -> set[str]:
        return {str(alert.alert) for alert in self.engine.state.alerts.values()}

    def all(self, kind: type[Fact]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def last(self, kind: type[Fact]) -> Any:
        found = self.all(kind)
        assert found, f"no {kind.__name__} was said"
        return found[-1]

    def set_wall(self, wall: datetime, *, trusted: bool) -> None:
        self.clock.wall, self.clock.trusted = wall, trusted

    # ------------------------------------------------------------ the proof

    def check_replay(self) -> None:
        """The ledger alone gives the same state and the same tables, and its chain is whole."""
        numbered = list(self.store.facts())
        replayed = evolve_all(empty_state(self.rules, self.site), (fact for _, fact in numbered))
        assert replayed == self.engine.state
        ordered = [(fact.lane, ORDERS[type(fact)]) for _, fact in numbered if type(fact) in ORDERS]
        assert ordered == self.orders, "each order is performed once, in the order of the ledger"
        assert tables.rebuilt(numbered) == tables.contents(self.store.db)
        assert self.store.verify().misfit is None

    def finish(self) -> None:
        """Check that the ledger alone tells the story, and close it. Raises AssertionError."""
        try:
            self.check_replay()
        finally:
            self.store.close()
