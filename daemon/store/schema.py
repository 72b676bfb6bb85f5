"""The shape of the database, one migration after another. A shipped migration is never changed.

The version is SQLite's own `user_version`, beside the list that sqlite-utils keeps, so that a file from a
newer gatepost is recognised before anything is written to it.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from daemon.store.accounts import ACCOUNTS_SCHEMA
from daemon.store.errors import StoreTooNew
from daemon.store.ledger import LEDGER_SCHEMA
from daemon.store.tables import TABLES_SCHEMA

VERSION = 1

MIGRATIONS = Migrations("gatepost")


@MIGRATIONS()
def m001_first_gate(db: Database) -> None:
    """Ledger, tables, accounts, and how far the office has acknowledged."""
    office = "CREATE TABLE office (only INTEGER PRIMARY KEY CHECK (only = 1), acked INTEGER NOT NULL) STRICT;"
    for script in (LEDGER_SCHEMA, TABLES_SCHEMA, ACCOUNTS_SCHEMA, office):
        for statement in filter(str.strip, script.split(";")):
            db.execute(statement)
    db.execute("INSERT INTO office (only, acked) VALUES (1, 0)")


def migrate(db: sqlite3.Connection, path: str) -> None:
    """Bring the file to VERSION. Raises StoreTooNew, having written nothing, for a file from the future."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise StoreTooNew(
            f"{path} 由较新版本的 gatepost 写成（数据库版本 {found}，本程序 {VERSION}），未作改动；"
            f"请安装较新版本 / written by a newer gatepost (database version {found}, this program knows"
            f" {VERSION}); nothing was changed, install the newer version"
        )
    if found < VERSION:
        MIGRATIONS.apply(Database(db))
        db.execute(f"PRAGMA user_version = {VERSION}")
