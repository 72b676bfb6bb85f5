"""One run of the gate's process, made of the product's own parts, from the ledger's opening to its death.

The law of this file: it follows `daemon.app` in what is opened first and what runs beside what, and adds no
rule of its own. It ends in one of three ways: the world says so, the machine dies, or a part fails by a bug.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Literal

from daemon import __version__
from daemon.core.facts import Fact
from daemon.core.signals import (
    Actor,
    DeviceLost,
    DeviceRestored,
    DirectoryGiven,
    Loop,
    Permit,
    Signal,
    Started,
)
from daemon.core.state import LaneRules, SiteRules, State, empty_state
from daemon.edges.cards import read_cards
from daemon.edges.contacts import watch_boom, watch_button, watch_loop
from daemon.edges.fire import watch_fire
from daemon.engine import Engine
from daemon.mqtt.line import Line
from daemon.mqtt.publisher import Publisher
from daemon.mqtt.showing import Showing
from daemon.mqtt.shown import Gate as Shown
from daemon.perform import Performer
from daemon.runtime.clock import Clock
from daemon.runtime.supervisor import supervise
from daemon.store import LedgerDamaged, Store, doubt, starting, upkeep
from daemon.worlds.devices import Desk, Life, Wired, WorldBarrier, WorldContact, WorldReader
from daemon.worlds.disk import Disk
from daemon.worlds.office import TOPICS, Office, WorldWay
from daemon.worlds.outside import Outside
from daemon.worlds.site import Lane
from daemon.worlds.virtual_loop import Livelock, VirtualLoop

LONG = 20
"""Rows that are worth a snapshot: few, so that most of a world's starts begin with one."""
LOOKS_AFTER_S = 8.0
"""From a start to the look at what it has left unread."""

CONFIG = Actor(name="config.yaml", role="office")

End = Literal["stopped", "died", "failed"]


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What a process finds when it starts."""

    outside: Outside
    disk: Disk
    office: Office
    lanes: Sequence[Lane]
    fire: Wired
    desks: dict[str, Desk]
    rules: tuple[LaneRules, ...]
    site: SiteRules
    permits: Callable[[], tuple[Permit, ...]]
    observe: Callable[[Gate, Signal, tuple[Fact, ...]], None]
    started: Callable[[Gate], None]


@dataclass(slots=True)
class Gate:
    """A process that runs, or has run."""

    around: Surroundings
    life: Life
    random: Random
    store: Store = field(init=False)
    engine: Engine = field(init=False)
    line: Line = field(init=False)
    publisher: Publisher = field(init=False)
    showing: Showing = field(init=False)
    loop: VirtualLoop = field(init=False)
    is_up: bool = False
    why: BaseException | None = None
    """What ended it, where it was a failure."""
    _over: asyncio.Future[End] = field(init=False)

    # ------------------------------------------------------------ from start to end

    def live(self) -> End:
        """Run until it is over. Whatever is left of it then has no effect on anything."""
        self.loop = VirtualLoop(self.around.outside, self.around.outside.ahead)
        try:
            return self.loop.run_until_complete(self._run())
        except Livelock as stuck:
            self.why = stuck
            self.life.is_over = True
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            return "failed"
        finally:
            self.life.is_over = True
            self.is_up = False
            self.loop.close()

    def end(self, how: End) -> None:
        """From outside or inside: this process is over now."""
        self.life.is_over = True
        if not self._over.done():
            self._over.set_result(how)

    async def _run(self) -> End:
        self._over = self.loop.create_future()
        self.around.disk.on_death = lambda: self.end("died")
        tasks: list[asyncio.Task[None]] = []
        try:
            self._start()
            tasks = [self.loop.create_task(run, name=name) for name, run in self._long_lived()]
            for task in tasks:
                task.add_done_callback(self._ended)
            self.is_up = True
            self.around.started(self)
            return await self._over
        except Exception as failed:
            self.why = failed
            return "died" if self.life.is_over else "failed"
        finally:
            self.life.is_over = True
            self.around.disk.die()
            left = [*tasks, *self._asking]
            for task in left:
                task.cancel()
            with suppress(BaseException):
                await asyncio.gather(*left, return_exceptions=True)
            with suppress(Exception):
                self.store.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self.life.is_over:
            return
        self.why = task.exception() or AssertionError(f"{task.get_name()} has returned")
        self.end("failed")

    def _start(self) -> None:
        """As `App._start`: the ledger first, then the start written down, then every device made."""
        around, clock = self.around, self.around.outside
        self.store = Store(around.disk.folder, ballast_bytes=0)
        start = starting.start(self.store, clock.now(), self._empty(), long=LONG)
        self._look_owed = start.trusted is not None
        if start.trusted is not None:
            self.loop.call_later(LOOKS_AFTER_S, self._look, start.trusted)
        self.barriers = {lane.name: WorldBarrier(lane, self.life) for lane in around.lanes}
        self.safety_loops = {lane.name: WorldContact(lane, Loop.SAFETY, self.life) for lane in around.lanes}
        self.fire = WorldContact(around.fire, "fire", self.life)
        self.engine = Engine(
            state=start.state,
            store=self.store,
            clock=clock,
            perform=Performer(
                barriers=self.barriers,
                safety_loops=self.safety_loops,
                watch=lambda _lane, _present: None,
                fire=self.fire,
            ),
            observe=self._observe,
        )
        self.line = Line()
        self.publisher = Publisher(
            self.store, TOPICS, way=self.line.join(TOPICS.ack, TOPICS.resend), clock=clock, post=self.post
        )
        shown = Shown(topics=TOPICS, name="", ledger=self.store.identity(), version=__version__)
        way = self.line.join(TOPICS.alert("+"), TOPICS.lane("+"))
        self.showing = Showing(shown, state=lambda: self.engine.state, way=way, clock=clock)
        self.line.open(lambda listener: WorldWay(around.office, listener, around.outside, self.life))
        self.engine.handle(Started(at=clock.now(), version=__version__, note=start.note))
        self.engine.handle(DirectoryGiven(at=clock.now(), actor=CONFIG, permits=around.permits()))

    barriers: dict[str, WorldBarrier] = field(init=False)
    safety_loops: dict[str, WorldContact] = field(init=False)
    fire: WorldContact = field(init=False)
    _look_owed: bool = field(init=False)

    def _observe(self, signal: Signal, facts: tuple[Fact, ...]) -> None:
        self.publisher.wake()
        self.showing.wake()
        if not self.life.is_over:
            self.around.observe(self, signal, facts)

    def _long_lived(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        runs: list[tuple[str, Coroutine[Any, Any, None]]] = [
            ("engine", self.engine.run()),
            ("line", self.line.run()),
            ("publisher", self.publisher.run()),
            ("showing", self.showing.run()),
        ]
        clock: Clock = self.around.outside
        heard: dict[str, Any] = {"post": self.post, "clock": clock}
        alarm = partial(watch_fire, self.fire, tuple(self.barriers.values()), **heard)
        runs.append(("fire", self._edge("fire", None, "fire", alarm)))
        for lane in self.around.lanes:
            name, life = lane.name, self.life
            watch = [("barrier", "barrier", partial(watch_boom, self.barriers[name], name, **heard))]
            for loop in (Loop.SAFETY, Loop.APPROACH):
                contact = self.safety_loops[name] if loop is Loop.SAFETY else WorldContact(lane, loop, life)
                watch.append((f"loop.{loop}", "loop", partial(watch_loop, contact, name, loop, **heard)))
            button = WorldContact(lane, "button", life)
            watch.append(("button", "button", partial(watch_button, button, name, **heard)))
            reader = WorldReader(self.around.desks[name], name, life, self.loop.readable)
            watch.append(("reader", "reader", partial(read_cards, reader, name, **heard)))
            runs += [
                (f"{name}.{device}", self._edge(f"{name}.{device}", name, role, run))
                for device, role, run in watch
            ]
        return runs

    def _edge(
        self, device: str, lane: str | None, role: str, run: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> Coroutine[Any, Any, None]:
        clock = self.around.outside

        def lost(why: str) -> None:
            self.post(DeviceLost(at=clock.now(), device=device, lane=lane, role=role, why=why))

        def restored() -> None:
            self.post(DeviceRestored(at=clock.now(), device=device, lane=lane, role=role))

        return supervise(device, run, clock=clock, random=self.random, on_lost=lost, on_restored=restored)

    # ------------------------------------------------------------ from outside

    def post(self, signal: Signal) -> None:
        if not self.life.is_over:
            self.engine.post(signal)

    def ask(self, signal: Signal, then: Callable[[tuple[Fact, ...]], None] = lambda _facts: None) -> None:
        """As the panel asks; `then` hears what came of it, if anything did."""

        async def asked() -> None:
            with suppress(Exception):
                then(await self.engine.ask(signal))

        def put() -> None:
            task = self.loop.create_task(asked())
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

        if self.is_up and not self.life.is_over:
            self.loop.call_soon(put)

    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    def stall(self, seconds: float) -> None:
        """The process does nothing for a while: time passes in the middle of its loop."""
        if self.is_up and not self.life.is_over:
            self.loop.call_soon(self.around.outside.wait_s, seconds)

    def copies_itself(self) -> None:
        """The hourly copy, beside the running gate."""
        if self.is_up and not self.life.is_over:
            self.loop.call_soon(self._copy)

    def _empty(self) -> State:
        return empty_state(self.around.rules, self.around.site)

    def _copy(self) -> None:
        with suppress(OSError, LedgerDamaged):
            empty = None if self._look_owed else self._empty()
            upkeep.copy(self.around.disk.folder, empty, long=LONG)

    def _look(self, trusted: str) -> None:
        """What the process that looks at what a start has left unread would find; then as `App`."""
        if self.life.is_over:
            return
        folder = self.around.disk.folder
        try:
            starting.revisit(folder, self._empty(), trusted)
            self._look_owed = False
        except LedgerDamaged as damage:
            doubt.leave(folder, damage)
            self.why = damage
            self.end("failed")
        except OSError:
            return
