"""No fee from a clock (R43): none at all, one that is set, one that is wrong, and power that goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.core.money import ChargeQuoted, QuoteStay, TakePayment
from daemon.core.signals import TimerElapsed
from daemon.core.tariff.quote import Flag
from tests.core.rig import GUARD
from tests.desk.till_rig import CAR, TollGate

pytestmark = pytest.mark.rule("R43")

FACTORY = datetime(1970, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


def clock_is_set(gate: TollGate, wall: datetime, *, trusted: bool) -> None:
    """Somebody sets it, and the gate looks at it, as it does every few seconds."""
    gate.set_wall(wall, trusted=trusted)
    gate.send(TimerElapsed(at=gate.now))


def told_at_exit(gate: TollGate) -> ChargeQuoted:
    gate.at_exit(CAR)
    told: ChargeQuoted = gate.last(ChargeQuoted)
    return told


def test_a_gate_that_has_never_known_the_time_charges_for_the_time_inside(gate: TollGate) -> None:
    clock_is_set(gate, FACTORY, trusted=False)
    gate.comes_in(CAR)
    gate.stays(hours=2)
    told = told_at_exit(gate)
    assert (told.total_fen, told.flags) == (1500, ())


@pytest.mark.parametrize("step", [-A_DAY, A_DAY, timedelta(days=400)], ids=["back", "forward", "far"])
def test_a_clock_that_is_set_during_the_stay_costs_nobody_anything_over_a_power_cut_either(
    gate: TollGate, step: timedelta
) -> None:
    """Given an hour inside, a step of the clock, a power cut, an hour: what is sure is charged, flagged."""
    gate.comes_in(CAR)
    gate.stays(hours=1)
    clock_is_set(gate, gate.clock.wall + step, trusted=True)
    gate.reboot()
    gate.stays(hours=1)
    told = told_at_exit(gate)
    assert 500 < told.total_fen <= 1500
    assert told.flags == (Flag.ELAPSED_AT_LEAST,)


def test_two_power_cuts_and_never_a_clock_are_charged_the_least_and_flagged(gate: TollGate) -> None:
    """Given five hours and one in boots that are over, the two of this one are all that is sure."""
    clock_is_set(gate, FACTORY, trusted=False)
    gate.comes_in(CAR)
    gate.stays(hours=5)
    gate.reboot()
    gate.stays(hours=1)
    gate.reboot()
    gate.stays(hours=2)
    told = told_at_exit(gate)
    assert told.total_fen == 1000 + 500
    assert Flag.ELAPSED_AT_LEAST in told.flags


def test_a_clock_that_ran_backwards_while_the_power_was_off_is_no_negative_stay(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.set_wall(gate.clock.wall - A_DAY, trusted=True)
    gate.reboot()
    told = told_at_exit(gate)
    assert (told.total_fen, told.elapsed, told.flags) == (0, timedelta(), (Flag.RAN_BACKWARDS,))


def test_the_time_to_leave_is_not_shortened_by_a_clock(gate: TollGate) -> None:
    """Given the car has paid, and the clock is put forward by a day over a power cut: it has its time."""
    gate.comes_in(CAR)
    gate.stays(hours=1)
    gate.ask(GUARD, QuoteStay(plate=CAR))
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1000))
    clock_is_set(gate, gate.clock.wall + A_DAY, trusted=True)
    gate.reboot()
    gate.stays(minutes=5)
    gate.at_exit(CAR)
    assert gate.lane("exit-1").phase == "granted"
