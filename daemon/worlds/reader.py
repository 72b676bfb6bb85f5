"""The ledger as a stranger reads it: own code, own SQL, nothing of `daemon.store`.

The law of this file: it reads a copy of the files, so that looking changes nothing, and it believes only what
it has computed itself.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    kind: str
    lane: str | None
    passage: str | None
    text: str
    body: dict[str, Any]
    hash: str

    @property
    def mono_s(self) -> float:
        """When, in seconds of its boot."""
        return _seconds(self.body["at"]["mono"])

    def seconds(self, name: str) -> float:
        """A duration of its body."""
        return _seconds(self.body[name])

    @property
    def boot(self) -> str:
        return str(self.body["at"]["boot"])

    @property
    def wall(self) -> datetime:
        """When, as the machine's wall clock had it."""
        return datetime.fromisoformat(self.body["at"]["wall"])

    @property
    def is_trusted(self) -> bool:
        return bool(self.body["at"]["trusted"])


@dataclass(slots=True)
class Book:
    """All rows, what is wrong with their chain, and the tables beside them."""

    rows: list[Row]
    wrong: list[str]
    acked: int = 0
    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)


def read_book(folder: Path, scratch: Path) -> Book | None:
    """The book as the files of `folder` have it; None where there is none yet."""
    if not (folder / "gatepost.db").exists():
        return None
    for name in ("gatepost.db", "gatepost.db-wal", "gatepost.db-journal"):
        (scratch / name).unlink(missing_ok=True)
        if (folder / name).exists():
            shutil.copyfile(folder / name, scratch / name)
    (scratch / "gatepost.db-shm").unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(scratch / "gatepost.db", isolation_level=None)) as db:
            return _read(db)
    except sqlite3.DatabaseError as broken:
        return Book([], [f"the file cannot be read: {broken}"])


def _read(db: sqlite3.Connection) -> Book:
    rows: list[Row] = []
    wrong: list[str] = []
    before = "0" * 64
    found = db.execute("SELECT seq, kind, lane, passage, body, prev, hash FROM ledger ORDER BY seq")
    for number, (seq, kind, lane, passage, body, prev, seal) in enumerate(found, start=1):
        mine = sha256("\n".join((before, str(number), kind, body)).encode()).hexdigest()
        if seq != number:
            wrong.append(f"row {number} is missing, {seq} follows")
            break
        if prev != before or seal != mine:
            wrong.append(f"row {seq} does not follow the row before it")
            break
        rows.append(Row(seq, kind, lane, passage, body, json.loads(body), seal))
        before = seal
    tables = {
        "permits": db.execute("SELECT id, card, plate FROM permits ORDER BY id").fetchall(),
        "stays": db.execute("SELECT id, plate, permit_id, left_at IS NULL FROM stays ORDER BY id").fetchall(),
        "passages": db.execute("SELECT passage, outcome FROM passages ORDER BY seq").fetchall(),
        "alerts": db.execute("SELECT seq, alert_id, cleared_at IS NULL FROM alerts ORDER BY seq").fetchall(),
        "receipts": db.execute(
            "SELECT number, fen, means, voided_at IS NULL, copies,"
            " (SELECT sum(fen) FROM payments WHERE receipt = number) FROM receipts ORDER BY number"
        ).fetchall(),
    }
    return Book(rows, wrong, db.execute("SELECT acked FROM office").fetchone()[0], tables)


def expected_tables(rows: list[Row]) -> dict[str, list[tuple[Any, ...]]]:
    """What the tables must say, as the rows alone tell it."""
    permits: dict[str, tuple[Any, ...]] = {}
    stays: dict[str, tuple[Any, ...]] = {}
    passages: dict[str, str | None] = {}
    alerts: dict[int, tuple[Any, ...]] = {}
    receipts: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        body = row.body
        match row.kind:
            case "permit_granted":
                permit = body["permit"]
                permits[permit["id"]] = (permit["id"], permit["card"], permit["plate"])
            case "permit_withdrawn":
                permits.pop(body["permit_id"], None)
            case "stay_opened":
                stays[body["stay_id"]] = (body["stay_id"], body["plate"], body["permit_id"], 1)
            case "stay_closed" if body["stay_id"] in stays:
                stays[body["stay_id"]] = (*stays[body["stay_id"]][:3], 0)
            case "passage_opened":
                passages[str(row.passage)] = None
            case "passage_closed" if row.passage in passages:
                passages[str(row.passage)] = body["outcome"]
            case "alert_raised":
                alerts[row.seq] = (row.seq, body["alert_id"], 1)
            case "alert_cleared":
                for seq, alert in alerts.items():
                    if alert[1] == body["alert_id"]:
                        alerts[seq] = (*alert[:2], 0)
            case "receipt_issued":
                number, fen = body["number"], body["fen"]
                receipts[number] = (number, fen, body["means"], 1, 0, fen)
            case "receipt_voided" if (given := receipts.get(body["number"])) is not None:
                receipts[body["number"]] = (*given[:3], 0, *given[4:])
            case "receipt_reprinted" if (given := receipts.get(body["number"])) is not None:
                receipts[body["number"]] = (*given[:4], body["copy"], given[5])
            case _:
                pass
    return {
        "permits": [permits[key] for key in sorted(permits)],
        "stays": [stays[key] for key in sorted(stays)],
        "passages": list(passages.items()),
        "alerts": list(alerts.values()),
        "receipts": list(receipts.values()),
    }


def _seconds(duration: str) -> float:
    """`PT1H2M3.5S`, `P1DT2S` or `-PT4S` (ISO 8601), as the ledger writes durations."""
    total, number = 0.0, ""
    units = {"D": 86400.0, "H": 3600.0, "M": 60.0, "S": 1.0}
    for char in duration:
        if char in "0123456789.":
            number += char
        elif char in units:
            total, number = total + float(number) * units[char], ""
    return -total if duration.startswith("-") else total
