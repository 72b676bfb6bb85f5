"""`call_later` turned by hand: timers fire when a test says that time has passed, and only then."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class _HandTimer:
    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class HandTimers:
    """What `Context.call_later` is in a test without an event loop."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._order = count()
        self._due: list[tuple[float, int, _HandTimer]] = []

    def call_later(self, delay_s: float, act: Callable[[], None]) -> _HandTimer:
        timer = _HandTimer(act)
        heapq.heappush(self._due, (self.now_s + delay_s, next(self._order), timer))
        return timer

    def pass_time(self, seconds: float) -> None:
        """Fire what falls due within `seconds`, each at its own time, also what is set meanwhile."""
        end_s = self.now_s + seconds
        while self._due and self._due[0][0] <= end_s + 1e-9:
            self.now_s, _, timer = heapq.heappop(self._due)
            if timer.act is not None:
                timer.act()
        self.now_s = end_s
