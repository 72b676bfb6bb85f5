"""Whether the broker is there, as the gate is told: once when it is lost, once when it is back.

The law of this file: a loss shorter than the grace is nobody's business, and no loss is told twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.core.signals import DeviceLost, DeviceRestored

if TYPE_CHECKING:
    from daemon.runtime.clock import Clock

Post = Callable[[DeviceLost | DeviceRestored], None]


class Presence:
    """Starts as gone. `grace_ns` is counted from there or from the last `went()`."""

    def __init__(self, clock: Clock, post: Post, grace_ns: int) -> None:
        self._clock = clock
        self._post = post
        self._grace_ns = grace_ns
        self._tell_at: int | None = clock.boottime_ns() + grace_ns
        self._loss_is_told = False

    def came(self) -> None:
        self._tell_at = None
        if self._loss_is_told:
            self._loss_is_told = False
            self._post(DeviceRestored(at=self._clock.now(), device="broker", lane=None, role="broker"))

    def went(self) -> None:
        self._tell_at = self._clock.boottime_ns() + self._grace_ns

    def due(self) -> int | None:
        """When `tell` has something to say, in boot-time nanoseconds; None for never, as things are."""
        return self._tell_at

    def tell(self, why: str) -> None:
        """Post the loss if it is due."""
        if self._tell_at is None or self._clock.boottime_ns() < self._tell_at:
            return
        self._tell_at = None
        self._loss_is_told = True
        self._post(DeviceLost(at=self._clock.now(), device="broker", lane=None, role="broker", why=why))
