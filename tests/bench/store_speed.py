"""What a decision costs on the disk over a bare commit to the same disk, and how fast a start reads it back.

The law of this file: a ratio, never milliseconds alone. Bare commits and decisions take turns in one run; a
bare commit is one row into one table with the same promises (WAL, synchronous=FULL).
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

from daemon.core.evolve import evolve_all
from daemon.core.state import empty_state
from daemon.store import Store, ledger, reading
from daemon.store.copies import check, make_copy
from tests.store import second_verifier
from tests.store.histories import History, history

ROUNDS = 300
REPLAYED = 10_000
VERIFIED = 50_000
SIZES = (1, 5)


def measure(rounds: int = ROUNDS, replayed: int = REPLAYED, verified: int = VERIFIED) -> dict[str, float]:
    """Medians in milliseconds of a bare commit and of decisions of one and of five facts, and their ratios.

    Then seconds per 10,000 rows to check a file, to read its facts, to evolve the state, and to copy it;
    and per 1,000,000 rows for each of the two verifiers to go through the chain.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        return _appends(path, rounds) | _start_up(path, replayed) | _verifiers(path / "chain.db", verified)


def _appends(folder: Path, rounds: int) -> dict[str, float]:
    store = Store(folder / "appends", ballast_bytes=0)
    store.open()
    facts = history(rounds * sum(SIZES) * 2)
    took: dict[str, list[float]] = {"bare": [], **{str(size): [] for size in SIZES}}
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, text TEXT)")
        for number in range(rounds):
            took["bare"].append(
                _seconds(lambda: bare.execute("INSERT INTO bare (text) VALUES (?)", ("x" * 100,)))
            )
            for size in SIZES:
                decision, facts = facts[:size], facts[size:]
                took[str(size)].append(_seconds(partial(store.append, decision)))
            assert number or store.last_seq() == sum(SIZES)
    store.close()
    floor = median(took.pop("bare"))
    figures = {"bare_commit_ms": floor * 1000}
    for size, seconds in took.items():
        figures[f"append_{size}_ms"] = median(seconds) * 1000
        figures[f"append_{size}_over_bare"] = median(seconds) / floor
    return _rounded(figures)


def _start_up(folder: Path, replayed: int) -> dict[str, float]:
    store = Store(folder / "start", ballast_bytes=0)
    store.open()
    for decision in History(seed=1).decisions(replayed):
        store.append(decision)
    share = 10_000 / store.last_seq()
    figures = {
        "check_s_per_10k": _seconds(lambda: check(store.path)) * share,
        "read_facts_s_per_10k": _seconds(lambda: list(store.facts())) * share,
        "read_and_evolve_s_per_10k": _seconds(
            lambda: evolve_all(empty_state(()), (fact for _, fact in store.facts()))
        )
        * share,
        "copy_s_per_10k": _seconds(lambda: make_copy(store.folder)) * share,
        "bytes_per_row": store.path.stat().st_size / store.last_seq(),
    }
    store.close()
    return _rounded(figures)


def _verifiers(path: Path, rows: int) -> dict[str, float]:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(ledger.LEDGER_SCHEMA)
        head = ledger.FIRST_PREV
        for seq, fact in enumerate(history(rows), start=1):
            head = ledger.append(db, seq, head, fact)
        db.commit()
    share = 1_000_000 / rows
    assert reading.verify(path, expected_head=head).misfit is None
    return _rounded(
        {
            "verify_s_per_1m": _seconds(lambda: reading.verify(path, expected_head=head)) * share,
            "second_verifier_s_per_1m": _seconds(
                lambda: second_verifier.verify(second_verifier.rows_of(path), head)
            )
            * share,
        }
    )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
