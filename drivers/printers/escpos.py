"""A receipt printer that speaks ESC/POS: 58 or 80 mm paper, with or without a knife.

    printer:
      driver: escpos
      port: /dev/usb/lp0         # or /dev/serial/by-id/…, or tcp://192.168.1.80:9100
      baud: 9600                 # serial ports only
      columns: 48                # 80 mm paper: 48; 58 mm: 32
      encoding: gbk              # or gb18030
      cut: partial               # partial, full, or none: it is torn off
      answers: true              # false: it cannot talk back, and "printed" is never more than "sent"

The law of this file: printed means that the printer has answered GS r after the last byte. While it prints it
is asked every second why it should not: the end of the paper stops its mouth for everything else. Whoever
opens it waits until no answer to an earlier paper can still be on its way, so that none is taken for that of
the next one. What the bytes mean is in drivers/printers/commands.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, field_validator

from drivers import protocols
from drivers.errors import DeviceLost
from drivers.port_names import reachable
from drivers.ports import Port, open_port
from drivers.printers import commands
from drivers.printers.commands import Cut, Encoding, Question
from drivers.protocols import Context, PaperLine, PrinterAnswer, Timer

LOOK_S = 1.0
"""How often a printer that has a paper before it is asked what keeps it."""

SETTLE_S = 0.3
"""From the answer to the first question after opening to the last one that an earlier paper can still get: it
stands right before it in the printer's buffer."""

_AT_ONCE = (Question.OFFLINE_CAUSE, Question.PAPER)


class EscPosOptions(protocols.Options):
    port: str
    baud: int = Field(default=9600, ge=1200, le=921600)
    rtscts: bool = False
    """Hardware flow control, where the cable has the wires for it."""
    columns: int = Field(default=48, ge=24, le=96)
    encoding: Encoding = "gbk"
    cut: Cut = "partial"
    answers: bool = True

    @field_validator("port")
    @classmethod
    def _is_reachable(cls, port: str) -> str:
        return reachable(port)


class EscPosPrinter:
    """See the module's docstring for the law, `drivers.protocols.Printer` for the contract."""

    Options: ClassVar[type[protocols.Options]] = EscPosOptions

    def __init__(self, options: EscPosOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._port: Port | None = None
        self._unsent = bytearray()
        self._to_do: deque[bytes | Question] = deque()
        self._ends_in: PrinterAnswer | None = None
        """What it comes to when nothing is left to do; None while nothing is under way."""
        self._waits_for: Question | None = None
        self._aside: Question | None = None
        """Asked while it prints."""
        self._is_settled = False
        self._timer: Timer | None = None
        self._may_look = True

    @property
    def columns(self) -> int:
        return self._options.columns

    def open(self) -> None:
        """Raises DeviceLost. A printer at a network address may turn out not to be there only later."""
        self.close()
        try:
            self._port = open_port(self._options.port, baud=self._options.baud, rtscts=self._options.rtscts)
        except OSError as problem:
            raise DeviceLost(
                f"打印机打不开 cannot open {self._name}: {problem}; is it plugged in and switched on, "
                "and may this user (groups lp, dialout) use it?"
            ) from problem

    def check(self) -> None:
        self._begin(PrinterAnswer.READY)
        if not self._options.answers:
            self._to_do.append(commands.INITIALISE)
            return
        if self._is_settled:
            self._to_do += _AT_ONCE
        else:
            self._to_do += [commands.NO_REPORTS_UNASKED, *_AT_ONCE, Question.DONE]

    def print(self, paper: Sequence[PaperLine]) -> None:
        options = self._options
        self._begin(PrinterAnswer.PRINTED if options.answers else PrinterAnswer.SENT)
        self._to_do.append(commands.paper_bytes(paper, encoding=options.encoding, cut=options.cut))
        if options.answers:
            self._to_do.append(Question.DONE)

    def work(self) -> PrinterAnswer | None:
        self._send()
        for byte in self._received() if self._options.answers else b"":
            trouble = self._hear(byte)
            if trouble is not None:
                self._begin(None)
                return trouble
        if self._unsent:
            return None
        if self._waits_for is not None:
            self._look_aside()
            return None
        if self._to_do:
            self._take_on(self._to_do.popleft())
            self._send()
            return None
        return self._ended()

    def close(self) -> None:
        port, self._port = self._port, None
        self._begin(None)
        self._is_settled = False
        if port is not None:
            port.close()

    # ------------------------------------------------------------ one thing after another

    def _begin(self, ends_in: PrinterAnswer | None) -> None:
        """Forget what was under way; what was sent already cannot be taken back."""
        self._ends_in = ends_in
        self._unsent.clear()
        self._to_do.clear()
        self._waits_for = self._aside = None
        self._may_look = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_on(self, item: bytes | Question) -> None:
        if isinstance(item, Question):
            self._waits_for = item
            self._unsent += item.value
        else:
            self._unsent += item

    def _ended(self) -> PrinterAnswer | None:
        if self._ends_in is None or self._timer is not None:
            return None
        if not self._is_settled and self._options.answers:
            self._timer = self._context.call_later(SETTLE_S, self._settled)
            return None
        ends_in, self._ends_in = self._ends_in, None
        return ends_in

    def _settled(self) -> None:
        self._timer = None
        self._is_settled = True

    def _look_aside(self) -> None:
        if self._waits_for is not Question.DONE or self._aside is not None or not self._may_look:
            return
        self._aside = Question.OFFLINE_CAUSE
        self._unsent += self._aside.value
        self._may_look = False
        self._timer = self._context.call_later(LOOK_S, self._look_again)
        self._send()

    def _look_again(self) -> None:
        self._timer = None
        self._may_look = True

    # ------------------------------------------------------------ bytes

    def _hear(self, byte: int) -> PrinterAnswer | None:
        """Take an answer for the question that is open; anything else is of no interest."""
        if commands.answers_at_once(byte):
            asked = self._aside
            if asked is not None:
                self._aside = None
            elif self._waits_for in _AT_ONCE:
                asked, self._waits_for = self._waits_for, None
            return commands.trouble_in(asked, byte) if asked is not None else None
        is_done = commands.answers_when_done(byte) and self._waits_for is Question.DONE
        if is_done and not self._unsent:
            self._waits_for = self._aside = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        return None

    def _send(self) -> None:
        port = self._opened()
        try:
            while self._unsent and (taken := port.write(bytes(self._unsent))):
                del self._unsent[:taken]
        except OSError as problem:
            raise self._gone(problem) from problem

    def _received(self) -> bytes:
        try:
            return self._opened().read()
        except OSError as problem:
            raise self._gone(problem) from problem

    def _opened(self) -> Port:
        if self._port is None:
            raise DeviceLost(f"打印机未打开 {self._context.name}: the port is not open")
        return self._port

    def _gone(self, problem: OSError) -> DeviceLost:
        return DeviceLost(
            f"打印机断开 {self._name} has gone: {problem}; check its power, its cable and its address"
        )

    @property
    def _name(self) -> str:
        return f"{self._context.name} at {self._options.port}"
