"""One page, many pages or the whole file gone: the gate starts, keeps what can be proven, and says so."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest

from daemon.store import Store, StoreTooNew, copies, file, tables
from daemon.store.copies import COPY, make_copy, open_store
from daemon.store.store import FILE
from tests.store.conftest import Stores
from tests.store.histories import history, instant

ROWS, COPIED, ACKED = 420, 150, 300
FACTS = history(ROWS)
PAGE = file.PAGE
NOW = instant(99_999)


@dataclass
class Site:
    """A gate's folder as a power cut left it: the newest commits are in the log."""

    folder: Path
    hashes: dict[int, str]
    """What was told, by number."""

    @property
    def database(self) -> Path:
        return self.folder / FILE

    @property
    def log(self) -> Path:
        return self.folder / f"{FILE}-wal"

    def like(self, folder: Path, *, copy: bool = True) -> Site:
        """The same once more, to be damaged in another way."""
        shutil.copytree(self.folder, folder)
        if not copy:
            (folder / COPY).unlink()
        return Site(folder, self.hashes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """400 rows; a copy after 150, the file is up to date as far as 250, the rest is in the log."""
    root = tmp_path_factory.mktemp("made")
    store = Store(root / "live", ballast_bytes=0)
    store.open()
    store.append(FACTS[:COPIED])
    store.accounts.add("张三", "guard", "secret")
    make_copy(store.folder)
    store.append(FACTS[COPIED:250])
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for fact in FACTS[250:]:
        store.append([fact])
        if store.last_seq() == ACKED + 20:
            store.set_acked(ACKED)
    site = Site(root / "cut", {row.seq: row.hash for row in store.rows(0, ROWS)})
    site.folder.mkdir()
    for name in (FILE, f"{FILE}-wal", COPY):
        shutil.copy(store.folder / name, site.folder)
    store.close()
    return site


def overwrite(path: Path, offset: int, size: int = PAGE, *, seed: int = 0) -> None:
    with path.open("r+b") as opened:
        opened.seek(offset)
        opened.write(Random(seed).randbytes(size))


@dataclass
class Outcome:
    note: str
    kept: int
    """How many rows are the very ones that were told."""
    lost: int


def started(site: Site, stores: Stores) -> Outcome:
    """Start on it, and hold the start to everything that must be so whatever was damaged."""
    database, log = site.database, site.log
    found = {path.name: path.read_bytes() for path in (database, log) if path.exists()}
    store = stores(site.folder)
    note = open_store(store, NOW)
    # the chain is whole, the numbers are unbroken, what was told comes first and then only losses
    assert store.verify().misfit is None
    rows = store.rows(0, 10_000)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    kept = sum(1 for row in rows if site.hashes.get(row.seq) == row.hash)
    assert all(site.hashes[row.seq] == row.hash for row in rows[:kept])
    assert {row.kind for row in rows[kept:]} <= {"fact_lost"}
    # the tables say the same
    assert tables.rebuilt(store.facts()) == tables.contents(store.db)
    assert store.acked() <= store.last_seq()
    if note:
        # the damaged file is kept as it was found
        aside = site.folder / f"{FILE}.damaged-1"
        assert aside.name in note
        left = {path.name.replace(".damaged-1", ""): path for path in site.folder.glob("*.damaged-1*")}
        for name, content in found.items():
            assert left[name].read_bytes() == content
    # and it goes on, from now on without a word
    following = len(rows) + 1
    assert store.append(history(1, seed=9))[0] == following
    store.close()
    assert open_store(store, NOW) == ""
    assert store.last_seq() == following
    store.close()
    return Outcome(note, kept, len(rows) - kept)


def test_a_power_cut_alone_is_no_damage(made: Site, stores: Stores, tmp_path: Path) -> None:
    assert started(made.like(tmp_path / "site"), stores) == Outcome("", ROWS, 0)


@pytest.mark.parametrize("copy", [True, False], ids=["with a copy", "without a copy"])
def test_any_one_page_may_go(made: Site, stores: Stores, tmp_path: Path, copy: bool) -> None:
    """Every page of the file in turn: of the ledger, of a table, of an index, the header, the schema."""
    pages = made.database.stat().st_size // PAGE
    outcomes = []
    for number in range(pages):
        site = made.like(tmp_path / f"page-{number}", copy=copy)
        overwrite(site.database, number * PAGE, seed=number)
        outcomes.append(started(site, stores))
        assert not copy or outcomes[-1].kept >= COPIED
        assert outcomes[-1].kept + outcomes[-1].lost == ROWS, "the numbers go on from the highest ever given"
    # most pages cost nothing: they are no leaf of the ledger, or the copy or the log has them too
    assert sum(outcome.lost == 0 for outcome in outcomes) > pages / 3
    assert any(outcome.lost for outcome in outcomes)


@pytest.mark.parametrize("seed", range(6))
def test_many_pages_may_go(made: Site, stores: Stores, tmp_path: Path, seed: int) -> None:
    site = made.like(tmp_path / "site", copy=seed % 2 == 0)
    random = Random(seed)
    for path in (site.database, site.log):
        for number in random.sample(range(path.stat().st_size // PAGE), 8):
            overwrite(path, number * PAGE, seed=number)
    outcome = started(site, stores)
    assert outcome.note
    assert seed % 2 or outcome.kept >= COPIED


def cut_to(size: int) -> Callable[[Site], None]:
    return lambda site: os.truncate(site.database, size)


def cut_in_half(site: Site) -> None:
    os.truncate(site.database, site.database.stat().st_size // 2 // PAGE * PAGE + 1000)


def header_and_log_gone(site: Site) -> None:
    overwrite(site.database, 0)
    site.log.unlink()


def vanished(site: Site) -> None:
    site.database.unlink()


@pytest.mark.parametrize(
    ("damage", "least_kept"),
    [
        (cut_to(0), COPIED),
        (cut_to(700), COPIED),
        (cut_in_half, COPIED),
        (header_and_log_gone, 250),
        (vanished, COPIED),
    ],
    ids=["empty", "cut within the header", "cut in half", "header gone, no log", "vanished"],
)
def test_a_file_that_is_cut_off_empty_or_gone(
    made: Site, stores: Stores, tmp_path: Path, damage: Callable[[Site], None], least_kept: int
) -> None:
    site = made.like(tmp_path / "site")
    damage(site)
    outcome = started(site, stores)
    assert outcome.note
    assert outcome.kept >= least_kept


@pytest.mark.parametrize("copy", [True, False])
def test_the_newest_commits_are_taken_out_of_the_log(
    made: Site, stores: Stores, tmp_path: Path, copy: bool
) -> None:
    """The header is gone and SQLite opens nothing; every row is still on a page somewhere."""
    site = made.like(tmp_path / "site", copy=copy)
    overwrite(site.database, 0)
    overwrite(site.log, 0, 32)
    outcome = started(site, stores)
    assert (outcome.kept, outcome.lost) == (ROWS, 0)
    assert f"自备份恢复 {COPIED if copy else 0} 行" in outcome.note


# ---------------------------------------------------------------- the log


def test_a_log_damaged_in_the_middle_is_noticed_though_sqlite_takes_it_for_the_end(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    frame = 24 + PAGE
    frames = (made.log.stat().st_size - 32) // frame
    for number in range(0, frames - 20, 40):
        site = made.like(tmp_path / f"frame-{number}")
        overwrite(site.log, 32 + number * frame + 500, 64)
        outcome = started(site, stores)
        assert outcome.note
        assert outcome.kept + outcome.lost == ROWS


def test_a_log_without_a_header_is_noticed(made: Site, stores: Stores, tmp_path: Path) -> None:
    site = made.like(tmp_path / "site")
    overwrite(site.log, 0, 32)
    outcome = started(site, stores)
    assert outcome.note
    assert (outcome.kept, outcome.lost) == (ROWS, 0)


def test_a_log_of_garbage_is_noticed(made: Site, stores: Stores, tmp_path: Path) -> None:
    site = made.like(tmp_path / "site")
    overwrite(site.log, 0, site.log.stat().st_size)
    outcome = started(site, stores)
    assert outcome.note
    assert outcome.kept == 250


def test_a_transaction_torn_by_a_power_cut_was_never_told_and_is_no_damage(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    size = made.log.stat().st_size
    for cut in (1, PAGE // 2, PAGE, PAGE + 24):
        site = made.like(tmp_path / f"cut-{cut}")
        os.truncate(site.log, size - cut)
        assert started(site, stores) == Outcome("", ROWS - 1, 0)
    # sectors of it may have come to the disk in any order
    site = made.like(tmp_path / "order")
    overwrite(site.log, size - 2 * PAGE - 24, 512)
    assert started(site, stores) == Outcome("", ROWS - 1, 0)
    # or nothing but the length of a log that was just made
    for content in (b"", bytes(32), bytes(3 * PAGE)):
        site = made.like(tmp_path / f"zeros-{len(content)}")
        site.log.write_bytes(content)
        assert started(site, stores) == Outcome("", 250, 0)


# ---------------------------------------------------------------- the copy


def test_a_damaged_copy_still_gives_its_rows(made: Site, stores: Stores, tmp_path: Path) -> None:
    site = made.like(tmp_path / "site")
    overwrite(site.folder / COPY, 0)
    overwrite(site.database, 0, site.database.stat().st_size)
    site.log.unlink()
    outcome = started(site, stores)
    assert outcome.kept == COPIED


def test_a_copy_from_a_newer_version_is_left_alone(made: Site, stores: Stores, tmp_path: Path) -> None:
    site = made.like(tmp_path / "site")
    with closing(sqlite3.connect(site.folder / COPY)) as db:
        db.execute("PRAGMA user_version = 99")
    overwrite(site.database, 0)
    before = {path.name: path.read_bytes() for path in (site.database, site.log, site.folder / COPY)}
    os.truncate(site.log, 0)
    before[site.log.name] = b""
    with pytest.raises(StoreTooNew):
        open_store(stores(site.folder), NOW)
    assert {name: (site.folder / name).read_bytes() for name in before} == before


def test_accounts_come_from_the_copy(made: Site, stores: Stores, tmp_path: Path) -> None:
    site = made.like(tmp_path / "site")
    overwrite(site.database, 0)
    os.truncate(site.log, 0)
    store = stores(site.folder)
    open_store(store, NOW)
    account = store.accounts.get("张三")
    assert account is not None
    assert account.secret == "secret"


def test_what_the_office_has_acknowledged_is_not_said_anew_under_old_numbers(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    """The copy is older than the acknowledgement, and the rows in between are gone."""
    site = made.like(tmp_path / "site")
    live = stores(site.folder)
    live.open()
    live.close()  # everything is in the file now
    content = bytearray(site.database.read_bytes())
    for number in range(1, len(content) // PAGE):
        page = content[number * PAGE : (number + 1) * PAGE]
        if page[0] == 0x0D and b'"kind":"' in page:
            content[number * PAGE : (number + 1) * PAGE] = os.urandom(PAGE)
    site.database.write_bytes(content)
    store = stores(site.folder)
    assert f"丢失 {ACKED - COPIED} 行" in open_store(store, NOW)
    assert store.acked() == ACKED
    assert store.last_seq() == ACKED
    assert [row.kind for row in store.rows(COPIED, ROWS)] == ["fact_lost"] * (ACKED - COPIED)


# ---------------------------------------------------------------- cut short in the middle of the restore


def die_at_line(number: int) -> Callable[[FrameType, str, Any], Any]:
    """A trace that ends the process at the n-th line of the store's own code, as a power cut would.

    A line in a loop counts a few times: that is once for each file of a database.
    """
    left = [number]
    seen: Counter[tuple[str, int]] = Counter()
    rooms = {copies.__file__, file.__file__}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in rooms:
            return None
        line = (frame.f_code.co_filename, frame.f_lineno)
        seen[line] += event == "line"
        if event == "line" and seen[line] <= len(file.COMPANIONS) + 1:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
        return trace

    return trace


def start_in_a_child(folder: Path, dies_at: int) -> bool:
    """True where the start came to its end before that line."""
    child = os.fork()
    if child == 0:
        try:
            sys.settrace(die_at_line(dies_at))
            open_store(Store(folder, ballast_bytes=0), NOW)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_restore_that_is_killed_at_any_line_is_done_at_the_next_start(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    through, lines = False, 0
    while not through:
        lines += 1
        site = made.like(tmp_path / f"killed-{lines}")
        overwrite(site.database, 0)
        overwrite(site.log, 0, 32)
        damaged = {path.name: path.read_bytes() for path in (site.database, site.log)}
        through = start_in_a_child(site.folder, lines)
        swapped = (site.folder / f"{FILE}.damaged-1").exists()
        store = stores(site.folder)
        note = open_store(store, NOW)
        assert through or note or swapped
        assert {row.seq: row.hash for row in store.rows(0, ROWS * 2)} == site.hashes
        aside = site.folder / f"{FILE}.damaged-1"
        assert {FILE: aside.read_bytes(), f"{FILE}-wal": Path(f"{aside}-wal").read_bytes()} == damaged
        assert not list(site.folder.glob("*.damaged-2*"))
        assert not list(site.folder.glob("*.building*"))
        assert not list(site.folder.glob("*.restored*"))
        store.close()
        shutil.rmtree(site.folder)
    assert lines > 50
