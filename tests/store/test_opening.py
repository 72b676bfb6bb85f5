"""How the file is opened: private, durable, by one process, and never against its will."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from daemon.store import LedgerDamaged, StoreTooNew, StoreUnusable, copies, schema
from daemon.store.copies import make_copy, open_store
from daemon.store.store import FILE
from tests.store.conftest import Stores
from tests.store.histories import history, instant


def test_the_promises_of_the_file_are_really_in_force(stores: Stores) -> None:
    store = stores()
    store.open()

    def pragma(name: str) -> object:
        return store.db.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2  # FULL
    assert pragma("foreign_keys") == 1
    assert pragma("page_size") == 4096
    assert pragma("user_version") == schema.VERSION
    assert pragma("integrity_check") == "ok"


def test_nobody_else_may_read_the_ledger_or_what_lies_beside_it(stores: Stores) -> None:
    before = os.umask(0)
    try:
        store = stores()
        store.open()
        store.append(history(20))
        make_copy(store.folder)
        folder = store.folder
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {FILE, f"{FILE}-wal", f"{FILE}-shm", copies.COPY} <= modes.keys()
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_a_second_gate_on_the_same_folder_is_refused_and_changes_nothing(stores: Stores) -> None:
    first, second = stores(), stores()
    first.open()
    first.append(history(10))
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="another gatepost"):
            open_store(second, instant(0))
    first.append(history(20)[10:])
    first.close()
    assert open_store(second, instant(0)) == ""
    assert second.last_seq() == 20
    assert not list(second.folder.glob("*.damaged*"))


def test_a_file_that_somebody_holds_locked_is_not_called_damaged(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stores()
    store.open()
    store.append(history(10))
    store.close()
    monkeypatch.setattr("daemon.store.file.PATIENCE_S", 0)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as person:
        person.execute("PRAGMA locking_mode = EXCLUSIVE")
        person.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnusable, match="locked"):
            open_store(store, instant(0))
        person.execute("ROLLBACK")
    assert open_store(store, instant(0)) == ""
    assert store.last_seq() == 10


@contextmanager
def no_file_may_be_opened() -> Iterator[None]:
    """What a leak of descriptors elsewhere in the process does to SQLite."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.dup(0)
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_out_of_descriptors_does_not_call_the_file_damaged(stores: Stores) -> None:
    store = stores()
    store.open()
    store.append(history(10))
    store.close()
    store.hold()
    with no_file_may_be_opened(), pytest.raises(OSError, match=r"unable to open|Too many"):
        open_store(store, instant(0))
    assert open_store(store, instant(0)) == ""
    assert store.last_seq() == 10


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("unclean", [True, False])
def test_a_file_from_a_newer_version_is_refused_and_left_byte_for_byte(
    stores: Stores, tmp_path: Path, journal: str, unclean: bool
) -> None:
    store = stores(tmp_path / "made")
    store.open()
    store.append(history(50))
    store.db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    if journal == "delete":
        store.db.execute("PRAGMA journal_mode = DELETE")
    if not unclean:
        store.close()
    folder = tmp_path / "found"
    folder.mkdir()
    for path in store.folder.glob(f"{FILE}*"):
        if not path.name.endswith("-shm"):
            (folder / path.name).write_bytes(path.read_bytes())
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    newer = stores(folder)
    with pytest.raises(StoreTooNew, match=str(schema.VERSION + 1)):
        open_store(newer, instant(0))
    with pytest.raises(StoreTooNew):
        newer.open()
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: left.get(name) for name in content} == content
    assert not {name for name in left if "damaged" in name or "building" in name}


def test_a_first_start_that_is_cut_short_begins_anew(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stores()

    def power_cut(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE ledger (half INTEGER)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("daemon.store.store.migrate", power_cut)
        with pytest.raises(KeyboardInterrupt):
            store.open()
    assert not store.path.exists()
    assert open_store(store, instant(0)) == ""
    assert store.append(history(3)) == [1, 2, 3]


@pytest.mark.parametrize("left", ["", "-wal"])
def test_an_empty_or_vanished_file_is_no_new_gate(stores: Stores, left: str) -> None:
    store = stores()
    store.hold()
    Path(f"{store.path}{left}").write_bytes(b"" if not left else b"x" * 5000)
    with pytest.raises(LedgerDamaged, match="missing or empty"):
        store.open()


def test_a_database_of_something_else_is_damage_and_kept(stores: Stores) -> None:
    store = stores()
    store.hold()
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA user_version = 1")
        db.execute("CREATE TABLE other (x)")
    assert "damaged-1" in open_store(store, instant(0))
    assert store.append(history(1)) == [1]
