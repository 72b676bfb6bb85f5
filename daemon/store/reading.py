"""What another process may read from the gate's file, while the daemon runs and while it does not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.core.fact import Fact
from daemon.store import file, ledger
from daemon.store.tables_duty import LogbookRow, search_logbook
from daemon.store.tables_lot import insides


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The gate at a glance."""

    facts: int
    acknowledged: int
    last_fact_at: str | None
    """Wall time of the newest fact, ISO 8601 in UTC."""
    permits: int
    inside: int
    """Cars, recounts included."""
    inside_of: dict[str, int]
    """The same for each class of cars."""
    passages: int
    alerts: tuple[str, ...]
    """Open ones, the oldest first: severity, kind and detail."""


def figures(path: Path) -> Figures:
    """Raises FileNotFoundError where no gate has run yet, LedgerDamaged or StoreUnusable."""
    try:
        return _figures(path)
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


def _figures(path: Path) -> Figures:
    with closing(_open(path)) as db:
        last = db.execute(
            "SELECT seq, json_extract(body, '$.at.wall') FROM ledger ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        inside_of = insides(db)
        return Figures(
            facts=last[0] if last else 0,
            last_fact_at=last[1] if last else None,
            acknowledged=_one(db, "SELECT acked FROM office"),
            permits=_one(db, "SELECT count(*) FROM permits"),
            inside=sum(inside_of.values()),
            inside_of=inside_of,
            passages=_one(db, "SELECT count(*) FROM passages"),
            alerts=tuple(
                f"{severity} {alert}: {detail}"
                for severity, alert, detail in db.execute(
                    "SELECT severity, alert, detail FROM alerts WHERE cleared_at IS NULL ORDER BY seq"
                )
            ),
        )


def logbook(path: Path, text: str, *, state: str | None = None, limit: int = 100) -> list[LogbookRow]:
    """Entries of the logbook with `text` anywhere in them, newest first.

    Raises FileNotFoundError where no gate has run yet, LedgerDamaged or StoreUnusable.
    """
    try:
        with closing(_open(path)) as db:
            return search_logbook(db, text, state=state, limit=limit)
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


def verify(path: Path, *, expected_head: str | None = None) -> ledger.Verified:
    """The chain as it is in the file, and whether it comes by the hash that somebody outside has.

    Raises FileNotFoundError where no gate has run yet.
    """
    with closing(_open(path)) as db:
        return ledger.verify(db, expected_head=expected_head)


def identity(path: Path) -> str:
    """Which ledger is in that file. Raises as `facts`."""
    try:
        with closing(_open(path)) as db:
            return ledger.identity(db)
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


def seals(path: Path) -> Iterator[tuple[int, str]]:
    """Number and hash of every row, in order, as they stand there. Raises as `facts`."""
    try:
        with closing(_open(path)) as db:
            yield from db.execute("SELECT seq, hash FROM ledger ORDER BY seq")
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


def facts(path: Path) -> Iterator[Fact]:
    """Every fact, in order.

    Raises FileNotFoundError where no gate has run yet, LedgerDamaged, StoreTooNew or StoreUnusable.
    """
    try:
        with closing(_open(path)) as db:
            yield from (fact for _, fact in ledger.facts(db))
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


def facts_of(
    path: Path,
    kinds: Collection[str],
    *,
    always: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[tuple[int, Fact]]:
    """Numbered facts of these kinds, in order: those whose wall time may lie between the two moments.

    The facts of the kinds in `always`, and those whose clock was not trusted, come whatever their wall time
    is. Raises as `facts`.
    """
    asked = {
        "kinds": json.dumps(list(kinds)),
        "always": json.dumps(list(always)),
        "since": int(since.timestamp()) if since is not None else None,
        "until": int(until.timestamp()) if until is not None else None,
    }
    try:
        with closing(_open(path)) as db:
            for seq, body in db.execute(_FACTS_OF, asked):
                yield seq, ledger.fact_of(seq, body)
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken


_SECOND = "CAST(strftime('%s', json_extract(body, '$.at.wall')) AS INTEGER)"
_FACTS_OF = (
    "SELECT seq, body FROM ledger"  # noqa: S608 - this file's own words, what is asked is bound
    " WHERE kind IN (SELECT value FROM json_each(:always))"
    " OR (kind IN (SELECT value FROM json_each(:kinds)) AND (json_extract(body, '$.at.trusted') = 0"
    f" OR ((:since IS NULL OR {_SECOND} >= :since) AND (:until IS NULL OR {_SECOND} <= :until))))"
    " ORDER BY seq"
)


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: 还没有账本，门岗未曾运行 / no ledger yet, the gate has never run here"
        )
    return file.connect_reading(path)


def _one(db: sqlite3.Connection, question: str) -> int:
    answer: int = db.execute(question).fetchone()[0]
    return answer
