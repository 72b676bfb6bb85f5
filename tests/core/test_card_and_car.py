"""R02: the gate recognises the card AND the car."""

from __future__ import annotations

import pytest

from daemon.core.facts import AccessGranted, CardPresented, CarHeld, PlateCorrected, PlateSeen
from daemon.core.reasons import AlertKind, Reason
from daemon.core.state import Phase
from tests.core.conftest import CHEN, LIU, WANG, Site
from tests.core.rig import GateRig, entry, permit

pytestmark = pytest.mark.rule("R02")


@pytest.mark.parametrize("order", ["card first", "plate first"])
def test_card_and_plate_of_one_permit_open_in_either_order(gate: GateRig, order: str) -> None:
    gate.car_arrives()
    signs = [lambda: gate.card(WANG.card), lambda: gate.plate(WANG.plate)]
    for show in signs if order == "card first" else reversed(signs):
        assert gate.orders == []
        show()
        gate.time(3)
    assert gate.orders == [("entry-1", "raise")]
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.permit_id) == (Reason.PERMIT_CARD_AND_PLATE, WANG.id)


@pytest.mark.parametrize("later_by", [9.9, 10.0])
def test_the_other_sign_may_come_up_to_the_edge_of_the_window(gate: GateRig, later_by: float) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.time(later_by)
    gate.card(WANG.card)
    assert gate.lane().phase is Phase.GRANTED


@pytest.mark.parametrize(
    ("first", "missing"), [("card", Reason.PLATE_MISSING), ("plate", Reason.CARD_MISSING)]
)
def test_after_the_window_the_car_is_the_guards(gate: GateRig, first: str, missing: Reason) -> None:
    gate.car_arrives()
    if first == "card":
        gate.card(WANG.card)
    else:
        gate.plate(WANG.plate)
    gate.time(9.9)
    assert gate.lane().phase is Phase.IDENTIFYING
    gate.time(0.2)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, missing)
    assert gate.orders == []


@pytest.mark.parametrize("first", ["card", "plate"])
def test_a_sign_that_comes_after_the_window_opens_nothing(gate: GateRig, first: str) -> None:
    """The plate of one minute ago and the card of now are not one car for certain."""
    gate.car_arrives()
    if first == "card":
        gate.card(WANG.card)
        gate.time(10.1)
        gate.plate(WANG.plate)
    else:
        gate.plate(WANG.plate)
        gate.time(10.1)
        gate.card(WANG.card)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, Reason.TOO_FAR_APART)
    assert gate.orders == []
    gate.guard("release")
    assert gate.orders == [("entry-1", "raise")]


def test_the_card_shown_again_after_the_window_is_a_new_read(gate: GateRig) -> None:
    gate.car_arrives()
    gate.card(WANG.card)
    gate.time(12)
    gate.plate(WANG.plate)
    assert gate.lane().phase is Phase.HELD
    gate.card(WANG.card)
    assert gate.lane().phase is Phase.GRANTED


def test_a_wrong_card_holds_and_alerts_with_both_identities_and_the_picture(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(LIU.card)
    held = gate.last(CarHeld)
    assert held.reason is Reason.CARD_PLATE_MISMATCH
    assert (held.card, held.card_permit_id) == (LIU.card, LIU.id)
    assert (held.plate, held.plate_permit_id) == (WANG.plate, WANG.id)
    assert held.picture == f"{WANG.plate}.jpg"
    assert gate.alerts == {AlertKind.CARD_PLATE_MISMATCH}
    assert gate.orders == []


def test_the_right_card_after_the_wrong_one_opens_and_ends_the_alert(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(LIU.card)
    gate.time(4)
    gate.card(WANG.card)
    assert gate.last(AccessGranted).permit_id == WANG.id
    assert gate.alerts == set()


def test_the_guard_decides_a_held_car_either_way(gate: GateRig) -> None:
    for action in ("refuse", "release"):
        gate.car_arrives()
        gate.plate(WANG.plate)
        gate.card(LIU.card)
        gate.guard(action, passage=gate.lane().passage.id, reason="核对行驶证")
        assert gate.alerts == set()
        gate.car_backs_off()
        gate.time(5)
    assert gate.orders == [("entry-1", "raise")]
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.by.name, granted.note) == (Reason.GUARD, "李门岗", "核对行驶证")


def test_two_identical_reads_in_the_window_are_one(gate: GateRig) -> None:
    gate.car_arrives()
    gate.card(WANG.card)
    gate.time(1)
    assert gate.card(WANG.card) == ()
    gate.plate(WANG.plate, track="t")
    assert gate.plate(WANG.plate, track="t") == ()
    assert (len(gate.all(CardPresented)), len(gate.all(PlateSeen))) == (1, 1)


def test_one_confusable_character_is_put_right_where_the_card_names_the_permit(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate("粤B01234")
    gate.card(CHEN.card)
    corrected = gate.last(PlateCorrected)
    assert (corrected.read, corrected.plate, corrected.permit_id) == ("粤B01234", CHEN.plate, CHEN.id)
    assert gate.last(AccessGranted).plate == CHEN.plate


def test_without_the_card_no_character_is_put_right(site: Site) -> None:
    gate = site(entry(mode="plate_only", temporary="guard"))
    gate.car_arrives()
    gate.plate("粤B01234")
    assert gate.lane().passage.reason is Reason.PLATE_UNKNOWN
    assert gate.all(PlateCorrected) == []


def test_two_characters_off_is_another_car(gate: GateRig) -> None:
    gate.car_arrives()
    gate.card(CHEN.card)
    gate.plate("粤B01284")
    assert gate.lane().passage.reason is Reason.CARD_PLATE_MISMATCH


def test_never_put_right_between_two_listed_plates(site: Site) -> None:
    twin = permit("P-twin", "D4", "粤B01234")
    gate = site(entry(), permits=(CHEN, twin))
    gate.car_arrives()
    gate.plate(twin.plate)
    gate.card(CHEN.card)
    assert gate.lane().passage.reason is Reason.CARD_PLATE_MISMATCH
    assert gate.orders == []


def test_an_unknown_card_holds_the_car(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card("FFFF")
    assert gate.lane().passage.reason is Reason.CARD_UNKNOWN


def test_a_plate_only_lane_opens_by_the_plate(site: Site) -> None:
    gate = site(entry(mode="plate_only"))
    gate.car_arrives()
    gate.plate(WANG.plate)
    assert gate.last(AccessGranted).reason is Reason.PERMIT_PLATE


def test_a_card_only_lane_opens_by_the_card(site: Site) -> None:
    gate = site(entry(mode="card_only"))
    gate.car_arrives()
    gate.plate("粤B99999")
    assert gate.orders == []
    gate.card(WANG.card)
    assert gate.last(AccessGranted).reason is Reason.PERMIT_CARD


@pytest.mark.parametrize(
    ("mode", "missing"), [("plate_only", Reason.PLATE_MISSING), ("card_only", Reason.CARD_MISSING)]
)
def test_the_one_sign_that_never_comes_leaves_the_car_to_the_guard(
    site: Site, mode: str, missing: Reason
) -> None:
    gate = site(entry(mode=mode))
    gate.car_arrives()
    gate.time(11)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, missing)


def test_a_card_reported_lost_while_the_car_waits_opens_nothing(gate: GateRig) -> None:
    gate.car_arrives()
    gate.card(WANG.card)
    gate.permits(permit(WANG.id, "A9", WANG.plate), LIU, CHEN)
    gate.plate(WANG.plate)
    assert gate.lane().passage.reason is Reason.CARD_UNKNOWN
    assert gate.orders == []


def test_a_permit_withdrawn_while_its_car_waits_is_answered_by_itself(gate: GateRig) -> None:
    """No sign follows; the answer must not wait for one."""
    gate.car_arrives()
    gate.card(WANG.card)
    gate.time(1)
    gate.permits(LIU, CHEN)
    gate.time(1)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, Reason.CARD_UNKNOWN)


def test_a_card_registered_while_its_car_waits_counts_when_it_is_shown_again(gate: GateRig) -> None:
    gate.permits(LIU)
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    assert gate.lane().passage.reason is Reason.CARD_UNKNOWN
    gate.permits(WANG, LIU)
    gate.card(WANG.card)
    assert gate.last(AccessGranted).permit_id == WANG.id


def test_a_second_car_may_show_its_signs_while_the_first_is_under_the_boom(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.time(3)
    gate.car_under_boom()
    gate.car_backs_off()
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    assert gate.lane().passage.permit_id == WANG.id
    gate.car_clears()
    assert gate.inside == {WANG.plate}
    assert gate.lane().passage.permit_id == LIU.id
    gate.drives_through()
    assert gate.inside == {WANG.plate, LIU.plate}
    gate.time(10)
    assert gate.lane().phase is Phase.IDLE
    assert gate.orders_of() == ["raise", "raise", "lower"]


def test_a_late_read_of_the_car_that_went_in_says_nothing(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate, track="t1")
    gate.card(WANG.card)
    gate.plate(WANG.plate, track="t2")
    gate.drives_through()
    assert gate.plate("粤B1234", track="t1") == ()
    gate.time(20)
    assert gate.lane().phase is Phase.IDLE


def test_a_track_that_is_lost_and_found_is_the_same_car(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate("", track="t1")
    gate.plate(WANG.plate, track="t2")
    gate.card(WANG.card)
    assert gate.last(AccessGranted).permit_id == WANG.id


def test_a_car_that_backs_off_takes_its_signs_with_it(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.time(2)
    gate.car_backs_off()
    gate.time(4)
    assert gate.lane().phase is Phase.IDLE
    gate.car_arrives()
    gate.card(WANG.card)
    assert gate.lane().phase is Phase.IDENTIFYING
    assert gate.orders == []
