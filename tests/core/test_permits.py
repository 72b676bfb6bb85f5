"""R01: one car, one card; and what the dates of a permit mean with a clock that may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.core.facts import AccessGranted, PermitRejected
from daemon.core.reasons import Reason
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GateRig, entry, permit, said

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))


@pytest.mark.rule("R01")
@pytest.mark.parametrize(
    ("second", "binds"),
    [
        (permit("P-new", WANG.card, "粤B00001"), "card"),
        (permit("P-new", "E5", WANG.plate), "plate"),
        (permit(WANG.id, "E5", "粤B00001"), "id"),
    ],
)
def test_a_second_binding_is_refused_and_names_the_existing_one(gate: GateRig, second, binds: str) -> None:
    gate.permits(WANG, LIU, second)
    rejected = gate.last(PermitRejected)
    assert (rejected.binds, rejected.existing_id, rejected.existing_holder) == (binds, WANG.id, WANG.holder)
    assert dict(gate.engine.state.permits) == {WANG.id: WANG, LIU.id: LIU}


@pytest.mark.rule("R01")
def test_the_same_list_again_says_nothing(gate: GateRig) -> None:
    gate.permits(WANG, LIU)
    assert gate.permits(LIU, WANG) == ()


@pytest.mark.rule("R01")
def test_two_households_may_swap_their_cards(gate: GateRig) -> None:
    gate.permits(permit(WANG.id, LIU.card, WANG.plate), permit(LIU.id, WANG.card, LIU.plate))
    assert gate.all(PermitRejected) == []
    gate.comes_and_goes(LIU.card, WANG.plate)
    assert gate.last(AccessGranted).permit_id == WANG.id


@pytest.mark.rule("R01")
def test_a_card_returned_and_issued_to_another_car_is_that_cars(gate: GateRig) -> None:
    gate.permits(permit("P-new", WANG.card, "粤B00001"))
    gate.comes_and_goes(WANG.card, "粤B00001")
    assert gate.inside == {"粤B00001"}


@pytest.mark.parametrize(
    ("dates", "why"),
    [({"valid_from": JULY}, Reason.NOT_YET_VALID), ({"valid_until": MAY}, Reason.EXPIRED)],
)
def test_a_permit_outside_its_dates_is_the_guards(
    site: Site, dates: dict[str, datetime], why: Reason
) -> None:
    gate = site(entry(), permits=(permit("P", "A1", "粤B12345", **dates),))
    gate.car_arrives()
    gate.plate("粤B12345")
    gate.card("A1")
    assert gate.lane().passage.reason is why
    assert gate.orders == []


def test_dates_do_not_count_while_the_clock_is_not_to_be_trusted(site: Site) -> None:
    gate = site(entry(), permits=(permit("P", "A1", "粤B12345", valid_until=MAY),))
    gate.set_wall(datetime(2026, 6, 1, tzinfo=UTC), trusted=False)
    gate.car_arrives()
    gate.plate("粤B12345")
    gate.card("A1")
    assert gate.last(AccessGranted).permit_id == "P"


def test_a_permit_for_another_lane_opens_nothing_here(site: Site) -> None:
    gate = site(entry("east"), entry("west"), permits=(permit("P", "A1", "粤B12345", lanes=("west",)),))
    for lane in ("east", "west"):
        gate.car_arrives(lane)
        gate.plate("粤B12345", lane)
        gate.card("A1", lane)
    assert gate.lane("east").passage.reason is Reason.LANE_NOT_ALLOWED
    assert gate.orders == [("west", "raise")]


def test_signals_about_a_lane_that_is_not_there_say_nothing(gate: GateRig) -> None:
    assert gate.card(WANG.card, "north") == gate.plate(WANG.plate, "north") == ()
    assert said(gate.guard("open", "north")) == ["action_refused"]
