"""Card and plate of two cars, and the guard lets the car through: whose stay that is (R02, R05, R15)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.facts import AccessGranted, CarHeld, StayClosed
from daemon.core.hold_open import HoldOpen
from daemon.core.reasons import Reason
from daemon.core.state import Stay
from tests.core.rig import LEADER, GateRig, entry, exit_, permit

WANG = permit("P-wang", "A1", "粤B12345")
LIU = permit("P-liu", "B2", "粤B67890")
VISITOR = "粤B77777"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    gate = GateRig(tmp_path / "gate", [entry(), exit_()], [WANG, LIU])
    yield gate
    gate.finish()


def comes_with(gate: GateRig, card: str, plate: str, lane: str = "entry-1") -> None:
    """Given a car that shows somebody else's card, and is held for it."""
    gate.car_arrives(lane)
    gate.plate(plate, lane)
    gate.card(card, lane)
    front = gate.lane(lane).passage
    assert front is not None
    assert front.reason is Reason.CARD_PLATE_MISMATCH


def let_through(gate: GateRig, lane: str = "entry-1", **said: str) -> None:
    gate.guard("release", lane, reason="核对行驶证", **said)  # type: ignore[arg-type]  # stay, goes_by
    gate.drives_through(lane)
    gate.time(10)


def stay_of(gate: GateRig, plate: str) -> Stay:
    stay = gate.engine.state.stay_by_plate(plate)
    assert stay is not None, f"{plate} is not inside: {gate.inside}"
    return stay


@pytest.mark.rule("R02")
def test_the_stay_is_of_the_plate_that_was_seen(gate: GateRig) -> None:
    """Given 王's card in 刘's car, it is 刘 who is inside; 王 can still come in."""
    comes_with(gate, WANG.card, LIU.plate)
    let_through(gate)
    assert gate.last(AccessGranted).permit_id == LIU.id
    assert stay_of(gate, LIU.plate).permit_id == LIU.id
    gate.comes_and_goes(WANG.card, WANG.plate)
    assert gate.inside == {WANG.plate, LIU.plate}


@pytest.mark.rule("R02")
def test_a_visitor_with_a_borrowed_card_is_a_visitor(gate: GateRig) -> None:
    comes_with(gate, WANG.card, VISITOR)
    let_through(gate)
    assert (stay_of(gate, VISITOR).kind, stay_of(gate, VISITOR).permit_id) == ("temporary", None)


@pytest.mark.rule("R02")
def test_the_guard_may_say_that_it_is_the_cards_car(gate: GateRig) -> None:
    """Given a plate that was misread in two places, the guard has seen that it is 王."""
    comes_with(gate, WANG.card, "粤B12845")
    let_through(gate, goes_by="card")
    assert gate.inside == {WANG.plate}
    assert stay_of(gate, WANG.plate).permit_id == WANG.id


@pytest.mark.rule("R15")
def test_at_an_exit_the_stay_of_the_plate_seen_ends(gate: GateRig) -> None:
    """Given both are inside and 刘's car leaves with 王's card, 王 is still inside."""
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.comes_and_goes(LIU.card, LIU.plate)
    comes_with(gate, WANG.card, LIU.plate, "exit-1")
    let_through(gate, "exit-1")
    assert gate.inside == {WANG.plate}


@pytest.mark.rule("R15")
def test_at_an_exit_the_guard_is_shown_the_cards_car_and_those_like_the_plate(gate: GateRig) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.comes_and_goes(None, VISITOR)
    comes_with(gate, WANG.card, "粤B77171", "exit-1")
    offered = [candidate.plate for candidate in gate.last(CarHeld).candidates]
    assert offered == [WANG.plate, VISITOR]
    let_through(gate, "exit-1", stay=stay_of(gate, VISITOR).id)
    assert gate.inside == {WANG.plate}


@pytest.mark.rule("R15")
def test_a_plate_that_nobody_inside_has_ends_the_stay_of_the_card(gate: GateRig) -> None:
    """Given a car has left, and the card is all that tells which: the count of cars stays right."""
    gate.comes_and_goes(WANG.card, WANG.plate)
    stay = stay_of(gate, WANG.plate)
    comes_with(gate, WANG.card, "粤A00000", "exit-1")
    let_through(gate, "exit-1")
    assert gate.last(StayClosed).stay_id == stay.id
    assert not gate.inside


@pytest.mark.rule("R27")
def test_in_a_lane_that_is_held_open_it_is_the_plates_car_as_well(gate: GateRig) -> None:
    until = gate.now.wall + timedelta(minutes=30)
    gate.ask(LEADER, HoldOpen(lane="entry-1", until=until, reason="婚车队"))
    gate.car_arrives()
    gate.plate(VISITOR)
    gate.card(WANG.card)
    gate.drives_through()
    assert gate.inside == {VISITOR}
