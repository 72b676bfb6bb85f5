"""What the panel asks of the gate: one Protocol, so that pages can be tried without the daemon.

The law of this file: values of `daemon.core` and `daemon.reports`, and Protocols only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from daemon.core.facts import Fact
from daemon.core.receipt_paper import Receipt
from daemon.core.signals import Asked, GuardAsked, Instant
from daemon.core.state import State
from daemon.reports.periods import By
from daemon.reports.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report of some days, both included."""

    report: str
    by: By
    first: date
    last: date


class NoReport(Exception):
    """It could not be made; says why."""


class Now(Protocol):
    """The part of `daemon.runtime.clock.Clock` that the panel needs."""

    def now(self) -> Instant: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What this gate is called, and the zone its people live in."""

    site: str
    gate: str
    gate_id: str
    timezone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeStatus:
    """How far the office has heard."""

    configured: bool
    connected: bool
    last_seq: int
    """The newest fact in the ledger."""
    acked_seq: int
    """The highest fact up to which the office has acknowledged everything."""
    by_broker: bool = False
    """True where the broker's word is enough, since nobody acknowledges (`delivery: broker`)."""


class PassageLine(Protocol):
    """One passage as the list shows it; `daemon.store.tables.PassageRow` is one."""

    @property
    def passage(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def opened_at(self) -> str:
        """ISO 8601, UTC."""
        ...

    @property
    def closed_at(self) -> str | None: ...
    @property
    def card(self) -> str | None: ...
    @property
    def plate(self) -> str | None: ...
    @property
    def permit_id(self) -> str | None: ...
    @property
    def holder(self) -> str | None: ...
    @property
    def decision(self) -> str | None:
        """`granted`, `refused`, `held`, or None while nothing is decided."""
        ...

    @property
    def reason(self) -> str | None: ...
    @property
    def decided_by(self) -> str | None: ...
    @property
    def note(self) -> str: ...
    @property
    def picture(self) -> str | None: ...
    @property
    def crop(self) -> str | None: ...
    @property
    def outcome(self) -> str | None: ...


class PrintLine(Protocol):
    """One order to print a receipt; `daemon.store.tables_print.PrintRow` is one."""

    @property
    def copy(self) -> int:
        """0 for the original."""
        ...

    @property
    def state(self) -> str:
        """`ordered`, `printed`, `sent` to a printer that gives no answers, or `not_printed`."""
        ...

    @property
    def since(self) -> str:
        """ISO 8601, UTC."""
        ...

    @property
    def why(self) -> str | None: ...


class ReceiptLine(Protocol):
    """One receipt as the list shows it; `daemon.store.tables_print.ReceiptRow` is one."""

    @property
    def number(self) -> int: ...
    @property
    def series(self) -> str: ...
    @property
    def issued_at(self) -> str:
        """ISO 8601, UTC."""
        ...

    @property
    def fen(self) -> int: ...
    @property
    def means(self) -> str: ...
    @property
    def plate(self) -> str: ...
    @property
    def issued_by(self) -> str: ...
    @property
    def voided_at(self) -> str | None: ...
    @property
    def paper(self) -> str | None:
        """`printed` where any of it has come out; else the state of its last order; None without one."""
        ...


class GateView(Protocol):
    """The gate as the panel sees it."""

    @property
    def names(self) -> Names: ...
    @property
    def clock(self) -> Now: ...
    @property
    def state(self) -> State: ...
    @property
    def office(self) -> OfficeStatus: ...
    @property
    def evidence(self) -> Path:
        """The folder that picture references are relative to."""
        ...

    def recent_passages(
        self, limit: int, lane: str | None = None, before: str | None = None
    ) -> Sequence[PassageLine]:
        """Newest first; `before` is the passage id whose older ones are wanted."""
        ...

    def receipts(
        self, limit: int, before: int | None = None, *, missing: bool = False
    ) -> Sequence[ReceiptLine]:
        """Newest first, those below `before`; `missing`: only those of which no paper has come out."""
        ...

    def receipt(self, number: int) -> Receipt | None:
        """One of this gate's receipts; None where there is none of that number."""
        ...

    def prints(self, number: int) -> Sequence[PrintLine]:
        """What became of each order to print it, the original first."""
        ...

    async def report(self, wanted: Wanted) -> Sheet:
        """What the ledger adds up to. Raises NoReport."""
        ...

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[int, Fact]]]:
        """Facts from now on with their seq, once durable. May drop some; never holds up the gate."""
        ...

    async def ask(self, signal: GuardAsked | Asked) -> tuple[Fact, ...]:
        """Hand a signal to the gate; returns the facts it led to, once they are durable."""
        ...
