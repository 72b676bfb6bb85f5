"""Which ledger this is: kept for its life, another one for another ledger, and anew after a restore."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from daemon.core.facts import GateStarted
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from daemon.store.copies import make_copy, open_store
from daemon.store.store import FILE

NOW = ManualClock().now()


def opened(folder: Path) -> Store:
    store = Store(folder, ballast_bytes=0)
    open_store(store, NOW)
    return store


def identity_in(folder: Path) -> str:
    with closing(opened(folder)) as store:
        return store.identity()


def test_it_is_made_with_the_ledger_and_stays(tmp_path: Path) -> None:
    first = identity_in(tmp_path / "one")
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert identity_in(tmp_path / "one") == first
    assert identity_in(tmp_path / "another sd card") != first


def test_a_ledger_of_before_is_given_one_and_loses_nothing(tmp_path: Path) -> None:
    # given the file as version 4 left it
    with closing(opened(tmp_path)) as store:
        store.append([GateStarted(at=NOW, version="0")])
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute("DROP TABLE identity")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm005_identity'")
        db.execute("PRAGMA user_version = 4")
        db.commit()

    with closing(opened(tmp_path)) as store:
        assert store.last_seq() == 1
        name = store.identity()
    assert identity_in(tmp_path) == name


def test_a_ledger_restored_from_its_copy_has_a_new_one(tmp_path: Path) -> None:
    # given a row that the copy does not have, sent to the office perhaps, and then the file gone
    with closing(opened(tmp_path)) as store:
        store.append([GateStarted(at=NOW, version="1")])
        make_copy(tmp_path)
        store.append([GateStarted(at=NOW, version="2")])
        before = store.identity()
    for file in tmp_path.glob(f"{FILE}*"):
        if file.suffix != ".lock":
            file.unlink()

    # when it starts from the copy, the next fact has the number of the lost one under another name
    after = identity_in(tmp_path)
    assert after != before
    assert identity_in(tmp_path) == after
