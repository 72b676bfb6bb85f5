"""Who has counted the cars inside, and by how much the count was off.

The law of this file: as in `daemon.store.tables`, which has LOT_PROJECTIONS among its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from daemon.core.fact import Fact
from daemon.core.lot import LotRecounted

LOT_SCHEMA = """
CREATE TABLE recounts (
    seq        INTEGER PRIMARY KEY,
    of         TEXT NOT NULL,
    counted    INTEGER NOT NULL,
    correction INTEGER NOT NULL,
    why        TEXT NOT NULL,
    counted_by TEXT NOT NULL,
    counted_at TEXT NOT NULL
) STRICT;
"""

LOT_NAMES = ("recounts",)


def _recounted(db: sqlite3.Connection, seq: int, fact: LotRecounted) -> None:
    db.execute(
        "INSERT INTO recounts (seq, of, counted, correction, why, counted_by, counted_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            fact.of,
            fact.counted,
            fact.correction,
            fact.why,
            fact.by.name,
            fact.at.wall.isoformat(),
        ),
    )


LOT_PROJECTIONS: dict[type[Fact], Callable[[sqlite3.Connection, int, Any], None]] = {
    LotRecounted: _recounted,
}


def insides(db: sqlite3.Connection) -> dict[str, int]:
    """How many cars of each class are inside, recounts included. A file from before recounts has none."""
    inside = {"permit": 0, "temporary": 0}
    has_recounts = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'recounts'").fetchone() is not None
    counted = "SELECT iif(kind = 'permit', kind, 'temporary'), 1 FROM stays WHERE left_at IS NULL"
    corrected = " UNION ALL SELECT of, correction FROM recounts" if has_recounts else ""
    for of, number in db.execute(counted + corrected):
        inside[of] += number
    return inside
