"""The disk of the office fills up: nothing is acknowledged unkept, and all goes on when there is room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.office.database import Place
from tests.mqtt.rig import MemoryLedger, running_tasks, until
from tests.office.rig import kept, told
from tests.office.test_conversation import Desk
from tests.rigs.small_disk import fill, mounted_disk

DISK = 4 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", DISK) as disk:
        yield disk


async def test_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    desk, ledger = Desk(Place(folder=small_disk)), MemoryLedger(3000)
    async with running_tasks(desk.office.run()):
        desk.hears(*told(ledger, 1, 10))
        await until(lambda: desk.answers != [])
        desk.answers.clear()

        # when there is no room left
        hog = fill(small_disk)
        desk.hears(*told(ledger, 11, 2000))
        await until(lambda: desk.office.why is not None)
        assert desk.office.why is not None
        assert "full" in desk.office.why
        assert desk.answers == []

        # and then there is
        hog.unlink()
        desk.hears(*told(ledger, 2001, 3000))
        await until(lambda: any(answer["seq"] == 3000 for _, answer in desk.answers))
    assert kept(desk.place) == [(row.seq, row.hash) for row in ledger.all]
