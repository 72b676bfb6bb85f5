"""A gate's folder as a power cut left it, ways to damage it, and what every start on it owes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from daemon.store import Store, file, tables
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


def make_site(root: Path) -> Site:
    """420 rows; a copy after 150, the file is up to date as far as 250, the rest is in the log."""
    root.mkdir(exist_ok=True)
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
    if found and note:
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
