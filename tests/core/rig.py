"""The bench of the scenarios with one more proof: whatever moves has been committed before.

After every story `finish` proves that the ledger alone gives the same state and the same tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from daemon.core.facts import Fact
from daemon.core.signals import Signal
from daemon.core.state import LaneRules
from daemon.scenario.bench import GUARD as GUARD
from daemon.scenario.bench import LEADER as LEADER
from daemon.scenario.bench import OFFICE as OFFICE
from daemon.scenario.bench import ORDERS as ORDERS
from daemon.scenario.bench import SUPERVISOR as SUPERVISOR
from daemon.scenario.bench import Bench
from daemon.scenario.bench import ModelBoom as ModelBoom
from daemon.scenario.bench import entry as entry
from daemon.scenario.bench import exit_ as exit_
from daemon.scenario.bench import permit as permit
from daemon.store import Store


class GateRig(Bench):
    """One gate of some lanes, watched over a second connection to its file."""

    def __init__(self, folder: Path, lanes: Iterable[LaneRules], *args: Any, **kwargs: Any) -> None:
        self._seq_before = 0
        self._committed: sqlite3.Connection | None = None
        super().__init__(folder, lanes, *args, **kwargs)

    def _opened(self, store: Store) -> None:
        # What a power cut may take is the store's own test; here a commit need not reach the iron.
        store.db.execute("PRAGMA synchronous = OFF")
        self._committed = sqlite3.connect(store.path, isolation_level=None)

    def _handle(self, signal: Signal) -> tuple[Fact, ...]:
        self._seq_before = self.store.last_seq()
        return super()._handle(signal)

    def _perform(self, fact: Fact) -> None:
        if type(fact) in ORDERS:
            assert self._is_durable(fact), f"{fact} was to be performed before it was committed"
        super()._perform(fact)

    def _is_durable(self, fact: Fact) -> bool:
        """Asked over a second connection, which sees nothing that is not committed."""
        assert self._committed is not None
        found = self._committed.execute(
            "SELECT count(*) FROM ledger WHERE kind = ? AND lane = ? AND seq > ?",
            (fact.kind, fact.lane, self._seq_before),  # type: ignore[attr-defined]
        ).fetchone()
        return bool(found[0])

    def finish(self) -> None:
        assert self._committed is not None
        with closing(self._committed):
            super().finish()


def said(facts: Iterable[Fact]) -> list[str]:
    """The kinds of the facts, for reading."""
    return [fact.kind for fact in facts]  # type: ignore[attr-defined]
