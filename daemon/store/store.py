"""The store: facts in, in one transaction; everything else reads.

Nothing here waits for anything but the disk, and nothing is retried: a commit that fails raises, and the
engine decides what that means for the car at the gate.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from daemon.core.facts import Fact
from daemon.core.receipt_paper import Receipt
from daemon.store import carving, doubt, file, ledger, tables, tables_print
from daemon.store.accounts import Accounts
from daemon.store.errors import LedgerDamaged, StoreError, StoreFull
from daemon.store.file import connect_reading
from daemon.store.ledger import LedgerRow
from daemon.store.schema import migrate, refuse_newer
from daemon.store.tables import PassageRow
from daemon.store.tables_duty import LogbookRow, search_logbook
from daemon.store.tables_print import PrintRow, ReceiptRow

FILE = "gatepost.db"
LOCK = "gatepost.lock"
BALLAST = "ballast"
BALLAST_BYTES = 64 * 1024 * 1024
"""Given up when the disk is full: room for about 14,000 rows, since a full disk refuses even DELETE."""

REFILL_AFTER = 256
"""How many appends after the ballast went it is tried again: no clock here, and a look at the disk costs."""


class Store:
    """One gate's file. `open()` before anything else; the writing connection is this object's alone."""

    def __init__(self, folder: Path, *, ballast_bytes: int = BALLAST_BYTES) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._ballast_bytes = ballast_bytes
        self._appends_until_refill: int | None = None
        self._lock: IO[bytes] | None = None
        self._db: sqlite3.Connection | None = None
        self._seq = 0
        self._head = ledger.FIRST_PREV
        self._identity = ""

    def hold(self) -> None:
        """Have the folder for this process alone until `close()`. Raises StoreUnusable or another OSError."""
        file.make_private_folder(self.folder)
        if self._lock is None:
            self._lock = file.hold(self.folder / LOCK)

    def open(self) -> None:
        """Raises LedgerDamaged, StoreTooNew, StoreUnusable or another OSError; the file is as it was then."""
        was_held = self._lock is not None
        self.hold()
        try:
            self._open()
        except BaseException as failed:
            if not was_held:
                self.close()
            if isinstance(failed, sqlite3.DatabaseError):
                raise file.not_opened(self.path, failed) from failed
            raise
        self._fill_ballast()

    def _open(self) -> None:
        log = Path(f"{self.path}-wal")
        if not self.path.exists() and not log.exists():
            create(self.path)
        if not self.path.exists() or self.path.stat().st_size == 0:
            # SQLite would call that a new database, and throw the newest commits in the log away.
            raise LedgerDamaged(f"{self.path}: it is missing or empty")
        file.roll_back(self.path)
        with closing(connect_reading(self.path)) as peek:
            refuse_newer(peek, self.path)
        if carving.log_is_cut_short(self.path):
            raise LedgerDamaged(f"{log}: it is damaged in the middle, with commits behind that")
        db = file.connect(self.path)
        try:
            migrate(db)
            self._seq, self._head = ledger.head(db)
            self._identity = ledger.identity(db)
        except BaseException:
            db.close()
            raise
        self._db = db

    def shut(self) -> None:
        """Close the file and go on having the folder."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def close(self) -> None:
        """Safe where nothing is open."""
        self.shut()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

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

        Raises StoreFull or StoreError, and then nothing was written. Raises LedgerDamaged where the file
        turns out not to be whole: then only a new start can help.
        """
        try:
            numbers = self._append(facts)
        except StoreFull:
            if not self._give_up_ballast():
                raise
            numbers = self._append(facts)
        self._refill_ballast_some_time()
        return numbers

    def _append(self, facts: Sequence[Fact]) -> list[int]:
        seq, seal = self._seq, self._head
        db = self.db
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                for fact in facts:
                    seq += 1
                    seal = ledger.append(db, seq, seal, fact)
                    tables.project(db, seq, fact)
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk may have rolled back by itself
                    db.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as refused:
            raise self._refused(refused) from refused
        except (ValueError, OverflowError) as unsayable:
            raise StoreError(
                f"no row can be made of {facts}: {unsayable}; nothing was written"
            ) from unsayable
        first, self._seq, self._head = self._seq + 1, seq, seal
        return list(range(first, seq + 1))

    def _refused(self, error: sqlite3.Error) -> StoreError | LedgerDamaged:
        """What a refused transaction means. A start that believes a snapshot might not come by the damage."""
        meant = file.not_written(self.path, error)
        if isinstance(meant, LedgerDamaged):
            doubt.leave(self.folder, meant)
        return meant

    def facts(self) -> Iterable[tuple[int, Fact]]:
        """Every fact with its number, in order.

        Raises LedgerDamaged at a row that cannot be read, StoreTooNew at one that this version does not know.
        """
        try:
            yield from ledger.facts(self.db)
        except sqlite3.DatabaseError as broken:
            raise file.not_opened(self.path, broken) from broken

    def last_seq(self) -> int:
        return self._seq

    def head(self) -> str:
        """The hash of the last row."""
        return self._head

    def identity(self) -> str:
        """Which ledger this is: 16 hexadecimal digits, made at random with it and kept for its life."""
        return self._identity

    def check(self) -> None:
        """Go as far as a write can go without writing. Raises StoreError or LedgerDamaged."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("ROLLBACK")
        except sqlite3.DatabaseError as refused:
            raise self._refused(refused) from refused

    def rows(self, after: int, limit: int) -> list[LedgerRow]:
        return ledger.rows(self.db, after, limit)

    def rows_among(self, after: int, upto: int, kinds: Sequence[str], limit: int) -> list[LedgerRow]:
        """Rows of these kinds behind `after` up to `upto`, the first of them."""
        return ledger.rows_among(self.db, after, upto, kinds, limit)

    def seal(self, seq: int) -> str | None:
        """The hash of a row; None where there is none."""
        row = ledger.row_at(self.db, seq)
        return None if row is None else row[-1]

    def verify(self) -> ledger.Verified:
        return ledger.verify(self.db)

    # ------------------------------------------------------------ the office

    def acked(self) -> int:
        """The highest number up to which the office has acknowledged every fact."""
        acked: int = self.db.execute("SELECT acked FROM office").fetchone()[0]
        return acked

    def set_acked(self, seq: int) -> None:
        """Never goes back, and never above the last number: what is not yet said cannot be acknowledged.

        Raises StoreError where the disk refuses; the office will say it again.
        """
        try:
            self.db.execute("UPDATE office SET acked = max(acked, ?)", (min(seq, self._seq),))
        except sqlite3.DatabaseError as refused:
            raise self._refused(refused) from refused

    # ------------------------------------------------------------ for people

    def recent_passages(
        self, limit: int, lane: str | None = None, before: str | None = None
    ) -> list[PassageRow]:
        return tables.recent_passages(self.db, limit, lane, before)

    def search_logbook(
        self, text: str = "", *, state: str | None = None, entry: str | None = None, limit: int = 100
    ) -> list[LogbookRow]:
        """Entries with `text` anywhere in them, newest first."""
        return search_logbook(self.db, text, state=state, entry=entry, limit=limit)

    def receipts(self, limit: int, before: int | None = None, *, missing: bool = False) -> list[ReceiptRow]:
        """Newest first, those below `before`; `missing`: only those of which no paper has come out."""
        return tables_print.receipts(self.db, limit, before, missing=missing)

    def receipt(self, number: int) -> Receipt | None:
        """One receipt with the price that it was asked for; None where there is none of that number."""
        return tables_print.receipt(self.db, number)

    def prints(self, number: int) -> list[PrintRow]:
        """What became of each order to print that receipt, the original first."""
        return tables_print.prints(self.db, number)

    # ------------------------------------------------------------ room in need

    def _fill_ballast(self) -> None:
        """Put room aside where there is twice as much; without it the gate works all the same."""
        path = self.folder / BALLAST
        self._appends_until_refill = None
        with suppress(OSError):
            if path.exists() and path.stat().st_size >= self._ballast_bytes:
                return
            path.unlink(missing_ok=True)
            disk = os.statvfs(self.folder)
            if disk.f_bavail * disk.f_frsize >= 2 * self._ballast_bytes:
                try:
                    with path.open("wb") as ballast:
                        os.posix_fallocate(ballast.fileno(), 0, self._ballast_bytes)
                except OSError:
                    path.unlink()  # half a ballast is room that nobody has
                else:
                    return
        self._appends_until_refill = REFILL_AFTER

    def _give_up_ballast(self) -> bool:
        self._appends_until_refill = REFILL_AFTER
        try:
            (self.folder / BALLAST).unlink()
        except OSError:
            return False
        return True

    def _refill_ballast_some_time(self) -> None:
        if self._appends_until_refill is not None:
            self._appends_until_refill -= 1
            if self._appends_until_refill <= 0:
                self._fill_ballast()


def create(path: Path) -> None:
    """Make an empty ledger. It comes to its name whole: nobody ever finds half of one."""
    building = path.with_name(f"{path.name}.building")
    file.remove(building)
    file.make_private_file(building)
    with closing(file.connect(building)) as db:
        migrate(db)
        db.execute("PRAGMA journal_mode = DELETE")
    file.put_in_place(building, path)
