"""No hand in the till: what is let out unpaid, waived, voided or in doubt leaves its mark (R17, R18, R43)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.facts import BoomRaiseOrdered, StayClosed
from daemon.core.hold_open import HoldOpen
from daemon.core.money import (
    ArrearsLeft,
    ChargeQuoted,
    ChargeWaived,
    PaymentTaken,
    QuoteStay,
    RateStay,
    ReceiptIssued,
    ReceiptReprinted,
    ReceiptVoided,
    ReprintReceipt,
    TakePayment,
    TopUp,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.reasons import Reason
from daemon.core.state import Phase, SiteRules
from daemon.core.tariff import Flag
from tests.core.rig import GUARD, OFFICE, GateRig, entry, exit_, permit
from tests.desk.till_rig import CAR, HOURLY, LEADER, SUPERVISOR, TollGate, held, waits_unpaid


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TollGate]:
    gate = TollGate(tmp_path)
    yield gate
    gate.finish()


# ---------------------------------------------------------------- no hand in the till


@pytest.mark.rule("R18")
@pytest.mark.parametrize("action", ["release", "open"])
def test_let_out_unpaid_is_an_alert_and_stays_with_the_plate(gate: TollGate, action: str) -> None:
    told = waits_unpaid(gate)
    gate.guard("release" if action == "release" else "open", "exit-1", reason="老板的朋友")
    assert "unpaid_release" in gate.alerts
    gate.leaves()
    left = gate.last(ArrearsLeft)
    assert (left.stay_id, left.plate, left.fen, left.by) == (told.stay_id, CAR, 1500, GUARD)
    # the next visit shows it, whoever is on duty then
    gate.car_arrives("entry-1")
    gate.plate(CAR, "entry-1")
    gate.time(5)
    assert "owes_from_before" in gate.alerts
    gate.drives_through("entry-1")
    gate.time(10)
    gate.ask(GUARD, QuoteStay(plate=CAR))
    assert gate.last(ChargeQuoted).arrears_fen == 1500
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    assert not gate.alerts


@pytest.mark.rule("R18")
def test_the_boom_opened_before_the_plate_was_read_is_found_out_when_the_car_leaves(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.car_arrives("exit-1")
    gate.guard("open", "exit-1", reason="快走")
    gate.plate(CAR, "exit-1")
    gate.leaves()
    assert gate.last(ArrearsLeft).fen == 1500
    assert "unpaid_release" in gate.alerts


@pytest.mark.rule("R18")
@pytest.mark.parametrize("action", ["release", "open"])
def test_a_resident_s_card_in_a_visitor_s_hand_pays_for_nobody(tmp_path: Path, action: str) -> None:
    """Given a visitor at the exit with a resident's card, whoever lets him out is named for what he owes."""
    lanes = [entry(mode="plate_only"), exit_("exit-1", mode="card_and_plate")]
    site = SiteRules(tariff=HOURLY, receipts="east")
    gate = GateRig(tmp_path, lanes, [permit("P1", "A1", "粤B00001")], site)
    gate.comes_and_goes(None, CAR, "entry-1")
    gate.time(2 * 3600)
    gate.car_arrives("exit-1")
    gate.card("A1", "exit-1")
    gate.plate(CAR, "exit-1")
    gate.guard("release" if action == "release" else "open", "exit-1", reason="有卡")
    assert "unpaid_release" in gate.alerts
    gate.drives_through("exit-1")
    assert gate.last(ArrearsLeft).fen == 1500
    gate.finish()


@pytest.mark.rule("R18")
def test_a_car_that_backs_away_after_an_unpaid_release_owes_when_it_leaves_and_not_before(
    gate: TollGate,
) -> None:
    waits_unpaid(gate)
    gate.guard("release", "exit-1", reason="让路")
    gate.time(60)
    assert not gate.all(ArrearsLeft)
    assert CAR in gate.inside


@pytest.mark.rule("R18")
@pytest.mark.rule("R27")
def test_through_a_lane_that_is_held_open_a_visitor_leaves_his_charge_behind(gate: TollGate) -> None:
    gate.comes_in(CAR)
    gate.stays(hours=2)
    until = gate.clock.wall + timedelta(hours=1)
    gate.ask(LEADER, HoldOpen(lane="exit-1", until=until, reason="婚车车队"))
    gate.at_exit(CAR)
    gate.leaves()
    assert not gate.inside
    assert gate.last(ArrearsLeft).fen == 1500


@pytest.mark.rule("R18")
@pytest.mark.rule("R25")
def test_whoever_follows_another_car_out_owes(gate: TollGate) -> None:
    """Given a car that has paid, the one behind it drives through on its grant."""
    gate.comes_in("粤B00001")
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.drives_through("exit-1")
    gate.at_exit("粤B00001")
    gate.drives_through("exit-1")
    left = gate.last(ArrearsLeft)
    assert (left.plate, left.fen) == ("粤B00001", 1500)


@pytest.mark.rule("R18")
@pytest.mark.rule("R44")
def test_waiving_takes_a_leader_and_a_reason(gate: TollGate) -> None:
    waits_unpaid(gate)
    assert gate.why_not(GUARD, WaiveCharge(plate=CAR, reason="业主亲友")) is Reason.ROLE_NOT_ALLOWED
    assert gate.why_not(LEADER, WaiveCharge(plate=CAR, reason=" ")) is Reason.REASON_NEEDED
    gate.ask(LEADER, WaiveCharge(plate=CAR, reason="业主亲友"))
    waived = gate.last(ChargeWaived)
    assert (waived.fen, waived.why, waived.by) == (1500, "业主亲友", LEADER)
    assert gate.lane("exit-1").phase is Phase.GRANTED
    assert not gate.all(PaymentTaken)


@pytest.mark.rule("R16")
def test_a_discount_or_class_that_a_person_establishes_is_on_record_and_changes_the_price(
    gate: TollGate,
) -> None:
    waits_unpaid(gate)
    assert gate.why_not(GUARD, RateStay(plate=CAR, claim="vip", reason="熟人")) is Reason.CLASS_UNKNOWN
    gate.ask(GUARD, RateStay(plate=CAR, vehicle="large", reason="中巴"))
    assert gate.last(ChargeQuoted).due_fen == 3000
    gate.ask(GUARD, RateStay(plate=CAR, claim="police", reason="警官证"))
    assert gate.last(ChargeQuoted).due_fen == 0
    assert gate.lane("exit-1").phase is Phase.GRANTED


@pytest.mark.rule("R16")
def test_a_plate_that_proves_its_discount_gets_it(gate: TollGate) -> None:
    told = waits_unpaid(gate, plate="粤BD12345")
    assert (told.claims, told.due_fen) == (("new_energy",), 750)


# ---------------------------------------------------------------- receipts


@pytest.mark.rule("R17")
def test_receipts_are_numbered_without_a_gap_over_restarts_and_voids(gate: TollGate) -> None:
    for visitor in ("粤B00001", "粤B00002", "粤B00003"):
        waits_unpaid(gate, plate=visitor)
        gate.ask(GUARD, TakePayment(plate=visitor, fen=1500))
        gate.leaves()
        gate.ask(SUPERVISOR, VoidReceipt(number=2, reason="开错"))
        gate.restart()
    issued = gate.all(ReceiptIssued)
    assert [(receipt.series, receipt.number) for receipt in issued] == [("east", 1), ("east", 2), ("east", 3)]
    assert [receipt.fen for receipt in issued] == [payment.fen for payment in gate.all(PaymentTaken)]


@pytest.mark.rule("R17")
def test_a_void_keeps_the_number_and_the_charge_is_owed_again(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    gate.leaves()
    assert gate.why_not(GUARD, VoidReceipt(number=1, reason="退款")) is Reason.ROLE_NOT_ALLOWED
    assert gate.why_not(SUPERVISOR, VoidReceipt(number=1, reason="")) is Reason.REASON_NEEDED
    assert gate.why_not(SUPERVISOR, VoidReceipt(number=9, reason="退款")) is Reason.RECEIPT_UNKNOWN
    gate.ask(SUPERVISOR, VoidReceipt(number=1, reason="开错"))
    assert gate.last(ReceiptVoided).fen == 1500
    assert gate.engine.state.money.arrears_fen(CAR) == 1500
    assert gate.why_not(SUPERVISOR, VoidReceipt(number=1, reason="开错")) is Reason.RECEIPT_VOID


@pytest.mark.rule("R17")
def test_what_was_paid_in_advance_and_is_spent_cannot_be_given_back(gate: TollGate) -> None:
    gate.ask(OFFICE, TopUp(plate=CAR, fen=1000, means="transfer", reference="bank-7"))
    waits_unpaid(gate)
    assert gate.why_not(SUPERVISOR, VoidReceipt(number=1, reason="退款")) is Reason.CREDIT_SPENT


@pytest.mark.rule("R17")
def test_a_reprint_says_which_copy_it_is(gate: TollGate) -> None:
    waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    for copy in (1, 2):
        gate.ask(GUARD, ReprintReceipt(number=1))
        assert (gate.last(ReceiptReprinted).number, gate.last(ReceiptReprinted).copy) == (1, copy)
    assert gate.why_not(GUARD, ReprintReceipt(number=2)) is Reason.RECEIPT_UNKNOWN


# ---------------------------------------------------------------- a clock that cannot be believed


@pytest.mark.rule("R43")
def test_a_clock_that_jumps_changes_no_fee(gate: TollGate) -> None:
    """Within one boot the time since boot counts, whatever the wall clock was set to meanwhile."""
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.set_wall(gate.clock.wall + timedelta(days=400), trusted=True)
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert (told.total_fen, told.flags) == (1500, ())


@pytest.mark.rule("R43")
def test_where_the_time_is_in_doubt_the_price_is_flagged_and_the_guard_is_asked(gate: TollGate) -> None:
    """Given a power cut and no clock since, ten minutes are known: free, and for the guard to judge."""
    gate.comes_in(CAR)
    gate.stays(hours=5)
    gate.set_wall(gate.clock.wall - timedelta(days=3), trusted=False)
    gate.reboot()
    gate.set_wall(gate.clock.wall, trusted=False)
    gate.stays(minutes=10)
    gate.at_exit(CAR)
    told = gate.last(ChargeQuoted)
    assert Flag.ELAPSED_AT_LEAST in told.flags
    assert told.total_fen == 0
    assert held(gate) is Reason.CHARGE_DOUBTFUL
    gate.guard("release", "exit-1", reason="车主说刚到")
    assert not gate.alerts
    gate.leaves()
    assert gate.all(StayClosed)
    assert not gate.all(ArrearsLeft)


def test_two_exits_do_not_let_one_payment_raise_two_booms(tmp_path: Path) -> None:
    """Given the same plate at both exits, the payment lets the first one go and not the second."""
    gate = TollGate(tmp_path, exits=2)
    gate.comes_in(CAR)
    gate.stays(hours=2)
    gate.at_exit(CAR, "exit-1")
    gate.at_exit(CAR, "exit-2")
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    raised = [fact.lane for fact in gate.all(BoomRaiseOrdered) if fact.lane.startswith("exit")]
    assert len(raised) == 1
    gate.finish()
