"""Which version of the database this program knows, and how a file gets there.

The version is SQLite's own `user_version`, beside the list that sqlite-utils keeps, so that a file from a
newer gatepost is recognised before anything is written to it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from daemon.store.errors import StoreTooNew

VERSION = 6


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """Raises StoreTooNew for a file from the future. Only reads."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise StoreTooNew(
            f"{path} 由较新版本的 gatepost 写成（数据库版本 {found}，本程序 {VERSION}），未作改动；"
            f"请安装较新版本 / written by a newer gatepost (database version {found}, this program knows"
            f" {VERSION}); nothing was changed, install the newer version"
        )


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to VERSION; each migration is one transaction with the note that it is done."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found < VERSION:
        from sqlite_utils import Database

        from daemon.store.migrations import MIGRATIONS

        MIGRATIONS.apply(Database(db))
        db.execute(f"PRAGMA user_version = {VERSION}")
