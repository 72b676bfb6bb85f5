"""A world of several gates of one site: the real engine, store, core and conversation of each, one clock.

The law of this file: everything random comes from the seed. Cars come in at one gate and leave by another,
the network between the gates loses, doubles, delays and cuts, and a gate dies at any of its commits; when all
is over and everybody is heard again, every gate must hold the same cars inside.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from daemon.core.evolve import evolve_all
from daemon.core.fact import Fact
from daemon.core.lane import DECIDED
from daemon.core.presence import StayClosed, StayOpened
from daemon.core.siblings import SiblingTold
from daemon.core.signals import (
    Actor,
    CardRead,
    DirectoryGiven,
    GuardAsked,
    Instant,
    Loop,
    LoopChanged,
    LoopState,
    Permit,
    Started,
)
from daemon.core.state import LaneRules, SiteRules, State, empty_state
from daemon.engine import Engine
from daemon.mqtt.line import Line
from daemon.mqtt.link import Done, Listener
from daemon.mqtt.siblings import Siblings
from daemon.mqtt.topics import Topics, fits
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from daemon.worlds.disk import clear, memory_folder
from daemon.worlds.laws import Violation
from daemon.worlds.virtual_loop import VirtualLoop

NAMES = ("east", "west", "north", "south", "middle")
LIVES_S = 900.0
QUIET_S = 240.0
"""From the end of the last trouble to the judgement: the longest wait of anybody is 20 s."""
GUARD = Actor(name="李门岗", role="guard")
OFFICE = Actor(name="物业", role="office")
LANES = tuple(
    LaneRules(id=f"{way}-1", name=way, direction=way, mode="card_only") for way in ("entry", "exit")
)


class Died(Exception):
    """The gate's power is cut, at a commit."""


class MortalStore(Store):
    """Its gate dies now and then instead of committing."""

    def __init__(self, folder: Path, random: Random) -> None:
        super().__init__(folder, ballast_bytes=0)
        self._random = random
        self.dies_one_in = 0

    def _append(self, facts: Sequence[Fact]) -> list[int]:
        if self.dies_one_in and self._random.randrange(self.dies_one_in) == 0:
            raise Died
        return super()._append(facts)


class OwnClock:
    """One machine's: its boots are its own, time is everybody's."""

    def __init__(self, name: str, world: ManualClock) -> None:
        self._name = name
        self._world = world
        self.boots = 1

    def now(self) -> Instant:
        now = self._world.now()
        return Instant(f"{self._name}-{self.boots}", now.mono, now.wall, trusted=now.trusted)

    def believe(self, at: Instant, wall: datetime) -> None:
        if at.boot == self.now().boot:
            self._world.believe(replace(at, boot=self._world.boot), wall)

    def boottime_ns(self) -> int:
        return self._world.boottime_ns()


class Network:
    """The broker and the cables to it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.ways: dict[str, NetworkWay] = {}
        self.cut: set[str] = set()
        self.is_rough = True

    def carries(self, sender: str, topic: str, payload: bytes) -> None:
        if sender in self.cut:
            return
        loop = asyncio.get_running_loop()
        for _ in range(2 if self.is_rough and self._random.random() < 0.1 else 1):
            if self.is_rough and self._random.random() < 0.1:
                continue
            delay_s = self._random.uniform(0.01, 3.0 if self.is_rough else 0.05)
            loop.call_later(delay_s, self._delivers, topic, payload)

    def _delivers(self, topic: str, payload: bytes) -> None:
        for name, way in self.ways.items():
            if name not in self.cut:
                way.listener.heard(topic, payload, retained=False)


class NetworkWay:
    """One gate's way to the broker. A cut is not noticed by it: a pulled cable says nothing."""

    connected = True
    why = None

    def __init__(self, network: Network, name: str, listener: Listener) -> None:
        self._network = network
        self._name = name
        self.listener = listener
        network.ways[name] = self

    def room(self) -> int:
        return 100

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        del retain
        self._network.carries(self._name, topic, payload)
        asyncio.get_running_loop().call_soon(done, None)
        return True

    async def run(self) -> None:
        await asyncio.Future()


class NeighbourGate:
    """One gate from its first start to the end, through its deaths."""

    def __init__(self, name: str, folder: Path, world: NeighbourWorld, random: Random) -> None:
        self.name = name
        self._world = world
        self._random = random
        self.clock = OwnClock(name, world.clock)
        self.store = MortalStore(folder, random)
        others = tuple(other for other in NAMES if other != name)
        self.empty = empty_state(LANES, SiteRules(gate=name, siblings=others))
        self.engine: Engine | None = None
        self.deaths = 0

    @property
    def state(self) -> State:
        assert self.engine is not None
        return self.engine.state

    async def live(self) -> None:
        while True:
            try:
                await self._one_life()
            except* Died:
                self.deaths += 1
                self.engine = None
                self._world.network.ways.pop(self.name, None)
                self.store.close()
                self.clock.boots += self._random.random() < 0.5
                await asyncio.sleep(self._random.uniform(1.0, 40.0))

    async def _one_life(self) -> None:
        self.store.open()
        self.store.db.execute("PRAGMA synchronous = OFF")
        facts = (fact for _, fact in self.store.facts())
        engine = Engine(
            state=evolve_all(self.empty, facts),
            store=self.store,
            clock=self.clock,
            perform=lambda _fact: None,
            observe=lambda _signal, _facts: siblings.wake(),
        )
        line = Line()
        topics = Topics(root="gatepost", site="garden", gate=self.name)
        siblings = Siblings(
            topics,
            self.empty.rules.siblings,
            line=line,
            ledger=self.store,
            state=lambda: engine.state,
            ask=engine.ask,
            post=engine.post,
            clock=self.clock,
        )
        line.open(lambda listener: NetworkWay(self._world.network, self.name, _Filtered(line, listener)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(engine.run())
            await engine.ask(Started(at=self.clock.now(), version="world"))
            permits = self._world.permits
            await engine.ask(DirectoryGiven(at=self.clock.now(), actor=OFFICE, permits=permits))
            for lane in LANES:
                for loop in Loop:
                    await engine.ask(self._loop(lane.id, loop, LoopState.FREE))
            self.engine = engine
            tasks.create_task(siblings.run())

    def _loop(self, lane: str, loop: Loop, state: LoopState) -> LoopChanged:
        return LoopChanged(at=self.clock.now(), lane=lane, loop=loop, state=state)

    async def passes(self, lane: str, card: str) -> bool:
        """A car comes and shows its card; a guard may help. True where it drove through."""
        engine = self.engine
        if engine is None or engine.state.lanes[lane].passage is not None:
            return False
        await engine.ask(self._loop(lane, Loop.APPROACH, LoopState.OCCUPIED))
        await engine.ask(CardRead(at=self.clock.now(), lane=lane, card=card, bits=40))
        if engine.state.lanes[lane].phase not in DECIDED and self._random.random() < 0.6:
            at = self.clock.now()
            await engine.ask(GuardAsked(at=at, actor=GUARD, lane=lane, action="open", reason="核对过"))
        is_let = engine.state.lanes[lane].phase in DECIDED
        if is_let:
            await engine.ask(self._loop(lane, Loop.SAFETY, LoopState.OCCUPIED))
        await engine.ask(self._loop(lane, Loop.APPROACH, LoopState.FREE))
        if is_let:
            await engine.ask(self._loop(lane, Loop.SAFETY, LoopState.FREE))
        return is_let


class _Filtered:
    """The broker delivers what was subscribed to."""

    def __init__(self, line: Line, listener: Listener) -> None:
        self._line = line
        self._listener = listener

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        if any(fits(topic, wanted) for wanted in self._line.filters):
            self._listener.heard(topic, payload, retained=retained)

    def link_changed(self) -> None:
        self._listener.link_changed()


@dataclass(slots=True, kw_only=True)
class SiteOutcome:
    seed: int
    passages: int = 0
    conflicts: int = 0
    deaths: int = 0
    cuts: int = 0
    told: int = 0
    violation: Violation | None = None


class NeighbourWorld:
    """Five gates; `run()` it once."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed} neighbours")
        self.clock = ManualClock()
        self.network = Network(Random(f"{seed} network"))
        self.outcome = SiteOutcome(seed=seed)
        self.permits = tuple(
            Permit(id=f"P{n}", card=f"0A0000000{n}", plate=f"粤B1234{n}", holder=f"{n}", household="1-101")
            for n in range(6)
        )
        self._place = Path(tempfile.mkdtemp(prefix="gatepost-site-", dir=memory_folder()))
        self.gates = [
            NeighbourGate(name, self._place / name, self, Random(f"{seed} {name}")) for name in NAMES
        ]

    def run(self) -> SiteOutcome:
        try:
            with asyncio.Runner(loop_factory=lambda: VirtualLoop(self.clock)) as runner:
                runner.run(self._lives())
            self._judged()
        finally:
            for gate in self.gates:
                gate.store.close()
            clear(self._place)
        return self.outcome

    async def _lives(self) -> None:
        gates = [asyncio.ensure_future(gate.live()) for gate in self.gates]
        await asyncio.sleep(30.0)
        for gate in self.gates:
            gate.store.dies_one_in = 150
        works = [
            asyncio.ensure_future(work)
            for work in (*(self._drives(permit) for permit in self.permits), self._cuts())
        ]
        await asyncio.sleep(LIVES_S)
        await self._ends(works)
        self.network.cut.clear()
        self.network.is_rough = False
        for gate in self.gates:
            gate.store.dies_one_in = 0
        await asyncio.sleep(QUIET_S)
        self.final = [(gate.name, gate.state) for gate in self.gates]
        await self._ends(gates)

    async def _ends(self, works: Sequence[asyncio.Future[None]]) -> None:
        for work in works:
            work.cancel()
        for ended in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    async def _drives(self, permit: Permit) -> None:
        """In at one gate, out at another; now and then a second card of that number comes in as well."""
        is_inside = False
        while True:
            await asyncio.sleep(self._random.uniform(5.0, 60.0))
            is_copy = self._random.random() < 0.1
            way = "entry-1" if is_inside == is_copy else "exit-1"
            with suppress(Died):
                if await self._random.choice(self.gates).passes(way, permit.card):
                    self.outcome.passages += 1
                    is_inside = way == "entry-1"

    async def _cuts(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(10.0, 90.0))
            self.network.cut = set(self._random.sample(NAMES, self._random.randrange(4)))
            self.outcome.cuts += bool(self.network.cut)

    # ------------------------------------------------------------ what is judged

    def _judged(self) -> None:
        for law, what in self._broken():
            self.outcome.violation = Violation(law, what, LIVES_S)
            return

    def _broken(self) -> Any:
        facts = {gate.name: self._ledger(gate) for gate in self.gates}
        states = dict(self.final)
        named = {name: _named(state) for name, state in states.items()}
        entered = {
            _full(states[name], fact.stay_id): (fact.at.trusted, fact.at.wall)
            for name, said in facts.items()
            for fact in said
            if isinstance(fact, StayOpened)
        }
        for name, said in facts.items():
            told = [fact for fact in said if isinstance(fact, SiblingTold)]
            heard = {fact.said.stay_id for fact in told if isinstance(fact.said, StayOpened)}
            missing = {stay for stay in entered if not stay.startswith(f"{name}.")} - heard
            if missing:
                yield "nothing that a gate has said is lost to another", f"{name} never heard of {missing}"
            for fact in said:
                if isinstance(fact, StayClosed) and fact.how == "conflict":
                    lost, stands = _full(states[name], fact.stay_id), _full(states[name], fact.note)
                    self.outcome.conflicts += 1
                    if entered[lost] > entered[stands]:
                        yield "of two entries the later one stands", f"{name}: {stands} stands, not {lost}"
            self.outcome.told += len(told)
        for name in NAMES[1:]:
            if named[name] != named[NAMES[0]]:
                differing = sorted(named[name] ^ named[NAMES[0]])
                yield "every gate holds the same cars inside", f"{name} and {NAMES[0]}: {differing}"
        for name, state in states.items():
            if state.lot.inside != len(state.stays) or state.unheard:
                yield "the lot is ins less outs", f"{name}: {state.lot.inside} of {len(state.stays)}"
        self.outcome.deaths = sum(gate.deaths for gate in self.gates)

    def _ledger(self, gate: NeighbourGate) -> list[Fact]:
        gate.store.open()
        return [fact for _, fact in gate.store.facts()]


def _full(state: State, stay_id: str) -> str:
    return stay_id if ":" in stay_id else f"{state.known_as}:{stay_id}"


def _named(state: State) -> set[str]:
    return {_full(state, stay_id) for stay_id in state.stays}
