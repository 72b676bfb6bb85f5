"""The whole gate with a receipt printer on a wire: paper that ends, a plug that is pulled, power that goes.

Whatever happens to the paper, the ledger says what is true of it, the guard hears of it, a copy can be had
and says that it is one, and the numbers go on without a gap.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.control import SOCKET
from tests.rigs.printer_at_wire import PrinterAtWire, a_printer
from tests.system.gate import ROOT, Gate, lane, site

MORTAL = (sys.executable, str(ROOT / "tests" / "chaos" / "mortal_gate.py"))
KILLED = -9
TARIFF = """\
name: 香蜜湖花园停车场
service: 露天停车
phone: 0755-12345
versions:
  - id: v1
    effective: 2020-01-01T00:00+08:00
    classes: {small: {label: 小车, free: {minutes: 15, counts: only_within}, then: {minutes: 60, yuan: 5}}}
"""


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[PrinterAtWire]:
    with a_printer(tmp_path / "printer") as found:
        yield found


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    found = Gate(tmp_path, config(tmp_path))
    yield found
    found.end()


def config(folder: Path) -> dict[str, Any]:
    (folder / "tariff.yaml").write_text(TARIFF, encoding="utf-8")
    made = site(lane("entry-1"), printer={"driver": "escpos", "port": str(folder / "printer")})
    made["site"]["tariff"] = "tariff.yaml"
    return made


def starts(gate: Gate, *more: str) -> None:
    """Return when it can be asked: its loops are read, and its private socket is there."""
    before = gate.last_seq
    gate.start(*more)
    gate.fact("loop_reported", loop="safety", state="free", after=before)
    gate.until("the socket", (gate.folder / "var" / SOCKET).exists)


def ask(gate: Gate, request: str, *more: str) -> None:
    who = ("--as", "陈主管", "--role", "supervisor")
    said = gate.gatepost("ask", request, *who, *more)
    assert said.returncode == 0, said.stdout + said.stderr


def pays(gate: Gate, plate: str = "粤B77777") -> None:
    ask(gate, "top-up", "--plate", plate, "--fen", "5000", "--means", "cash")


def open_alerts(gate: Gate) -> set[str]:
    over = {row["alert_id"] for row in gate.facts("alert_cleared")}
    return {row["alert_id"] for row in gate.facts("alert_raised")} - over


def numbers(gate: Gate) -> list[int]:
    return [row["number"] for row in gate.facts("receipt_issued")]


@pytest.mark.rule("R17")
def test_a_printer_that_dies_in_the_middle_of_a_receipt(gate: Gate, printer: PrinterAtWire) -> None:
    starts(gate)
    printer.do(lambda model: setattr(model, "dies_after", 4))
    # given a payment whose receipt is half out when somebody pulls the plug
    pays(gate)
    told = gate.fact("receipt_not_printed")
    assert (told["number"], told["copy"], told["why"]) == (1, 0, "lost")
    gate.fact("device_failed", device="printer")
    assert open_alerts(gate) == {"receipt_not_printed:1", "device_failed:printer"}
    assert printer.papers() == []
    # when it is back, nothing comes out of it by itself
    printer.plug_in()
    gate.fact("device_recovered", device="printer")
    assert printer.papers() == []
    assert printer.hanging_out() == []
    # then a copy can be had, which says so, and the next receipt has the next number
    ask(gate, "reprint-receipt", "--number", "1")
    gate.fact("receipt_printed", number=1, copy=1)
    pays(gate, "粤B88888")
    gate.fact("receipt_printed", number=2, copy=0)
    copy, second = printer.papers()
    assert "补打 COPY 1" in copy
    assert "粤B77777" in copy
    assert "0755-12345" in copy
    assert "补打" not in second
    assert "east-000002" in second
    assert numbers(gate) == [1, 2]
    assert open_alerts(gate) == set()


@pytest.mark.rule("R17")
@pytest.mark.rule("R31")
def test_the_paper_ends_in_the_middle_and_cars_are_not_kept_waiting(
    gate: Gate, printer: PrinterAtWire
) -> None:
    starts(gate)
    printer.do(lambda model: setattr(model, "lines_left", 3))
    pays(gate)
    told = gate.fact("receipt_not_printed")
    assert (told["number"], told["why"]) == (1, "paper_out")
    gate.fact("device_failed", device="printer")
    # while it is out of paper, the next payment is taken as quickly, and told at once that it has no paper
    pays(gate)
    told = gate.fact("receipt_not_printed", number=2)
    assert told["why"] == "down"
    assert gate.facts("receipt_print_ordered", number=2) == []
    # a new roll: the printer prints what it still had in it, and is back for the gate after that
    printer.do(lambda model: model.put_paper_in())
    gate.fact("device_recovered", device="printer")
    ask(gate, "reprint-receipt", "--number", "2")
    gate.fact("receipt_printed", number=2, copy=1)
    rest, copy = printer.papers()
    assert "east-000001" in rest
    assert "补打 COPY 1" in copy
    assert "east-000002" in copy
    assert numbers(gate) == [1, 2]


@pytest.mark.rule("R17")
def test_the_power_goes_while_it_prints(gate: Gate, printer: PrinterAtWire) -> None:
    starts(gate)
    printer.do(lambda model: setattr(model, "on_line", lambda _line: setattr(model, "is_silent", True)))
    pays(gate)
    gate.until("all of it is on paper, and the printer has not said so", printer.papers)
    gate.process.send_signal(signal.SIGKILL)
    assert gate.wait() == KILLED
    printer.do(lambda model: setattr(model, "on_line", lambda _line: None))
    printer.do(lambda model: setattr(model, "is_silent", False))
    before = len(printer.papers())
    starts(gate)
    told = gate.fact("receipt_not_printed")
    assert (told["number"], told["why"]) == (1, "interrupted")
    pays(gate)
    gate.fact("receipt_printed", number=2)
    assert [("east-000002" in paper) for paper in printer.papers()[before:]] == [True]
    assert gate.ledger_is_whole()


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("seam", "about", "is_paid"),
    [
        ("before the commit", "receipt_print_ordered", False),
        ("after the commit", "receipt_print_ordered", True),
        ("before the order is performed", "receipt_print_ordered", True),
        ("before the commit", "receipt_printed", True),
    ],
)
def test_the_power_goes_between_payment_and_paper(
    tmp_path: Path, printer: PrinterAtWire, seam: str, about: str, is_paid: bool
) -> None:
    """What is in the ledger was paid, and then its receipt is printed or known not to be; or nothing was."""
    gate = Gate(tmp_path, config(tmp_path), MORTAL)
    starts(gate, "--at", seam, about)
    gate.gatepost(
        "ask", "top-up", "--as", "陈主管", "--role", "supervisor",
        "--plate", "粤B77777", "--fen", "5000", "--means", "cash",
    )  # fmt: skip
    assert gate.wait() == KILLED
    papers = len(printer.papers())
    starts(gate)
    assert numbers(gate) == ([1] if is_paid else [])
    assert [row["why"] for row in gate.facts("receipt_not_printed")] == (["interrupted"] if is_paid else [])
    assert len(printer.papers()) == papers
    pays(gate)
    gate.fact("receipt_printed", number=2 if is_paid else 1)
    assert numbers(gate) == ([1, 2] if is_paid else [1])
    gate.end()
