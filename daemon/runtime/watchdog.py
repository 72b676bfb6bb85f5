"""Whether the gate really goes round, and systemd is told so only then.

The law of this file: WATCHDOG=1 is sent after a round trip through the engine in which every part that must
turn has turned at least once. A blocked loop cannot run this, a stalled engine or store
does not answer it. Cameras, readers, vision and the broker have no part in it: they may all be down. A slow
disk delays a beat and withholds none while the trip takes less than three quarters of the limit.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta

from daemon.runtime.clock import Clock
from daemon.runtime.notify import Notifier

log = logging.getLogger(__name__)

USUAL_LIMIT = timedelta(seconds=20)
"""WatchdogSec of the shipped unit; used as the measure of slowness where no systemd waits."""

BEATS_PER_LIMIT = 4


class Watchdog:
    """Asks the engine for a round trip, counts who turned, tells systemd."""

    def __init__(
        self,
        *,
        parts: Iterable[str],
        probe: Callable[[], Awaitable[object]],
        notifier: Notifier,
        clock: Clock,
        limit: timedelta | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`parts` must all call `pulse` between two beats; `probe` makes them: one trip through inbox,
        decide and store, which ends when the engine has answered. `limit` is `watchdog_limit()`."""
        self._turns = dict.fromkeys(parts, 0)
        self._probe = probe
        self._notifier = notifier
        self._clock = clock
        self._limit = limit or USUAL_LIMIT
        self._sleep = sleep

    def pulse(self, part: str) -> None:
        """`part` has done one whole piece of its work. Raises KeyError for a part that was not named."""
        self._turns[part] += 1

    async def run(self) -> None:
        """Beat for ever, four times within the limit."""
        while True:
            await self._beat()
            await self._sleep((self._limit / BEATS_PER_LIMIT).total_seconds())

    async def _beat(self) -> None:
        turns_before = dict(self._turns)
        began_ns = self._clock.boottime_ns()
        await self._probe()
        took = timedelta(microseconds=(self._clock.boottime_ns() - began_ns) // 1000)

        stalled = [part for part, turns in self._turns.items() if turns == turns_before[part]]
        if stalled:
            log.error("no watchdog beat: %s did not turn in a whole round trip", " and ".join(stalled))
            return
        if took > self._limit / 2:
            log.warning(
                "a round trip through the engine took %.1f s; the watchdog's limit is %.0f s",
                took.total_seconds(),
                self._limit.total_seconds(),
            )
        self._notifier.watchdog()


def watchdog_limit(environ: Mapping[str, str] = os.environ, *, pid: int | None = None) -> timedelta | None:
    """How long systemd waits for the next WATCHDOG=1 of this process; None where it does not wait.

    From WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)).
    """
    meant_for = environ.get("WATCHDOG_PID", "")
    if meant_for and meant_for != str(os.getpid() if pid is None else pid):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    return timedelta(microseconds=int(text)) if text.isdecimal() and int(text) > 0 else None
