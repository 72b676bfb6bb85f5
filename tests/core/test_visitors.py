"""R14 and R15: the temporary pass, and the exit check against it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.facts import AccessGranted, AccessRefused, CarHeld, PassageClosed, StayClosed, StayOpened
from daemon.core.reasons import AlertKind, Reason
from daemon.core.state import Phase
from tests.core.conftest import WANG, Site
from tests.core.rig import GateRig, entry, exit_

VISITOR = "粤B0D123"
MISREAD = "粤B00123"


@pytest.mark.rule("R14")
def test_a_car_without_a_permit_gets_a_temporary_pass(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(VISITOR)
    gate.time(3.9)
    assert gate.orders == []
    gate.time(0.2)
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_PASS
    assert gate.inside == set()
    gate.drives_through()
    stay = gate.last(StayOpened)
    assert (stay.stay_kind, stay.plate, stay.lane, stay.picture) == (
        "temporary",
        VISITOR,
        "entry-1",
        f"{VISITOR}.jpg",
    )


@pytest.mark.rule("R14")
@pytest.mark.parametrize(("policy", "phase"), [("guard", Phase.HELD), ("refuse", Phase.IDLE)])
def test_the_lane_says_what_becomes_of_visitors(site: Site, policy: str, phase: Phase) -> None:
    gate = site(entry(temporary=policy))
    gate.car_arrives()
    gate.plate(VISITOR)
    gate.time(6)
    assert gate.lane().phase is phase
    assert gate.orders == []
    if policy == "refuse":
        assert gate.last(AccessRefused).reason is Reason.PLATE_UNKNOWN


@pytest.mark.rule("R14")
@pytest.mark.parametrize(("read", "why"), [(None, Reason.PLATE_MISSING), ("", Reason.PLATE_UNREADABLE)])
def test_a_car_without_a_readable_plate_gets_a_numbered_pass_from_the_guard(
    gate: GateRig, read: str | None, why: Reason
) -> None:
    for number in (1, 2):
        gate.car_arrives()
        if read is not None:
            gate.plate(read)
        gate.time(11)
        assert gate.lane().passage.reason is why
        gate.guard("release", reason="无牌新车")
        gate.drives_through()
        gate.time(5)
        assert gate.last(StayOpened).plate == f"无牌-{number}"
    assert gate.inside == {"无牌-1", "无牌-2"}


@pytest.mark.rule("R14")
def test_a_visitor_who_is_inside_does_not_enter_twice(gate: GateRig) -> None:
    gate.comes_and_goes(None, VISITOR)
    gate.car_arrives("entry-2")
    gate.plate(VISITOR, "entry-2")
    gate.time(6)
    assert gate.lane("entry-2").passage.reason is Reason.ALREADY_INSIDE
    assert gate.alerts == {AlertKind.ANTI_PASSBACK}


@pytest.mark.rule("R15")
def test_a_visitor_leaves_by_the_plate(gate: GateRig) -> None:
    gate.comes_and_goes(None, VISITOR)
    gate.comes_and_goes(None, VISITOR, "exit-1")
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    closed = gate.last(StayClosed)
    assert (closed.how, closed.lane) == ("exit", "exit-1")
    assert gate.inside == set()


@pytest.mark.rule("R15")
def test_a_misread_plate_at_the_exit_offers_the_nearest_stays(gate: GateRig) -> None:
    for plate in ("粤B77777", VISITOR, "粤B0D999"):
        gate.comes_and_goes(None, plate)
    gate.car_arrives("exit-1")
    gate.plate(MISREAD, "exit-1")
    gate.time(5)
    held = gate.last(CarHeld)
    assert held.reason is Reason.NO_MATCHING_STAY
    nearest = held.candidates[0]
    assert (nearest.plate, nearest.distance, nearest.picture) == (VISITOR, 0.3, f"{VISITOR}.jpg")
    gate.guard("release", "exit-1", reason="核对照片", stay=nearest.stay_id)
    gate.drives_through("exit-1")
    assert gate.inside == {"粤B77777", "粤B0D999"}


@pytest.mark.rule("R15")
def test_a_blurred_plate_at_the_exit_offers_who_is_inside(gate: GateRig) -> None:
    gate.comes_and_goes(None, VISITOR)
    gate.car_arrives("exit-1")
    gate.plate("", "exit-1")
    gate.time(11)
    assert [candidate.plate for candidate in gate.last(CarHeld).candidates] == [VISITOR]


@pytest.mark.rule("R15")
def test_a_numbered_pass_ends_at_the_exit_when_the_guard_says_who_it_is(gate: GateRig) -> None:
    gate.guard("open", reason="无牌新车")
    gate.drives_through()
    gate.time(5)
    stay = gate.last(StayOpened)
    gate.car_arrives("exit-1")
    gate.time(11)
    gate.guard("release", "exit-1", reason="无牌新车离场", stay=stay.stay_id)
    gate.drives_through("exit-1")
    assert gate.inside == set()


# ---------------------------------------------------------------- lanes without an approach loop


def test_without_an_approach_loop_the_next_plate_is_the_next_car(site: Site) -> None:
    gate = site(entry(has_approach_loop=False))
    gate.plate(WANG.plate, track="t1")
    gate.plate(VISITOR, track="t2")
    gate.time(5)
    assert gate.all(PassageClosed)[0].outcome == "left"
    assert gate.last(AccessGranted).plate == VISITOR


def test_without_an_approach_loop_an_old_card_is_not_the_next_cars(site: Site) -> None:
    """A neighbour on foot tries the card; the visitor who comes an hour later has nothing to do with it."""
    gate = site(entry(has_approach_loop=False))
    gate.card(WANG.card)
    gate.time(3600)
    gate.plate(VISITOR)
    gate.time(5)
    assert gate.alerts == set()
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.card) == (Reason.TEMPORARY_PASS, None)


def test_the_rear_plate_of_the_car_that_went_is_not_the_next_car(site: Site) -> None:
    """The camera loses the track under the boom and finds the car again behind it."""
    gate = site(exit_(mode="plate_only", has_approach_loop=False), entry("entry-1"))
    gate.comes_and_goes(None, VISITOR, "entry-1")
    gate.plate(VISITOR, track="t1")
    gate.drives_through()
    gate.plate(VISITOR, track="t2")
    assert gate.lane().phase is Phase.IDLE
    gate.time(60)
    assert gate.all(CarHeld) == []
    assert gate.inside == set()


@pytest.mark.parametrize("has_loop", [True, False])
def test_a_plate_read_after_the_guard_opened_is_that_cars(site: Site, has_loop: bool) -> None:
    """And no second boom rises for the ghost of it."""
    gate = site(entry(mode="plate_only", has_approach_loop=has_loop))
    if has_loop:
        gate.car_arrives()
    gate.guard("open", reason="搬家")
    gate.time(1)
    gate.plate(VISITOR)
    gate.drives_through()
    gate.time(60)
    assert gate.inside == {VISITOR}
    assert gate.orders_of() == ["raise", "lower"]


def test_a_patient_driver_behind_the_wait_for_a_card(site: Site) -> None:
    gate = site(entry(visitor_wait=timedelta(0)))
    gate.car_arrives()
    gate.plate(VISITOR)
    assert gate.lane().phase is Phase.GRANTED
