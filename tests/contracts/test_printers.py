"""What every receipt printer keeps: on a serial port, over TCP, and the simulated one; and what it must tell.

Behind each is the same mechanism (drivers/simulated/printer.py), which believes nothing of what it is sent.
"""

from __future__ import annotations

import select
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.errors import DeviceLost
from drivers.printers.escpos import EscPosOptions, EscPosPrinter
from drivers.printers.simulated import CUT_LINE, SimulatedPrinter, SimulatedPrinterOptions
from drivers.protocols import Context, PaperLine, PrinterAnswer
from drivers.simulated.printer import PrinterModel, SimulatedPrinterOnPort, printer_in
from tests.rigs.hand_timers import HandTimers

PAPER = [
    PaperLine("  香蜜湖花园", is_big=True),
    PaperLine("车牌                粤B12345"),
    PaperLine("实收                15.00元"),
]
OTHER = [PaperLine("补打 COPY 1"), PaperLine("实收                20.00元")]


class Rig(ABC):
    """A driver, the mechanism behind it, and time that passes by hand."""

    model: PrinterModel

    def __init__(self, folder: Path) -> None:
        self.timers = HandTimers()
        self.context = Context(
            name="printer",
            lane="",
            run_dir=folder,
            config_dir=folder,
            call_later=self.timers.call_later,
        )
        self.printer: Any = self.made()

    @abstractmethod
    def made(self, *, answers: bool = True) -> EscPosPrinter: ...

    @abstractmethod
    def look(self) -> None:
        """The mechanism takes what has come down the wire."""

    @abstractmethod
    def unplug(self) -> None: ...
    @abstractmethod
    def plug_in(self) -> None: ...
    def finish(self) -> None:
        self.printer.close()
        self.unplug()

    def until_it_says(self, *, within_s: float = 20) -> PrinterAnswer | None:
        """What comes of what was begun; None where nothing has within that time, by the printer's clock."""
        end_s = self.timers.now_s + within_s
        while self.timers.now_s < end_s:
            self.look()
            said: PrinterAnswer | None = self.printer.work()
            if said is not None:
                return said
            self.timers.pass_time(0.01)
        return None

    def ready(self) -> None:
        self.printer.open()
        self.printer.check()
        assert self.until_it_says() is PrinterAnswer.READY

    def prints(self, paper: list[PaperLine] = PAPER) -> PrinterAnswer | None:
        self.printer.print(paper)
        return self.until_it_says()


class SerialRig(Rig):
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        super().__init__(folder)
        self._behind = SimulatedPrinterOnPort(folder / "by-id", self.timers.call_later)
        self.model = self._behind.model

    def made(self, *, answers: bool = True) -> EscPosPrinter:
        options = EscPosOptions(port=str(self._folder / "by-id"), answers=answers)
        return EscPosPrinter(options, self.context)

    def look(self) -> None:
        self._behind.terminal.look()

    def unplug(self) -> None:
        self._behind.unplug()

    def plug_in(self) -> None:
        self._behind.terminal.plug_in()


class SimulatedRig(Rig):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._behind = printer_in(folder, self.timers.call_later)
        self.model = self._behind.model

    def made(self, *, answers: bool = True) -> SimulatedPrinter:
        return SimulatedPrinter(SimulatedPrinterOptions(answers=answers, paper="roll.txt"), self.context)

    def look(self) -> None:
        """This mechanism reads by itself."""

    def unplug(self) -> None:
        self._behind.unplug()

    def plug_in(self) -> None:
        self._behind.terminal.plug_in()


class TcpRig(Rig):
    """The mechanism behind a real socket: one connection at a time, as network printers take them."""

    def __init__(self, folder: Path) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._address = self._door.getsockname()
        self._line: socket.socket | None = None
        super().__init__(folder)
        self.model = PrinterModel(self.timers.call_later, self._say)
        self.model.death = self.unplug

    def made(self, *, answers: bool = True) -> EscPosPrinter:
        options = EscPosOptions(port=f"tcp://127.0.0.1:{self._address[1]}", answers=answers)
        return EscPosPrinter(options, self.context)

    def _say(self, data: bytes) -> None:
        if self._line is not None:
            self._line.send(data)

    def look(self) -> None:
        # With an answer outstanding nothing is missed by a short wait, and none is needed on a quick machine.
        if self._door.fileno() >= 0 and select.select([self._door], [], [], 0)[0]:
            if self._line is not None:
                self._line.close()
            self._line = self._door.accept()[0]
        if self._line is not None and select.select([self._line], [], [], 0.001)[0]:
            self.model.receive(self._line.recv(65536))

    def unplug(self) -> None:
        for end in (self._line, self._door):
            if end is not None:
                end.close()
        self._line = None
        self.model.switch_off()

    def plug_in(self) -> None:
        self._door = socket.create_server(self._address)


@pytest.fixture(params=[SerialRig, SimulatedRig, TcpRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = request.param(tmp_path)
    yield made
    made.finish()


# ---------------------------------------------------------------- printing


def test_a_paper_is_printed_to_the_letter_and_cut(rig: Rig) -> None:
    rig.ready()
    assert rig.prints() is PrinterAnswer.PRINTED
    assert rig.prints(OTHER) is PrinterAnswer.PRINTED
    assert rig.model.papers == [PAPER, OTHER]
    assert rig.model.rubbish == []
    assert rig.model.paper == []


def test_printed_is_said_after_the_last_line_and_not_before(rig: Rig) -> None:
    rig.ready()
    long = [PaperLine(f"行 {number}") for number in range(60)]
    rig.printer.print(long)
    while rig.printer.work() is None:
        rig.look()
        rig.timers.pass_time(0.01)
    assert rig.model.papers == [long]


def test_nothing_is_said_where_nothing_was_begun(rig: Rig) -> None:
    rig.ready()
    assert rig.until_it_says(within_s=3) is None


def test_a_text_cannot_command_the_printer(rig: Rig) -> None:
    rig.ready()
    assert rig.prints([PaperLine("李\x1b@\x10\x04\x02\x1dV\x00门岗\n")]) is PrinterAnswer.PRINTED
    assert rig.model.papers == [[PaperLine("李?@????V?门岗?")]]


def test_a_character_that_the_printer_has_not_leaves_its_place(rig: Rig) -> None:
    rig.ready()
    assert rig.prints([PaperLine("𠮷野 ¥5")]) is PrinterAnswer.PRINTED
    assert rig.model.papers == [[PaperLine("〓野 〓5")]]


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [
        ({"lines_left": 0}, PrinterAnswer.PAPER_OUT),
        ({"is_open": True}, PrinterAnswer.COVER_OPEN),
        ({"is_broken": True}, PrinterAnswer.ERROR),
    ],
)
def test_what_keeps_it_from_printing_is_found_when_it_is_asked(
    rig: Rig, trouble: dict[str, Any], answer: PrinterAnswer
) -> None:
    for name, value in trouble.items():
        setattr(rig.model, name, value)
    rig.printer.open()
    rig.printer.check()
    assert rig.until_it_says() is answer
    for name in trouble:
        setattr(rig.model, name, None if name == "lines_left" else False)
    rig.printer.close()
    rig.ready()
    assert rig.prints() is PrinterAnswer.PRINTED


@pytest.mark.rule("R17")
def test_paper_that_ends_in_the_middle_is_no_printed_receipt(rig: Rig) -> None:
    rig.ready()
    rig.model.lines_left = 2
    assert rig.prints() is PrinterAnswer.PAPER_OUT
    assert rig.model.paper == PAPER[:2]
    assert rig.model.papers == []


@pytest.mark.rule("R17")
def test_the_answer_to_a_paper_that_was_given_up_is_not_taken_for_the_next_ones(rig: Rig) -> None:
    """Given one that ran out of paper: with a new roll the printer prints the rest, and answers for it."""
    rig.ready()
    rig.model.lines_left = 2
    assert rig.prints() is PrinterAnswer.PAPER_OUT
    rig.printer.close()
    # A network printer goes on with what it has; so does one on a wire.
    rig.model.put_paper_in()
    rig.ready()
    rig.model.lines_left = 1
    assert rig.prints(OTHER) is PrinterAnswer.PAPER_OUT
    assert rig.model.papers == [PAPER]
    assert rig.model.paper == OTHER[:1]


@pytest.mark.rule("R17")
def test_a_printer_that_dies_in_the_middle_is_lost_and_works_again_once_it_is_back(rig: Rig) -> None:
    rig.ready()
    rig.model.dies_after = 2
    rig.printer.print(PAPER)
    with pytest.raises(DeviceLost, match="has gone"):
        rig.until_it_says()
    rig.printer.close()
    rig.plug_in()
    rig.ready()
    assert rig.prints(OTHER) is PrinterAnswer.PRINTED
    assert rig.model.papers == [OTHER]


def test_a_printer_that_is_not_there_is_lost(rig: Rig) -> None:
    rig.unplug()
    with pytest.raises(DeviceLost):
        rig.ready()


def test_a_silent_printer_is_never_taken_to_have_printed(rig: Rig) -> None:
    rig.ready()
    rig.model.is_silent = True
    assert rig.prints() is None
    rig.printer.close()
    rig.printer.open()
    rig.printer.check()
    assert rig.until_it_says() is None


def test_one_that_gives_no_answers_by_configuration_has_been_sent_it(rig: Rig) -> None:
    rig.model.is_silent = True
    rig.printer = rig.made(answers=False)
    rig.ready()
    assert rig.prints() is PrinterAnswer.SENT
    for _ in range(50):
        rig.look()
        if isinstance(rig, SimulatedRig):
            rig.printer.work()
        rig.timers.pass_time(0.01)
    assert rig.model.papers == [PAPER]


def test_closing_is_safe_before_opening_twice_and_in_the_middle(rig: Rig) -> None:
    rig.printer.close()
    rig.ready()
    rig.printer.print(PAPER)
    rig.printer.work()
    rig.printer.close()
    rig.printer.close()
    with pytest.raises(DeviceLost, match="not open"):
        rig.printer.work()


# ---------------------------------------------------------------- where it is


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/ttyUSB0", "by-path"),
        ("tcp://printer.local:9100", "name server"),
        ("tcp://192.168.1.80:9100/x", "ADDRESS:PORT"),
        ("tcp://192.168.1.80:99999", "ADDRESS:PORT"),
    ],
)
def test_a_port_that_cannot_be_relied_on_is_refused(port: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EscPosOptions(port=port)


@pytest.mark.parametrize(
    "port", ["/dev/usb/lp0", "/dev/ttyAMA0", "tcp://192.168.1.80:9100", "tcp://[fd00::1]"]
)
def test_a_port_that_can_is_taken(port: str) -> None:
    assert EscPosOptions(port=port).port == port


def test_what_a_simulated_printer_prints_can_be_read(tmp_path: Path) -> None:
    rig = SimulatedRig(tmp_path)
    rig.ready()
    assert rig.prints() is PrinterAnswer.PRINTED
    lines = (tmp_path / "roll.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [*(line.text for line in PAPER), CUT_LINE]
    rig.finish()
