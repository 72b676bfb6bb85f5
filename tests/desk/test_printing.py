"""Receipts on paper as the ledger tells of them: ordered, printed, not printed, copied; never by halves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.core.facts import AlertRaised, Fact
from daemon.core.money import ReceiptIssued, ReprintReceipt, TakePayment, TopUp, VoidReceipt
from daemon.core.printing import PRINTER, ReceiptNotPrinted, ReceiptPrinted, ReceiptPrintOrdered
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import DeviceLost, DeviceRestored, PrintReported, PrintTrouble
from daemon.core.state import SiteRules
from tests.core.rig import GUARD, OFFICE, said
from tests.desk.rig import Desk
from tests.desk.till_rig import CAR, HOURLY, SUPERVISOR, TollGate, waits_unpaid

NOT_PRINTED = AlertKind.RECEIPT_NOT_PRINTED


class PrintingDesk(Desk):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SiteRules(tariff=HOURLY, receipts="east", has_printer=True))
        self.start()

    def pays(self) -> tuple[Fact, ...]:
        return self.ask(OFFICE, TopUp(plate=CAR, fen=5000, means="cash"))

    def printer_says(
        self, number: int, copy: int = 0, trouble: PrintTrouble | None = None
    ) -> tuple[Fact, ...]:
        return self.send(PrintReported(at=self.clock.now(), number=number, copy=copy, trouble=trouble))

    def loses_printer(self) -> None:
        self.send(
            DeviceLost(
                at=self.clock.now(), device=PRINTER, lane=None, role="printer", why="缺纸 out of paper"
            )
        )

    def open_alerts(self) -> set[tuple[AlertKind, str]]:
        return {(alert.alert, alert.subject) for alert in self.state.alerts.values()}

    def prints(self, number: int) -> list[tuple[int, str, str | None]]:
        return [(row.copy, row.state, row.why) for row in self.store.prints(number)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PrintingDesk]:
    desk = PrintingDesk(tmp_path)
    yield desk
    desk.finish()


def test_a_gate_without_a_printer_orders_nothing(tmp_path: Path) -> None:
    gate = TollGate(tmp_path)
    waits_unpaid(gate)
    assert "receipt_print_ordered" not in said(gate.ask(GUARD, TakePayment(plate=CAR, fen=1500)))
    gate.finish()


@pytest.mark.rule("R17")
def test_a_receipt_is_printed_when_the_printer_has_said_so(desk: PrintingDesk) -> None:
    facts = desk.pays()
    assert said(facts) == ["payment_taken", "receipt_issued", "receipt_print_ordered"]
    assert desk.prints(1) == [(0, "ordered", None)]
    assert said(desk.printer_says(1)) == ["receipt_printed"]
    assert desk.prints(1) == [(0, "printed", None)]
    assert not desk.open_alerts()


@pytest.mark.rule("R17")
def test_one_that_did_not_come_out_is_the_guards_to_see_until_a_copy_has(desk: PrintingDesk) -> None:
    desk.pays()
    not_printed, alert = desk.printer_says(1, trouble="paper_out")
    assert isinstance(not_printed, ReceiptNotPrinted)
    assert isinstance(alert, AlertRaised)
    assert (alert.severity, alert.detail) == (
        Severity.NOTICE,
        "收据 1：缺纸，请补打 / receipt 1: out of paper; have a copy printed",
    )
    facts = desk.ask(GUARD, ReprintReceipt(number=1))
    assert said(facts) == ["receipt_reprinted", "receipt_print_ordered"]
    assert (NOT_PRINTED, "1") in desk.open_alerts()
    desk.printer_says(1, copy=1)
    assert not desk.open_alerts()
    assert desk.prints(1) == [(0, "not_printed", "paper_out"), (1, "printed", None)]


@pytest.mark.rule("R17")
def test_after_a_power_cut_nothing_is_printed_again_and_the_numbers_go_on(desk: PrintingDesk) -> None:
    """Given a receipt that was paid for, and no word of the printer when the power went."""
    desk.pays()
    facts = desk.reboot()
    assert "receipt_print_ordered" not in said(facts)
    [told] = [fact for fact in facts if isinstance(fact, ReceiptNotPrinted)]
    assert (told.number, told.copy, told.why) == (1, 0, "interrupted")
    assert (NOT_PRINTED, "1") in desk.open_alerts()
    # What the printer says of it now is about an order that nobody has open any more.
    assert desk.printer_says(1) == ()
    # A second start does not say it again, and the next receipt has the next number.
    assert "receipt_not_printed" not in said(desk.restart())
    [issued] = [fact for fact in desk.pays() if isinstance(fact, ReceiptIssued)]
    assert issued.number == 2


@pytest.mark.rule("R31")
def test_a_printer_that_is_down_is_not_asked_and_has_one_alert_for_all_receipts(desk: PrintingDesk) -> None:
    desk.loses_printer()
    for number in (1, 2, 3):
        facts = desk.pays()
        [told] = [fact for fact in facts if isinstance(fact, ReceiptNotPrinted)]
        assert (told.number, told.why) == (number, "down")
    assert desk.open_alerts() == {(AlertKind.DEVICE_FAILED, PRINTER)}
    desk.send(DeviceRestored(at=desk.clock.now(), device=PRINTER, lane=None, role="printer"))
    assert "receipt_print_ordered" in said(desk.pays())
    assert desk.open_alerts() == set()


@pytest.mark.rule("R17")
def test_a_receipt_that_is_void_needs_no_paper(desk: PrintingDesk) -> None:
    desk.pays()
    desk.printer_says(1, trouble="lost")
    desk.ask(SUPERVISOR, VoidReceipt(number=1, reason="收错车"))
    assert not desk.open_alerts()


def test_an_answer_comes_once(desk: PrintingDesk) -> None:
    desk.pays()
    desk.pays()
    assert said(desk.printer_says(2)) == ["receipt_printed"]
    assert desk.printer_says(2) == ()
    assert desk.printer_says(2, trouble="lost") == ()
    assert [(one.number, one.copy) for one in desk.state.prints] == [(1, 0)]


def test_a_receipt_of_a_number_that_is_not_there_is_neither_copied_nor_printed(desk: PrintingDesk) -> None:
    assert desk.why_not(GUARD, ReprintReceipt(number=7)) is Reason.RECEIPT_UNKNOWN
    assert desk.store.receipt(7) is None
    assert desk.prints(7) == []


def test_it_is_told_apart_whether_a_printer_confirmed_or_was_only_sent_it(desk: PrintingDesk) -> None:
    desk.pays()
    [fact] = desk.send(PrintReported(at=desk.clock.now(), number=1, copy=0, is_confirmed=False))
    assert isinstance(fact, ReceiptPrinted)
    assert not fact.is_confirmed
    assert desk.prints(1) == [(0, "sent", None)]


def test_an_order_is_one_fact_for_each_paper(desk: PrintingDesk) -> None:
    desk.pays()
    desk.ask(GUARD, ReprintReceipt(number=1))
    desk.ask(GUARD, ReprintReceipt(number=1))
    orders = [fact for _, fact in desk.store.facts() if isinstance(fact, ReceiptPrintOrdered)]
    assert [(one.number, one.copy) for one in orders] == [(1, 0), (1, 1), (1, 2)]
