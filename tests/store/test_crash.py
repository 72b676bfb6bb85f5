"""Killed at any instant, the store has what it said it has, and nothing by halves."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

from daemon.store import tables
from daemon.store.copies import open_store
from tests.store.conftest import Stores
from tests.store.histories import History, instant

KILLS = 30
PROGRAM = Path(__file__).with_name("appending_process.py")


def run_and_kill(folder: Path, seed: int, after: int) -> tuple[list[str], subprocess.Popen[bytes]]:
    """Let it append, kill it without warning a little after it has said so many times that it has."""
    process = subprocess.Popen([sys.executable, PROGRAM, str(folder), str(seed)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = [process.stdout.readline().decode() for _ in range(after)]
    # Not at the line just read: somewhere in the middle of what it does next.
    select.select([], [], [], Random(seed).random() / 200)
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.read().decode().splitlines(keepends=True)
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return said, process


def test_what_was_reported_durable_survives_thirty_kills_and_no_decision_is_halved(
    stores: Stores, tmp_path: Path
) -> None:
    for seed in range(KILLS):
        folder = tmp_path / f"gate-{seed}"
        said, _ = run_and_kill(folder, seed, after=5 + seed)
        store = stores(folder)
        # a kill is no damage
        assert open_store(store, instant(0)) == ""
        assert store.verify().misfit is None
        # every number that was said is there under the very hash that was said
        hashes = {row.seq: row.hash for row in store.rows(0, 1_000_000)}
        told = [line.split() for line in said if line.endswith("\n")]
        assert told
        assert {int(seq): seal for seq, _, seal in told} == {
            int(seq): hashes.get(int(seq)) for seq, _, _ in told
        }
        # and the file ends where a decision ends: at the last one said, or the one after it
        decisions = History(seed).decisions(1_000_000)
        whole, ends = 0, []
        while whole < store.last_seq():
            whole += len(next(decisions))
            ends.append(whole)
        assert ends[-1] == store.last_seq()
        assert len(ends) - len(told) in (0, 1)
        assert tables.rebuilt(store.facts()) == tables.contents(store.db)
        store.close()


def test_a_gate_goes_on_from_where_it_was_killed(stores: Stores, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    said, _ = run_and_kill(folder, 1, after=40)
    store = stores(folder)
    store.open()
    last = store.last_seq()
    assert last >= int(said[-1].split()[0])
    assert store.append(next(History(99).decisions(1)))[0] == last + 1
    assert store.verify().misfit is None
