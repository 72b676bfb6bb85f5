"""The database as a file: who may open it, how it is opened, and what SQLite's errors say about it.

The law of this file: what is made here is private to its owner and durable under its name; one process at a
time has the folder; and a file is called damaged only where it is the file that is wrong. A full disk, a lock
or a read-only card never costs a good file its name.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from daemon.store.errors import LedgerDamaged, StoreError, StoreFull, StoreUnusable

PAGE = 4096
"""Bytes of a page of the database, whatever SQLite was compiled to prefer."""

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what it adds to the name."""

PATIENCE_S = 5.0
"""How long opening waits for another process that has the file; nothing waits once the gate runs."""

_AROUND_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    }
)
"""Result codes (sqlite.org/rescode.html) that say nothing about what is in the file."""

_UNREADABLE = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
"""The disk does not give a page back: as lost as a wrong one."""

_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP})
"""A full disk; the last two where it is the index of the log that cannot grow."""


# ---------------------------------------------------------------- connections


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection: WAL, every commit synced to the disk before it returns.

    Raises sqlite3.DatabaseError, or StoreUnusable where this disk cannot give that.
    """
    db = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)
    try:
        db.execute(f"PRAGMA page_size = {PAGE}")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreUnusable(f"{path}: this file system gives no write-ahead log (SQLite says {mode!r})")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA cell_size_check = ON")
        db.execute("PRAGMA busy_timeout = 0")  # from here on a wait would hold up a car
    except BaseException:
        db.close()
        raise
    return db


def connect_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for another process or a copy. Raises sqlite3.DatabaseError."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=PATIENCE_S
    )
    try:
        db.execute("PRAGMA query_only = ON")
        db.execute("PRAGMA cell_size_check = ON")
    except BaseException:
        db.close()
        raise
    return db


def roll_back(path: Path) -> None:
    """Undo what a power cut left half done before the file had its log; nothing where nothing is.

    The switch to the log, and only that, is written with a rollback journal, and a connection that may only
    read cannot use one. Raises sqlite3.DatabaseError.
    """
    if path.exists() and Path(f"{path}-journal").exists():
        with closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)) as db:
            db.execute("PRAGMA user_version").fetchone()


# ---------------------------------------------------------------- what an error means


def not_opened(path: Path, error: sqlite3.Error) -> LedgerDamaged | StoreUnusable:
    """Why a file could not be read as the gate's database."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    if code & 0xFF in _AROUND_THE_FILE and code not in _UNREADABLE:
        return StoreUnusable(f"{path}: {error}; nothing was changed")
    return LedgerDamaged(f"{path}: {error}")


def not_written(path: Path, error: sqlite3.Error) -> StoreError | LedgerDamaged:
    """Why a transaction was refused. Damage is no StoreError: only a new start can mend it."""
    if _is_full(error):
        return StoreFull(f"{path}: {error}; nothing was written")
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamaged(f"{path}: {error}; nothing was written")
    return StoreError(f"{path}: {error}; nothing was written")


def _is_full(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) in _NO_ROOM


# ---------------------------------------------------------------- files


def make_private_folder(folder: Path) -> None:
    """The ledger names cards, plates and people: nobody else looks in. A folder that exists is left as is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """An empty file for its owner alone; SQLite gives what it keeps beside it the same mode."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def remove(path: Path) -> None:
    """The file and its companions, those that there are."""
    for suffix in ("", *COMPANIONS):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def move(path: Path, to: Path) -> None:
    """The file and its companions, the file itself last: while it lies there, the move is not done."""
    for suffix in (*COMPANIONS, ""):
        with suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{to}{suffix}")


def put_in_place(path: Path, to: Path) -> None:
    """Give a finished file its name: whole and durable under it, or not there at all."""
    sync(path)
    os.replace(path, to)
    sync(to.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---------------------------------------------------------------- one at a time


def hold(path: Path) -> IO[bytes]:
    """Have this lock until the file is closed or the process is gone. Raises StoreUnusable at once."""
    lock = _lock_file(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise StoreUnusable(
            f"{path.parent} 正由另一个 gatepost 使用，未作改动 / is in use by another gatepost, nothing was"
            " changed; stop that one, or give this one a folder of its own"
        ) from taken
    return lock


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Have this lock for a while; wait for it where somebody else has it."""
    with _lock_file(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(path: Path) -> IO[bytes]:
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))
