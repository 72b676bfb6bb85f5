"""What a lost card costs: owed by its plate, taken with a receipt, in the drawer (R04, R17, R19)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.core.cards import CardIssued, CardStopped, LoseCard, ReceiveCard
from daemon.core.handover import open_items
from daemon.core.money import CardFeeCharged, ReceiptIssued, TakePayment, VoidReceipt, WaiveCharge
from daemon.core.reasons import Reason
from tests.core.rig import GUARD, LEADER, OFFICE, SUPERVISOR, permit
from tests.desk.till_rig import CAR, TollGate, held

LISTED, SPARE, TEMPORARY = "62E3086CED", "0A1B2C3D4E", "1122334455"
WANG = "粤B12345"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    """王's permit with its card, a spare one and a temporary one in the drawer."""
    gate = TollGate(tmp_path, [permit("王", LISTED, WANG)])
    gate.ask(OFFICE, ReceiveCard(card=SPARE, reason="采购入库"))
    gate.ask(OFFICE, ReceiveCard(card=TEMPORARY, use="temporary", reason="采购入库"))
    yield gate
    gate.finish()


def loses(gate: TollGate, card: str = LISTED, *, fee: int = 2000) -> None:
    gate.ask(GUARD, LoseCard(card=card, reason="车主来报", fee_fen=fee))


@pytest.mark.rule("R04")
@pytest.mark.rule("R17")
@pytest.mark.rule("R19")
def test_the_fee_of_a_lost_card_is_owed_then_paid_with_a_receipt_into_the_drawer(gate: TollGate) -> None:
    """Given 20 yuan for a new card: owed at once, on the handover, and gone from it once it is paid."""
    said = gate.ask(GUARD, LoseCard(card=LISTED, reason="车主来报", fee_fen=2000, replacement=SPARE))
    assert [type(fact) for fact in said] == [CardStopped, CardFeeCharged, CardIssued]
    assert f"{WANG} 欠费 20.00 元" in [item.text for item in open_items(gate.engine.state)]

    gate.ask(GUARD, TakePayment(plate=WANG, fen=2000))

    receipt = gate.last(ReceiptIssued)
    assert (receipt.number, receipt.fen, receipt.plate) == (1, 2000, WANG)
    till = gate.engine.state.till
    takings = till.takings(till.shift)
    assert takings is not None
    assert takings.in_drawer == 2000
    assert gate.engine.state.money.arrears_fen(WANG) == 0
    assert gate.why_not(GUARD, TakePayment(plate=WANG, fen=2000)) is Reason.STAY_UNKNOWN, "it is paid once"


@pytest.mark.rule("R04")
def test_a_visitor_pays_for_the_stay_and_for_the_card_at_once(gate: TollGate) -> None:
    """Given two hours and a minute, and a lost card: 15 and 10 yuan are one sum with one receipt."""
    gate.car_arrives("entry-1")
    gate.card(TEMPORARY, "entry-1")
    gate.plate(CAR, "entry-1")
    gate.drives_through("entry-1")
    gate.stays(hours=2, minutes=1)
    loses(gate, TEMPORARY, fee=1000)
    gate.at_exit(CAR)
    assert held(gate) is Reason.CHARGE_UNPAID

    gate.ask(GUARD, TakePayment(plate=CAR, fen=2500))

    assert gate.last(ReceiptIssued).fen == 2500
    gate.leaves()
    assert not gate.inside
    assert gate.engine.state.money.arrears_fen(CAR) == 0


@pytest.mark.rule("R04")
def test_a_fee_can_be_waived_by_a_leader_and_a_voided_receipt_makes_it_owed_again(gate: TollGate) -> None:
    loses(gate)
    gate.ask(GUARD, TakePayment(plate=WANG, fen=2000))
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason="卡找到了"))
    assert gate.engine.state.money.arrears_fen(WANG) == 2000
    assert gate.why_not(GUARD, WaiveCharge(plate=WANG, reason="卡找到了")) is Reason.ROLE_NOT_ALLOWED

    gate.ask(LEADER, WaiveCharge(plate=WANG, reason="卡找到了"))

    assert gate.engine.state.money.arrears_fen(WANG) == 0


@pytest.mark.rule("R04")
def test_two_lost_cards_of_one_plate_are_two_fees(gate: TollGate) -> None:
    gate.ask(GUARD, LoseCard(card=LISTED, reason="车主来报", fee_fen=2000, replacement=SPARE))
    loses(gate, SPARE, fee=3000)
    assert gate.engine.state.money.arrears_fen(WANG) == 5000


@pytest.mark.rule("R04")
@pytest.mark.parametrize("fee", [-1, 10_000_001])
def test_a_fee_that_is_none_changes_nothing(gate: TollGate, fee: int) -> None:
    assert gate.why_not(GUARD, LoseCard(card=LISTED, reason="车主来报", fee_fen=fee)) is Reason.FEE_WRONG
    assert not gate.engine.state.cards.stopped


@pytest.mark.rule("R04")
def test_nobody_is_charged_for_a_card_that_nobody_has(gate: TollGate) -> None:
    """Given a card that was lost out of the drawer: there is no plate to owe anything."""
    assert gate.why_not(GUARD, LoseCard(card=SPARE, reason="盘点缺失", fee_fen=2000)) is Reason.FEE_OF_NOBODY
    loses(gate, SPARE, fee=0)
    assert gate.engine.state.cards.stopped[SPARE] is Reason.CARD_LOST
