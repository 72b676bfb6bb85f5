"""One gate from start to stop: what is opened first, what runs beside what, what is closed last.

The law of this file: the ledger is read and the start is written down before any device is opened; every
long-lived task runs under the supervisor; the engine alone ends the process when it fails.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any

from daemon import __version__, simulation, wiring
from daemon.config import Config
from daemon.control import serve_control
from daemon.core.commands import TimeGiven
from daemon.core.facts import Fact
from daemon.core.signals import DeviceLost, DeviceRestored, Signal, Started
from daemon.core.state import State, empty_state
from daemon.edges.billboards import Billboard
from daemon.edges.pictures import Photographer
from daemon.engine import Busy, Engine, until_quiet
from daemon.evidence.retention import sweep
from daemon.gate import Gate
from daemon.housekeeping import Housekeeping
from daemon.mqtt.opening import Wire, wire_to
from daemon.mqtt.topics import Topics
from daemon.panel.auth import ensure_first_account
from daemon.panel.gate import Names, OfficeStatus
from daemon.panel.server import make_app, serve
from daemon.perform import Performer
from daemon.runtime.clock import Clock
from daemon.runtime.notify import Notifier
from daemon.runtime.supervisor import supervise
from daemon.runtime.watchdog import Watchdog, watchdog_limit
from daemon.store import LedgerDamaged, Store, StoreError
from daemon.store.starting import Start, start
from daemon.store.upkeep import Upkeep
from daemon.summary import Tally
from daemon.vision.parent import VisionParent
from daemon.wiring import Edge
from drivers.simulated.traffic import Traffic

log = logging.getLogger(__name__)

LONGEST_STEP_S = 600.0
"""How long a start may be silent: every page of a large ledger is read from a slow card in one step."""
LAST_COPY_S = 10.0
"""How long the copy at a stop may take: half of what the shipped unit gives a stop."""
GLANCE_S = 0.05
LAST_WORDS_S = 3.0
"""How long a run that ends by itself waits for the office to acknowledge the last facts."""


class App:
    """One run of one gate. `run(stop)` returns when `stop` is set; then `report()` says what it was."""

    def __init__(self, config: Config, clock: Clock, *, say: Callable[[str], None] = print) -> None:
        self.config = config
        self.clock = clock
        self.tally = Tally(clock)
        self._say = say
        self._random = SystemRandom()
        self.run_dir = Path(tempfile.mkdtemp(prefix=f"gatepost-{config.gate.id}-"))
        """Sockets, scratch, and the ports of simulated readers; gone after the run."""
        self._where = wiring.places(config, self.run_dir)
        self._store = Store(self._where.data)
        self._vision = VisionParent(wiring.vision(config, self._where), self._post, clock)
        self._photographer = Photographer(snapshot=self._vision.snapshot, post=self._post, clock=clock)
        self._billboards: list[Billboard] = []
        self._engine: Engine
        self._wire: Wire | None = None
        self._traffic: Traffic | None = None
        self._stop: asyncio.Event
        self._started: Start
        self._damage: LedgerDamaged | None = None
        """What was found while the gate ran; the reason of its end then."""
        self._seq_at_start = 0
        self._acked_in_run = 0

    def _post(self, signal: Signal) -> None:
        self._engine.post(signal)

    def _state(self) -> State:
        return self._engine.state

    # ------------------------------------------------------------ from start to stop

    async def run(self, stop: asyncio.Event) -> None:
        """Raises StoreTooNew, OSError or StoreError where the data folder cannot be used, or a bug.

        Raises LedgerDamaged where the ledger was found damaged; a new start mends it.
        """
        self._stop = stop
        try:
            await self._run(stop)
        finally:
            self._store.close()
            shutil.rmtree(self.run_dir, ignore_errors=True)

    async def _run(self, stop: asyncio.Event) -> None:
        notifier = Notifier.from_environ()
        edges = self._start(notifier)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._engine.run(), name="engine")]
            for name, run in self._long_lived(edges, notifier):
                tasks.append(group.create_task(run, name=name))
            notifier.ready(self.config.site.name)
            stopped = group.create_task(stop.wait(), name="stop")
            await stopped
            notifier.stopping()
            await self._last_words()
            for task in tasks:
                task.cancel()
        self._acked_in_run = max(0, self._store.acked() - self._seq_at_start)
        if self._damage is not None:
            raise self._damage
        with suppress(LedgerDamaged, OSError, TimeoutError):
            async with asyncio.timeout(LAST_COPY_S):
                await self._upkeep().copy()

    def _start(self, notifier: Notifier) -> list[Edge]:
        """Read the ledger, write down the start, make every device; open none."""
        now = self.clock.now()

        def say(how_far: str) -> None:
            log.info("%s", how_far)
            notifier.busy(how_far, for_s=LONGEST_STEP_S)

        empty = empty_state(wiring.lane_rules(self.config), wiring.site_rules(self.config))
        self._started = start(self._store, now, empty, say=say)
        if self._started.note:
            log.error("%s", self._started.note)
        self._seq_at_start = self._store.last_seq()
        given = self._started.state.commands.time
        if given is not None:
            self.clock.believe(given.at, given.now)
            now = self.clock.now()
        barriers, safety_loops, edges = wiring.devices(
            self.config, self._where, post=self._post, clock=self.clock
        )
        fire = wiring.fire_input(
            self.config, self._where, barriers.values(), post=self._post, clock=self.clock
        )
        printer = wiring.receipt_printer(
            self.config,
            self._where,
            receipt=self._store.receipt,
            state=self._state,
            post=self._post,
            clock=self.clock,
        )
        edges += [beside[1] for beside in (fire, printer) if beside is not None]
        boards = wiring.billboards(self.config, self._where, state=self._state, clock=self.clock)
        self._billboards = [board for board, _ in boards]
        edges += [edge for _, edge in boards]
        self._engine = Engine(
            state=self._started.state,
            store=self._store,
            clock=self.clock,
            perform=Performer(
                barriers=barriers,
                safety_loops=safety_loops,
                watch=self._vision.watch,
                fire=fire[0] if fire is not None else None,
                print_receipt=printer[0].order if printer is not None else None,
            ),
            observe=self._observe,
            prepare=wiring.sealer_for(self.config),
        )
        self._engine.handle(Started(at=now, version=__version__, note=self._started.note))
        self._engine.handle(wiring.directory(self.config, now))
        posted, rules = self._started.state.posted, self._started.state.rules
        if posted is not None and rules.read_tariff(posted.text) is None:
            log.error("the tariff given in %s cannot be read by this version: give it again", posted.source)
        for name, source in self._state().register.sources.items():
            log.info("%s: as given by the office in %s; config.yaml's own are not used", name, source)
        if self.config.simulation is not None:
            self._traffic = simulation.traffic(
                self.config, self.config.simulation, self.run_dir, self._state()
            )
        return edges

    def _observe(self, signal: Signal, facts: tuple[Fact, ...]) -> None:
        self.tally.observe(signal, facts)
        self._photographer.look(facts)
        for fact in facts:
            if isinstance(fact, TimeGiven):
                self.clock.believe(fact.at, fact.now)
        for billboard in self._billboards:
            billboard.look(facts)
        if self._wire is not None:
            self._wire.tell(facts)

    def _long_lived(
        self, edges: list[Edge], notifier: Notifier
    ) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """Everything that runs beside the engine, by name."""
        runs = [(edge.device, self._supervised_edge(edge)) for edge in edges]
        if any(lane.camera is not None for lane in self.config.lanes):
            runs.append(("vision", self._vision.run()))
        runs.append(("watchdog", self._supervised("watchdog", _steady(self._watchdog(notifier).run))))
        runs.append(("housekeeping", self._supervised("housekeeping", _steady(self._housekeeping))))
        if self.config.office is not None:
            self._wire = self._wire_to_office()
            runs.append(("publisher", self._supervised("publisher", _steady(self._wire.run))))
        control = partial(
            serve_control,
            self._where.data,
            ask=self._engine.ask,
            state=self._state,
            clock=self.clock,
        )
        runs.append(("control", self._supervised("control", control)))
        if self.config.panel is not None:
            runs.append(("panel", self._supervised_device("panel", None, "panel", self._panel)))
        if self._traffic is not None:
            runs.append(("traffic", self._traffic.run(asyncio.Event())))
        return runs

    # ------------------------------------------------------------ what runs beside the engine

    def _supervised_edge(self, edge: Edge) -> Coroutine[Any, Any, None]:
        return self._supervised_device(edge.device, edge.lane, edge.role, edge.run)

    def _supervised_device(
        self, device: str, lane: str | None, role: str, run: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> Coroutine[Any, Any, None]:
        """As `_supervised`, and its loss and return are facts (R31)."""
        return supervise(
            device,
            run,
            clock=self.clock,
            random=self._random,
            on_lost=partial(self._lost, device, lane, role),
            on_restored=partial(self._restored, device, lane, role),
        )

    def _lost(self, device: str, lane: str | None, role: str, why: str) -> None:
        self._post(DeviceLost(at=self.clock.now(), device=device, lane=lane, role=role, why=why))

    def _restored(self, device: str, lane: str | None, role: str) -> None:
        self._post(DeviceRestored(at=self.clock.now(), device=device, lane=lane, role=role))

    def _supervised(
        self, name: str, run: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> Coroutine[Any, Any, None]:
        return supervise(name, run, clock=self.clock, random=self._random)

    def _watchdog(self, notifier: Notifier) -> Watchdog:
        async def round_trip() -> None:
            before = self._engine.rounds
            with suppress(StoreError):  # a disk that refuses has answered; a restart would not mend it
                await self._engine.beat()
                self._store.check()
            if self._engine.rounds > before:
                watchdog.pulse("engine")
            watchdog.pulse("store")

        watchdog = Watchdog(
            parts=("engine", "store"),
            probe=round_trip,
            notifier=notifier,
            clock=self.clock,
            limit=watchdog_limit(),
        )
        return watchdog

    async def _housekeeping(self) -> None:
        keeping = Housekeeping(
            folder=self._where.data,
            upkeep=self._upkeep(),
            sweep=self._sweep,
            copied=self._copied,
            damaged=self._ends_damaged,
        )
        await keeping.run(self._started)

    def _upkeep(self) -> Upkeep:
        state = self._started.state
        return Upkeep(self._where.data, state.rules.gate, state.lanes)

    async def _sweep(self) -> None:
        now, storage = self.clock.now(), self.config.storage
        await asyncio.to_thread(
            sweep,
            self._where.evidence,
            today=now.wall.date() if now.trusted else None,
            days=storage.pictures_days,
            quota_bytes=storage.pictures_max_mb * 1_000_000,
        )

    def _copied(self, why_not: str | None) -> None:
        if why_not is None:
            self._restored("ledger copy", None, "store")
        else:
            self._lost("ledger copy", None, "store", why_not)

    async def _ends_damaged(self, damage: LedgerDamaged) -> None:
        """Between two cars if it can be: whoever is being let through gets through first."""
        with suppress(Busy):
            await until_quiet(self._state)
        self._damage = damage
        self._stop.set()

    def _wire_to_office(self) -> Wire:
        assert self.config.office is not None
        return wire_to(
            wiring.office_at(self.config, self.config.office),
            Topics(root=self.config.office.root, site=self.config.site.id, gate=self.config.gate.id),
            site=self.config.site.name,
            name=self.config.gate.name,
            version=__version__,
            cameras=wiring.cameras_elsewhere(self.config),
            ledger=self._store,
            state=self._state,
            clock=self.clock,
            random=self._random,
            post=self._post,
            ask=self._engine.ask,
        )

    async def _panel(self, up: Callable[[], None]) -> None:
        assert self.config.panel is not None
        password = ensure_first_account(self._store.accounts)
        if password is not None:
            self._say(
                f"首次启动：门岗账号 guard，一次性密码 {password}（登录后须更改）"
                f" / first start: account guard, one-time password {password}, to be changed at sign-in"
            )
        gate = Gate(
            names=Names(
                site=self.config.site.name,
                gate=self.config.gate.name,
                gate_id=self.config.gate.id,
                timezone=self.config.site.timezone,
            ),
            clock=self.clock,
            engine=self._engine,
            store=self._store,
            evidence=self._where.evidence,
            office=self._office_status,
        )

        def listening(address: str) -> None:
            up()
            self._say(f"门岗面板 / panel: {address}")

        app = make_app(gate, self._store.accounts, self.config.panel)
        await serve(app, self.config.panel.host, self.config.panel.port, listening=listening)

    def _office_status(self) -> OfficeStatus:
        status = self._wire.publisher.status() if self._wire is not None else None
        return OfficeStatus(
            configured=status is not None,
            connected=status is not None and status.connected,
            last_seq=self._store.last_seq(),
            acked_seq=self._store.acked(),
            by_broker=status is not None and status.delivery == "broker",
        )

    # ------------------------------------------------------------ the end

    async def _last_words(self) -> None:
        """Give the office a moment for what was just said, where it is there to hear it."""
        if self._wire is not None:
            self._wire.last_words()
            with suppress(StoreError):
                await self._engine.beat()
        last = self._store.last_seq()
        for _ in range(round(LAST_WORDS_S / GLANCE_S)):
            if not self._office_status().connected or self._store.acked() >= last:
                break
            await asyncio.sleep(GLANCE_S)

    def report(self) -> dict[str, Any]:
        """What the run amounted to, for people and scripts."""
        arrivals = self._traffic.log if self._traffic is not None else []
        return self.tally.report(
            exact=simulation.exact(self.tally.reads, arrivals),
            facts_acknowledged=self._acked_in_run,
            frame_to_read_ms=self._vision.stats().frame_to_read_ms,
        )


def _steady(run: Callable[[], Awaitable[None]]) -> Callable[[Callable[[], None]], Awaitable[None]]:
    """For a task that is up as soon as it runs."""

    async def running(up: Callable[[], None]) -> None:
        up()
        await run()

    return running
