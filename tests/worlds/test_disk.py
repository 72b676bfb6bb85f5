"""The power is cut under the product's own store: no promise is broken, and a weaker one is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from daemon.core.facts import LoopReported
from daemon.core.signals import Instant, Loop, LoopState
from daemon.store import LedgerDamaged, Store, StoreError, file
from daemon.worlds.disk import Disk

AT = Instant("boot-1", timedelta(seconds=1), datetime(2026, 6, 1, tzinfo=UTC), True)
FACT = LoopReported(at=AT, lane="entry-1", loop=Loop.SAFETY, state=LoopState.FREE)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path, Random(1))
    with disk.mounted():
        yield disk
    disk.close()


def open_store(disk: Disk) -> Store:
    store = Store(disk.folder, ballast_bytes=0)
    store.open()
    return store


def append_until_cut(disk: Disk, store: Store, random: Random) -> int:
    """The number that the last successful append gave out."""
    disk.cut_at = disk.operations + random.randrange(1, 300)
    last = store.last_seq()
    while not disk.is_dead:
        try:
            last = store.append([FACT] * random.randrange(1, 4))[-1]
        except StoreError:
            assert disk.is_dead
    store.close()
    disk.power_on(was_cut=True)
    return last


def test_no_committed_fact_is_lost_at_a_hundred_power_cuts(disk: Disk) -> None:
    random = Random(2)
    store = open_store(disk)
    for _ in range(100):
        promised = append_until_cut(disk, store, random)
        store = open_store(disk)
        assert store.last_seq() >= promised
        assert store.verify().misfit is None
    store.close()


def test_a_store_that_does_not_sync_every_commit_is_found_out(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = file.connect

    def careless(path: Path) -> sqlite3.Connection:
        db = own(path)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    monkeypatch.setattr(file, "connect", careless)
    random, losses = Random(2), 0
    store = open_store(disk)
    for _ in range(20):
        promised = append_until_cut(disk, store, random)
        try:
            store = open_store(disk)
            losses += store.last_seq() < promised
        except LedgerDamaged:
            losses += 1
            break
    store.close()
    assert losses


def test_a_killed_process_leaves_everything_that_it_wrote(disk: Disk) -> None:
    store = open_store(disk)
    store.append([FACT])
    disk.die()
    with pytest.raises(StoreError):
        store.append([FACT])
    store.close()
    disk.power_on(was_cut=False)
    store = open_store(disk)
    assert store.last_seq() == 1
    store.close()


@pytest.mark.parametrize("fault", ["is_full", "is_read_only", "sync_fails"])
def test_a_disk_that_refuses_is_an_error_and_passes(disk: Disk, fault: str) -> None:
    store = open_store(disk)
    setattr(disk.faults, fault, True)
    with pytest.raises(StoreError):
        store.append([FACT] * 1000)
    setattr(disk.faults, fault, False)
    before = store.last_seq()
    assert store.append([FACT]) == [before + 1]
    store.close()


def test_other_databases_of_the_process_notice_nothing(disk: Disk, tmp_path: Path) -> None:
    disk.die()
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE t (n INTEGER)")
        db.execute("INSERT INTO t VALUES (1)")
        db.commit()
        assert db.execute("SELECT n FROM t").fetchall() == [(1,)]
