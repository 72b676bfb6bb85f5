"""Time outside of the process: metal, people and networks go on while it stalls, and while there is none.

The law of this file: what is put off happens at its instant, in order, whoever moves the clock, and however
far. Two things of one instant happen in the order in which they were put off.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.runtime.clock import ManualClock

_US = timedelta(microseconds=1)


@dataclass(slots=True)
class Later:
    """Something put off; the shape of `asyncio.TimerHandle`."""

    do: Callable[[], None] | None

    def cancel(self) -> None:
        self.do = None


class Outside(ManualClock):
    """The machine's clock, and everything that happens by itself while it runs. `elapsed` never goes back."""

    def __init__(self) -> None:
        super().__init__(mono=timedelta(seconds=1))
        self._right_at_zero = self.wall
        self._us = 0
        self._line: list[tuple[int, int, Later]] = []
        self._count = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the world began, reboots or not."""
        return self._us / 1e6

    def begins(self, wall: datetime) -> None:
        """Set the right time of the first instant."""
        self.wall = self._right_at_zero = wall

    @property
    def right(self) -> datetime:
        """What time it really is, whatever the machine's clock says."""
        return self._right_at_zero + self._us * _US

    def later(self, delay_s: float, do: Callable[[], None]) -> Later:
        """Have `do` called after `delay_s` seconds."""
        self._count += 1
        put_off = Later(do)
        heapq.heappush(self._line, (self._us + max(round(delay_s * 1e6), 0), self._count, put_off))
        return put_off

    def ahead(self) -> timedelta | None:
        """How long until the next thing happens; None where nothing will."""
        while self._line and self._line[0][2].do is None:
            heapq.heappop(self._line)
        return (self._line[0][0] - self._us) * _US if self._line else None

    def advance(self, by: timedelta) -> None:
        """Let time pass, and whatever happens in it happen."""
        until = self._us + by // _US
        while self._line and self._line[0][0] <= until:
            due, _, put_off = heapq.heappop(self._line)
            if put_off.do is not None:
                self._go_to(due)
                put_off.do()
        self._go_to(until)

    def wait_s(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def _go_to(self, us: int) -> None:
        # What happens may itself let time pass: a stall inside a stall.
        if us > self._us:
            super().advance((us - self._us) * _US)
            self._us = us
