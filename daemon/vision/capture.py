"""One thread a camera, which keeps nothing but the newest frame.

The law of this file: a camera that does not answer is closed and opened again for ever, ever more slowly, and
is reported by its state, not by exceptions. A thread inside a call that never returns cannot be ended: it is
left behind, and the memory limit of the process is what ends it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Condition, Event, Thread
from typing import TypeVar

from daemon.runtime.clock import Clock
from drivers.errors import DeviceError, DeviceLost, DeviceUnusable
from drivers.protocols import Camera, Frame

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_FIRST_S, RETRY_LONGEST_S = 0.5, 30.0
UNUSABLE_PAUSE_S = 60.0
"""A camera that cannot work as configured waits for a person."""


class Capture:
    """Reads one camera on a thread of its own, at a pace that may be changed at any time."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Camera],
        *,
        period_s: float,
        wake: Event,
        clock: Clock,
        random: Random,
    ) -> None:
        self._name = name
        self._make = make
        self._period_s = period_s
        self._wake = wake
        self._clock = clock
        self._random = random
        self._camera: Camera | None = None
        self._changed = Condition()
        self._is_hurried = False
        self._is_over = False
        self._newest: Frame | None = None
        self._lost: str | None = None
        self._calling_since_ns: int | None = None

    def start(self) -> None:
        """Begin capturing. Returns at once."""
        Thread(target=self._run, name=self._name, daemon=True).start()

    @property
    def newest(self) -> Frame | None:
        """The newest frame since the start, however old it is."""
        return self._newest

    @property
    def lost(self) -> str | None:
        """Why there are no frames now; None while there are, or before the first try has ended."""
        return self._lost

    def busy_for_s(self) -> float:
        """How long the camera call now running has taken so far."""
        since = self._calling_since_ns
        return 0.0 if since is None else (self._clock.boottime_ns() - since) / 1e9

    def set_period(self, period_s: float) -> None:
        """From now on a frame each so many seconds, the next one at once if it is due."""
        if period_s != self._period_s:
            self._period_s = period_s
            self.hurry()

    def hurry(self) -> None:
        """Take the next frame now."""
        with self._changed:
            self._is_hurried = True
            self._changed.notify()

    def leave(self) -> None:
        """Stop after the call that is running, whenever it returns."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    # ------------------------------------------------------------ on the thread

    def _run(self) -> None:
        failures = 0
        while not self._is_over:
            before = self._newest
            pause_s = self._stream()
            if self._is_over:
                return
            failures = 0 if self._newest is not before else failures + 1
            backoff_s = min(RETRY_LONGEST_S, RETRY_FIRST_S * 2.0 ** min(failures, 16))
            self._pause((pause_s or backoff_s) * self._random.uniform(0.5, 1.0), can_be_hurried=False)

    def _stream(self) -> float | None:
        """Open the camera and read it until it fails. Returns a pause that the failure asks for."""
        try:
            # The same object over all reconnections: what it has learnt (a broken picture, a refused login,
            # a frozen stream) it must remember.
            self._camera = self._camera or self._make()
            self._timed(self._camera.open)
            while not self._is_over:
                self._got(self._timed(self._camera.read))
                self._pause(self._period_s, can_be_hurried=True)
        except DeviceUnusable as error:
            self._lose(str(error))
            return UNUSABLE_PAUSE_S
        except DeviceError as error:
            self._lose(str(error))
        except Exception as error:  # a driver's bug must not end the thread and blind the lane
            log.exception("%s: the driver failed by a bug", self._name)
            self._lose(f"{type(error).__name__}: {error}")
        finally:
            if self._camera is not None:
                with suppress(Exception):
                    self._camera.close()
        return None

    def _timed(self, call: Callable[[], T]) -> T:
        self._calling_since_ns = self._clock.boottime_ns()
        try:
            return call()
        finally:
            self._calling_since_ns = None

    def _got(self, frame: Frame) -> None:
        if self._is_over:
            return
        if frame.image is None or frame.image.ndim != 3 or not frame.image.size:
            raise DeviceLost(f"画面无法解码 / {self._name}: gave a frame without a picture")
        self._newest = frame
        if self._lost is not None:
            self._lost = None
            log.info("%s is back", self._name)
        self._wake.set()

    def _lose(self, why: str) -> None:
        if self._is_over:
            return
        log.log(logging.WARNING if self._lost is None else logging.DEBUG, "%s is lost: %s", self._name, why)
        self._lost = why
        self._wake.set()

    def _pause(self, seconds: float, *, can_be_hurried: bool) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or (can_be_hurried and self._is_hurried), seconds)
            self._is_hurried = False
