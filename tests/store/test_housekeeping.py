"""What a start has believed stays until somebody has looked at it, however often the disk is in the way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from daemon import housekeeping
from daemon.core.state import empty_state
from daemon.housekeeping import Housekeeping
from daemon.store import LedgerDamaged, doubt
from daemon.store.starting import Start
from daemon.store.upkeep import Upkeep

BELIEVED = "0123"


class Keeper(Upkeep):
    """Does nothing, and says how: as often as it is told, the disk does not let it look."""

    def __init__(self, folder: Path, *, looks_fail: list[Exception]) -> None:
        super().__init__(folder, "", ())
        self.did: list[str] = []
        self._looks_fail = looks_fail
        self.enough = asyncio.Event()

    async def copy(self, *, look_owed: bool = False) -> None:
        self.did.append("copy, the snapshot left alone" if look_owed else "copy")
        if len(self.did) >= 5:
            self.enough.set()

    async def revisit(self, trusted: str | None) -> None:
        self.did.append(f"look at {trusted}")
        if self._looks_fail:
            raise self._looks_fail.pop(0)


async def kept(tmp_path: Path, *looks_fail: Exception) -> tuple[list[str], list[LedgerDamaged]]:
    keeper, damaged = Keeper(tmp_path, looks_fail=list(looks_fail)), []

    async def hear(damage: LedgerDamaged) -> None:
        damaged.append(damage)

    async def sweep() -> None:
        await asyncio.sleep(0)

    keeping = Housekeeping(
        folder=tmp_path, upkeep=keeper, sweep=sweep, copied=lambda _why: None, damaged=hear
    )
    work = asyncio.ensure_future(keeping.run(Start(state=empty_state(()), note="", trusted=BELIEVED)))
    await keeper.enough.wait()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return keeper.did[:5], damaged


@pytest.fixture(autouse=True)
def no_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "EVERY_S", 0.0)


async def test_a_look_that_the_disk_prevents_is_owed_and_the_snapshot_waits_for_it(tmp_path: Path) -> None:
    did, damaged = await kept(tmp_path, OSError("busy"))
    assert did == [
        "look at 0123",
        "copy, the snapshot left alone",
        "look at 0123",
        "copy",
        "copy",
    ]
    assert damaged == []
    assert doubt.left(tmp_path) is None


async def test_damage_that_a_look_finds_is_left_for_the_next_start(tmp_path: Path) -> None:
    _, damaged = await kept(tmp_path, LedgerDamaged("row 9"))
    assert [str(damage) for damage in damaged] == ["row 9"]
    assert doubt.left(tmp_path) == "row 9"
