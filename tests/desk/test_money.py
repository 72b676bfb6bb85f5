"""What a visitor pays at the exit, and what becomes of money that is late, double, missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.core.facts import AccessGranted
from daemon.core.money import (
    ArrearsLeft,
    ChargeQuoted,
    ConfirmPayment,
    CreditUsed,
    PaymentTaken,
    QuoteStay,
    TakePayment,
    TopUp,
)
from daemon.core.reasons import Reason
from daemon.core.signals import Request
from daemon.core.state import Phase
from tests.core.rig import GUARD, OFFICE, permit, said
from tests.desk.till_rig import CAR, HOURLY, TollGate, held, waits_unpaid


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


# ---------------------------------------------------------------- at the exit


@pytest.mark.rule("R15")
def test_within_the_free_time_a_visitor_leaves_as_if_there_were_no_tariff(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(minutes=10)
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert (told.total_fen, told.due_fen, told.flags) == (0, 0, ())
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    gate.leaves()
    assert not gate.inside
    assert not gate.alerts


@pytest.mark.rule("R15")
@pytest.mark.rule("R16")
def test_over_it_the_car_is_held_with_the_price_line_by_line_until_it_is_paid(gate: TollGate) -> None:
    """Given two hours and some seconds, three are begun; paying raises the boom in the same decision."""
    told = waits_unpaid(gate)
    assert (told.total_fen, told.due_fen) == (1500, 1500)
    assert sum(line.fen for line in told.lines) == 1500
    assert (told.version, told.digest, told.passage) == (
        "v1",
        HOURLY.versions[0].digest,
        gate.lane("exit-1").passage.id,  # type: ignore[union-attr]  # it was just held
    )
    assert "raise" not in gate.orders_of("exit-1")
    facts = gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert said(facts)[:4] == ["payment_taken", "receipt_issued", "access_granted", "boom_raise_ordered"]
    gate.leaves()
    assert not gate.inside
    assert not gate.all(ArrearsLeft)


@pytest.mark.rule("R16")
def test_residents_pay_nothing(tmp_path: Path) -> None:
    gate = TollGate(tmp_path, [permit("P1", "62E3086CED", "粤B12345")])
    gate.comes_in("粤B12345")
    gate.stays(hours=30)
    gate.at_exit("粤B12345")
    assert gate.last(AccessGranted).reason is Reason.PERMIT_PLATE
    assert not gate.all(ChargeQuoted)
    gate.leaves()
    gate.finish()


def test_a_site_without_a_tariff_asks_for_nothing(tmp_path: Path) -> None:
    gate = TollGate(tmp_path, tariff=None)
    gate.comes_in(CAR)
    gate.stays(hours=30)
    assert gate.why_not(GUARD, QuoteStay(plate=CAR)) is Reason.NO_TARIFF
    gate.at_exit(CAR)
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    gate.leaves()
    gate.finish()


@pytest.mark.rule("R16")
def test_the_price_told_stands_while_the_car_waits_and_a_guard_can_have_it_told_anew(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.stays(hours=1)
    assert len(gate.all(ChargeQuoted)) == 1
    gate.ask(GUARD, TakePayment(plate=CAR, fen=500))
    assert held(gate) is Reason.CHARGE_UNPAID  # a part is a part
    gate.ask(GUARD, QuoteStay(plate=CAR))
    assert (gate.last(ChargeQuoted).total_fen, gate.last(ChargeQuoted).due_fen) == (2000, 1500)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert gate.lane("exit-1").phase is Phase.GRANTED


@pytest.mark.rule("R16")
def test_the_cap_of_the_day_counts_all_stays_of_the_day(gate: TollGate) -> None:
    """Given a first visit that cost fifteen of at most twenty yuan, the second one costs five."""
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.leaves()
    told = waits_unpaid(gate)
    assert told.total_fen == 500


@pytest.mark.rule("R15")
def test_the_guard_says_which_car_it_is_and_then_it_pays(gate: TollGate) -> None:
    """Given a plate that was misread at the exit, naming the stay asks for its price and not for an alert."""
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.at_exit("粤B77771")
    assert held(gate) is Reason.NO_MATCHING_STAY
    stay = gate.engine.state.stay_by_plate(CAR)
    assert stay is not None
    gate.guard("release", "exit-1", reason="核对照片", stay=stay.id)
    assert held(gate) is Reason.CHARGE_UNPAID
    assert not gate.alerts
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert gate.lane("exit-1").phase is Phase.GRANTED
    gate.leaves()
    assert not gate.inside


# ---------------------------------------------------------------- paid elsewhere, early, late, twice


@pytest.mark.rule("R21")
def test_paid_before_the_exit_there_is_a_grace_time_to_leave(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.ask(GUARD, QuoteStay(plate=CAR))
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.stays(minutes=14)
    assert gate.why_not(GUARD, QuoteStay(plate=CAR)) is Reason.PAID_ALREADY
    gate.at_exit(CAR)
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    gate.leaves()
    assert not gate.all(ArrearsLeft)


@pytest.mark.rule("R21")
def test_over_the_grace_time_the_difference_is_due(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.stays(hours=1)
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert (held(gate), told.total_fen, told.due_fen) == (Reason.CHARGE_UNPAID, 2000, 500)


@pytest.mark.rule("R21")
def test_an_old_price_buys_no_grace(gate: TollGate) -> None:
    """Given a QR code of the first hour, paid in the fourth, the hours between are still due."""
    gate.comes_in(CAR)
    gate.stays(minutes=30)
    gate.ask(GUARD, QuoteStay(plate=CAR))
    gate.stays(hours=3)
    gate.ask(OFFICE, ConfirmPayment(charge=gate.last(ChargeQuoted).charge, reference="wx-1", fen=500))
    gate.at_exit(CAR)
    assert (held(gate), gate.last(ChargeQuoted).due_fen) == (Reason.CHARGE_UNPAID, 1500)


@pytest.mark.rule("R21")
def test_a_qr_payment_that_is_confirmed_twice_counts_once(gate: TollGate) -> None:
    told = waits_unpaid(gate)
    confirmed = ConfirmPayment(charge=told.charge, reference="wx-4200", fen=1500)
    assert "boom_raise_ordered" in said(gate.ask(OFFICE, confirmed))
    assert gate.why_not(OFFICE, confirmed) is Reason.PAYMENT_KNOWN
    again = replace(confirmed, reference=" wx-4200\n")
    assert gate.why_not(OFFICE, again) is Reason.PAYMENT_KNOWN, "the same payment, written otherwise"
    gate.restart()
    assert gate.why_not(OFFICE, confirmed) is Reason.PAYMENT_KNOWN
    assert [payment.fen for payment in gate.all(PaymentTaken)] == [1500]


@pytest.mark.rule("R21")
def test_confirmed_late_it_still_reaches_its_stay(gate: TollGate) -> None:
    """Given a car that was let out unpaid, its confirmation a day later settles what it owes."""
    told = waits_unpaid(gate)
    gate.guard("release", "exit-1", reason="扫码失败")
    gate.leaves()
    gate.stays(hours=24)
    assert "unpaid_release" in gate.alerts
    gate.ask(OFFICE, ConfirmPayment(charge=told.charge, reference="wx-1", fen=1500))
    paid = gate.last(PaymentTaken)
    assert [(share.stay_id, share.fen, share.owed) for share in paid.shares] == [
        (told.stay_id, 1500, "arrears")
    ]
    assert not gate.engine.state.money.arrears_fen(CAR)
    assert not gate.alerts


@pytest.mark.rule("R21")
def test_paid_in_cash_and_by_qr_the_second_is_kept_for_the_next_visit(gate: TollGate) -> None:
    told = waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.leaves()
    gate.ask(OFFICE, ConfirmPayment(charge=told.charge, reference="wx-1", fen=1500))
    assert gate.last(PaymentTaken).credit_fen == 1500
    gate.stays(hours=48)
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.at_exit(CAR)
    assert gate.last(CreditUsed).fen == 1500
    assert gate.lane("exit-1").phase is Phase.GRANTED
    assert not gate.engine.state.money.credit


@pytest.mark.rule("R21")
def test_what_is_paid_in_advance_pays_at_the_exit_as_far_as_it_lasts(gate: TollGate) -> None:
    gate.ask(OFFICE, TopUp(plate=CAR, fen=1000, means="transfer", reference="bank-7"))
    waits_unpaid(gate)
    assert (gate.last(CreditUsed).fen, gate.account(CAR).due_fen) == (1000, 500)
    facts = gate.ask(OFFICE, TopUp(plate=CAR, fen=800, means="transfer", reference="bank-8"))
    assert "access_granted" in said(facts)
    assert gate.engine.state.money.credit[CAR] == 300


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (ConfirmPayment(charge="S0000001-1", reference=" ", fen=1), Reason.REFERENCE_NEEDED),
        (ConfirmPayment(charge="S0000001-9", reference="wx", fen=1), Reason.CHARGE_UNKNOWN),
        (ConfirmPayment(charge="S0000001-01", reference="wx", fen=1), Reason.CHARGE_UNKNOWN),
        (ConfirmPayment(charge="粤B77777", reference="wx", fen=1), Reason.CHARGE_UNKNOWN),
        (ConfirmPayment(charge="S0000001-1", reference="wx", fen=0), Reason.AMOUNT_WRONG),
        (ConfirmPayment(charge="S0000001-1", reference="wx", fen=10**30), Reason.AMOUNT_WRONG),
        (TopUp(plate=CAR, fen=-5, means="cash"), Reason.AMOUNT_WRONG),
        (TopUp(plate=CAR, fen=5, means="qr"), Reason.REFERENCE_NEEDED),
    ],
)
def test_what_is_confirmed_wrongly_moves_no_money(gate: TollGate, request_: Request, why: Reason) -> None:
    waits_unpaid(gate)
    assert gate.why_not(OFFICE, request_) is why
    assert not gate.all(PaymentTaken)


@pytest.mark.parametrize("fen", [0, -1500, 1501])
def test_a_guard_takes_no_more_than_is_due(gate: TollGate, fen: int) -> None:
    waits_unpaid(gate)
    assert gate.why_not(GUARD, TakePayment(plate=CAR, fen=fen)) is Reason.AMOUNT_WRONG
    assert gate.why_not(GUARD, TakePayment(plate="粤B00000", fen=500)) is Reason.STAY_UNKNOWN
