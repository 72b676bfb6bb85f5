"""What a command has to name to be obeyed now: a number that nobody could know before this run of the gate.

The law of this file: another run, another challenge, so that no command survives a restart. While the clock
is trusted, a command's own dates keep it fresh, and one challenge serves until the clock is set: what has
expired must not become fresh again because a clock went back. While it is not, the challenge is renewed every
`RENEWED_EVERY` of elapsed time and only the last two hold, so that no command lives longer than twice that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from daemon.core.signals import Instant
from daemon.core.wall_clock import JUMP

RENEWED_EVERY = timedelta(seconds=5)


class Challenges:
    """`new` gives 32 hexadecimal digits that nobody can guess."""

    def __init__(self, new: Callable[[], str], now: Instant) -> None:
        self._new = new
        self.current = new()
        self._before: str | None = None
        self._renewed_at = now.mono
        self._zero = _zero(now)

    def look(self, now: Instant) -> bool:
        """Renew the challenge where that is due; True where it is another one now."""
        was_set = self._was_set(now)
        if not was_set and (now.trusted or now.mono - self._renewed_at < RENEWED_EVERY):
            return False
        late = now.mono - self._renewed_at >= 2 * RENEWED_EVERY
        self._before = None if late or was_set else self.current
        self.current, self._renewed_at = self._new(), now.mono
        return True

    def _was_set(self, now: Instant) -> bool:
        """True where a trusted clock goes on otherwise than it went at the last look."""
        zero = _zero(now)
        if zero is None:
            return False
        before, self._zero = self._zero, zero
        return before is not None and abs(zero - before) > JUMP

    def holding(self, now: Instant) -> tuple[str, ...]:
        """Those that a command may name at this moment."""
        if now.trusted:
            return (self.current,) if self._before is None else (self.current, self._before)
        age = now.mono - self._renewed_at
        still_current = (self.current,) if age < 2 * RENEWED_EVERY else ()
        return (*still_current, self._before) if self._before and age < RENEWED_EVERY else still_current


def _zero(now: Instant) -> datetime | None:
    """When the elapsed time began, by the wall clock; None where that cannot be believed."""
    return now.wall - now.mono if now.trusted else None
