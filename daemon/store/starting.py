"""From the files in the data folder to the state of the gate.

The law of this file: the state is what the ledger's rows make, however it is come by. A snapshot stands in
for the rows up to its own only while that row is in the ledger with that very hash, and what lies behind is
verified and replayed. Where anything does not fit, or somebody has left a doubt, all of it is gone through.

What a start has taken on trust is gone through afterwards, by `revisit` in a process of its own: every page,
the whole chain, and the snapshot itself against a replay.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from daemon.core.evolve import evolve, evolve_all
from daemon.core.signals import Instant
from daemon.core.state import State
from daemon.store import copies, doubt, file, ledger, snapshot
from daemon.store.errors import LedgerDamaged
from daemon.store.snapshot import NoSnapshot, Snapshot
from daemon.store.store import FILE, Store

log = logging.getLogger(__name__)

LONG = 5_000
"""Rows whose replay is worth a snapshot: about two seconds on a Pi."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    state: State
    note: str
    """What was odd about the file, for people; "" where nothing was."""
    trusted: str | None
    """The digest of the snapshot that was believed: `revisit` is owed. None: all was gone through."""
    copy_owed: bool = False
    """A snapshot was kept that may be ahead of the copy."""


def start(
    store: Store, now: Instant, empty: State, *, say: Callable[[str], None] = log.info, long: int = LONG
) -> Start:
    """Open the store and make the state out of it; `empty` is that of an empty ledger, with today's rules.

    `say` is told how far it is where it takes long. Raises StoreTooNew, StoreUnusable or another OSError, and
    then the file is as it was.
    """
    store.hold()
    try:
        return _by_snapshot(store, empty) or _by_everything(store, now, empty, say, long)
    except BaseException:
        store.close()
        raise


# ---------------------------------------------------------------- by the snapshot


def _by_snapshot(store: Store, empty: State) -> Start | None:
    """None, and the store is not open, where the snapshot does not count."""
    try:
        _nothing_is_odd(store)
        taken = snapshot.read(store.folder, empty)
        store.open()
        state = onwards(store.db, store.path, taken)
    except NoSnapshot as why:
        log.info("the whole ledger is gone through at this start: %s", why)
    except LedgerDamaged as damage:
        log.warning("the whole ledger is gone through at this start: %s", damage)
    else:
        log.info("the state as of row %d, and %d rows since", taken.seq, store.last_seq() - taken.seq)
        return Start(state=state, note="", trusted=taken.digest)
    store.shut()
    return None


def _nothing_is_odd(store: Store) -> None:
    """Raises NoSnapshot where this start has to go through everything whatever the snapshot says."""
    found = doubt.left(store.folder)
    if found is not None:
        raise NoSnapshot(f"damage was found: {found}")
    if copies.is_restoring(store.path):
        raise NoSnapshot("a restore was cut short")
    if not store.path.exists():
        raise NoSnapshot("there is no ledger")


def onwards(db: sqlite3.Connection, path: Path, taken: Snapshot) -> State:
    """The state after the last row of this file, from the snapshot on; the rows since are verified.

    Raises NoSnapshot where it is no snapshot of this ledger, LedgerDamaged, StoreTooNew or StoreUnusable.
    """
    try:
        is_of(db, taken)
        state, last = taken.state, (taken.seq, taken.hash)
        for row in ledger.sealed(db, since=taken.seq + 1):
            misfit = ledger.misfit(row, *last)
            if misfit is not None:
                raise LedgerDamaged(f"{path}: row {row[0]}: {misfit}")
            state, last = evolve(state, ledger.fact_of(row[0], row[4])), (row[0], row[6])
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken
    return state


def is_of(db: sqlite3.Connection, taken: Snapshot) -> None:
    """Raises NoSnapshot where its row is not in this ledger: another gate's, or rows were lost since."""
    row = ledger.row_at(db, taken.seq)
    if row is None or row[6] != taken.hash or ledger.misfit(row, taken.seq - 1, row[5]) is not None:
        raise NoSnapshot(f"row {taken.seq} of the ledger is not the one that it was made at")


# ---------------------------------------------------------------- by everything


def _by_everything(store: Store, now: Instant, empty: State, say: Callable[[str], None], long: int) -> Start:
    note = copies.open_store(store, now, say)
    numbered = copies.told(store.facts(), "{} rows replayed", say)
    state = evolve_all(empty, (fact for _, fact in numbered))
    found = doubt.left(store.folder)
    if found is not None and not note:
        log.warning("nothing is damaged any more; what was found was: %s", found)
    doubt.settle(store.folder)
    is_long = store.last_seq() >= long
    if is_long:
        _keep(store.folder, Snapshot(store.last_seq(), store.head(), state))
    return Start(state=state, note=note, trusted=None, copy_owed=is_long)


def _keep(folder: Path, made: Snapshot) -> None:
    """Put it in place; where that cannot be, the next start takes as long again."""
    try:
        snapshot.write(folder, made)
    except (OSError, ValueError) as why:
        log.warning("the state as of row %d could not be kept: %s", made.seq, why)


# ---------------------------------------------------------------- afterwards, in a process of its own


def revisit(folder: Path, empty: State, trusted: str | None) -> None:
    """Go through every page, the chain, and the snapshot that a start has believed, where it has.

    Raises LedgerDamaged where something is not so, StoreUnusable or another OSError where it cannot be seen.
    """
    path = folder / FILE
    copies.check(path)
    if trusted is None:
        return
    try:
        taken = snapshot.read(folder, empty)
        with closing(file.connect_reading(path)) as db:
            is_of(db, taken)
            facts = (fact for _, fact in islice(ledger.facts(db), taken.seq))
            is_so = taken.digest == trusted and evolve_all(empty, facts) == taken.state
    except sqlite3.DatabaseError as broken:
        raise file.not_opened(path, broken) from broken
    except NoSnapshot as gone:
        raise LedgerDamaged(f"the snapshot that this gate has started from: {gone}") from gone
    if not is_so:
        raise LedgerDamaged(f"{folder / snapshot.FILE}: its state is not what the ledger's rows make")


def renew(folder: Path, empty: State, *, long: int = LONG) -> None:
    """Bring the snapshot up to the last copy, where that has grown by so many rows since.

    What a start passes over is then always in the copy as well. Raises OSError, StoreTooNew or LedgerDamaged.
    """
    path = folder / copies.COPY
    with closing(file.connect_reading(path)) as db:
        last, seal = ledger.head(db)
        try:
            taken = snapshot.read(folder, empty)
            is_of(db, taken)
        except NoSnapshot:
            taken = Snapshot(*ledger.FIRST, empty)
        if last - taken.seq >= long:
            facts = (fact for _, fact in ledger.facts(db, since=taken.seq + 1))
            snapshot.write(folder, Snapshot(last, seal, evolve_all(taken.state, facts)))
