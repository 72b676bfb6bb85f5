"""Cards that are lent or copied, as one gate sees it: a warning with both pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from daemon.core.facts import AlertRaised
from daemon.core.reasons import AlertKind
from tests.core.conftest import WANG, Site
from tests.core.rig import GateRig, entry, exit_, permit

OTHER = "粤B99999"


@pytest.fixture
def lot(site: Site) -> GateRig:
    """A car park that opens by card alone, and whose camera looks on."""
    return site(entry(mode="card_only"), exit_(mode="card_only"))


def drives(gate: GateRig, plate: str, lane: str) -> None:
    gate.comes_and_goes(WANG.card, plate, lane)


def warnings(gate: GateRig) -> list[Any]:
    return [fact for fact in gate.all(AlertRaised) if fact.alert is AlertKind.CARD_WITH_TWO_PLATES]


@pytest.mark.rule("R02")
def test_one_card_with_two_plates_within_a_day_shows_both_pictures(lot: GateRig) -> None:
    """Given Wang's card, lent to another car in the afternoon, the gate opens and warns."""
    drives(lot, WANG.plate, "entry-1")
    drives(lot, WANG.plate, "exit-1")
    drives(lot, OTHER, "entry-1")
    (warning,) = warnings(lot)
    assert (warning.subject, warning.picture, warning.other_picture) == (
        WANG.card,
        f"{OTHER}.jpg",
        f"{WANG.plate}.jpg",
    )
    assert lot.orders_of("entry-1") == ["raise", "lower", "raise", "lower"]


@pytest.mark.rule("R02")
def test_a_day_later_or_with_a_character_confused_it_is_no_news(site: Site) -> None:
    gate = site(entry(mode="card_only"), exit_(mode="card_only"), permits=(permit("P", "A1", "粤BD1234"),))
    gate.comes_and_goes("A1", "粤BD1234", "entry-1")
    gate.comes_and_goes("A1", "粤B01234", "exit-1")
    gate.time(timedelta(days=1, minutes=1).total_seconds())
    gate.comes_and_goes("A1", OTHER, "entry-1")
    assert warnings(gate) == []


@pytest.mark.rule("R02")
def test_a_day_is_counted_through_a_restart_of_the_machine(lot: GateRig) -> None:
    drives(lot, WANG.plate, "entry-1")
    lot.reboot()
    drives(lot, OTHER, "exit-1")
    assert len(warnings(lot)) == 1


@pytest.mark.rule("R04")
def test_a_card_that_went_to_another_permit_is_not_lent(lot: GateRig) -> None:
    drives(lot, WANG.plate, "entry-1")
    drives(lot, WANG.plate, "exit-1")
    lot.permits(permit("P-new", WANG.card, OTHER))
    drives(lot, OTHER, "entry-1")
    assert warnings(lot) == []


@pytest.mark.rule("R02")
def test_a_warning_is_given_once_a_car_however_often_it_is_seen(lot: GateRig) -> None:
    drives(lot, WANG.plate, "entry-1")
    lot.car_arrives("exit-1")
    for _ in range(3):
        lot.plate(OTHER, "exit-1")
        lot.card("FFFF", "exit-1")
        lot.time(11)
    lot.card(WANG.card, "exit-1")
    lot.plate(OTHER, "exit-1")
    assert len(warnings(lot)) == 1


@pytest.mark.rule("R02")
@pytest.mark.parametrize("sign", ["plate", "card"])
def test_one_plate_or_card_at_two_lanes_at_once_shows_both_cars(site: Site, sign: str) -> None:
    """Given two cars that stand at two lanes, and one of them shows what the other has shown."""
    gate = site(entry(), exit_())
    for lane, plate in (("entry-1", WANG.plate), ("exit-1", WANG.plate if sign == "plate" else OTHER)):
        gate.car_arrives(lane)
        gate.plate(plate, lane)
        if sign == "card":
            gate.card(WANG.card, lane)
    (warning,) = [fact for fact in gate.all(AlertRaised) if fact.alert is AlertKind.AT_TWO_LANES]
    seen = WANG.plate if sign == "plate" else WANG.card
    assert (warning.subject, warning.lane) == (seen, "exit-1")
    assert warning.other_picture == f"{WANG.plate}.jpg"


@pytest.mark.rule("R02")
def test_a_camera_that_reads_the_car_in_the_next_lane_warns_of_nothing(site: Site) -> None:
    gate = site(entry(), exit_())
    gate.car_arrives("entry-1")
    gate.plate(WANG.plate, "entry-1")
    gate.plate(WANG.plate, "exit-1")
    assert "at_two_lanes" not in gate.alerts


@pytest.mark.rule("R05")
def test_a_copy_that_comes_while_the_first_is_being_let_through_shows_both(site: Site) -> None:
    gate = site(entry(mode="plate_only"), entry("entry-2", mode="plate_only"))
    gate.car_arrives("entry-1")
    gate.plate(OTHER, "entry-1")
    gate.car_arrives("entry-2")
    gate.plate(OTHER, "entry-2")
    alert = next(fact for fact in gate.all(AlertRaised) if fact.alert is AlertKind.ANTI_PASSBACK)
    assert (alert.lane, alert.other_picture) == ("entry-2", f"{OTHER}.jpg")


@pytest.mark.rule("R05")
def test_a_card_that_is_not_inside_shows_the_car_that_left_with_it(lot: GateRig) -> None:
    drives(lot, WANG.plate, "entry-1")
    drives(lot, WANG.plate, "exit-1")
    lot.car_arrives("exit-1")
    lot.plate(OTHER, "exit-1")
    lot.card(WANG.card, "exit-1")
    alert = next(fact for fact in lot.all(AlertRaised) if fact.alert is AlertKind.ANTI_PASSBACK)
    assert (alert.picture, alert.other_picture) == (f"{OTHER}.jpg", f"{WANG.plate}.jpg")


@pytest.mark.rule("R05")
def test_a_card_that_is_inside_already_shows_both_cars(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate, track="one")
    gate.card(WANG.card)
    gate.drives_through()
    gate.car_arrives("entry-2")
    gate.plate(WANG.plate, "entry-2")
    gate.card(WANG.card, "entry-2")
    alert = gate.last(AlertRaised)
    assert alert.alert is AlertKind.ANTI_PASSBACK
    assert alert.picture == alert.other_picture == f"{WANG.plate}.jpg"
