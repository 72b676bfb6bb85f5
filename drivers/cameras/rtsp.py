"""An IP camera by RTSP.

```yaml
camera:
  driver: rtsp
  url: rtsp://192.168.1.64:554/Streaming/Channels/101
  username: gate                # 用户名
  password_file: camera.secret  # 只含密码的文件 / a file with the password alone
  open_timeout_s: 5
  read_timeout_s: 2
  frozen_after_s: 10            # 画面完全不变多久算故障 / identical pictures for this long are a fault
```

The law of this file: whatever goes wrong, the connection is closed before the error is raised, so that no
picture is ever taken from a stream that has failed once. What a fresh picture is says `rtsp_stream`.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from drivers import protocols
from drivers.cameras.freshness import StillWatch
from drivers.cameras.login import LoginGuard, LoginOptions, RtspUrl, login_in, masked, without_login
from drivers.cameras.rtsp_stream import RtspStream
from drivers.errors import DeviceLost
from drivers.protocols import Context, Frame


class RtspOptions(LoginOptions):
    """Keys under `camera:` for `driver: rtsp`."""

    url: RtspUrl
    """A login in the URL works; `username` and `password_file` keep it out of config.yaml and come first."""
    open_timeout_s: float = Field(5.0, gt=0, le=30)
    """For the greeting and again for the first picture."""
    read_timeout_s: float = Field(2.0, gt=0, le=30)
    """A picture that takes longer is late. More than two frames of the stream."""
    frozen_after_s: float = Field(10.0, ge=0)
    """0 switches it off."""


class RtspCamera:
    """`open()` ends within 2 x open_timeout_s, `read()` within 2 x read_timeout_s."""

    Options: ClassVar[type[protocols.Options]] = RtspOptions

    def __init__(self, options: RtspOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._where = f"camera {masked(options.url)}"
        self._guard = LoginGuard(options.login_pause_s)
        self._still = StillWatch(options.frozen_after_s, self._where)
        self._stream: RtspStream | None = None

    def open(self) -> None:
        """Connect and wait for pictures. Raises DeviceLost or DeviceUnusable, saying which step failed."""
        self.close()
        options = self._options
        stream = RtspStream(
            without_login(options.url),
            options.login(self._context.config_dir) or login_in(options.url),
            self._guard,
            open_timeout_s=options.open_timeout_s,
            read_timeout_s=options.read_timeout_s,
        )
        stream.open()
        self._stream = stream

    def read(self) -> Frame:
        """The first picture taken from now on. Raises DeviceLost where it is late, broken or frozen."""
        if self._stream is None:
            raise DeviceLost(f"摄像机未连接 / {self._where}: not open")
        try:
            return self._still.checked(self._stream.read())
        except DeviceLost:
            self.close()
            raise

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
