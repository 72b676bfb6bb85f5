"""A ledger in memory, a scripted way to the broker, and gate and office over a real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from daemon.core.signals import DeviceLost, DeviceRestored, Instant
from daemon.mqtt.broker import Broker
from daemon.mqtt.line import Line
from daemon.mqtt.link import Done, LinkSpec, Listener
from daemon.mqtt.messages import FactMessage, Topics, fact_filter
from daemon.mqtt.publisher import Delivery, Ledger, Patience, Publisher
from daemon.office.database import Place
from daemon.office.office import Office
from daemon.office.service import books_at
from daemon.runtime.clock import Clock, SystemClock
from daemon.store.codec import canonical
from daemon.store.ledger import FIRST_PREV, LedgerRow, row_hash

TOPICS = Topics(root="gatepost", site="garden", gate="east")
AT = Instant(
    boot="boot-1", mono=timedelta(seconds=100), wall=datetime(2026, 6, 1, 8, tzinfo=UTC), trusted=True
)

LEDGER = "0123456789abcdef"

NO_TIMERS = Patience(resend_after_s=3600.0)
"""Whatever gets lost on the way stays lost: for tests of the way itself."""
QUICK = Patience(resend_after_s=0.5, resend_limit_s=2.0, grace_s=0.2)
"""Real brokers are waited for in real time; the numbers only keep the tests short."""


class MemoryLedger:
    """A ledger that counts up; `acked` outlives the publisher as the table would."""

    def __init__(self, facts: int = 0) -> None:
        self.all: list[LedgerRow] = []
        self.acknowledged = 0
        for _ in range(facts):
            self.add()

    def add(
        self, *, kind: str = "loop_reported", lane: str | None = "entry-1", at: Instant = AT
    ) -> LedgerRow:
        seq = len(self.all) + 1
        prev = self.all[-1].hash if self.all else FIRST_PREV
        body: dict[str, Any] = {"kind": kind, "lane": lane, "no": seq, "note": "粤B·12345", "share": seq / 7}
        seal = row_hash(prev, seq, kind, canonical(body))
        self.all.append(LedgerRow(seq, kind, lane, None, at, body, prev, seal))
        return self.all[-1]

    def identity(self) -> str:
        return LEDGER

    def last_seq(self) -> int:
        return len(self.all)

    def rows(self, after: int, limit: int) -> list[LedgerRow]:
        return self.all[after : after + limit]

    def acked(self) -> int:
        return self.acknowledged

    def set_acked(self, seq: int) -> None:
        assert seq > self.acknowledged, "the acknowledged number never goes back"
        self.acknowledged = seq


class ScriptedWay:
    """A broker that does what the test says. It takes every message until `room_left` is used up."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.connected = False
        self.why: str | None = "not tried yet"
        self.room_left = 1000
        self.refuses: Callable[[FactMessage], bool] = lambda _: False
        self.sent: list[FactMessage] = []

    async def run(self) -> None:
        await asyncio.Future()

    def room(self) -> int:
        return self.room_left if self.connected else 0

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        if not self.connected:
            return False
        fact = FactMessage.model_validate_json(payload)
        assert topic == TOPICS.fact(fact.lane, fact.kind)
        self.sent.append(fact)
        refusal = "Not authorized" if self.refuses(fact) else None
        asyncio.get_running_loop().call_soon(done, refusal)
        return True

    def take(self) -> list[int]:
        """The numbers sent since the last look."""
        numbers = [fact.seq for fact in self.sent]
        self.sent.clear()
        return numbers

    def up(self) -> None:
        self.connected, self.why = True, None
        self.listener.link_changed()

    def down(self, why: str = "connection lost") -> None:
        self.connected, self.why = False, why
        self.listener.link_changed()

    def says(self, topic: str, payload: str | bytes, *, retained: bool = False) -> None:
        raw = payload.encode() if isinstance(payload, str) else payload
        self.listener.heard(topic, raw, retained=retained)

    def acknowledges(self, seq: int) -> None:
        self.says(TOPICS.ack, json.dumps({"gate": "east", "seq": seq}))


async def until(is_so: Callable[[], bool], *, what: str = "", within_s: float = 90) -> None:
    """Wait for something that must happen; only a broken program makes this time out."""
    try:
        async with asyncio.timeout(within_s):
            while not is_so():  # noqa: ASYNC110 - the parts under test offer no event to wait for
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never happened: {what or is_so}") from None


def gate_spec(port: int, **changes: Any) -> LinkSpec:
    spec = LinkSpec(
        host="127.0.0.1",
        port=port,
        client_id="gatepost-garden-east",
        subscriptions=(TOPICS.ack, TOPICS.resend),
        presence=TOPICS.link,
        retry_s=0.05,
        retry_limit_s=0.5,
    )
    return replace(spec, **changes)


class Gate:
    """A publisher over a real link, with what it posted."""

    def __init__(
        self,
        ledger: Ledger,
        spec: LinkSpec,
        *,
        patience: Patience = QUICK,
        clock: Clock | None = None,
        delivery: Delivery = "office",
        topics: Topics = TOPICS,
    ) -> None:
        self.posted: list[DeviceLost | DeviceRestored] = []
        self.line = Line()
        self.publisher = Publisher(
            ledger,
            topics,
            way=self.line.join(topics.ack, topics.resend),
            clock=clock or SystemClock(),
            post=self.posted.append,
            patience=patience,
            delivery=delivery,
        )
        self.line.open(lambda listener: Broker(spec, listener, Random(1)))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.line.run())
            tasks.create_task(self.publisher.run())


class Books:
    """An office over a real link, with every fact it took, in the order it took them."""

    def __init__(self, folder: Path, port: int, **changes: Any) -> None:
        self.taken: list[FactMessage] = []
        self.troubles: list[str] = []
        spec = gate_spec(
            port,
            client_id="gatepost-office-garden",
            subscriptions=(fact_filter("gatepost", "garden"),),
            presence=None,
            session_expiry_s=86_400,
        )
        self.office = Office(
            lambda: books_at(Place(folder=folder), zone=UTC, clock=SystemClock()),
            root="gatepost",
            site="garden",
            way=self._open(replace(spec, **changes)),
            say=self._say,
        )

    def _open(self, spec: LinkSpec) -> Callable[[Listener], Broker]:
        def way(listener: Listener) -> Broker:
            self.broker = Broker(spec, listener, Random(2))
            return self.broker

        return way

    def _say(self, fact: FactMessage, trouble: str | None) -> None:
        self.taken.append(fact)
        if trouble is not None:
            self.troubles.append(trouble)

    @property
    def held(self) -> int:
        books = self.office.books
        return 0 if books is None else sum(books.held().values())

    async def run(self) -> None:
        await self.office.run()


class Ear:
    """Anybody else on the broker: hears what it subscribed to and says what it likes."""

    def __init__(self, port: int, *subscriptions: str, **changes: Any) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        spec = gate_spec(
            port, client_id="somebody", subscriptions=subscriptions, presence=None, session_expiry_s=0
        )
        self.broker = Broker(replace(spec, **changes), self, Random(3))

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self.messages.append((topic, payload, retained))

    def link_changed(self) -> None:
        pass

    async def says(self, topic: str, payload: bytes) -> str | None:
        """Publish, and return the broker's refusal if there was one."""
        await until(lambda: self.broker.connected, what="connected")
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        assert self.broker.publish(topic, payload, answer.set_result)
        async with asyncio.timeout(90):
            return await answer

    async def run(self) -> None:
        await self.broker.run()


@asynccontextmanager
async def running(*parts: Gate | Books | Ear) -> AsyncIterator[None]:
    """The parts at work; what goes wrong in one of them fails the test."""
    async with running_tasks(*(part.run() for part in parts)):
        yield


@asynccontextmanager
async def running_tasks(*works: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
