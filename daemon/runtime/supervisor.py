"""Keeps one long-lived task running, and knows when not to.

The law of this file: trouble with a device or the network is retried for ever, ever more slowly, and said
once; a bug is restarted a few times and then ends the process, so that systemd starts it clean; anything
named in `passes` ends the process at once. Cancelling is never caught.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from daemon.runtime.clock import Clock
from daemon.runtime.log import describe
from drivers.errors import DeviceError, DeviceUnusable

log = logging.getLogger(__name__)

Trouble = DeviceError | OSError
"""What is nobody's mistake in the code. OSError has TimeoutError and every connection error below it."""

RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 30.0
UNUSABLE_FIRST_S = 10.0
UNUSABLE_LONGEST_S = 60.0
"""A device that cannot work as configured waits for a person: no use asking it twice a second."""

STEADY = timedelta(seconds=RETRY_LONGEST_S)
"""Up for this long, a device starts afresh: the next loss is retried quickly again. One that comes and
goes faster keeps its slow pace."""

BUG_BUDGET = 5
BUG_WINDOW = timedelta(seconds=60)
BUG_PAUSE_S = 1.0


class TooManyBugs(Exception):
    """A task failed more often than a passing cause explains. The process should end, unsuccessfully."""


def _say_nothing(*_: object) -> None:
    pass


async def supervise(
    name: str,
    run: Callable[[Callable[[], None]], Awaitable[None]],
    *,
    clock: Clock,
    random: Random,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    on_lost: Callable[[str], None] = _say_nothing,
    on_restored: Callable[[], None] = _say_nothing,
    passes: tuple[type[Exception], ...] = (),
) -> None:
    """Await `run(up)` again and again until it returns of its own accord.

    `run` calls `up()` once the thing it is about answers; nothing else tells a slow start from a success.
    `on_lost(why)` and `on_restored()` are called in turn, starting with a loss: once for each change.

    Raises TooManyBugs at the sixth bug within 60 s, and whatever is one of `passes`.
    """
    ward = _Ward(name, clock=clock, random=random, on_lost=on_lost, on_restored=on_restored)
    while True:
        ward.starts()
        try:
            await run(ward.up)
        except passes:
            raise
        except Exception as error:
            pause_s = ward.fails(error)
        else:
            return
        # Out here, so that no frame or buffer of the failed run is kept alive through the pause.
        await sleep(pause_s)


class _Ward:
    """One supervised task: whether it is there, and how often it has failed."""

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        random: Random,
        on_lost: Callable[[str], None],
        on_restored: Callable[[], None],
    ) -> None:
        self._name = name
        self._clock = clock
        self._random = random
        self._on_lost = on_lost
        self._on_restored = on_restored
        self._is_lost = False
        self._up_since: timedelta | None = None
        self._failures = 0
        self._bugs: deque[timedelta] = deque(maxlen=BUG_BUDGET + 1)

    def starts(self) -> None:
        self._up_since = None

    def up(self) -> None:
        if self._up_since is None:
            self._up_since = self._clock.now().mono
        if self._is_lost:
            self._is_lost = False
            log.info("%s is back", self._name)
            self._on_restored()

    def fails(self, error: Exception) -> float:
        """Take note of a failure. Returns how many seconds to wait before the next try."""
        now = self._clock.now().mono
        trouble = trouble_in(error)
        if trouble is None:
            log.error("%s has failed by a bug", self._name, exc_info=error)
            self._count_bug(now, error)
            why = describe(error)
            pause_s = self._jittered(BUG_PAUSE_S)
        else:
            if self._up_since is not None and now - self._up_since >= STEADY:
                self._failures = 0
            why = str(trouble) or type(trouble).__name__
            pause_s = self._jittered(_retry_after_s(trouble, self._failures))
            self._failures += 1
            level = logging.DEBUG if self._is_lost else logging.WARNING
            log.log(level, "%s is lost: %s; next try in %.1f s", self._name, why, pause_s)
        if not self._is_lost:
            self._is_lost = True
            self._on_lost(why)
        return pause_s

    def _count_bug(self, now: timedelta, error: Exception) -> None:
        self._bugs.append(now)
        if len(self._bugs) > BUG_BUDGET and now - self._bugs[0] <= BUG_WINDOW:
            raise TooManyBugs(
                f"{self._name} failed {len(self._bugs)} times within {BUG_WINDOW.total_seconds():.0f} s, "
                f"last by {type(error).__name__}: {error}"
            ) from error

    def _jittered(self, longest_s: float) -> float:
        """Between half of it and all of it, so that gates which lost one broker do not return as one."""
        return longest_s * self._random.uniform(0.5, 1.0)


def trouble_in(error: BaseException) -> Trouble | None:
    """The device trouble that `error` is, or that a group is made of; None where a bug is in it."""
    if isinstance(error, BaseExceptionGroup):
        found = [trouble_in(part) for part in error.exceptions]
        return None if None in found else found[0]
    return error if isinstance(error, DeviceError | OSError) else None


def _retry_after_s(trouble: Trouble, failures: int) -> float:
    first_s, longest_s = (
        (UNUSABLE_FIRST_S, UNUSABLE_LONGEST_S)
        if isinstance(trouble, DeviceUnusable)
        else (RETRY_FIRST_S, RETRY_LONGEST_S)
    )
    # The exponent is bounded: a broker may be away for a year.
    return min(longest_s, first_s * 2.0 ** min(failures, 16))
