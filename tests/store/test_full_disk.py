"""A disk that is full refuses, and takes again as soon as there is room: no restart, nothing by halves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from daemon.core.facts import FactLost
from daemon.store import Store, StoreFull, StoreUnusable, tables
from daemon.store.copies import COPY, make_copy, open_store
from daemon.store.file import connect_reading
from daemon.store.store import BALLAST, REFILL_AFTER
from tests.rigs.small_disk import fill, mounted_disk
from tests.store.conftest import Stores
from tests.store.histories import history, instant

DISK = 6 * 1024 * 1024
BALLAST_BYTES = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", DISK) as disk:
        yield disk


def facts(count: int) -> list[FactLost]:
    return [FactLost(at=instant(number), why="满" * 300) for number in range(count)]


def append_until_full(store: Store) -> StoreFull:
    for _ in range(10_000):
        try:
            store.append(facts(5))
        except StoreFull as full:
            return full
    pytest.fail("the disk never got full")


def test_a_full_disk_takes_the_ballast_then_refuses_and_takes_again_when_there_is_room(
    small_disk: Path, stores: Stores
) -> None:
    # given a gate whose disk is filled by something else
    store = stores(small_disk / "data", ballast_bytes=BALLAST_BYTES)
    store.open()
    store.append(history(100))
    ballast = store.folder / BALLAST
    assert ballast.stat().st_size == BALLAST_BYTES
    hog = fill(small_disk)

    # when facts keep coming: the ballast goes first, and gives room for many
    refused = append_until_full(store)
    taken = store.last_seq()
    assert "nothing was written" in str(refused)
    assert not ballast.exists()
    assert taken > 300

    # then what was refused is nowhere, again and again
    head = store.head()
    for _ in range(3):
        with pytest.raises(StoreFull):
            store.append(facts(50))
        assert (store.last_seq(), store.head()) == (taken, head)
    with closing(connect_reading(store.path)) as other:
        assert other.execute("SELECT max(seq), count(*) FROM ledger").fetchone() == (taken, taken)

    # and with room again it goes on, without a new start
    hog.unlink()
    assert store.append(facts(1)) == [taken + 1]
    assert store.verify().misfit is None
    assert tables.rebuilt(store.facts()) == tables.contents(store.db)

    # and some time later the ballast is there again
    for _ in range(REFILL_AFTER):
        store.append(facts(1))
    assert ballast.stat().st_size == BALLAST_BYTES


def test_a_gate_killed_on_a_full_disk_starts_on_it_with_all_it_said(small_disk: Path, stores: Stores) -> None:
    store = stores(small_disk / "data", ballast_bytes=BALLAST_BYTES)
    store.open()
    fill(small_disk)
    append_until_full(store)
    seq, head = store.last_seq(), store.head()
    content = {
        path.name: path.read_bytes() for path in store.folder.iterdir() if not path.name.endswith("-shm")
    }
    store.close()
    # the file and its log as the kill left them, the disk still as full
    for path in store.folder.iterdir():
        path.unlink()
    for name, data in content.items():
        (store.folder / name).write_bytes(data)
    fill(small_disk)
    with suppress(StoreUnusable):  # refused or not: a full disk is never damage
        assert open_store(store, instant(0)) == ""
    store.close()
    (small_disk / "hog").unlink()
    assert open_store(store, instant(0)) == ""
    assert (store.last_seq(), store.head()) == (seq, head)
    assert not list(store.folder.glob("*.damaged*"))


def test_an_almost_full_disk_is_not_filled_by_the_ballast(small_disk: Path, stores: Stores) -> None:
    store = stores(small_disk / "data", ballast_bytes=4 * 1024 * 1024)
    store.open()
    assert not (store.folder / BALLAST).exists()
    store.append(history(50))


def test_a_copy_that_finds_no_room_leaves_the_older_one_and_nothing_else(
    small_disk: Path, stores: Stores
) -> None:
    store = stores(small_disk / "data")
    store.open()
    store.append(history(300))
    good = make_copy(store.folder).read_bytes()
    store.append(facts(300))
    hog = fill(small_disk)
    with pytest.raises(OSError, match=r"full|space|I/O"):
        make_copy(store.folder)
    assert (store.folder / COPY).read_bytes() == good
    assert [path.name for path in store.folder.glob(f"{COPY}.new*")] == []
    hog.unlink()
    assert make_copy(store.folder).read_bytes() != good


def test_a_restore_that_finds_no_room_leaves_the_damaged_file_and_is_done_when_there_is(
    small_disk: Path, stores: Stores
) -> None:
    store = stores(small_disk / "data")
    store.open()
    store.append(history(400))
    make_copy(store.folder)
    head = store.head()
    store.close()
    with store.path.open("r+b") as file:
        file.write(os.urandom(4096))
    damaged = store.path.read_bytes()
    hog = fill(small_disk)
    for _ in range(2):
        with pytest.raises(OSError, match=r"full|space|I/O"):
            open_store(store, instant(0))
        assert store.path.read_bytes() == damaged
    hog.unlink()
    assert "damaged-1" in open_store(store, instant(0))
    assert store.head() == head


def test_an_append_does_not_ask_how_full_the_disk_is(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores(ballast_bytes=4096)
    store.open()
    monkeypatch.delattr(os, "statvfs")
    for _ in range(REFILL_AFTER + 1):
        store.append(facts(1))
