"""Change of car: another plate stands for a permit's own, for a period, by two people (R03)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.core.facts import ActionRefused
from daemon.core.reasons import Reason
from daemon.core.signals import Actor
from daemon.core.state import Phase
from daemon.core.substitution import (
    ConfirmSubstitution,
    EndSubstitution,
    RegisterSubstitution,
    SubstitutionEnded,
    SubstitutionRegistered,
)
from tests.core.rig import GUARD, GateRig, entry, exit_, permit

LEADER = Actor(name="周班长", role="leader")
CARD, OWN, LENT = "62E3086CED", "粤B12345", "粤B99999"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    liu = permit("刘", "0A1B2C3D4E", "粤B67890")
    gate = GateRig(tmp_path / "gate", [entry(), exit_()], [permit("王", CARD, OWN), liu])
    yield gate
    gate.finish()


def registration(gate: GateRig, **other: Any) -> RegisterSubstitution:
    words: dict[str, Any] = {
        "permit": "王",
        "plate": "粤B·99999",
        "basis": "owner_present",
        "owner": "王小明",
        "document": "行驶证 440300",
        "photo": "2026/06/01/change.jpg",
        "valid_until": gate.now.wall + timedelta(hours=8),
    }
    return RegisterSubstitution(**words | other)


def substituted(gate: GateRig) -> str:
    (fact,) = gate.ask(GUARD, registration(gate))
    assert isinstance(fact, SubstitutionRegistered)
    gate.ask(LEADER, ConfirmSubstitution(number=fact.substitution.number))
    return fact.substitution.number


def told(gate: GateRig, plate: str, lane: str = "entry-1", card: str | None = CARD) -> Reason | None:
    """The car comes to the lane and shows its signs: what it is told; then it backs off."""
    gate.car_arrives(lane)
    gate.plate(plate, lane)
    if card is not None:
        gate.card(card, lane)
    passage = gate.lane(lane).passage
    reason = passage.reason if passage is not None else None
    if gate.lane(lane).phase is Phase.GRANTED:
        gate.drives_through(lane)
    else:
        gate.guard("refuse", lane, reason="离开")
        gate.car_backs_off(lane)
    gate.time(10)
    return reason


def why_not(gate: GateRig, actor: Actor, request: Any) -> Reason:
    (fact,) = gate.ask(actor, request)
    assert isinstance(fact, ActionRefused), fact
    return fact.reason


@pytest.mark.rule("R03")
def test_only_what_a_second_person_confirmed_stands_for_the_permit(gate: GateRig) -> None:
    (fact,) = gate.ask(GUARD, registration(gate))
    assert isinstance(fact, SubstitutionRegistered)
    one = fact.substitution
    assert (one.plate, one.own_plate, one.owner, one.by) == (LENT, OWN, "王小明", GUARD)
    assert told(gate, LENT) is Reason.CARD_PLATE_MISMATCH, "registered, and not yet confirmed"
    assert why_not(gate, GUARD, ConfirmSubstitution(number=one.number)) is Reason.ROLE_NOT_ALLOWED
    gate.ask(LEADER, ConfirmSubstitution(number=one.number))
    assert told(gate, LENT) is Reason.PERMIT_CARD_AND_PLATE
    assert gate.inside == {LENT}, "it is this car that is inside"
    assert told(gate, LENT, "exit-1") is Reason.PERMIT_CARD_AND_PLATE


@pytest.mark.rule("R03")
def test_whoever_registered_it_does_not_confirm_it(gate: GateRig) -> None:
    (fact,) = gate.ask(LEADER, registration(gate))
    assert isinstance(fact, SubstitutionRegistered)
    number = fact.substitution.number
    assert why_not(gate, LEADER, ConfirmSubstitution(number=number)) is Reason.SECOND_PERSON_NEEDED


@pytest.mark.rule("R03")
def test_while_it_holds_the_own_plate_stands_for_nobody(gate: GateRig) -> None:
    substituted(gate)
    assert told(gate, OWN) is Reason.PLATE_SUBSTITUTED
    assert told(gate, OWN, card=None) is Reason.PLATE_SUBSTITUTED


@pytest.mark.rule("R03")
def test_it_ends_by_itself_and_says_so(gate: GateRig) -> None:
    number = substituted(gate)
    gate.time(8 * 3600 + 1)
    ended = gate.last(SubstitutionEnded)
    assert (ended.number, ended.by) == (number, None)
    assert told(gate, LENT) is Reason.CARD_PLATE_MISMATCH
    assert told(gate, OWN) is Reason.PERMIT_CARD_AND_PLATE


@pytest.mark.rule("R03")
def test_a_gate_that_was_off_at_the_end_lets_nobody_in_on_it(gate: GateRig) -> None:
    substituted(gate)
    gate.set_wall(gate.now.wall + timedelta(days=1), trusted=True)
    assert not gate.all(SubstitutionEnded)
    assert told(gate, LENT) is Reason.CARD_PLATE_MISMATCH, "the moment itself decides, not the deadline"


@pytest.mark.rule("R03")
def test_the_substitute_that_is_inside_at_the_end_may_leave_on_the_card(gate: GateRig) -> None:
    substituted(gate)
    assert told(gate, LENT) is Reason.PERMIT_CARD_AND_PLATE
    gate.time(9 * 3600)
    gate.car_arrives("exit-1")
    gate.card(CARD, "exit-1")
    gate.plate(LENT, "exit-1")
    assert gate.lane("exit-1").phase is Phase.GRANTED
    gate.drives_through("exit-1")
    assert not gate.inside


@pytest.mark.rule("R03")
def test_it_is_ended_early_with_a_reason_and_outlives_a_restart(gate: GateRig) -> None:
    number = substituted(gate)
    gate.restart()
    assert why_not(gate, GUARD, EndSubstitution(number=number, reason=" ")) is Reason.REASON_NEEDED
    gate.ask(GUARD, EndSubstitution(number=number, reason="原车修好"))
    assert told(gate, OWN) is Reason.PERMIT_CARD_AND_PLATE
    assert why_not(gate, GUARD, EndSubstitution(number=number, reason="再来")) is Reason.NO_SUCH_SUBSTITUTION


@pytest.mark.rule("R03")
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"permit": "无此人"}, Reason.PERMIT_UNKNOWN),
        ({"document": " "}, Reason.DOCUMENT_NEEDED),
        ({"photo": ""}, Reason.DOCUMENT_NEEDED),
        ({"plate": "moped"}, Reason.PLATE_WRONG),
        ({"plate": "粤B67890"}, Reason.PLATE_TAKEN),
    ],
)
def test_what_is_not_in_order_is_not_registered(gate: GateRig, other: dict[str, str], why: Reason) -> None:
    assert why_not(gate, GUARD, registration(gate, **other)) is why


@pytest.mark.rule("R03")
def test_one_at_a_time_and_none_for_the_past(gate: GateRig) -> None:
    past = gate.now.wall - timedelta(hours=1)
    assert why_not(gate, GUARD, registration(gate, valid_until=past)) is Reason.PERIOD_IS_OVER
    number = substituted(gate)
    again = registration(gate, plate="粤B88888")
    assert why_not(gate, GUARD, again) is Reason.SUBSTITUTED_ALREADY
    assert why_not(gate, LEADER, ConfirmSubstitution(number=number)) is Reason.CONFIRMED_ALREADY


@pytest.mark.rule("R03")
def test_the_car_that_waits_for_the_confirmation_is_let_through_at_once(gate: GateRig) -> None:
    (fact,) = gate.ask(GUARD, registration(gate))
    assert isinstance(fact, SubstitutionRegistered)
    gate.car_arrives()
    gate.plate(LENT)
    gate.card(CARD)
    assert gate.lane().phase is Phase.HELD
    gate.ask(LEADER, ConfirmSubstitution(number=fact.substitution.number))
    assert gate.lane().phase is Phase.GRANTED
