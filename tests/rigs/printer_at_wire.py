"""A receipt printer beside the gate: a mechanism with a time of its own, on a terminal that gate opens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from drivers.simulated.printer import PrinterModel, SimulatedPrinterOnPort
from tests.rigs.hand_timers import HandTimers

TICK_S = 0.01


class PrinterAtWire:
    """`do` is a hand on the mechanism: nothing else moves meanwhile."""

    def __init__(self, port: Path) -> None:
        self._timers = HandTimers()
        self._behind = SimulatedPrinterOnPort(port, self._timers.call_later)
        self._moves = Lock()
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def do(self, act: Callable[[PrinterModel], object]) -> None:
        with self._moves:
            act(self._behind.model)

    def plug_in(self) -> None:
        with self._moves:
            self._behind.plug_in()

    def papers(self) -> list[str]:
        """What was printed and cut, each as one text."""
        with self._moves:
            return ["\n".join(line.text for line in paper) for paper in self._behind.model.papers]

    def hanging_out(self) -> list[str]:
        with self._moves:
            return [line.text for line in self._behind.model.paper]

    def finish(self) -> None:
        self._over.set()
        self._thread.join()
        self._behind.unplug()

    def _run(self) -> None:
        while not self._over.wait(TICK_S):
            with self._moves:
                self._behind.look()
                self._timers.pass_time(TICK_S)


@contextmanager
def a_printer(port: Path) -> Iterator[PrinterAtWire]:
    found = PrinterAtWire(port)
    try:
        yield found
    finally:
        found.finish()
