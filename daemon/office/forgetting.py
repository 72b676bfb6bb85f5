"""Forgetting: what the facts say of people is overwritten when its time is over; their seals stay.

The law of this file: a row is never deleted. Its text goes, its number, kind, lane, moment and seal stay, so
that the chain can still be verified. Accounts stay whole, since their own law asks for longer; so do the few
kinds that name nobody and tell the reports what time it was. What is gone is gone from the files, not only
from the table.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, case, delete, exists, update

from daemon.office import tables

MONEY = frozenset(
    {
        "payment_taken", "receipt_issued", "receipt_voided", "credit_used", "charge_waived", "arrears_left",
        "cash_counted", "cash_handed_in", "cash_acknowledged",
    }
)  # fmt: skip
"""Accounts. Their seals are noted at once, so that a ledger that is sealed anew behind one is found out."""
NAMES_NOBODY = frozenset(
    {
        "gate_started", "clock_set", "loop_reported", "boom_moved", "device_failed", "device_recovered",
        "lot_changed", "fact_lost",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forgotten:
    facts: int
    alerts: int


def forget(engine: Engine, before: datetime) -> Forgotten:
    """Forget what was before that moment. An alert that is still open is not over, and stays.

    What a gate wrote without knowing the time, in 1970 by its clock, is as old as its coming here.
    """
    row, alert = tables.facts.c, tables.alerts.c
    when = case((row.trusted, row.wall), else_=row.taken_at)
    old = (when < before, row.body.is_not(None), row.kind.not_in(MONEY | NAMES_NOBODY))
    is_forgotten = exists().where(row.book == alert.book, row.seq == alert.seq, row.body.is_(None))
    over = (is_forgotten, alert.over_at.is_not(None))
    with engine.begin() as db:
        facts = db.execute(update(tables.facts).where(*old).values(body=None, passage=None)).rowcount
        alerts = db.execute(delete(tables.alerts).where(*over)).rowcount
    if facts or alerts:
        _overwrite(engine)
    return Forgotten(facts, alerts)


def _overwrite(engine: Engine) -> None:
    """Have the database give up what it keeps of old rows: dead ones, and its log."""
    if engine.dialect.name == "sqlite":
        # Not in a transaction, which every connection of the engine otherwise is.
        with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM FULL facts")
        db.exec_driver_sql("VACUUM FULL alerts")
