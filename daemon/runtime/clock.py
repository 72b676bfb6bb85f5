"""The gate's only clock.

The law of this file: nothing else in the daemon asks the machine for the time; whoever needs it is handed a
`Clock`. Durations come from CLOCK_BOOTTIME, which goes on through suspend and is never stepped. The wall
clock is passed on together with the answer to whether it may be believed.
"""

from __future__ import annotations

import ctypes
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from daemon.core.signals import Instant

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""This software did not exist earlier: a machine that claims so woke up without a clock battery."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNCD_FLAG = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at the first synchronisation of a boot (systemd-timesyncd.service(8))."""

_TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> Instant:
        """This moment, with the machine's word on whether the wall clock is right."""
        ...

    def boottime_ns(self) -> int:
        """Nanoseconds of CLOCK_BOOTTIME: the same in every process of one boot, never stepped."""
        ...

    def believe(self, at: Instant, wall: datetime) -> None:
        """At `at` it was `wall`, says somebody who may: go by that until the machine itself knows better.

        The word of another boot says nothing.
        """
        ...


class SystemClock:
    """The clock of the machine."""

    def __init__(self) -> None:
        self._boot = BOOT_ID.read_text(encoding="ascii").strip()
        self._libc = ctypes.CDLL(None)
        # Far more than struct timex needs on any machine (208 bytes on 64 bits); zeroes mean: only tell.
        self._timex = (ctypes.c_long * 128)()
        self._zero: datetime | None = None
        """What time it was when this boot began, as somebody has said."""

    def now(self) -> Instant:
        mono, wall = timedelta(microseconds=self.boottime_ns() // 1000), datetime.now(UTC)
        trusted = wall >= NOT_BEFORE and self._is_synchronised()
        if not trusted and self._zero is not None:
            wall, trusted = self._zero + mono, True
        return Instant(boot=self._boot, mono=mono, wall=wall, trusted=trusted)

    def believe(self, at: Instant, wall: datetime) -> None:
        if at.boot == self._boot:
            self._zero = wall.astimezone(UTC) - at.mono

    def boottime_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def _is_synchronised(self) -> bool:
        # The kernel forgets after hours without a server, though a crystal drifts less than a second a
        # day: one synchronisation in this boot is enough for a gate.
        state: int = self._libc.adjtimex(self._timex)
        return 0 <= state < _TIME_ERROR or TIMESYNCD_FLAG.exists()


class ManualClock:
    """A clock that stands still until it is told otherwise. It ships so that a gate can run in a test."""

    def __init__(
        self,
        *,
        boot: str = "boot-1",
        mono: timedelta = timedelta(seconds=100),
        wall: datetime = datetime(2026, 6, 1, 8, 0, tzinfo=UTC),
        trusted: bool = True,
    ) -> None:
        self.boot = boot
        self.mono = mono
        self.wall = wall
        self.trusted = trusted

    def now(self) -> Instant:
        return Instant(
            boot=self.boot,
            mono=self.mono,
            wall=self.wall,
            trusted=self.trusted and self.wall >= NOT_BEFORE,
        )

    def boottime_ns(self) -> int:
        return self.mono // timedelta(microseconds=1) * 1000

    def believe(self, at: Instant, wall: datetime) -> None:
        if at.boot == self.boot:
            self.wall, self.trusted = wall.astimezone(UTC) + (self.mono - at.mono), True

    def advance(self, by: timedelta) -> None:
        """Let time pass: both clocks go on. Raises ValueError for a step back."""
        if by < timedelta(0):
            raise ValueError(f"time does not run backwards: {by}; a wrong wall clock is step_wall()")
        self.mono += by
        self.wall += by

    def step_wall(self, by: timedelta) -> None:
        """Somebody sets the wall clock, either way; no time passes."""
        self.wall += by

    def reboot(self, boot: str, *, off_for: timedelta = timedelta(0)) -> None:
        """The machine starts again under another boot id, its monotonic clock near zero."""
        self.boot = boot
        self.mono = timedelta(seconds=1)
        self.wall += off_for
