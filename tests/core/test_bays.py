"""R06: bays of a group, more cars than bays, and what the last ones are told."""

from __future__ import annotations

import pytest

from daemon.core.bays import AssignBay, BayAssigned, SetBayGroup, UnassignBay, WhenFull
from daemon.core.facts import AccessGranted, AccessRefused, ActionRefused
from daemon.core.reasons import Reason
from daemon.core.state import Phase
from tests.core.conftest import CHEN, LIU, WANG
from tests.core.rig import GUARD, OFFICE, GateRig

HOME = "1-101"


def bays(gate: GateRig, count: int, when_full: WhenFull = "temporary") -> None:
    gate.ask(OFFICE, SetBayGroup(name=HOME, bays=count, when_full=when_full))
    for permit in (WANG, LIU, CHEN):
        gate.ask(OFFICE, AssignBay(permit=permit.id, group=HOME))


def in_and_out(gate: GateRig, *lanes: str) -> None:
    for lane in lanes:
        gate.comes_and_goes(LIU.card, LIU.plate, lane)


@pytest.mark.rule("R06")
def test_the_car_beyond_the_bays_is_a_visitor_and_is_told(gate: GateRig) -> None:
    """Given one bay and two cars, the second comes in as temporary, hears why, and leaves as temporary."""
    bays(gate, 1)
    gate.comes_and_goes(WANG.card, WANG.plate)
    assert gate.last(AccessGranted).told == ()
    in_and_out(gate, "entry-1")
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.told) == (Reason.TEMPORARY_PASS, (Reason.BAYS_FULL,))
    stay = gate.engine.state.stay_by_plate(LIU.plate)
    assert (stay.kind, stay.permit_id) == ("temporary", None)
    in_and_out(gate, "exit-1")
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    assert gate.inside == {WANG.plate}


@pytest.mark.rule("R06")
def test_a_bay_that_is_left_is_free_again_and_a_visitor_takes_none(gate: GateRig) -> None:
    bays(gate, 1)
    gate.comes_and_goes(WANG.card, WANG.plate)
    in_and_out(gate, "entry-1")
    gate.comes_and_goes(WANG.card, WANG.plate, "exit-1")
    gate.comes_and_goes(CHEN.card, CHEN.plate)
    assert gate.last(AccessGranted).permit_id == CHEN.id


@pytest.mark.rule("R06")
def test_full_and_passed_all_the_same(gate: GateRig) -> None:
    bays(gate, 1, "pass")
    gate.comes_and_goes(WANG.card, WANG.plate)
    in_and_out(gate, "entry-1")
    granted = gate.last(AccessGranted)
    assert (granted.permit_id, granted.told) == (LIU.id, (Reason.BAYS_FULL,))


@pytest.mark.rule("R06")
def test_full_and_refused_until_a_bay_is_free(gate: GateRig) -> None:
    bays(gate, 1, "refuse")
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    assert gate.last(AccessRefused).reason is Reason.BAYS_FULL
    assert gate.inside == {WANG.plate}


@pytest.mark.rule("R06")
def test_two_cars_at_two_lanes_do_not_get_one_bay(gate: GateRig) -> None:
    """The first is let through and still in front of its boom when the second one shows its card."""
    bays(gate, 1)
    for lane, permit in (("entry-1", WANG), ("entry-2", LIU)):
        gate.car_arrives(lane)
        gate.plate(permit.plate, lane)
        gate.card(permit.card, lane)
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_PASS


@pytest.mark.rule("R06")
def test_who_has_no_group_is_never_beyond_it(gate: GateRig) -> None:
    bays(gate, 0)
    gate.ask(OFFICE, UnassignBay(permit=WANG.id))
    gate.comes_and_goes(WANG.card, WANG.plate)
    assert gate.last(AccessGranted).permit_id == WANG.id


@pytest.mark.rule("R06")
def test_a_bay_outlives_a_change_of_the_permit(gate: GateRig) -> None:
    bays(gate, 0, "refuse")
    gate.permits(LIU)
    gate.permits(LIU, WANG)
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    assert gate.last(AccessRefused).reason is Reason.BAYS_FULL


@pytest.mark.rule("R06")
def test_a_permit_is_of_one_group_at_a_time(gate: GateRig) -> None:
    bays(gate, 0)
    gate.ask(OFFICE, SetBayGroup(name="商铺", bays=3))
    gate.ask(OFFICE, AssignBay(permit=WANG.id, group="商铺"))
    gate.comes_and_goes(WANG.card, WANG.plate)
    assert gate.last(AccessGranted).permit_id == WANG.id
    assert WANG.id not in gate.engine.state.bays.members[HOME]


@pytest.mark.rule("R06")
def test_bays_are_the_offices_and_said_once(gate: GateRig) -> None:
    bays(gate, 1)
    assert gate.ask(OFFICE, SetBayGroup(name=HOME, bays=1)) == ()
    assert gate.ask(OFFICE, AssignBay(permit=WANG.id, group=HOME)) == ()
    assert len(gate.all(BayAssigned)) == 3
    for actor, request, why in (
        (GUARD, SetBayGroup(name=HOME, bays=9), Reason.ROLE_NOT_ALLOWED),
        (OFFICE, SetBayGroup(name=HOME, bays=-1), Reason.BAY_GROUP_WRONG),
        (OFFICE, SetBayGroup(name=" ", bays=1), Reason.BAY_GROUP_WRONG),
        (OFFICE, AssignBay(permit="P-nobody", group=HOME), Reason.PERMIT_UNKNOWN),
        (OFFICE, AssignBay(permit=WANG.id, group="没有"), Reason.BAY_GROUP_UNKNOWN),
        (OFFICE, UnassignBay(permit="P-nobody"), Reason.NO_BAY_ASSIGNED),
    ):
        (refused,) = gate.ask(actor, request)
        assert isinstance(refused, ActionRefused)
        assert refused.reason is why
    assert gate.lane().phase is Phase.IDLE
