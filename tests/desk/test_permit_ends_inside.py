"""A permit that ends while its car is inside: charged from that moment, where the site says so (R07)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.facts import AccessGranted
from daemon.core.money import ChargeQuoted, PermitEndedInside, TakePayment
from daemon.core.reasons import Reason
from tests.core.rig import GUARD, permit
from tests.desk.till_rig import TollGate, held

WANG = "粤B12345"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    """王's permit ends three hours from now, and the site takes an expired one for a visit."""
    gate = TollGate(tmp_path)
    gate.site = replace(gate.site, expired="temporary")
    gate.engine = gate._engine()
    gate.start()
    until = gate.now.wall + timedelta(hours=3)
    gate.permits(permit("王", "62E3086CED", WANG, valid_until=until))
    yield gate
    gate.finish()


@pytest.mark.rule("R07")
def test_a_car_whose_permit_ends_inside_pays_from_that_moment(gate: TollGate) -> None:
    """Given five hours inside, three of them on the permit: the two and a bit after it are 15 yuan."""
    gate.comes_and_goes(None, WANG, "entry-1")
    gate.stays(hours=5)
    gate.at_exit(WANG)
    told = gate.last(ChargeQuoted)
    assert held(gate) is Reason.CHARGE_UNPAID
    assert (told.due_fen, told.flags) == (1500, ())
    assert told.entered == gate.engine.state.permits["王"].valid_until
    gate.ask(GUARD, TakePayment(plate=WANG, fen=1500))
    granted = gate.last(AccessGranted)
    assert granted.reason is Reason.TEMPORARY_EXIT
    gate.leaves()
    assert not gate.inside


@pytest.mark.rule("R07")
def test_within_the_free_minutes_after_its_end_it_leaves_for_nothing(gate: TollGate) -> None:
    gate.comes_and_goes(None, WANG, "entry-1")
    gate.stays(hours=3, minutes=5)
    gate.at_exit(WANG)
    assert gate.last(ChargeQuoted).total_fen == 0
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT


@pytest.mark.rule("R07")
def test_a_permit_that_was_renewed_meanwhile_owes_nothing(gate: TollGate) -> None:
    gate.comes_and_goes(None, WANG, "entry-1")
    gate.stays(hours=5)
    gate.permits(permit("王", "62E3086CED", WANG, valid_until=gate.now.wall + timedelta(days=365)))
    gate.at_exit(WANG)
    assert not gate.all(PermitEndedInside)
    assert gate.last(AccessGranted).reason is Reason.PERMIT_PLATE


@pytest.mark.rule("R07")
def test_it_is_told_at_once_and_stands_over_a_second_look(gate: TollGate) -> None:
    """Given the car backs off and comes again, it is one account, begun at the same moment."""
    gate.comes_and_goes(None, WANG, "entry-1")
    gate.stays(hours=5)
    gate.at_exit(WANG)
    gate.car_backs_off("exit-1")
    gate.time(60)
    gate.at_exit(WANG)
    assert len(gate.all(PermitEndedInside)) == 1
    assert gate.last(ChargeQuoted).due_fen == 1500
