"""Two hundred worlds without a broken law, the same twice, and every bug on purpose is found."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from daemon.worlds import plants
from daemon.worlds.simulate import simulate, worlds_until_found

WORLDS = 200
SAMPLE = 8
"""Plants a run; which ones changes with the day, so that each is tried every nine days."""

QUICKLY_FOUND = (
    "synchronous_normal",
    "closes_at_start",
    "safety_check_dropped",
    "expired_permit_opens",
    "plate_alone_opens",
    "order_replayed_at_start",
    "evolve_not_applied",
    "ledger_row_skipped",
)


def todays_sample() -> list[str]:
    names = plants.names()
    first = date.today().toordinal() * SAMPLE  # noqa: DTZ011 - any day will do
    return [names[(first + number) % len(names)] for number in range(SAMPLE)]


def test_two_hundred_worlds_break_no_law() -> None:
    report = simulate(WORLDS, seed=0)
    print(f"{report.worlds / report.seconds:.1f} worlds a second, {report.passages_a_second:.0f} passages")
    told = [(found.seed, found.law, found.what, found.troubles) for found in report.found]
    assert not told
    assert report.violations == 0
    assert report.power_cuts > WORLDS / 4
    assert report.passages > 10 * WORLDS


def test_the_same_seed_is_the_same_world_in_every_process() -> None:
    script = "from daemon.worlds.simulate import simulate; print(simulate(5, seed=7).digest)"
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": number},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for number in ("1", "2")
    }
    assert told == {simulate(5, seed=7).digest + "\n"}
    assert told != {simulate(5, seed=8).digest + "\n"}


@pytest.mark.parametrize("name", sorted({*QUICKLY_FOUND, *todays_sample()}))
def test_a_bug_on_purpose_is_found(name: str) -> None:
    assert worlds_until_found(name, at_most=WORLDS) is not None


def test_a_plant_leaves_nothing_behind() -> None:
    before = simulate(2, seed=3).digest
    for name in plants.names():
        with plants.planted(name):
            pass
    assert simulate(2, seed=3).digest == before


def test_a_violation_comes_with_its_seed_and_the_troubles_that_it_takes() -> None:
    report = simulate(1, seed=1, plant="closes_at_start")
    (found,) = report.found
    assert found.seed == 1
    (trouble,) = found.troubles  # of all that happened, it takes a start in the middle of things
    assert "power cut" in trouble
    assert any("boom_lower_ordered" in line for line in found.history)
