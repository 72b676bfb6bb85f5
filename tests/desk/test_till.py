"""The drawer of each shift; and money never appears or goes astray, whatever is asked in whatever order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from daemon.core.handover import ItemKind, open_items
from daemon.core.money import (
    ArrearsLeft,
    ChargeQuoted,
    ChargeWaived,
    ConfirmPayment,
    CreditUsed,
    PaymentTaken,
    QuoteStay,
    ReceiptIssued,
    ReceiptVoided,
    TakePayment,
    TopUp,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.reasons import Reason
from daemon.core.shifts import SignOn, StandIn
from daemon.core.state import Phase
from daemon.core.till import (
    AcknowledgeCash,
    CashAcknowledged,
    CashCounted,
    CashHandedIn,
    CountCash,
    HandInCash,
    takings_by_shift,
)
from tests.core.rig import GUARD, OFFICE
from tests.desk.till_rig import CAR, LEADER, SUPERVISOR, TollGate, waits_unpaid


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    gate.ask(GUARD, SignOn())
    yield gate
    gate.finish()


def cash_items(gate: TollGate) -> list[str]:
    return [item.ref for item in open_items(gate.engine.state) if item.what is ItemKind.CASH]


@pytest.mark.rule("R19")
def test_the_cash_of_a_shift_is_counted_explained_handed_in_and_acknowledged(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert cash_items(gate) == ["shift-1"]
    assert gate.why_not(GUARD, HandInCash(to="物业前台")) is Reason.CASH_NOT_COUNTED
    assert gate.why_not(GUARD, CountCash(counted_fen=1400)) is Reason.REASON_NEEDED
    gate.ask(GUARD, CountCash(counted_fen=1400, explanation="找零多给一元"))
    counted = gate.last(CashCounted)
    assert (counted.expected_fen, counted.counted_fen, counted.difference_fen) == (1500, 1400, -100)
    gate.ask(GUARD, HandInCash(to="物业前台"))
    handed_in = gate.last(CashHandedIn)
    assert (handed_in.fen, handed_in.explanation) == (1400, "找零多给一元")
    assert cash_items(gate) == ["hand-in-1"]
    assert gate.why_not(GUARD, AcknowledgeCash(number=1, received_fen=1400)) is Reason.ROLE_NOT_ALLOWED
    assert gate.why_not(OFFICE, AcknowledgeCash(number=1, received_fen=1300)) is Reason.REASON_NEEDED
    gate.ask(OFFICE, AcknowledgeCash(number=1, received_fen=1400))
    assert gate.last(CashAcknowledged).shift == 1
    assert gate.why_not(OFFICE, AcknowledgeCash(number=1, received_fen=1400)) is Reason.HAND_IN_UNKNOWN
    assert not cash_items(gate)


@pytest.mark.rule("R19")
def test_a_count_no_longer_holds_when_cash_has_come_since(gate: TollGate) -> None:
    gate.ask(GUARD, CountCash(counted_fen=0))
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert gate.why_not(GUARD, HandInCash(to="物业前台")) is Reason.CASH_NOT_COUNTED


@pytest.mark.rule("R19")
def test_each_shift_has_its_own_takings_by_means(gate: TollGate) -> None:
    told = waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=500))
    gate.ask(LEADER, StandIn(reason="换岗"))
    gate.ask(OFFICE, ConfirmPayment(charge=told.charge, reference="wx-1", fen=1000))
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason="开错"))
    till = gate.engine.state.till
    first, second = till.takings(1), till.takings(2)
    assert first is not None
    assert second is not None
    assert (first.guard, first.cash, first.qr) == ("李门岗", 500, 0)
    assert (second.guard, second.cash, second.qr) == ("周班长", -500, 1000)
    # what was taken in the shift before is still that shift's to hand in
    gate.ask(GUARD, CountCash(counted_fen=500, shift=1))
    assert gate.last(CashCounted).shift == 1
    assert gate.why_not(GUARD, CountCash(counted_fen=0, shift=7)) is Reason.SHIFT_UNKNOWN
    assert takings_by_shift(fact for _, fact in gate.store.facts())[2] == second


# ---------------------------------------------------------------- whatever is asked in whatever order

PLATES = ("粤B00001", "粤B00002", "粤BD12345")


def something(gate: TollGate, random: Random) -> None:
    """One step of a day at the counter: cars, payments right and wrong, repeats, voids, crashes."""
    inside = sorted(gate.inside)
    plate = random.choice(inside if inside and random.random() < 0.8 else PLATES)
    quotes = gate.all(ChargeQuoted)
    charge = random.choice(quotes).charge if quotes else "S0000001-1"
    due = gate.account(plate).due_fen if plate in gate.inside else 0
    fen = random.choice((due or 500, 250, 500, 1500))
    number = random.randint(1, 8)
    match random.randrange(12):
        case 0 | 1 | 2:
            for other in PLATES:
                if other not in gate.inside and random.random() < 0.5:
                    gate.comes_in(other)
        case 3:
            gate.stays(minutes=random.choice((3, 20, 70, 900)))
        case 4 | 5:
            gate.at_exit(plate)
            if random.random() < 0.6:
                due = gate.account(plate).due_fen if plate in gate.inside else 0
                gate.ask(GUARD, TakePayment(plate=plate, fen=due or fen))
            if random.random() < 0.3:
                gate.guard("release", "exit-1", reason="放行")
            if gate.lane("exit-1").phase is Phase.GRANTED:
                gate.drives_through("exit-1")
            gate.car_backs_off("exit-1")
            gate.time(60)
        case 6:
            gate.ask(GUARD, QuoteStay(plate=plate))
        case 7:
            gate.ask(GUARD, TakePayment(plate=plate, fen=fen))
        case 8:
            gate.ask(OFFICE, ConfirmPayment(charge=charge, reference=f"wx-{number}", fen=fen))
        case 9:
            gate.ask(OFFICE, TopUp(plate=plate, fen=fen, means="transfer", reference=f"bank-{number}"))
        case 10:
            gate.ask(SUPERVISOR, VoidReceipt(number=number, reason="开错"))
        case _:
            gate.ask(LEADER, random.choice((WaiveCharge(plate=plate, reason="投诉"), StandIn(reason="换岗"))))
            if random.random() < 0.3:
                gate.restart()


@pytest.mark.rule("R17")
@pytest.mark.rule("R18")
@pytest.mark.rule("R19")
@pytest.mark.parametrize("seed", range(12))
def test_what_the_ledger_took_is_what_receipts_and_shifts_say(tmp_path: Path, seed: int) -> None:
    """Given any order of events, the sums of payments, receipts and shifts agree, and nothing is lost."""
    gate = TollGate(tmp_path)
    random = Random(seed)
    for _ in range(80):
        something(gate, random)
    payments, receipts = gate.all(PaymentTaken), gate.all(ReceiptIssued)
    voids, money = gate.all(ReceiptVoided), gate.engine.state.money
    assert [one.fen for one in payments] == [one.fen for one in receipts]
    assert [one.number for one in receipts] == list(range(1, len(receipts) + 1))
    assert all(isinstance(one.fen, int) and one.fen > 0 for one in payments)
    assert len({one.number for one in voids}) == len(voids)
    references = [one.reference for one in payments if one.reference]
    assert len(set(references)) == len(references)
    taken = sum(one.fen for one in payments) - sum(one.fen for one in voids)
    assert sum(shift.total for shift in gate.engine.state.till.shifts.values()) == taken
    # every fen that came in is in a stay, in what was owed, or kept for the plate
    assert all(one.fen == sum(part.fen for part in one.shares) + one.credit_fen for one in payments)
    advance = sum(one.credit_fen for one in payments) - sum(one.credit_fen for one in voids)
    assert sum(money.credit.values()) == advance - sum(one.fen for one in gate.all(CreditUsed))
    owed = sum(money.arrears_fen(plate) for plate in PLATES)
    settled = sum(part.fen for one in payments for part in one.shares if part.owed == "arrears")
    waived = sum(one.fen for one in gate.all(ChargeWaived) if one.owed == "arrears")
    assert owed >= sum(one.fen for one in gate.all(ArrearsLeft)) - settled - waived
    assert all(account.paid_fen >= 0 and account.due_fen >= 0 for account in money.accounts.values())
    (kept,) = gate.store.db.execute("SELECT sum(fen) FROM receipts WHERE voided_at IS NULL").fetchone()
    assert (kept or 0) == taken
    gate.finish()
