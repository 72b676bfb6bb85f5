"""A simulated device that lives beside the gate, in the test's own process, with a thread to move it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TypeVar

TICK_S = 0.01

T = TypeVar("T")


class Beside:
    """`moves(TICK_S)` is called again and again; while `do` has a hand on the device nothing else moves."""

    def __init__(self, moves: Callable[[float], None]) -> None:
        self._moves = moves
        self._lock = Lock()
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def do(self, act: Callable[[], T]) -> T:
        with self._lock:
            return act()

    def finish(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(TICK_S):
            with self._lock:
                self._moves(TICK_S)
