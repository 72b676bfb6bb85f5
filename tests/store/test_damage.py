"""One page, many pages or the whole file gone: the gate starts, keeps what can be proven, and says so."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from daemon.core.facts import FactLost
from daemon.store import StoreTooNew
from daemon.store.copies import COPY, open_store
from tests.store.conftest import Stores
from tests.store.damaged_site import (
    ACKED,
    COPIED,
    NOW,
    PAGE,
    ROWS,
    Outcome,
    Site,
    make_site,
    overwrite,
    started,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("made"))


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


def vanished_with_its_log(site: Site) -> None:
    site.database.unlink()
    site.log.unlink()


@pytest.mark.parametrize(
    ("damage", "least_kept"),
    [
        (cut_to(0), COPIED),
        (cut_to(700), COPIED),
        (cut_in_half, COPIED),
        (header_and_log_gone, 250),
        (vanished, COPIED),
        (vanished_with_its_log, COPIED),
    ],
    ids=[
        "empty",
        "cut within the header",
        "cut in half",
        "header gone, no log",
        "vanished",
        "vanished with its log",
    ],
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


def test_a_torn_transaction_is_not_taken_out_of_a_damaged_file_either(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    """Its rows lie whole on a page of the log, but the commit never came: nobody was told of them."""
    site = made.like(tmp_path / "site")
    live = stores(site.folder)
    live.open()
    live.append([FactLost(at=NOW, why="x" * 500)] * 40)
    content, database = site.log.read_bytes(), site.database.read_bytes()
    live.close()
    site.database.write_bytes(database)
    # the frame that ends the commit has not come to the disk, most of those before it have
    site.log.write_bytes(content[: -(PAGE + 24)])
    overwrite(site.database, 0)
    overwrite(site.log, 0, 32)
    outcome = started(site, stores)
    assert (outcome.kept, outcome.lost) == (ROWS, 0)


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
