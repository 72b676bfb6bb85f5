"""How long 20,000 permits take, from a CSV file to the disk: read, checked, decided, committed (R41).

The law of this file: the whole way of `gatepost import`, but for the socket between the command and the gate.
The target is in seconds, since a person waits for it; a bare commit of as many rows to the same disk stands
beside it, to tell a slow machine from a slow gate.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from daemon.core.register import GivePermits
from daemon.core.signals import Actor, Asked, Permit, Started
from daemon.core.state import empty_state
from daemon.engine import Engine
from daemon.imports.lists import Site, check
from daemon.imports.sheets import read
from daemon.runtime.clock import SystemClock
from daemon.store import Store

PERMITS = 20_000
TARGET_S = 10.0
ROW = "x" * 400
"""About what one permit is as text."""

OFFICE = Actor(name="物业", role="office")
_ROWS = TypeAdapter(tuple[Permit, ...])
T = TypeVar("T")


def measure(permits: int = PERMITS) -> dict[str, Any]:
    """Seconds for each step and for all; again with nothing changed; and a bare commit of as many rows."""
    disk = Path(__file__).parents[2] / "var"
    disk.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=disk, prefix="bench-") as name:
        return _measured(Path(name), permits)


def _measured(folder: Path, permits: int) -> dict[str, Any]:
    file = folder / "permits.csv"
    lines = (f"P{n:05},{n:010X},粤B{n:05},持卡人{n},{n // 40}-{n % 40}\n" for n in range(permits))
    file.write_text("编号,卡号,车牌,姓名,房号\n" + "".join(lines), encoding="gbk")
    sheet, read_s = _timed(lambda: read(file))
    checked, checked_s = _timed(lambda: check("permits", sheet, Site((), ZoneInfo("Asia/Shanghai"))))
    assert not checked.problems
    rows = _ROWS.validate_json(json.dumps(checked.rows))  # as it comes over the socket
    clock, store = SystemClock(), Store(folder / "data", ballast_bytes=0)
    store.open()
    engine = Engine(state=empty_state(()), store=store, clock=clock, perform=lambda _fact: None)
    engine.handle(Started(at=clock.now(), version="bench"))

    def given() -> int:
        request = GivePermits(rows=rows, source=file.name)
        return len(engine.handle(Asked(at=clock.now(), actor=OFFICE, request=request)))

    facts, taken_s = _timed(given)
    unchanged, again_s = _timed(given)
    assert (facts, unchanged, len(engine.state.permits)) == (permits + 1, 0, permits)
    store.close()
    total = read_s + checked_s + taken_s
    return {
        "permits": permits,
        "read_s": round(read_s, 3),
        "checked_s": round(checked_s, 3),
        "decided_and_committed_s": round(taken_s, 3),
        "total_s": round(total, 3),
        "again_s": round(again_s, 3),
        "bare_commit_s": round(_bare(folder / "bare.db", permits), 3),
        "target_s": TARGET_S,
        "is_on_target": total <= TARGET_S,
    }


def _bare(path: Path, rows: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, text TEXT)")
        began = time.perf_counter()
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany("INSERT INTO bare (text) VALUES (?)", ((ROW,) for _ in range(rows)))
        bare.execute("COMMIT")
        return time.perf_counter() - began


def _timed(do: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    done = do()
    return done, time.perf_counter() - began
