"""Five hundred kills at any moment, with a real broker and an office: nothing lost, invented or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.kill_loop import kill_loop

KILLS = 500


@pytest.mark.rule("R42")
async def test_five_hundred_kills_lose_invent_and_double_nothing(tmp_path: Path) -> None:
    # given a gate whose cars come and go without a pause, a broker and an office
    # when it is killed five hundred times, and the broker ten times, with what it held for an absent office
    outcome = await kill_loop(tmp_path, kills=KILLS, seed=20261)

    # then the ledger holds what each life was told to be durable, and the office holds the ledger, once
    assert (outcome.lost, outcome.phantom, outcome.doubled, outcome.troubles) == (0, 0, 0, ())
    assert outcome.cars > KILLS / 5, "hardly a car came through, so this proved little"
