"""A restore that is killed is done at the next start, at whatever line of it the power went."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from daemon.store import Store, copies, file
from daemon.store.copies import open_store
from daemon.store.store import FILE
from tests.store.conftest import Stores
from tests.store.damaged_site import NOW, ROWS, make_site, overwrite


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
    stores: Stores, tmp_path: Path
) -> None:
    made = make_site(tmp_path / "made")
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
