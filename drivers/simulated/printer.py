"""A receipt printer as a mechanism: a buffer, a head, a roll of paper, a knife, a cover, and a mouth.

The law of this file: it knows nothing of gatepost and believes nothing: it prints the bytes that it
understands, line by line, and says what its sensors say. Out of paper or open it prints nothing and answers
only what it must answer at once; what is in its buffer it prints when it can again, as real ones do.
All its time comes from the `call_later` it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.protocols import PaperLine, Timer
from drivers.simulated.terminal import Terminal

CallLater = Callable[[float, Callable[[], None]], Timer]

LINE_S = 0.02
"""100 mm/s, at 24 dots and 8 dots to the millimetre a line and its gap."""

_OPERANDS = {
    b"\x1b@": 0, b"\x1bd": 1, b"\x1c&": 0, b"\x1c.": 0, b"\x1cW": 1, b"\x1d!": 1, b"\x1dV": 1,
    b"\x1dr": 1, b"\x1da": 1,
}  # fmt: skip
"""The commands it knows, and how many bytes follow each."""

_DLE_EOT = b"\x10\x04"


class PrinterModel:
    """`receive` is what comes down the wire, `say` what goes back up."""

    def __init__(self, call_later: CallLater, say: Callable[[bytes], None]) -> None:
        self._call_later = call_later
        self._say = say
        self.papers: list[list[PaperLine]] = []
        """What was printed and cut off."""
        self.paper: list[PaperLine] = []
        """What hangs out of it."""
        self.rubbish: list[bytes] = []
        """Bytes that it made nothing of."""
        self.lines_left: int | None = None
        """Of the roll; None: more than anybody needs."""
        self.is_open = False
        self.is_broken = False
        self.is_silent = False
        """It prints, and gives no answers."""
        self.dies_after: int | None = None
        """So many more lines, and then `death`: somebody pulls its plug."""
        self.death: Callable[[], None] = lambda: None
        self.on_line: Callable[[PaperLine | None], None] = lambda _line: None
        """Hears of each line, and of a cut as None."""
        self._wire = b""
        self._buffer = b""
        self._line = b""
        self._is_big = False
        self._head: Timer | None = None

    def receive(self, data: bytes) -> None:
        """What must be answered at once is; all else goes into the buffer."""
        self._wire += data
        while (at := self._wire.find(_DLE_EOT[:1])) >= 0:
            self._buffer += self._wire[:at]
            self._wire = self._wire[at:]
            if len(self._wire) < len(_DLE_EOT) + 1:
                break
            self._answer_at_once(self._wire[2])
            self._wire = self._wire[3:]
        else:
            self._buffer += self._wire
            self._wire = b""
        self._go_on()

    def put_paper_in(self) -> None:
        self.lines_left = None
        self._go_on()

    def shut(self) -> None:
        self.is_open = False
        self._go_on()

    def switch_off(self) -> None:
        """What was in the buffer is forgotten, what hung out of it is torn off."""
        self._wire = self._buffer = self._line = b""
        self.paper = []
        self._is_big = False
        if self._head is not None:
            self._head.cancel()
            self._head = None

    @property
    def _is_out(self) -> bool:
        return self.lines_left == 0

    @property
    def _can_print(self) -> bool:
        return not (self.is_open or self._is_out or self.is_broken)

    def _answer(self, byte: int) -> None:
        if not self.is_silent:
            self._say(bytes([byte]))

    def _answer_at_once(self, what: int) -> None:
        said = 0b0001_0010
        match what:
            case 1:
                said |= 0 if self._can_print else 0b1000
            case 2:
                said |= self.is_open * 0b100 | self._is_out * 0b10_0000 | self.is_broken * 0b100_0000
            case 4:
                said |= self._is_out * 0b110_1100
            case _:
                pass
        self._answer(said)

    def _go_on(self) -> None:
        """Do what the buffer says up to the end of a line, then move the paper."""
        while self._head is None and self._can_print and self._buffer:
            taken = self._do_next()
            if not taken:
                return
            self._buffer = self._buffer[taken:]

    def _do_next(self) -> int:
        """How many bytes that took; 0 where more must come first."""
        if self._buffer[0:1] == b"\n":
            self._print_line()
            return 1
        if self._buffer[0] not in (0x1B, 0x1C, 0x1D):
            self._line += self._buffer[:1]
            return 1
        command = self._buffer[:2]
        if len(command) < 2:
            return 0
        if command not in _OPERANDS:
            self.rubbish.append(command)
            return 2
        length = 2 + _OPERANDS[command]
        if len(self._buffer) < length:
            return 0
        self._obey(command, self._buffer[2:length])
        return length

    def _obey(self, command: bytes, operand: bytes) -> None:
        match command:
            case b"\x1b@":
                self._line, self._is_big = b"", False
            case b"\x1d!":
                self._is_big = operand != b"\0"
            case b"\x1dV":
                self.papers.append(self.paper)
                self.paper = []
                self.on_line(None)
            case b"\x1dr":
                self._answer(0)
            case _:
                pass  # what it need not do to be read here: fonts, feeds and modes

    def _print_line(self) -> None:
        line = PaperLine(self._line.decode("gb18030", errors="replace"), self._is_big)
        self._line = b""
        self.paper.append(line)
        self.on_line(line)
        if self.lines_left is not None:
            self.lines_left -= 1
        self._head = self._call_later(LINE_S, self._moved)
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after <= 0:
                self.dies_after = None
                self.switch_off()
                self.death()

    def _moved(self) -> None:
        self._head = None
        self._go_on()


class SimulatedPrinterOnPort:
    """The mechanism behind a pseudo-terminal."""

    def __init__(self, port: Path, call_later: CallLater) -> None:
        self.terminal = Terminal(port)
        self.model = PrinterModel(call_later, self.terminal.say)
        self.terminal.hear = self.model.receive
        self.model.death = self.unplug

    def unplug(self) -> None:
        """Its power is gone, and so is its port."""
        self.terminal.unplug()
        self.model.switch_off()


_PRINTERS: dict[Path, SimulatedPrinterOnPort] = {}


def printer_in(run_dir: Path, call_later: CallLater) -> SimulatedPrinterOnPort:
    """The one printer of that gate in this process; made, with that `call_later`, when first asked for."""
    port = run_dir.resolve() / "printer"
    if port not in _PRINTERS:
        _PRINTERS[port] = SimulatedPrinterOnPort(port, call_later)
    return _PRINTERS[port]
