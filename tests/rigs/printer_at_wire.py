"""A receipt printer beside the gate: a mechanism with a time of its own, on a terminal that gate opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.simulated.printer import PrinterModel, SimulatedPrinterOnPort
from tests.rigs.beside import Beside
from tests.rigs.hand_timers import HandTimers


class PrinterAtWire:
    def __init__(self, port: Path) -> None:
        self._timers = HandTimers()
        self._behind = SimulatedPrinterOnPort(port, self._timers.call_later)
        self._beside = Beside(self._moves)

    def _moves(self, seconds: float) -> None:
        self._behind.terminal.look()
        self._timers.pass_time(seconds)

    def do(self, act: Callable[[PrinterModel], object]) -> None:
        self._beside.do(lambda: act(self._behind.model))

    def plug_in(self) -> None:
        self._beside.do(self._behind.terminal.plug_in)

    def papers(self) -> list[str]:
        """What was printed and cut, each as one text."""
        model = self._behind.model
        return self._beside.do(lambda: ["\n".join(line.text for line in paper) for paper in model.papers])

    def hanging_out(self) -> list[str]:
        return self._beside.do(lambda: [line.text for line in self._behind.model.paper])

    def finish(self) -> None:
        self._beside.finish()
        self._behind.unplug()


@contextmanager
def a_printer(port: Path) -> Iterator[PrinterAtWire]:
    found = PrinterAtWire(port)
    try:
        yield found
    finally:
        found.finish()
