"""The store: facts in, in one transaction; everything else reads.

Nothing here waits for anything but the disk, and nothing is retried: a commit that fails raises, and the
engine decides what that means for the car at the gate.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from daemon.core.facts import Fact
from daemon.store import ledger, tables
from daemon.store.accounts import Accounts
from daemon.store.errors import LedgerDamaged, StoreError, StoreFull
from daemon.store.ledger import LedgerRow
from daemon.store.schema import migrate
from daemon.store.tables import PassageRow

FILE = "gatepost.db"
BALLAST = "ballast"
BALLAST_BYTES = 64 * 1024 * 1024
"""Given up when the disk is full: room for about 14,000 rows, since a full disk refuses even DELETE."""


class Store:
    """One gate's file. `open()` before anything else; the writing connection is this object's alone."""

    def __init__(self, folder: Path, *, ballast_bytes: int = BALLAST_BYTES) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._ballast_bytes = ballast_bytes
        self._db: sqlite3.Connection | None = None
        self._seq = 0
        self._head = ledger.FIRST_PREV

    def open(self) -> None:
        """Raises StoreTooNew, LedgerDamaged, or OSError where the folder cannot be made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            db = connect(self.path)
            migrate(db, str(self.path))
            self._seq, self._head = ledger.head(db)
        except sqlite3.DatabaseError as broken:
            raise LedgerDamaged(f"{self.path}: {broken}") from broken
        self._db = db
        self._fill_ballast()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @property
    def db(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError(f"{self.path} is not open")
        return self._db

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.db)

    # ------------------------------------------------------------ facts

    def append(self, facts: Sequence[Fact]) -> list[int]:
        """Write facts and tables, durably, all or none; returns their numbers.

        Raises StoreFull or StoreError, and then nothing was written.
        """
        try:
            return self._append(facts)
        except sqlite3.OperationalError as refused:
            if "full" not in str(refused) or not self._give_up_ballast():
                raise _named(self.path, refused) from refused
        except sqlite3.DatabaseError as refused:
            raise _named(self.path, refused) from refused
        try:
            return self._append(facts)
        except sqlite3.DatabaseError as refused:
            raise _named(self.path, refused) from refused

    def _append(self, facts: Sequence[Fact]) -> list[int]:
        seq, seal = self._seq, self._head
        self.db.execute("BEGIN IMMEDIATE")
        try:
            for fact in facts:
                seq += 1
                seal = ledger.append(self.db, seq, seal, fact)
                tables.project(self.db, seq, fact)
            self.db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk may have rolled back by itself
                self.db.execute("ROLLBACK")
            raise
        first, self._seq, self._head = self._seq + 1, seq, seal
        return list(range(first, seq + 1))

    def facts(self) -> Iterable[tuple[int, Fact]]:
        """Every fact with its number, in order. Raises LedgerDamaged at a row that cannot be read."""
        try:
            yield from ledger.facts(self.db)
        except (sqlite3.DatabaseError, ValueError) as broken:
            raise LedgerDamaged(f"{self.path}: {broken}") from broken

    def last_seq(self) -> int:
        return self._seq

    def head(self) -> str:
        """The hash of the last row."""
        return self._head

    def check(self) -> None:
        """Go as far as a write can go without writing. Raises StoreError."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("ROLLBACK")
        except sqlite3.DatabaseError as refused:
            raise _named(self.path, refused) from refused

    def rows(self, after: int, limit: int) -> list[LedgerRow]:
        return ledger.rows(self.db, after, limit)

    def verify(self) -> ledger.Verified:
        return ledger.verify(self.db)

    # ------------------------------------------------------------ the office

    def acked(self) -> int:
        """The highest number up to which the office has acknowledged every fact."""
        acked: int = self.db.execute("SELECT acked FROM office").fetchone()[0]
        return acked

    def set_acked(self, seq: int) -> None:
        """Never goes back. Raises StoreError where the disk refuses; the office will say it again."""
        try:
            self.db.execute("UPDATE office SET acked = max(acked, ?)", (seq,))
        except sqlite3.DatabaseError as refused:
            raise _named(self.path, refused) from refused

    # ------------------------------------------------------------ for people

    def recent_passages(
        self, limit: int, lane: str | None = None, before: str | None = None
    ) -> list[PassageRow]:
        return tables.recent_passages(self.db, limit, lane, before)

    # ------------------------------------------------------------ room in need

    def _fill_ballast(self) -> None:
        """Put room aside; without it the gate works all the same."""
        path = self.folder / BALLAST
        with suppress(OSError):
            if not path.exists() or path.stat().st_size < self._ballast_bytes:
                with path.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)

    def _give_up_ballast(self) -> bool:
        try:
            (self.folder / BALLAST).unlink()
        except OSError:
            return False
        return True


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection: WAL, every commit synced to the disk. Raises sqlite3.DatabaseError."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def connect_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for another process or a copy. Raises sqlite3.DatabaseError."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=5)
    db.execute("PRAGMA query_only = ON")
    return db


def _named(path: Path, error: sqlite3.Error) -> StoreError:
    kind = StoreFull if "full" in str(error) else StoreError
    return kind(f"{path}: {error}; nothing was written")
