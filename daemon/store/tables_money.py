"""Receipts, and what the money of each was for, made from the facts in the transaction that writes them.

The law of this file: as in `daemon.store.tables`, which has MONEY_PROJECTIONS among its own. A receipt that
was voided keeps its row and its number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from daemon.core.fact import Fact
from daemon.core.money import PaymentTaken, ReceiptIssued, ReceiptReprinted, ReceiptVoided

MONEY_SCHEMA = """
CREATE TABLE receipts (
    number    INTEGER PRIMARY KEY,
    series    TEXT NOT NULL,
    seq       INTEGER NOT NULL UNIQUE,
    issued_at TEXT NOT NULL,
    fen       INTEGER NOT NULL,
    means     TEXT NOT NULL,
    plate     TEXT NOT NULL,
    charge    TEXT,
    issued_by TEXT NOT NULL,
    copies    INTEGER NOT NULL DEFAULT 0,
    voided_at TEXT,
    voided_by TEXT,
    why       TEXT
) STRICT;
CREATE INDEX receipts_of_plate ON receipts (plate);
CREATE TABLE payments (
    receipt   INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    stay_id   TEXT,
    owed      TEXT NOT NULL,
    fen       INTEGER NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (receipt, part)
) STRICT;
CREATE INDEX payments_of_stay ON payments (stay_id);
"""

MONEY_NAMES = ("receipts", "payments")


def _payment_taken(db: sqlite3.Connection, _seq: int, fact: PaymentTaken) -> None:
    parts: list[tuple[str | None, str, int]] = [
        (one.stay_id or None, one.owed, one.fen) for one in fact.shares
    ]
    if fact.credit_fen:
        parts.append((None, "credit", fact.credit_fen))
    db.executemany(
        "INSERT INTO payments (receipt, part, stay_id, owed, fen, reference) VALUES (?, ?, ?, ?, ?, ?)",
        [(fact.receipt, part, *row, fact.reference) for part, row in enumerate(parts, start=1)],
    )


def _receipt_issued(db: sqlite3.Connection, seq: int, fact: ReceiptIssued) -> None:
    db.execute(
        "INSERT INTO receipts (number, series, seq, issued_at, fen, means, plate, charge, issued_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fact.number,
            fact.series,
            seq,
            fact.at.wall.isoformat(),
            fact.fen,
            fact.means,
            fact.plate,
            fact.charge,
            fact.by.name,
        ),
    )


def _receipt_voided(db: sqlite3.Connection, _seq: int, fact: ReceiptVoided) -> None:
    db.execute(
        "UPDATE receipts SET voided_at = ?, voided_by = ?, why = ? WHERE number = ?",
        (fact.at.wall.isoformat(), fact.by.name, fact.why, fact.number),
    )


def _receipt_reprinted(db: sqlite3.Connection, _seq: int, fact: ReceiptReprinted) -> None:
    db.execute("UPDATE receipts SET copies = ? WHERE number = ?", (fact.copy, fact.number))


MONEY_PROJECTIONS: dict[type[Fact], Callable[[sqlite3.Connection, int, Any], None]] = {
    PaymentTaken: _payment_taken,
    ReceiptIssued: _receipt_issued,
    ReceiptVoided: _receipt_voided,
    ReceiptReprinted: _receipt_reprinted,
}
