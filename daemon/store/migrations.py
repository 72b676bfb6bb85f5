"""The shape of the database, one migration after another. A shipped migration is never changed.

Loaded only when a file is behind: sqlite-utils brings numpy along where it finds it, 25 MB that a running
gate has no use for.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from daemon.store.accounts import ACCOUNTS_SCHEMA
from daemon.store.ledger import LEDGER_SCHEMA
from daemon.store.tables import TABLES_SCHEMA
from daemon.store.tables_duty import DUTY_SCHEMA
from daemon.store.tables_lot import LOT_SCHEMA
from daemon.store.tables_money import MONEY_SCHEMA
from daemon.store.tables_print import PRINT_SCHEMA, QUOTES_SO_FAR

OFFICE_SCHEMA = """
CREATE TABLE office (only INTEGER PRIMARY KEY CHECK (only = 1), acked INTEGER NOT NULL) STRICT;
INSERT INTO office (only, acked) VALUES (1, 0)
"""

IDENTITY_SCHEMA = """
CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), ledger TEXT NOT NULL) STRICT;
INSERT INTO identity (only, ledger) VALUES (1, lower(hex(randomblob(8))))
"""
"""Which ledger this is, so that the office tells a new one from the one before it."""

MIGRATIONS = Migrations("gatepost")


@MIGRATIONS()
def m001_first_gate(db: Database) -> None:
    """Ledger, tables, accounts, and how far the office has acknowledged."""
    for script in (LEDGER_SCHEMA, TABLES_SCHEMA, ACCOUNTS_SCHEMA, OFFICE_SCHEMA):
        for statement in filter(str.strip, script.split(";")):
            db.execute(statement)


@MIGRATIONS()
def m002_the_post(db: Database) -> None:
    """Shifts, attendance, the logbook, what is done about alerts, rounds."""
    for statement in filter(str.strip, DUTY_SCHEMA.split(";")):
        db.execute(statement)


@MIGRATIONS()
def m003_money(db: Database) -> None:
    """Receipts, and what the money of each was for."""
    for statement in filter(str.strip, MONEY_SCHEMA.split(";")):
        db.execute(statement)


@MIGRATIONS()
def m004_lot(db: Database) -> None:
    """Who has counted the cars inside."""
    for statement in filter(str.strip, LOT_SCHEMA.split(";")):
        db.execute(statement)


@MIGRATIONS()
def m005_identity(db: Database) -> None:
    """Which ledger this is; one that was there before is given its name now."""
    for statement in filter(str.strip, IDENTITY_SCHEMA.split(";")):
        db.execute(statement)


@MIGRATIONS()
def m006_prints(db: Database) -> None:
    """What was printed, and where the quote of each charge stands in the ledger."""
    for statement in filter(str.strip, (PRINT_SCHEMA + QUOTES_SO_FAR).split(";")):
        db.execute(statement)
