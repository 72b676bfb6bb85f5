"""An IP camera by ONVIF: the device says where its stream or its snapshots are.

```yaml
camera:
  driver: onvif
  host: 192.168.1.64
  port: 80
  username: gate                # 用户名
  password_file: camera.secret  # 只含密码的文件 / a file with the password alone
  source: stream                # stream 视频流，snapshot 抓图
  profile: MainStream           # 可省，默认第一个 / may be left out: the first
```

The law of this file: ONVIF is asked for addresses only, once; they are kept until they fail. Pictures then
come from the RTSP reader or by HTTP, under the same promises as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from drivers import protocols
from drivers.cameras.freshness import StillWatch
from drivers.cameras.login import LoginGuard, LoginOptions, without_login
from drivers.cameras.onvif_device import LoginRefused, pictures
from drivers.cameras.rtsp_stream import RtspStream
from drivers.cameras.snapshot import Snapshots
from drivers.errors import DeviceError, DeviceLost, DeviceUnusable
from drivers.protocols import Context, Frame

if TYPE_CHECKING:
    from drivers.cameras.login import Login


class OnvifOptions(LoginOptions):
    """Keys under `camera:` for `driver: onvif`."""

    host: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    port: int = Field(80, ge=1, le=65535)
    source: Literal["stream", "snapshot"] = "stream"
    profile: str | None = None
    """Token or name of a media profile."""
    open_timeout_s: float = Field(5.0, gt=0, le=30)
    """For each question to the device, and as for `rtsp`."""
    read_timeout_s: float = Field(2.0, gt=0, le=30)
    frozen_after_s: float = Field(10.0, ge=0)
    """0 switches it off."""


class OnvifCamera:
    """`open()` asks five questions at most, each within open_timeout_s, then opens as the source does."""

    Options: ClassVar[type[protocols.Options]] = OnvifOptions

    def __init__(self, options: OnvifOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._where = f"ONVIF device {options.host}:{options.port}"
        self._guard = LoginGuard(options.login_pause_s)
        self._still = StillWatch(options.frozen_after_s, self._where)
        self._url: str | None = None
        self._source: RtspStream | Snapshots | None = None

    def open(self) -> None:
        """Find the pictures and start on them. Raises DeviceLost or DeviceUnusable: which step failed."""
        self.close()
        login = self._options.login(self._context.config_dir)
        self._guard.check(login)
        if self._url is None:
            self._url = self._ask(login)
        try:
            self._source = self._started(self._url, login)
        except DeviceError:
            # It may have moved: ask again next time.
            self._url = None
            raise

    def _ask(self, login: Login | None) -> str:
        options = self._options
        try:
            found = pictures(
                options.host, options.port, login, profile=options.profile, timeout_s=options.open_timeout_s
            )
        except LoginRefused:
            raise self._guard.refused(self._where, login) from None
        self._guard.accepted()
        url = found.stream_url if options.source == "stream" else found.snapshot_url
        if url is None:
            raise DeviceUnusable(
                f"设备不提供 {options.source} / {self._where}: profile {found.profile} offers no "
                f"{options.source}; set source: {'snapshot' if options.source == 'stream' else 'stream'}"
            )
        return url

    def _started(self, url: str, login: Login | None) -> RtspStream | Snapshots:
        options = self._options
        if options.source == "snapshot":
            return Snapshots(url, login, self._guard, timeout_s=options.read_timeout_s)
        stream = RtspStream(
            without_login(url),
            login,
            self._guard,
            open_timeout_s=options.open_timeout_s,
            read_timeout_s=options.read_timeout_s,
        )
        stream.open()
        return stream

    def read(self) -> Frame:
        """A picture taken from now on. Raises DeviceLost where it is late, broken or frozen."""
        if self._source is None:
            raise DeviceLost(f"摄像机未连接 / {self._where}: not open")
        try:
            return self._still.checked(self._source.read())
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
