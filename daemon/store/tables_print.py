"""What was printed, and where the quote of each charge stands, made in the transaction that writes the facts.

The law of this file: as in `daemon.store.tables`, which has PRINT_PROJECTIONS among its own. `receipt` puts
one receipt together from the tables and the facts that they point to, by their numbers: no search.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from daemon.core.fact import Fact
from daemon.core.money import ChargeQuoted, ReceiptIssued
from daemon.core.printing import ReceiptNotPrinted, ReceiptPrinted, ReceiptPrintOrdered
from daemon.core.receipt_paper import Receipt, Voided
from daemon.store import ledger

PRINT_SCHEMA = """
CREATE TABLE quotes (charge TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
CREATE TABLE prints (
    number  INTEGER NOT NULL,
    copy    INTEGER NOT NULL,
    state   TEXT NOT NULL,
    since   TEXT NOT NULL,
    why     TEXT,
    PRIMARY KEY (number, copy)
) STRICT;
"""

QUOTES_SO_FAR = """
INSERT INTO quotes (charge, seq)
SELECT json_extract(body, '$.charge'), max(seq) FROM ledger WHERE kind = 'charge_quoted' GROUP BY 1
"""

PRINT_NAMES = ("quotes", "prints")


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One order to print, and what became of it; `since` is ISO 8601 in UTC."""

    copy: int
    state: str
    """`ordered`, `printed`, `sent` to a printer that gives no answers, or `not_printed`."""
    since: str
    why: str | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt as lists show it; times are ISO 8601 in UTC."""

    number: int
    series: str
    issued_at: str
    fen: int
    means: str
    plate: str
    issued_by: str
    voided_at: str | None
    paper: str | None
    """`printed` where any of it has come out, as a copy too; else the state of its last order, as in
    `PrintRow`; None where none was ever ordered."""


_RECEIPTS = """
SELECT number, series, issued_at, fen, means, plate, issued_by, voided_at, coalesce(
    (SELECT 'printed' FROM prints AS one WHERE one.number = receipts.number
        AND one.state IN ('printed', 'sent') LIMIT 1),
    (SELECT state FROM prints AS one WHERE one.number = receipts.number ORDER BY copy DESC LIMIT 1)
) AS paper
FROM receipts
WHERE (:before IS NULL OR number < :before)
    AND (NOT :missing OR (paper = 'not_printed' AND voided_at IS NULL))
ORDER BY number DESC LIMIT :limit
"""


def receipts(
    db: sqlite3.Connection, limit: int, before: int | None = None, *, missing: bool = False
) -> list[ReceiptRow]:
    """Newest first, those below `before`; `missing`: only those that hold and are not on paper."""
    found = db.execute(_RECEIPTS, {"limit": limit, "before": before, "missing": missing})
    return [ReceiptRow(*row) for row in found]


def receipt(db: sqlite3.Connection, number: int) -> Receipt | None:
    """The receipt with that number; None where there is none."""
    row = db.execute(
        "SELECT seq, charge, copies, voided_at, voided_by, why FROM receipts WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        return None
    seq, charge, copies, voided_at, voided_by, why = row
    quoted = db.execute("SELECT seq FROM quotes WHERE charge = ?", (charge,)).fetchone()
    parts = db.execute(
        "SELECT owed, sum(fen), max(reference) FROM payments WHERE receipt = ? GROUP BY owed", (number,)
    ).fetchall()
    return Receipt(
        issued=cast(ReceiptIssued, _fact(db, seq)),
        quoted=cast(ChargeQuoted, _fact(db, quoted[0])) if quoted is not None else None,
        paid_for={owed: fen for owed, fen, _ in parts},
        reference=next((reference for _, _, reference in parts), ""),
        copies=copies,
        voided=Voided(at=datetime.fromisoformat(voided_at), by=voided_by, why=why) if voided_at else None,
    )


def prints(db: sqlite3.Connection, number: int) -> list[PrintRow]:
    """What became of each order to print that receipt, the original first."""
    found = db.execute("SELECT copy, state, since, why FROM prints WHERE number = ? ORDER BY copy", (number,))
    return [PrintRow(*row) for row in found]


def _fact(db: sqlite3.Connection, seq: int) -> Fact:
    (body,) = db.execute("SELECT body FROM ledger WHERE seq = ?", (seq,)).fetchone()
    return ledger.fact_of(seq, body)


# ---------------------------------------------------------------- one function for each kind of fact


def _charge_quoted(db: sqlite3.Connection, seq: int, fact: ChargeQuoted) -> None:
    db.execute(
        "INSERT INTO quotes (charge, seq) VALUES (?, ?)"
        " ON CONFLICT (charge) DO UPDATE SET seq = excluded.seq",
        (fact.charge, seq),
    )


def _put(db: sqlite3.Connection, fact: Any, state: str, why: str | None = None) -> None:
    db.execute(
        "INSERT INTO prints (number, copy, state, since, why) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (number, copy) DO UPDATE"
        " SET state = excluded.state, since = excluded.since, why = excluded.why",
        (fact.number, fact.copy, state, fact.at.wall.isoformat(), why),
    )


def _ordered(db: sqlite3.Connection, _seq: int, fact: ReceiptPrintOrdered) -> None:
    _put(db, fact, "ordered")


def _printed(db: sqlite3.Connection, _seq: int, fact: ReceiptPrinted) -> None:
    _put(db, fact, "printed" if fact.is_confirmed else "sent")


def _not_printed(db: sqlite3.Connection, _seq: int, fact: ReceiptNotPrinted) -> None:
    _put(db, fact, "not_printed", fact.why)


PRINT_PROJECTIONS: dict[type[Fact], Callable[[sqlite3.Connection, int, Any], None]] = {
    ChargeQuoted: _charge_quoted,
    ReceiptPrintOrdered: _ordered,
    ReceiptPrinted: _printed,
    ReceiptNotPrinted: _not_printed,
}
