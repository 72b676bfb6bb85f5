"""The printer of a simulated gate: the real driver on a pseudo-terminal, with a mechanism behind it.

    printer:
      driver: simulated
      columns: 48
      paper: receipts.txt        # where what it prints can be read; leave out for nowhere

The law of this file: nothing but the port differs from drivers/printers/escpos.py; the mechanism itself is in
drivers/simulated/printer.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from drivers import protocols
from drivers.printers.escpos import EscPosOptions, EscPosPrinter
from drivers.protocols import Context, PaperLine, PrinterAnswer
from drivers.simulated.printer import printer_in

CUT_LINE = "- - - - - - - -"


class SimulatedPrinterOptions(protocols.Options):
    columns: int = Field(default=48, ge=24, le=96)
    answers: bool = True
    paper: str | None = None


class SimulatedPrinter(EscPosPrinter):
    """See `EscPosPrinter`."""

    Options: ClassVar[type[protocols.Options]] = SimulatedPrinterOptions

    def __init__(self, options: SimulatedPrinterOptions, context: Context) -> None:
        port = str(context.run_dir.resolve() / "printer")
        super().__init__(EscPosOptions(port=port, columns=options.columns, answers=options.answers), context)
        self._roll = context.config_dir / options.paper if options.paper is not None else None

    def open(self) -> None:
        self._printer = printer_in(self._context.run_dir, self._context.call_later)
        if self._roll is not None:
            self._printer.model.on_line = _writing_to(self._roll)
        super().open()

    def work(self) -> PrinterAnswer | None:
        self._printer.terminal.look()
        return super().work()


def _writing_to(roll: Path) -> Callable[[PaperLine | None], None]:
    def write(line: PaperLine | None) -> None:
        with roll.open("a", encoding="utf-8") as paper:
            paper.write((CUT_LINE if line is None else line.text) + "\n")

    return write
