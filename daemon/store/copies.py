"""The last good copy of the ledger, and a start from it when the file itself is damaged.

A copy is made while the gate works, checked, and only then takes the place of the one before. A damaged file
is never changed or deleted: it is set aside, everything in it that the hash chain proves to be whole is
saved, and each row that is gone for good gets a `fact_lost` in its place, so that the numbers stay unbroken
for the office. The restored file is made whole under another name first: a restore that is cut short begins
anew or is finished, and loses nothing either way.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from daemon.core.facts import FactLost
from daemon.core.signals import Instant
from daemon.store import file, ledger, tables
from daemon.store.carving import carve
from daemon.store.errors import LedgerDamaged
from daemon.store.ledger import Misfit, Sealed
from daemon.store.schema import migrate, refuse_newer
from daemon.store.store import FILE, Store

T = TypeVar("T")

COPY = "gatepost.copy.db"

TOLD_EVERY = 50_000
"""Rows between two words about how far it is: some seconds on a Pi."""

_MOST_LOST = 1_000_000
"""How far above the last row the word of a damaged file is believed; years of a busy gate."""


def make_copy(folder: Path) -> Path:
    """Copy the database as it is now, check the copy, put it in place. Safe while the gate writes.

    Raises LedgerDamaged where the copy is not whole, StoreUnusable or another OSError where it cannot be
    written; the older copy stays then.
    """
    source, fresh = folder / FILE, folder / f"{COPY}.new"
    with file.held(folder / f"{COPY}.lock"):
        file.remove(fresh)
        try:
            file.make_private_file(fresh)
            with closing(file.connect_reading(source)) as gate, closing(sqlite3.connect(fresh)) as copy:
                gate.backup(copy)  # in one step: a copy in parts begins again at every commit
                copy.execute("PRAGMA journal_mode = DELETE")
            check(fresh)
            file.put_in_place(fresh, folder / COPY)
        except sqlite3.DatabaseError as broken:
            raise file.not_opened(source, broken) from broken
        finally:
            file.remove(fresh)
    return folder / COPY


def check(path: Path, say: Callable[[str], None] = lambda _what: None) -> None:
    """Go through all of a database; what is not finished in it is undone, nothing else is changed.

    `say` is told how far it is, since this takes minutes on a long ledger.

    Raises LedgerDamaged where a page is not whole or a row does not fit, StoreTooNew for one from the future,
    StoreUnusable where it cannot be read at all as things are.
    """
    try:
        file.roll_back(path)
        with closing(file.connect_reading(path)) as db:
            refuse_newer(db, path)
            say(f"{path.name}: every page is checked")
            found: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            misfit = _misfit(db, path, say) if found == "ok" else None
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken
    if misfit is not None:
        found = f"row {misfit.seq}: {misfit.what}"
    if found != "ok":
        raise LedgerDamaged(f"{path}: {found}")


def _misfit(db: sqlite3.Connection, path: Path, say: Callable[[str], None]) -> Misfit | None:
    return ledger.verify_rows(told(ledger.sealed(db), f"{path.name}: {{}} rows fit", say)).misfit


def told(rows: Iterable[T], text: str, say: Callable[[str], None]) -> Iterator[T]:
    """The rows, with a word every so often about how many they were."""
    for number, row in enumerate(rows, start=1):
        if number % TOLD_EVERY == 0:
            say(text.format(number))
        yield row


def open_store(store: Store, now: Instant, say: Callable[[str], None] = lambda _what: None) -> str:
    """Go through all of the store and open it; where its file is damaged, start from the last good copy.

    Returns what was odd about it, for people; "" where nothing was. Raises StoreTooNew, StoreUnusable or
    another OSError, and then the file is as it was.
    """
    store.hold()
    try:
        note = _finish_restore(store.path)
        try:
            if not store.path.exists() and (store.folder / COPY).exists():
                raise LedgerDamaged(f"{store.path}: it is missing")
            if store.path.exists() and store.path.stat().st_size > 0:
                check(store.path, say)
            store.open()
        except LedgerDamaged as damage:
            say(f"{damage}; what is whole is gathered")
            note = _restore(store.path, now, damage)
            store.open()
    except BaseException:
        store.close()
        raise
    return note


# ---------------------------------------------------------------- restoring


@dataclass(frozen=True, slots=True)
class _Restored:
    from_copy: int
    saved: int
    lost: int


def _restore(path: Path, now: Instant, damage: LedgerDamaged) -> str:
    aside = _free_name(path)
    is_there = path.exists() or Path(f"{path}-wal").exists()
    restored = _build(path, aside.name, now)
    file.put_in_place(_building(path), _ready(path))
    _swap(path)
    return (
        f"账本文件{f'损坏，已另存为 {aside.name}' if is_there else '不见了'}；"
        f"自备份恢复 {restored.from_copy} 行，"
        f"自损坏文件救回 {restored.saved} 行，丢失 {restored.lost} 行；备份之后改过的密码恢复为旧密码"
        f" / the ledger file {f'was damaged and is kept as {aside.name}' if is_there else 'was gone'}:"
        f" {restored.from_copy} rows from the copy, {restored.saved} saved from it, {restored.lost} lost;"
        f" passwords changed since the copy are the old ones again ({damage})"
    )


def _build(path: Path, aside: str, now: Instant) -> _Restored:
    """Make the restored database under a name of its own: the copy, what can be saved, what is lost."""
    building, copy = _building(path), path.with_name(COPY)
    file.remove(building)
    file.make_private_file(building)
    sources = [path]
    if copy.exists():
        try:
            check(copy)
            shutil.copyfile(copy, building)
        except LedgerDamaged:
            sources = [copy, path]
    with closing(file.connect(building)) as db:
        migrate(db)
        db.execute("BEGIN IMMEDIATE")
        from_copy, seal = ledger.head(db)
        found: dict[int, Sealed] = {}
        for source in sources:
            found = carve(source, after=from_copy) | found
        last, seal = _take_over(db, from_copy, seal, found)
        saved = last - from_copy
        acked = max(map(_acked, sources))
        if acked > last + _MOST_LOST:
            acked = 0
        given = max(number for number in (last, acked, *found) if number <= last + _MOST_LOST)
        lost = FactLost(at=now, why=f"damaged file {aside}")
        for number in range(last + 1, given + 1):
            seal = ledger.append(db, number, seal, lost)
        db.execute("UPDATE office SET acked = max(acked, ?)", (acked,))
        ledger.rename(db)  # the office may hold rows that nothing here remembers
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = DELETE")
    return _Restored(from_copy, saved, given - last)


def _take_over(db: sqlite3.Connection, last: int, seal: str, found: dict[int, Sealed]) -> tuple[int, str]:
    """Write the rows that follow for as long as the chain proves them; the last one's number and seal."""
    while (row := found.get(last + 1)) is not None and ledger.misfit(row, last, seal) is None:
        ledger.take_over(db, row)
        tables.project(db, row[0], ledger.fact_of(row[0], row[4]))
        last, seal = row[0], row[6]
    return last, seal


def _acked(path: Path) -> int:
    """What a damaged file still says of the office; 0 where it says nothing."""
    if not path.exists() or path.stat().st_size == 0:
        return 0  # asked about an empty file, SQLite throws its log away
    with suppress(sqlite3.DatabaseError), closing(file.connect_reading(path)) as db:
        acked: int = db.execute("SELECT acked FROM office").fetchone()[0]
        return acked
    return 0


# ---------------------------------------------------------------- the swap


def _building(path: Path) -> Path:
    return path.with_name(f"{path.name}.building")


def _ready(path: Path) -> Path:
    """The restored database, whole but not yet in place: from here a start after a crash goes on."""
    return path.with_name(f"{path.name}.restored")


def is_restoring(path: Path) -> bool:
    """True where a crash has left a restored database ready, but not in place."""
    return _ready(path).exists()


def _finish_restore(path: Path) -> str:
    """Put a restored database in place that a crash has left ready; "" where there is none."""
    if not is_restoring(path):
        return ""
    _swap(path)
    return (
        "上次启动时账本文件损坏，恢复被中断，现已完成"
        " / the ledger file was damaged, its restore was cut short and is finished now"
    )


def _swap(path: Path) -> None:
    """Set the damaged file aside and the ready one in its place; cut short anywhere, it can be done again."""
    file.move(path, _free_name(path))
    file.sync(path.parent)
    os.replace(_ready(path), path)
    file.sync(path.parent)


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside
