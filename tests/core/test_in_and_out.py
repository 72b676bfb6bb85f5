"""R05: in and out alternate, for a permit and for a plate, across all lanes."""

from __future__ import annotations

import pytest

from daemon.core.facts import AccessGranted, CarHeld, StayClosed, StayOpened
from daemon.core.reasons import AlertKind, Reason
from daemon.core.state import Phase
from tests.core.conftest import CHEN, LIU, WANG, Site
from tests.core.rig import GateRig, entry, exit_, permit

pytestmark = pytest.mark.rule("R05")


def shows(gate: GateRig, who, lane: str) -> None:
    gate.car_arrives(lane)
    gate.plate(who.plate, lane)
    gate.card(who.card, lane)


def test_in_out_in_again(gate: GateRig) -> None:
    for _ in range(3):
        gate.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        assert gate.inside == {WANG.plate}
        gate.comes_and_goes(WANG.card, WANG.plate, "exit-1")
        assert gate.inside == set()
    assert gate.all(CarHeld) == []


@pytest.mark.parametrize("lane", ["entry-1", "entry-2"])
def test_who_is_inside_cannot_enter_again_through_any_lane(gate: GateRig, lane: str) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    shows(gate, WANG, lane)
    assert gate.lane(lane).passage.reason is Reason.ALREADY_INSIDE
    assert gate.alerts == {AlertKind.ANTI_PASSBACK}


def test_who_is_outside_cannot_leave(gate: GateRig) -> None:
    shows(gate, WANG, "exit-1")
    assert gate.lane("exit-1").passage.reason is Reason.NOT_INSIDE
    assert gate.alerts == {AlertKind.ANTI_PASSBACK}


@pytest.mark.parametrize("under_boom", [False, True])
def test_who_is_just_being_let_in_cannot_be_let_in_next_door(gate: GateRig, under_boom: bool) -> None:
    shows(gate, WANG, "entry-1")
    if under_boom:
        gate.car_under_boom("entry-1")
    shows(gate, WANG, "entry-2")
    assert gate.lane("entry-2").passage.reason is Reason.ALREADY_INSIDE
    assert gate.orders == [("entry-1", "raise")]


def test_one_plate_is_let_in_as_a_visitor_once(site: Site) -> None:
    gate = site(entry("entry-1", mode="plate_only"), entry("entry-2", mode="plate_only"))
    for lane in ("entry-1", "entry-2"):
        gate.car_arrives(lane)
        gate.plate("粤B99999", lane)
    assert gate.lane("entry-2").passage.reason is Reason.ALREADY_INSIDE


def test_one_car_cannot_be_let_out_twice(site: Site) -> None:
    gate = site(entry(), exit_("exit-1"), exit_("exit-2"))
    gate.comes_and_goes(WANG.card, WANG.plate)
    shows(gate, WANG, "exit-1")
    shows(gate, WANG, "exit-2")
    assert gate.lane("exit-2").passage.reason is Reason.NOT_INSIDE


def test_a_grant_that_lapsed_does_not_count_as_in(gate: GateRig) -> None:
    shows(gate, WANG, "entry-1")
    gate.car_backs_off("entry-1")
    gate.time(60)
    shows(gate, WANG, "entry-2")
    assert gate.lane("entry-2").phase is Phase.GRANTED


def test_the_guard_puts_presence_right_at_the_entry(gate: GateRig) -> None:
    """It left unseen, on a trailer: the old stay ends, the new one begins, and who said so is on record."""
    gate.comes_and_goes(WANG.card, WANG.plate)
    shows(gate, WANG, "entry-1")
    gate.guard("release", reason="拖车离场", resync=True)
    gate.drives_through()
    closed = gate.last(StayClosed)
    assert (closed.how, closed.by.name, closed.note) == ("resync", "李门岗", "拖车离场")
    assert len(gate.engine.state.stays) == 1
    gate.comes_and_goes(WANG.card, WANG.plate, "exit-1")
    assert gate.inside == set()


def test_the_guard_lets_out_who_was_never_seen_coming_in(gate: GateRig) -> None:
    shows(gate, WANG, "exit-1")
    gate.guard("release", "exit-1", reason="入场漏记", resync=True)
    gate.drives_through("exit-1")
    assert gate.inside == set()
    assert gate.last(AccessGranted).resync
    gate.comes_and_goes(WANG.card, WANG.plate)
    assert gate.inside == {WANG.plate}


def test_a_visitor_who_gets_a_permit_while_inside_leaves_with_it(site: Site) -> None:
    gate = site(entry(), exit_(), permits=(LIU,))
    gate.comes_and_goes(None, WANG.plate)
    gate.permits(LIU, WANG)
    gate.comes_and_goes(WANG.card, WANG.plate, "exit-1")
    assert gate.all(CarHeld) == []
    assert gate.inside == set()


def test_a_plate_that_is_inside_as_a_visitor_cannot_enter_on_a_new_permit(site: Site) -> None:
    gate = site(entry(), permits=())
    gate.comes_and_goes(None, WANG.plate)
    gate.permits(WANG)
    shows(gate, WANG, "entry-1")
    assert gate.lane().passage.reason is Reason.ALREADY_INSIDE


def test_the_guard_lets_such_a_plate_in_and_the_visit_ends_with_it(site: Site) -> None:
    gate = site(entry(), permits=())
    gate.comes_and_goes(None, WANG.plate)
    gate.permits(WANG)
    shows(gate, WANG, "entry-1")
    gate.guard("release", reason="临停已离场")
    gate.drives_through()
    (stay,) = gate.engine.state.stays.values()
    assert (stay.kind, stay.permit_id) == ("permit", WANG.id)


def test_a_car_whose_permit_is_withdrawn_while_it_is_inside_can_leave(gate: GateRig) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.permits(LIU, CHEN)
    gate.comes_and_goes(None, WANG.plate, "exit-1")
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    assert gate.inside == set()


def test_a_permit_that_changes_its_car_while_the_old_one_is_inside(gate: GateRig) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.permits(permit(WANG.id, WANG.card, "粤B55555"), LIU, CHEN)
    shows(gate, permit(WANG.id, WANG.card, "粤B55555"), "entry-1")
    assert gate.lane().passage.reason is Reason.ALREADY_INSIDE


def test_a_card_shown_in_a_plate_lane_makes_no_permit_stay_of_a_visitor(site: Site) -> None:
    gate = site(entry(mode="plate_only"))
    gate.car_arrives()
    gate.card(WANG.card)
    gate.plate("粤B99999")
    gate.drives_through()
    opened = gate.last(StayOpened)
    assert (opened.stay_kind, opened.plate, opened.permit_id) == ("temporary", "粤B99999", None)
