"""One running gate, as the panel and the command line see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from daemon.core.facts import Fact
from daemon.core.receipt_paper import Receipt
from daemon.core.signals import Asked, GuardAsked
from daemon.core.state import State
from daemon.engine import Engine
from daemon.panel.gate import Names, OfficeStatus, Wanted
from daemon.reporting import Reporter
from daemon.reports.sheet import Sheet
from daemon.runtime.clock import Clock
from daemon.store import Store
from daemon.store.tables import PassageRow
from daemon.store.tables_print import PrintRow, ReceiptRow


class Gate:
    """`daemon.panel.gate.GateView`, over the engine and the store."""

    def __init__(
        self,
        *,
        names: Names,
        clock: Clock,
        engine: Engine,
        store: Store,
        evidence: Path,
        office: Callable[[], OfficeStatus],
    ) -> None:
        self.names = names
        self.clock = clock
        self.evidence = evidence
        self._engine = engine
        self._store = store
        self._office = office
        self._reporter = Reporter(store.path, names.timezone)

    @property
    def state(self) -> State:
        return self._engine.state

    @property
    def office(self) -> OfficeStatus:
        return self._office()

    def recent_passages(
        self, limit: int, lane: str | None = None, before: str | None = None
    ) -> Sequence[PassageRow]:
        return self._store.recent_passages(limit, lane, before)

    def receipts(
        self, limit: int, before: int | None = None, *, missing: bool = False
    ) -> Sequence[ReceiptRow]:
        return self._store.receipts(limit, before, missing=missing)

    def receipt(self, number: int) -> Receipt | None:
        return self._store.receipt(number)

    def prints(self, number: int) -> Sequence[PrintRow]:
        return self._store.prints(number)

    async def report(self, wanted: Wanted) -> Sheet:
        return await self._reporter.sheet(wanted)

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[int, Fact]]]:
        return self._engine.watch()

    async def ask(self, signal: GuardAsked | Asked) -> tuple[Fact, ...]:
        """What a guard asks, and what came of it once it is durable. Raises StoreError where it cannot be."""
        return await self._engine.ask(signal)
