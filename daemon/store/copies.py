"""The last good copy of the ledger, and a start from it when the file itself is damaged.

A copy is made while the gate works, checked, and only then takes the place of the one before. A damaged file
is never deleted: it is set aside, everything in it that the hash chain proves to be whole is saved, and each
row that is gone for good gets a `fact_lost` in its place, so that the numbers stay unbroken for the office.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from daemon.core.facts import FactLost
from daemon.core.signals import Instant
from daemon.store import ledger
from daemon.store.codec import fact_from_json
from daemon.store.errors import LedgerDamaged
from daemon.store.store import FILE, Store, connect_reading

COPY = "gatepost.copy.db"
_COMPANIONS = ("", "-wal", "-shm")


def make_copy(folder: Path) -> Path:
    """Copy the database as it is now, check the copy, put it in place. Safe while the gate writes.

    Raises LedgerDamaged where the copy is not whole (the older copy stays), OSError where there is no room.
    """
    fresh = folder / f"{COPY}.new"
    fresh.unlink(missing_ok=True)
    try:
        with closing(connect_reading(folder / FILE)) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target, pages=256)
            target.execute("PRAGMA journal_mode = DELETE")
        with closing(connect_reading(fresh)) as written:
            _check(written, fresh)
    except sqlite3.DatabaseError as broken:
        fresh.unlink(missing_ok=True)
        raise LedgerDamaged(f"{folder / FILE}: {broken}") from broken
    _sync(fresh)
    os.replace(fresh, folder / COPY)
    _sync(folder)
    return folder / COPY


def open_store(store: Store, now: Instant) -> str:
    """Open the store; where its file is damaged, start from the last good copy.

    Returns what was odd about it, for people; "" where nothing was. Raises StoreTooNew.
    """
    try:
        store.open()
        _check(store.db, store.path)
    except LedgerDamaged as damage:
        store.close()
        return _restore(store, now, damage)
    return ""


def _restore(store: Store, now: Instant, damage: LedgerDamaged) -> str:
    aside = _set_aside(store.path)
    copy = store.folder / COPY
    if copy.exists():
        shutil.copyfile(copy, store.path)
        _sync(store.path)
    store.open()
    from_copy = store.last_seq()
    saved = _save_rows(store, aside)
    lost = _highest_known(aside, store) - store.last_seq()
    if lost > 0:
        store.append([FactLost(at=now, why=f"damaged file {aside.name}")] * lost)
    return (
        f"账本文件损坏，已另存为 {aside.name}；自备份恢复 {from_copy} 行，自损坏文件救回 {saved} 行，"
        f"丢失 {max(lost, 0)} 行 / the ledger file was damaged and is kept as {aside.name}:"
        f" {from_copy} rows from the copy, {saved} saved from it, {max(lost, 0)} lost ({damage})"
    )


def _save_rows(store: Store, aside: Path) -> int:
    """Take over the rows after the copy's last for as long as the chain proves them."""
    saved = 0
    for row in _readable_rows(aside, store.last_seq()):
        if ledger.misfit(row, store.last_seq(), store.head()) is not None:
            break
        store.append([fact_from_json(row[4])])
        saved += 1
    return saved


def _readable_rows(path: Path, after: int) -> Iterator[ledger.Sealed]:
    with suppress(sqlite3.DatabaseError), closing(connect_reading(path)) as db:
        for number in range(after + 1, 1 << 62):
            row = db.execute(
                f"SELECT {ledger.SEALED} FROM ledger WHERE seq = ?",  # noqa: S608 - the ledger's own columns
                (number,),
            ).fetchone()
            if row is None:
                return
            yield row


def _highest_known(aside: Path, store: Store) -> int:
    """The highest number that was ever given, as far as the damaged file can still say."""
    highest = store.last_seq()
    for question in ("SELECT max(seq) FROM ledger", "SELECT acked FROM office"):
        with suppress(sqlite3.DatabaseError), closing(connect_reading(aside)) as db:
            highest = max(highest, db.execute(question).fetchone()[0] or 0)
    return highest


def _check(db: sqlite3.Connection, path: Path) -> None:
    """Raises LedgerDamaged where SQLite finds a page that is not whole, or a row that does not fit."""
    try:
        found: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found == "ok":
            misfit = ledger.verify(db).misfit
            if misfit is None:
                return
            found = f"row {misfit.seq}: {misfit.what}"
    except (sqlite3.DatabaseError, ValueError) as broken:
        found = str(broken)
    raise LedgerDamaged(f"{path}: {found}")


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in _COMPANIONS:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    return aside


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
