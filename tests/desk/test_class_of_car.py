"""What a car is decides what it pays: as seen at the entry, by its plate, or by the guard (R10, R16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.charges import past_stays
from daemon.core.money import ChargeQuoted, RateStay
from daemon.core.special import ApproveLarge, ClassifyCar, DeclareCar
from daemon.core.tariff.replay import replay
from tests.core.rig import GUARD, OFFICE
from tests.desk.till_rig import CAR, HOURLY, TollGate
from tests.tariff.rig import book

TRUCK, GREEN_TRUCK, GREEN_CAR = "粤B66666", "粤B12345D", "粤BD12345"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


def told_after_two_hours(gate: TollGate, plate: str) -> ChargeQuoted:
    gate.stays(hours=2)
    gate.at_exit(plate)
    told: ChargeQuoted = gate.last(ChargeQuoted)
    return told


def approves(gate: TollGate, plate: str) -> None:
    gate.ask(
        OFFICE,
        ApproveLarge(
            number=plate,
            valid_from=gate.now.wall,
            valid_until=gate.now.wall + timedelta(days=1),
            area="3号楼",
            posts="北岗",
            plate=plate,
        ),
    )


@pytest.mark.rule("R10")
@pytest.mark.rule("R16")
def test_a_car_that_the_guard_called_large_pays_as_a_large_one(gate: TollGate) -> None:
    """Given twice the price for large cars, three hours begun are 30 yuan, with nobody rating the stay."""
    approves(gate, TRUCK)
    gate.car_arrives("entry-1")
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="large"))
    gate.plate(TRUCK, "entry-1")
    gate.drives_through("entry-1")
    gate.time(10)

    told = told_after_two_hours(gate, TRUCK)

    assert (told.vehicle, told.due_fen) == ("large", 3000)


@pytest.mark.rule("R10")
@pytest.mark.rule("R16")
def test_a_plate_on_the_offices_list_of_large_cars_pays_as_one(gate: TollGate) -> None:
    gate.ask(OFFICE, ClassifyCar(plate=TRUCK, car_class="large"))
    approves(gate, TRUCK)
    gate.comes_in(TRUCK)
    told = told_after_two_hours(gate, TRUCK)
    assert (told.vehicle, told.due_fen) == ("large", 3000)


@pytest.mark.rule("R16")
def test_the_shape_of_a_plate_proves_class_and_discount_together(gate: TollGate) -> None:
    """Given a large new-energy plate: twice the price, and half off it."""
    gate.comes_in(GREEN_TRUCK)
    told = told_after_two_hours(gate, GREEN_TRUCK)
    assert (told.vehicle, told.claims, told.due_fen) == ("large", ("new_energy",), 1500)


@pytest.mark.rule("R16")
def test_the_guards_word_goes_before_what_was_seen(gate: TollGate) -> None:
    gate.comes_in(GREEN_TRUCK)
    gate.ask(GUARD, RateStay(plate=GREEN_TRUCK, vehicle="small", reason="实为小客车"))
    told = told_after_two_hours(gate, GREEN_TRUCK)
    assert (told.vehicle, told.due_fen) == ("small", 750)


@pytest.mark.rule("R16")
def test_a_tariff_without_such_a_class_or_discount_charges_the_usual_one_unflagged(tmp_path: Path) -> None:
    plain = book("""
        classes:
          small: {label: 小车, free: {minutes: 15, counts: only_within}, then: {minutes: 60, yuan: 5}}
        """)
    gate = TollGate(tmp_path, tariff=plain)
    gate.comes_in(GREEN_TRUCK)
    told = told_after_two_hours(gate, GREEN_TRUCK)
    assert (told.vehicle, told.claims, told.due_fen, told.flags) == ("small", (), 1500, ())
    gate.finish()


@pytest.mark.rule("R16")
def test_another_tariff_is_tried_with_what_was_seen_as_well(gate: TollGate) -> None:
    """Given a stay of each kind, the ledger tried under the same tariff comes to what was charged."""
    charged = 0
    for plate in (CAR, GREEN_CAR, GREEN_TRUCK):
        gate.comes_in(plate)
        charged += told_after_two_hours(gate, plate).total_fen
        gate.guard("release", "exit-1", reason="欠费放行")
        gate.leaves()
    assert charged == 1500 + 750 + 1500

    tried = replay(HOURLY, HOURLY, past_stays(fact for _, fact in gate.store.facts()))

    assert (tried.stays, tried.new_fen, tried.flagged) == (3, charged, 0)
