"""When a row was written in truth: by the world's own time, whatever the machine's clocks said.

The law of this file: nothing of it can be known to the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.worlds.reader import Row

_WRONG = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Truth:
    begins: datetime
    """The right time at the first instant of the world."""
    boots: Mapping[str, float]
    """When each boot's clock was zero, in seconds of the world."""

    def at_s(self, row: Row) -> float:
        """Seconds since the world began."""
        return self.boots[row.boot] + row.mono_s

    def right(self, row: Row) -> datetime:
        """What time it really was."""
        return self.begins + timedelta(seconds=self.at_s(row))

    def knows(self, row: Row) -> bool:
        """True where the machine believed its wall clock, and was right to."""
        return row.is_trusted and abs(row.wall - self.right(row)) <= _WRONG
