"""Between the order and the word of the printer: every order is answered once, whatever the printer does.

Time is virtual; the printer is one that does as the test has written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar

import pytest

from daemon.core.printing import ReceiptPrintOrdered
from daemon.core.receipt_paper import PaperLine
from daemon.core.signals import PrintReported
from daemon.edges.printing import ANSWER_S, CHECK_EVERY_S, PRINT_S, ReceiptPrinter, Trouble
from daemon.runtime.clock import ManualClock
from drivers import protocols
from drivers.errors import DeviceError, DeviceLost
from drivers.protocols import PrinterAnswer
from tests.rigs.virtual_loop import run_virtual

Says = Callable[[], PrinterAnswer | None]


class ScriptedPrinter:
    """`asked` is what was begun; what it comes to is said by `answers`, which may raise."""

    Options: ClassVar[type[protocols.Options]] = protocols.Options
    columns = 32

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.checked: Says = lambda: PrinterAnswer.READY
        self.printed: Says = lambda: PrinterAnswer.PRINTED
        self.is_open = False
        self._answer: Says = lambda: None

    def open(self) -> None:
        self.is_open = True

    def check(self) -> None:
        self.asked.append("check")
        self._answer = self.checked

    def print(self, paper: Sequence[protocols.PaperLine]) -> None:
        self.asked.append(paper[0].text)
        self._answer = self.printed

    def work(self) -> PrinterAnswer | None:
        return self._answer()

    def close(self) -> None:
        self.is_open = False


class Room:
    """A printer, what is ordered from it, and what was reported of it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.printer = ScriptedPrinter()
        self.reports: list[PrintReported] = []
        self.paper: Callable[[int], str] = lambda number: f"收据 {number}"

    def made(self) -> ReceiptPrinter:
        return ReceiptPrinter(
            self.printer,
            paper=lambda number, _copy, _columns: [PaperLine(self.paper(number))],
            post=self.reports.append,
            clock=self.clock,
        )

    def order(self, room: ReceiptPrinter, *numbers: int) -> None:
        for number in numbers:
            room.order(ReceiptPrintOrdered(at=self.clock.now(), number=number, copy=0))

    def runs(self, *numbers: int, for_s: float = 60.0) -> Exception | None:
        """Let it run with these orders waiting; what it ended with, if it did by itself."""

        async def run() -> Exception | None:
            printing = self.made()
            self.order(printing, *numbers)
            running = asyncio.create_task(printing.run(lambda: None))
            await asyncio.wait([running], timeout=for_s)
            ended = running.exception() if running.done() else None
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert not self.printer.is_open
            assert ended is None or isinstance(ended, Exception)
            return ended

        return run_virtual(run(), self.clock)

    @property
    def told(self) -> list[tuple[int, str | None]]:
        return [(report.number, report.trouble) for report in self.reports]


@pytest.fixture
def room() -> Room:
    return Room()


def silent() -> None:
    return None


def gone() -> None:
    raise DeviceLost("it has gone")


def test_orders_are_printed_one_after_another_each_after_a_look_at_the_printer(room: Room) -> None:
    assert room.runs(1, 2) is None
    assert room.told == [(1, None), (2, None)]
    assert room.printer.asked[:5] == ["check", "check", "收据 1", "check", "收据 2"]


def test_an_idle_printer_is_looked_after(room: Room) -> None:
    """Given nothing to print, somebody notices all the same that the paper has been used up."""
    room.runs(for_s=2.5 * CHECK_EVERY_S)
    assert room.printer.asked == ["check"] * 3
    room.printer.checked = lambda: PrinterAnswer.PAPER_OUT
    ended = room.runs()
    assert isinstance(ended, Trouble)
    assert "缺纸" in str(ended)
    assert room.told == []


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("printed", "why", "latest_s"),
    [
        (silent, "no_answer", PRINT_S + 1),
        (gone, "lost", 1),
        (lambda: PrinterAnswer.PAPER_OUT, "paper_out", 1),
        (lambda: PrinterAnswer.COVER_OPEN, "cover_open", 1),
    ],
)
def test_whatever_breaks_a_paper_off_all_that_waited_is_told_to_be_unprinted(
    room: Room, printed: Says, why: str, latest_s: float
) -> None:
    room.printer.printed = printed
    began = room.clock.mono
    assert isinstance(room.runs(1, 2, 3), DeviceError)
    assert room.told == [(1, why), (2, why), (3, why)]
    assert room.clock.mono - began <= timedelta(seconds=latest_s)


def test_a_printer_that_does_not_answer_when_opened_is_lost_with_what_waited(room: Room) -> None:
    room.printer.checked = silent
    began = room.clock.mono
    assert isinstance(room.runs(1), DeviceError)
    assert room.told == [(1, "no_answer")]
    assert room.clock.mono - began <= timedelta(seconds=ANSWER_S + 1)


def test_an_answer_that_came_while_the_gate_was_held_up_counts(room: Room) -> None:
    """Given a loop that stood still for longer than an answer may take, the answer lay in the port."""
    held_up: list[bool] = []

    def answers_after_a_stall() -> PrinterAnswer | None:
        if not held_up:
            held_up.append(True)
            room.clock.advance(timedelta(seconds=PRINT_S + 1))
            return None
        return PrinterAnswer.PRINTED

    room.printer.printed = answers_after_a_stall
    assert room.runs(1, for_s=PRINT_S + 10) is None
    assert room.told == [(1, None)]


def test_a_bug_is_told_as_one_and_leaves_no_order_open(room: Room) -> None:
    def no_paper(number: int) -> str:
        raise KeyError(number)

    room.paper = no_paper
    assert isinstance(room.runs(1, 2), KeyError)
    assert room.told == [(1, "error"), (2, "error")]


def test_what_a_silent_printer_was_sent_is_not_confirmed(room: Room) -> None:
    room.printer.printed = lambda: PrinterAnswer.SENT
    room.runs(1)
    assert [(report.trouble, report.is_confirmed) for report in room.reports] == [(None, False)]


def test_a_gate_that_stops_says_nothing_of_what_is_under_way(room: Room) -> None:
    """The next start finds the order open, and knows as much as anybody."""
    room.printer.printed = silent
    assert room.runs(1, for_s=2) is None
    assert room.told == []
