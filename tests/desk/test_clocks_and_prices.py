"""A power cut, a clock that jumps, and the price of a stay: nobody pays for a clock (R43)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.money import ChargeQuoted
from daemon.core.signals import TimerElapsed
from daemon.core.tariff import Flag, parked_between
from tests.desk.till_rig import CAR, TollGate

HOUR = timedelta(hours=1)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


@pytest.mark.rule("R43")
@pytest.mark.parametrize("step", [5 * HOUR, -HOUR / 2])
def test_a_believed_clock_that_jumps_after_a_power_cut_costs_nobody_anything(
    gate: TollGate, step: timedelta
) -> None:
    """Given a stay of two hours over a power cut, the hours by which the clock is set are not charged."""
    gate.comes_in(CAR)
    gate.stays(hours=1)
    gate.reboot()
    gate.stays(hours=1)
    gate.set_wall(gate.clock.wall + step, trusted=True)
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert told.total_fen <= 1500
    assert told.flags == (Flag.ELAPSED_AT_LEAST,)


@pytest.mark.rule("R43")
def test_a_clock_that_had_jumped_before_the_power_cut_is_as_doubtful_after_it(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.set_wall(gate.clock.wall - 5 * HOUR, trusted=True)
    gate.send(TimerElapsed(at=gate.now))  # the watchdog's beat, every few seconds
    gate.stays(hours=1)
    gate.set_wall(gate.clock.wall + 5 * HOUR, trusted=True)
    gate.stays(hours=1)
    gate.reboot()
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert told.total_fen <= 1500
    assert told.flags == (Flag.ELAPSED_AT_LEAST,)


@pytest.mark.rule("R43")
def test_what_came_in_before_the_time_was_known_is_dated_once_it_is(gate: TollGate) -> None:
    """Given a gate that finds its time server after the car has come in, a later power cut hides nothing."""
    right = gate.clock.wall
    gate.set_wall(right - timedelta(days=400), trusted=False)
    gate.restart()
    gate.comes_in(CAR)
    gate.set_wall(gate.clock.wall + timedelta(days=400), trusted=True)
    gate.stays(hours=2)
    gate.reboot()
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert (told.total_fen, told.flags) == (1500, ())


@pytest.mark.rule("R43")
def test_a_day_that_a_clock_has_made_up_changes_no_tariff(gate: TollGate) -> None:
    """Given a clock that is set a day on while the car is inside: which day it came on nobody knows."""
    gate.comes_in(CAR)
    gate.stays(hours=1)
    gate.set_wall(gate.clock.wall + timedelta(days=1), trusted=True)
    gate.send(TimerElapsed(at=gate.now))
    gate.stays(hours=1)
    state = gate.engine.state
    (account,) = state.money.accounts.values()
    inside = parked_between(account.entered, gate.now, boots=state.boots)
    assert (inside.elapsed > 2 * HOUR, inside.is_whole, inside.is_dated) == (True, True, False)
    gate.comes_in("粤B00001")
    account = gate.account("粤B00001")
    assert parked_between(account.entered, gate.now, boots=gate.engine.state.boots).is_dated
