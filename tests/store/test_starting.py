"""However a start comes by the state: it is what the ledger's rows make, or damage is found in the end."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.core.evolve import evolve_all
from daemon.core.facts import FactLost, PermitGranted
from daemon.core.state import LaneRules, State, empty_state
from daemon.store import LedgerDamaged, Store, copies, doubt, file, ledger, snapshot, starting, upkeep
from daemon.store.copies import COPY
from daemon.store.file import connect_reading
from daemon.store.snapshot import Snapshot
from daemon.store.starting import Start, revisit, start
from daemon.store.upkeep import EX_IOERR, Upkeep
from tests.store.conftest import Stores
from tests.store.damaged_site import NOW, PAGE, ROWS, Site, make_site, overwrite
from tests.store.histories import OFFICE, History, history, instant, permit

LANES = (
    LaneRules(id="entry-1", name="入口", direction="entry", mode="card_and_plate"),
    LaneRules(id="exit-1", name="出口", direction="exit", mode="card_and_plate"),
)
EMPTY = empty_state(LANES)
NEVER = 1 << 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """420 rows, the newest of them in the log; copy and snapshot are those of row 150."""
    site = make_site(tmp_path_factory.mktemp("made"))
    starting.renew(site.folder, EMPTY, long=1)
    return site


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "daemon.store")


def replayed(store: Store) -> State:
    return evolve_all(EMPTY, (fact for _, fact in store.facts()))


def started(store: Store, *, long: int = NEVER) -> Start:
    """Start, and hold the start to the one thing that must be so."""
    found = start(store, NOW, EMPTY, long=long)
    assert found.state == replayed(store)
    return found


def put_snapshot(folder: Path, seq: int) -> None:
    """As of that row, whatever that row is."""
    with closing(connect_reading(folder / "gatepost.db")) as db:
        facts = [fact for number, fact in ledger.facts(db) if number <= seq]
        row = ledger.row_at(db, seq)
    seal = ledger.FIRST_PREV if row is None else row[6]
    snapshot.write(folder, Snapshot(seq, seal, evolve_all(EMPTY, facts)))


# ---------------------------------------------------------------- the same state


@pytest.mark.rule("R26")
@pytest.mark.parametrize("seed", range(3))
def test_snapshot_and_tail_make_the_state_that_a_full_replay_makes_at_any_row(
    stores: Stores, seed: int
) -> None:
    store = stores()
    store.open()
    for decision in History(seed).decisions(160):
        store.append(decision)
    rows = store.last_seq()
    store.close()
    for seq in range(1, rows + 1):
        put_snapshot(store.folder, seq)
        assert started(store).trusted is not None
        assert store.last_seq() == rows
        store.close()


def test_a_long_replay_keeps_a_snapshot_and_the_next_start_is_by_it(store: Store) -> None:
    store.append(history(80))
    store.close()
    first = started(store, long=50)
    assert (first.trusted, first.copy_owed) == (None, True)
    store.append(history(95)[80:])
    store.close()
    second = started(store, long=50)
    assert second.trusted is not None
    assert not second.copy_owed


def test_a_long_start_says_how_far_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd gives up on a start that is silent for too long."""
    monkeypatch.setattr(copies, "TOLD_EVERY", 30)
    store.append(history(80))
    store.close()
    said: list[str] = []
    start(store, NOW, EMPTY, say=said.append)
    assert said == [
        "gatepost.db: every page is checked",
        "gatepost.db: 30 rows fit",
        "gatepost.db: 60 rows fit",
        "30 rows replayed",
        "60 rows replayed",
    ]


def test_the_snapshot_grows_with_the_copy_and_is_never_ahead_of_it(store: Store) -> None:
    facts = history(200)
    store.append(facts[:100])
    upkeep.copy(store.folder, EMPTY, long=50)
    assert snapshot.read(store.folder, EMPTY).seq == 100
    store.append(facts[100:140])
    upkeep.copy(store.folder, EMPTY, long=50)
    assert snapshot.read(store.folder, EMPTY).seq == 100  # not worth it yet
    store.append(facts[140:])
    shutil.copy(store.folder / COPY, store.folder / "older")
    upkeep.copy(store.folder, EMPTY, long=50)
    assert snapshot.read(store.folder, EMPTY) == replace(
        Snapshot(200, store.head(), replayed(store)), digest=snapshot.read(store.folder, EMPTY).digest
    )
    # and from nothing, where the one before does not count
    (store.folder / snapshot.FILE).write_bytes(b"x")
    upkeep.copy(store.folder, EMPTY, long=50)
    assert snapshot.read(store.folder, EMPTY).state == replayed(store)


# ---------------------------------------------------------------- a snapshot that does not fit


def test_of_a_snapshot_of_another_gate_only_the_log_speaks(
    stores: Stores, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = stores(tmp_path / "here"), stores(tmp_path / "there")
    for store, seed in ((here, 1), (there, 2)):
        store.open()
        store.append(history(60, seed=seed))
        store.close()
    put_snapshot(there.folder, 40)
    shutil.copy(there.folder / snapshot.FILE, here.folder)
    assert started(here).trusted is None
    assert "row 40 of the ledger is not the one that it was made at" in caplog.text


def test_a_snapshot_of_rows_that_were_lost_since_does_not_count(stores: Stores, tmp_path: Path) -> None:
    """The file of yesterday was put back, and the gate has driven on from there."""
    store = stores()
    store.open()
    store.append(history(50))
    store.close()
    older = store.path.read_bytes()
    store.open()
    store.append(history(80)[50:])
    store.close()
    put_snapshot(store.folder, 70)
    store.path.write_bytes(older)
    assert started(store).trusted is None
    store.append([FactLost(at=NOW, why="something else")] * 40)
    store.close()
    assert started(store).trusted is None


def test_rows_behind_the_snapshot_that_do_not_follow_are_damage(stores: Stores) -> None:
    store = stores()
    store.open()
    store.append(history(60))
    copies.make_copy(store.folder)
    put_snapshot(store.folder, 40)
    store.db.execute("UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = 50")
    store.close()
    found = started(store)
    assert "damaged-1" in found.note
    assert store.verify().misfit is None
    assert [row.kind for row in store.rows(0, 100)].count("fact_lost") == 0  # the copy has them all


def test_a_hand_in_the_row_of_the_snapshot_itself_is_seen(stores: Stores) -> None:
    store = stores()
    store.open()
    store.append(history(60))
    put_snapshot(store.folder, 40)
    store.db.execute("UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = 40")
    store.close()
    assert start(store, NOW, EMPTY).note


# ---------------------------------------------------------------- damage where no start looks any more


@pytest.mark.rule("R26")
def test_any_one_page_may_go_and_it_is_found_at_the_start_or_soon_after(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    """Every page in turn; then what is found afterwards ends as damage at the start always has."""
    found_at = {"the start": 0, "the look afterwards": 0, "no time": 0}
    for number in range(made.database.stat().st_size // PAGE):
        site = made.like(tmp_path / f"page-{number}")
        overwrite(site.database, number * PAGE, seed=number)
        store = stores(site.folder)
        first = start(store, NOW, EMPTY)
        if first.trusted is None:
            assert first.note or store.verify().misfit is None
            found_at["the start"] += 1
            store.close()
            continue
        try:
            revisit(site.folder, EMPTY, first.trusted)
        except LedgerDamaged as damage:
            found_at["the look afterwards"] += 1
            doubt.leave(site.folder, damage)
        else:
            found_at["no time"] += 1  # the log has that page too
            assert store.verify().misfit is None
            continue
        finally:
            store.close()
        second = started(store)
        assert second.trusted is None
        assert "damaged-1" in second.note
        assert store.verify().misfit is None
        kept = [site.hashes.get(row.seq) == row.hash for row in store.rows(0, 1000)]
        assert all(kept[:150]), "what the snapshot stands for, the copy has"
        assert len(kept) >= ROWS
        store.close()
        assert doubt.left(site.folder) is None
        assert started(store).note == ""
        store.close()
    assert found_at["the look afterwards"] > 5
    assert found_at["the start"] > 5


def test_a_write_that_meets_damage_leaves_a_doubt(made: Site, stores: Stores, tmp_path: Path) -> None:
    """Or the next start would believe the snapshot, and fail at its first write again and again."""
    whole = made.like(tmp_path / "whole")
    store = stores(whole.folder)
    store.open()
    store.close()  # nothing is left in the log
    newcomers = [
        PermitGranted(at=instant(5000 + number), permit=permit(1000 + number), by=OFFICE)
        for number in range(50)
    ]
    met = 0
    for number in range(whole.database.stat().st_size // PAGE):
        site = whole.like(tmp_path / f"page-{number}")
        overwrite(site.database, number * PAGE, seed=number)
        store = stores(site.folder)
        if start(store, NOW, EMPTY).trusted is not None:
            try:
                store.append(newcomers)
            except LedgerDamaged:
                met += 1
                store.close()
                assert doubt.left(site.folder) is not None
                assert started(store).note
        store.close()
    assert met, "no page was one that a write goes by"


def test_a_doubt_without_damage_costs_one_long_start(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.append(history(60))
    store.close()
    put_snapshot(store.folder, 40)
    doubt.leave(store.folder, "a page, seen once")
    assert started(store).trusted is None
    assert "a page, seen once" in caplog.text
    store.close()
    assert started(store).trusted is not None


def test_a_restore_that_was_cut_short_comes_before_any_snapshot(
    made: Site, stores: Stores, tmp_path: Path
) -> None:
    site = made.like(tmp_path / "site")
    shutil.copy(site.folder / COPY, site.folder / "gatepost.db.restored")
    found = started(stores(site.folder))
    assert found.trusted is None
    assert "cut short" in found.note


@pytest.mark.rule("R18")
def test_a_forged_snapshot_is_found_though_every_row_fits(stores: Stores) -> None:
    """Somebody writes himself a permit into the state, and the ledger knows nothing of it."""
    store = stores()
    store.open()
    store.append(history(60))
    put_snapshot(store.folder, 40)
    true = snapshot.read(store.folder, EMPTY)
    own = replace(next(iter(true.state.permits.values())), id="P-forged", card="1234")
    forged = replace(true.state, permits=true.state.permits.put(own.id, own))
    snapshot.write(store.folder, replace(true, state=forged))
    store.close()
    trusted = start(store, NOW, EMPTY).trusted
    assert trusted is not None
    with pytest.raises(LedgerDamaged, match="not what the ledger's rows make"):
        revisit(store.folder, EMPTY, trusted)
    # nor is it any use to put the true one back before anybody looks, or to take it away
    snapshot.write(store.folder, true)
    with pytest.raises(LedgerDamaged, match="not what the ledger's rows make"):
        revisit(store.folder, EMPTY, trusted)
    (store.folder / snapshot.FILE).unlink()
    with pytest.raises(LedgerDamaged, match="none yet"):
        revisit(store.folder, EMPTY, trusted)


# ---------------------------------------------------------------- the process of its own


async def test_the_work_is_done_in_a_process_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    store.append(history(60))
    keeping = Upkeep(store.folder, "", ("entry-1", "exit-1"))
    await keeping.copy()
    copies.check(store.folder / COPY)
    put_snapshot(store.folder, 40)
    trusted = snapshot.read(store.folder, EMPTY).digest
    store.append(history(60)[:1] * 6000)
    await keeping.copy(look_owed=True)
    await keeping.revisit(trusted)  # the copy has left alone what nobody had looked at
    await keeping.revisit(None)
    with pytest.raises(LedgerDamaged, match="not what the ledger's rows make"):
        await keeping.revisit("0" * 64)
    store.db.execute("UPDATE ledger SET body = replace(body, 'boot-1', 'boot-2') WHERE seq = 9")
    with pytest.raises(LedgerDamaged, match="row 9"):
        await keeping.revisit(None)
    with pytest.raises(LedgerDamaged, match="row 9"):
        await keeping.copy()
    shutil.rmtree(store.folder)
    with pytest.raises(OSError, match=r"gatepost\.copy"):
        await keeping.copy()


def test_the_work_ends_with_the_gate_that_has_asked_for_it(store: Store) -> None:
    # given a copy that waits for its turn
    command = [
        sys.executable,
        "-m",
        "daemon.store.upkeep",
        "copy",
        store.folder,
        "--code",
        "x",
        "--end-with-stdin",
    ]
    with file.held(store.folder / f"{COPY}.lock"):
        work = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE)
        # when the gate is killed
        assert work.stdin is not None
        work.stdin.close()
        # then it is left undone
        assert work.wait(timeout=60) == EX_IOERR
    assert not (store.folder / COPY).exists()


def test_a_program_that_was_replaced_makes_no_snapshot_for_the_gate_that_runs(store: Store) -> None:
    store.append(history(60))
    command = [sys.executable, "-m", "daemon.store.upkeep", "copy", store.folder, "--code", "older"]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    assert (store.folder / COPY).exists()
    assert not (store.folder / snapshot.FILE).exists()
