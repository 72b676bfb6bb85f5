"""A gate for the panel to stand at: the real engine, core, store and panel, without devices.

What devices would say is said by the test: `loop`, `boom`, `plate`, `card` are the signals of the edges.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

from daemon.config.model import PanelConfig
from daemon.core.facts import Fact
from daemon.core.receipt_paper import Receipt
from daemon.core.signals import (
    Actor,
    Asked,
    Boom,
    BoomReported,
    CardRead,
    Char,
    DirectoryGiven,
    GuardAsked,
    Loop,
    LoopChanged,
    LoopState,
    Permit,
    PlateRead,
    Signal,
    Started,
)
from daemon.core.state import USUAL_SITE, LaneRules, SiteRules, State, empty_state
from daemon.engine import Engine
from daemon.panel.auth import ensure_first_account
from daemon.panel.gate import Names, OfficeStatus, Wanted
from daemon.panel.server import make_app
from daemon.reporting import Reporter
from daemon.reports.sheet import Sheet
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from daemon.store.tables import PassageRow
from daemon.store.tables_print import PrintRow, ReceiptRow

LANES = (
    LaneRules(id="entry-1", name="东门入口", direction="entry", mode="card_and_plate", temporary="guard"),
    LaneRules(id="exit-1", name="东门出口", direction="exit", mode="plate_only"),
)

RESIDENT = Permit(id="P-101", card="0A1B2C3D", plate="粤B12345", holder="王小明", household="3栋 1204")
NEIGHBOUR = Permit(id="P-102", card="0A1B2C3E", plate="粤B8K66D", holder="李芳", household="5栋 602")


@dataclass
class Guardhouse:
    """`daemon.panel.gate.GateView`, and a hand on everything behind it."""

    engine: Engine
    store: Store
    clock: ManualClock
    evidence: Path
    app: web.Application
    first_password: str
    names: Names
    asked: list[GuardAsked] = field(default_factory=list)
    office: OfficeStatus = field(
        default_factory=lambda: OfficeStatus(configured=True, connected=True, last_seq=0, acked_seq=0)
    )

    async def boom(self, lane: str, boom: Boom) -> None:
        await self.say(BoomReported(at=self.clock.now(), lane=lane, boom=boom))

    async def loop(self, lane: str, loop: Loop, state: LoopState) -> None:
        await self.say(LoopChanged(at=self.clock.now(), lane=lane, loop=loop, state=state))

    async def card(self, lane: str, card: str) -> None:
        await self.say(CardRead(at=self.clock.now(), lane=lane, card=card, bits=32))

    async def plate(
        self, lane: str, plate: str, *, beliefs: tuple[float, ...] = (), picture: str | None = None
    ) -> None:
        sure = beliefs or (0.99,) * len(plate)
        await self.say(
            PlateRead(
                at=self.clock.now(),
                lane=lane,
                track=f"{lane}-{self.engine.rounds}",
                plate=plate,
                valid=plate != "",
                confidence=min(sure, default=0.0),
                chars=tuple(
                    Char(char, belief, (("8", 0.2),)) for char, belief in zip(plate, sure, strict=True)
                ),
                colour="blue",
                frames=3,
                picture=picture,
                crop=None,
            )
        )

    async def at_rest(self, *lanes: str) -> None:
        """Boom down, nobody on the loops."""
        for lane in lanes or [rules.id for rules in LANES]:
            await self.boom(lane, Boom.DOWN)
            await self.loop(lane, Loop.SAFETY, LoopState.FREE)
            await self.loop(lane, Loop.APPROACH, LoopState.FREE)

    async def held_at_entry(self, plate: str = "粤B99999") -> str:
        """A car without a permit waits for the guard; returns its passage."""
        await self.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
        await self.plate("entry-1", plate)
        self.clock.advance(timedelta(seconds=30))
        await self.engine.beat()
        passage = self.state.lanes["entry-1"].passage
        assert passage is not None
        return passage.id

    async def say(self, signal: Signal) -> tuple[Fact, ...]:
        return await self.engine.ask(signal)

    # ------------------------------------------------------------ what the panel sees

    @property
    def state(self) -> State:
        return self.engine.state

    def recent_passages(
        self, limit: int, lane: str | None = None, before: str | None = None
    ) -> list[PassageRow]:
        return self.store.recent_passages(limit, lane, before)

    def receipts(self, limit: int, before: int | None = None, *, missing: bool = False) -> list[ReceiptRow]:
        return self.store.receipts(limit, before, missing=missing)

    def receipt(self, number: int) -> Receipt | None:
        return self.store.receipt(number)

    def prints(self, number: int) -> list[PrintRow]:
        return self.store.prints(number)

    async def report(self, wanted: Wanted) -> Sheet:
        return await Reporter(self.store.path, self.names.timezone).sheet(wanted)

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[int, Fact]]]:
        return self.engine.watch()

    async def ask(self, signal: GuardAsked | Asked) -> tuple[Fact, ...]:
        if isinstance(signal, GuardAsked):
            self.asked.append(signal)
        return await self.engine.ask(signal)


@asynccontextmanager
async def guardhouse(
    folder: Path, clock: ManualClock | None = None, site: SiteRules = USUAL_SITE
) -> AsyncIterator[Guardhouse]:
    """The daemon's own parts over the ledger in `folder`: called again for it, the daemon restarted."""
    clock = clock or ManualClock()
    evidence = folder / "evidence"
    evidence.mkdir(exist_ok=True)
    store = Store(folder)
    store.open()
    state = empty_state(LANES, site)
    engine = Engine(state=state, store=store, clock=clock, perform=lambda _fact: None)
    house = Guardhouse(
        engine=engine,
        store=store,
        clock=clock,
        evidence=evidence,
        app=web.Application(),
        first_password=ensure_first_account(store.accounts) or "",
        names=Names(site="翠园小区", gate="东门岗", gate_id="east", timezone=ZoneInfo("Asia/Shanghai")),
    )
    house.app = make_app(house, store.accounts, PanelConfig())
    running = asyncio.create_task(engine.run())
    try:
        await house.say(Started(at=clock.now(), version="test"))
        office = Actor(name="config", role="office")
        await house.say(DirectoryGiven(at=clock.now(), actor=office, permits=(RESIDENT, NEIGHBOUR)))
        yield house
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        store.close()


@asynccontextmanager
async def served(house: Guardhouse) -> AsyncIterator[TestServer]:
    async with TestServer(house.app, host="127.0.0.1") as server:
        yield server
