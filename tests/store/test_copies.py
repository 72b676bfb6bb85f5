"""A copy is whole or it is not there; making one never disturbs the gate."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from daemon.core.facts import FactLost
from daemon.store import LedgerDamaged, Store, ledger
from daemon.store.copies import COPY, check, make_copy
from daemon.store.file import connect_reading
from tests.store.histories import History, history, instant

PAGE = 4096


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with closing(connect_reading(path)) as db:
        return db.execute("SELECT * FROM ledger ORDER BY seq").fetchall()


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(f"{COPY}*") if not path.name.endswith(".lock"))


def test_a_copy_is_the_ledger_as_it_was_and_needs_nothing_beside_it(store: Store) -> None:
    store.append(history(300))
    before = rows_of(store.path)
    copy = make_copy(store.folder)
    store.append(History(2).facts(1)[:1])
    assert rows_of(copy) == before
    assert left_over(store.folder) == [COPY]


def test_copies_are_made_while_the_gate_writes_and_another_copy_is_made(store: Store) -> None:
    store.append(history(2000))
    done = threading.Event()
    made: list[int] = []
    failed: list[BaseException] = []

    def keep_copying() -> None:
        try:
            while not done.is_set():
                make_copy(store.folder)
                check(store.folder / COPY)
                made.append(len(rows_of(store.folder / COPY)))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=keep_copying) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        while len(made) < 6 and not failed:
            # never refused, though two others read all of the file
            store.append([FactLost(at=instant(1), why="written meanwhile")])
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert made[-1] > made[0] >= 2000
    assert store.verify().misfit is None


def test_a_copy_of_a_damaged_file_does_not_take_the_place_of_the_good_one(
    store: Store,
) -> None:
    store.append(history(300))
    make_copy(store.folder)
    good = (store.folder / COPY).read_bytes()
    store.close()
    pages = store.path.stat().st_size // PAGE
    content = store.path.read_bytes()
    for number in range(1, pages, 5):
        store.path.write_bytes(content[: number * PAGE] + b"\x5a" * PAGE + content[(number + 1) * PAGE :])
        with pytest.raises(LedgerDamaged):
            make_copy(store.folder)
        assert (store.folder / COPY).read_bytes() == good
        assert left_over(store.folder) == [COPY]


def test_a_row_that_does_not_fit_is_not_copied_either(store: Store) -> None:
    store.append(history(50))
    make_copy(store.folder)
    good = (store.folder / COPY).read_bytes()
    store.db.execute("UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = 9")
    with pytest.raises(LedgerDamaged, match=r"row 9"):
        make_copy(store.folder)
    assert (store.folder / COPY).read_bytes() == good


def test_what_a_killed_copy_left_behind_is_no_hindrance(store: Store) -> None:
    store.append(history(20))
    for suffix in (".new", ".new-journal", ".new-wal"):
        (store.folder / f"{COPY}{suffix}").write_bytes(b"half" * 3000)
    assert ledger.FIRST_PREV not in store.head()
    make_copy(store.folder)
    check(store.folder / COPY)
    assert left_over(store.folder) == [COPY]
