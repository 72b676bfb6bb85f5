"""What a command has to name to be obeyed now: a number that nobody could know before this run of the gate.

The law of this file: another run, another challenge, so that no command survives a restart. While the clock
is trusted, a command's own dates keep it fresh, and one challenge serves the whole run. While it is not, the
challenge is renewed every `RENEWED_EVERY` of elapsed time and only the last two hold, so that no command
lives longer than twice that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from daemon.core.signals import Instant

RENEWED_EVERY = timedelta(seconds=5)


class Challenges:
    """`new` gives 32 hexadecimal digits that nobody can guess."""

    def __init__(self, new: Callable[[], str], now: Instant) -> None:
        self._new = new
        self.current = new()
        self._before: str | None = None
        self._renewed_at = now.mono

    def look(self, now: Instant) -> bool:
        """Renew the challenge where that is due; True where it is another one now."""
        if now.trusted or now.mono - self._renewed_at < RENEWED_EVERY:
            return False
        late = now.mono - self._renewed_at >= 2 * RENEWED_EVERY
        self._before = None if late else self.current
        self.current, self._renewed_at = self._new(), now.mono
        return True

    def holding(self, now: Instant) -> tuple[str, ...]:
        """Those that a command may name at this moment."""
        if now.trusted:
            return (self.current,) if self._before is None else (self.current, self._before)
        age = now.mono - self._renewed_at
        still_current = (self.current,) if age < 2 * RENEWED_EVERY else ()
        return (*still_current, self._before) if self._before and age < RENEWED_EVERY else still_current
