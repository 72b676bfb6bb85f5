"""Is this picture fresh? Answered from time stamps and bytes alone.

The law of this file: pure bookkeeping over numbers that the caller measured. Nothing here waits, reads a
device or trusts a camera's idea of the time of day: only the advance of its stream clock counts.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

from drivers.errors import DeviceLost

if TYPE_CHECKING:
    from drivers.protocols import Frame

_WINDOW_NS = 30 * 10**9
# Quartz clocks differ by up to 100 parts in a million: 6 ms over two windows, well under a frame.
_SETTLED_NS = 5 * 10**6


def boottime_ns() -> int:
    """CLOCK_BOOTTIME, as `Frame.taken_ns` wants it."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class StreamClock:
    """Tells, for each frame of one connection, when it was taken on our own clock.

    A frame's stream time says when it was taken relative to its neighbours; the quickest arrival of the last
    minute says what that is on our clock. A frame that waited in a buffer therefore shows by how long it did.
    """

    def __init__(self) -> None:
        self._quickest: list[int] = []
        self._window_began = 0
        self._stream_ns: int | None = None

    def taken_ns(self, *, stream_ns: int, arrived_ns: int) -> int | None:
        """When the frame was taken; None where that cannot be told, as in the backlog of a new connection."""
        delay = arrived_ns - stream_ns
        before_ns, self._stream_ns = self._stream_ns, stream_ns
        quickest = min(self._quickest, default=None)
        self._remember(delay, arrived_ns)
        if quickest is None or before_ns is None or stream_ns <= before_ns:
            # Nothing to compare with. (FFMPEG gives the first two frames the same time, and hands out the
            # last frame again when a read has timed out.)
            return None
        if delay < quickest - _SETTLED_NS:
            # Quicker than all before it: those had waited in a buffer, and this one may have, too.
            return None
        return arrived_ns - max(0, delay - quickest)

    def _remember(self, delay: int, arrived_ns: int) -> None:
        if not self._quickest or arrived_ns - self._window_began > _WINDOW_NS:
            self._quickest = [*self._quickest[-1:], delay]
            self._window_began = arrived_ns
        else:
            self._quickest[-1] = min(self._quickest[-1], delay)


class StillWatch:
    """Notices a camera that repeats one picture to the last bit, as a hung encoder does.

    A dark or unmoving scene is no such thing: sensor noise and the burned-in time change every picture. It
    outlives a connection on purpose: a reconnect does not thaw a frozen camera.
    """

    def __init__(self, limit_s: float, where: str) -> None:
        """`limit_s` 0 lets everything pass."""
        self._limit_ns = int(limit_s * 1e9)
        self._where = where
        self._digest: int | None = None
        self._since_ns = 0

    def checked(self, frame: Frame) -> Frame:
        """The same frame. Raises DeviceLost where its picture has been the same for the limit."""
        digest = zlib.crc32(frame.image.data)
        if digest != self._digest:
            self._digest, self._since_ns = digest, frame.taken_ns
        still_ns = frame.taken_ns - self._since_ns
        if 0 < self._limit_ns <= still_ns:
            raise DeviceLost(
                f"画面冻结 / {self._where}: the same picture to the last bit for {still_ns / 1e9:.0f} s; "
                "restart the camera"
            )
        return frame
