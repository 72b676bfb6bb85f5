"""One RTSP connection: over TCP, decoded by OpenCV's FFMPEG, always at its newest picture.

The law of this file: a picture that `read()` returns was taken after `read()` was called, to within the
jitter of the network. What has piled up since the last call is thrown away; a stream that cannot be caught up
with in time is lost, and its connection is never read from again.

Found by measuring OpenCV 5.0 with FFMPEG (see tests/drivers/test_rtsp_camera.py):
- a `grab()` that runs into its timeout returns True with the old picture: only the stream time tells;
- opening takes as long as the stream is analysed, 3 s for ten frames a second, so that is cut to 1 s;
- `fflags;nobuffer` throws the analysed frames away and then waits for the next key frame, which a camera may
  send every 4 s only; the backlog is read and dropped instead, in milliseconds;
- decoding in more than one thread holds back a frame for each.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from drivers.cameras.freshness import StreamClock, boottime_ns
from drivers.cameras.login import masked, with_login
from drivers.cameras.rtsp_probe import describe
from drivers.errors import DeviceLost, DeviceUnusable
from drivers.protocols import Frame

if TYPE_CHECKING:
    from drivers.cameras.login import Login, LoginGuard
    from drivers.protocols import Image

_FFMPEG_OPTIONS = "rtsp_transport;tcp|flags;low_delay|analyzeduration;1000000"


class RtspStream:
    """`open()` ends within 2 x open_timeout_s, `read()` within 2 x read_timeout_s."""

    def __init__(
        self,
        url: str,
        login: Login | None,
        guard: LoginGuard,
        *,
        open_timeout_s: float,
        read_timeout_s: float,
    ) -> None:
        """`url` without userinfo."""
        self._url, self._login, self._guard = url, login, guard
        self._open_timeout_s, self._read_timeout_s = open_timeout_s, read_timeout_s
        self._where = f"camera {masked(url)}"
        self._capture: Any = None
        self._clock = StreamClock()

    def open(self) -> None:
        """Connect and wait for pictures. Raises DeviceLost or DeviceUnusable, saying which step failed."""
        self._guard.check(self._login)
        status = describe(self._url, self._login, timeout_s=self._open_timeout_s)
        match status:
            case 200:
                self._guard.accepted()
            case 401:
                raise self._guard.refused(self._where, self._login)
            case 403 | 404:
                raise DeviceUnusable(
                    f"摄像机没有此码流 / {self._where}: answered {status}, no such stream; "
                    "correct the path in url"
                )
            case _:
                raise DeviceLost(f"摄像机拒绝供流 / {self._where}: answered DESCRIBE with {status}")
        self._capture = self._connected()
        self._clock = StreamClock()

    def _connected(self) -> Any:
        import cv2

        # The only way to give FFMPEG options through OpenCV. The process has no other use for the variable.
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _FFMPEG_OPTIONS
        settings = {
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: int(self._open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC: int(self._read_timeout_s * 1000),
            cv2.CAP_PROP_N_THREADS: 1,
        }
        flat = [number for pair in settings.items() for number in pair]
        capture = cv2.VideoCapture(with_login(self._url, self._login), cv2.CAP_FFMPEG, flat)
        if not capture.isOpened():
            capture.release()
            raise DeviceLost(
                f"摄像机不出图 / {self._where}: answers, but sent no picture within "
                f"{self._open_timeout_s:g} s; is the stream H.264 or H.265, and running?"
            )
        return capture

    def read(self) -> Frame:
        """The first picture taken from now on. Raises DeviceLost where it is late or broken."""
        import cv2

        if self._capture is None:
            raise DeviceLost(f"摄像机未连接 / {self._where}: not open")
        asked_ns, limit_ns = boottime_ns(), int(self._read_timeout_s * 1e9)
        while True:
            came = self._capture.grab()
            arrived_ns = boottime_ns()
            taken_ns = self._clock.taken_ns(
                stream_ns=int(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6), arrived_ns=arrived_ns
            )
            if arrived_ns - asked_ns > limit_ns:
                raise DeviceLost(
                    f"码流停顿 / {self._where}: no fresh picture within {self._read_timeout_s:g} s"
                )
            if not came:
                raise DeviceLost(f"码流中断 / {self._where}: the stream ended")
            if taken_ns is not None and taken_ns >= asked_ns:
                return Frame(self._decoded(), taken_ns)

    def _decoded(self) -> Image:
        decoded, image = self._capture.retrieve()
        if not decoded or image is None or image.size == 0:
            raise DeviceLost(f"画面无法解码 / {self._where}: a picture came that does not decode")
        return cast("Image", image)

    def close(self) -> None:
        """Give the connection back; any time, any number of times."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
