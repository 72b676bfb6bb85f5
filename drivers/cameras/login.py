"""A camera's user name and password: where they come from, and how often they may be tried.

The law of this file: a password is read from its file at each opening, lives in memory only, and is in no
message, no `repr` and no log line. Cameras lock an account after a handful of wrong tries, whoever else is
using it, so we stop after two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from drivers import protocols
from drivers.cameras.freshness import boottime_ns
from drivers.errors import DeviceLost, DeviceUnusable

if TYPE_CHECKING:
    from typing import Self

TRIES = 2


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str = field(repr=False)


class LoginOptions(protocols.Options):
    """The keys with which a camera driver is told how to log in."""

    username: str | None = None
    password_file: Annotated[Path, Field(strict=False)] | None = None
    """A file with the password alone; relative to config.yaml. Readable by the gate's user only."""
    login_pause_s: float = Field(1800.0, gt=0)
    """After two refused logins the camera is left alone for this long, lest it lock the account."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username 与 password_file 须同时填写 / username and password_file go together")
        return self

    def login(self, config_dir: Path) -> Login | None:
        """User name and password; None where none are configured. Raises DeviceUnusable for a bad file."""
        if self.username is None or self.password_file is None:
            return None
        path = config_dir / self.password_file
        try:
            password = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as problem:
            raise DeviceUnusable(
                f"密码文件无法读取 / password_file {path} cannot be read ({type(problem).__name__}): "
                "give a UTF-8 text file that holds the password alone"
            ) from None
        if not password:
            raise DeviceUnusable(f"密码文件为空 / password_file {path} is empty: write the password into it")
        return Login(self.username, password)


class LoginGuard:
    """Counts refused logins of one camera, across openings."""

    def __init__(self, pause_s: float) -> None:
        self._pause_ns = int(pause_s * 1e9)
        self._refused: Login | None = None
        self._tries = 0
        self._paused_until_ns = 0

    def check(self, login: Login | None) -> None:
        """Raises DeviceUnusable while this login must not be tried again. A changed login may be, at once."""
        if login != self._refused:
            self._refused, self._tries, self._paused_until_ns = login, 0, 0
        left_ns = self._paused_until_ns - boottime_ns()
        if left_ns > 0:
            raise DeviceUnusable(
                f"用户名或密码错误，暂停登录 / login refused {TRIES} times, not tried again for "
                f"{left_ns / 6e10:.1f} min lest the camera lock the account: "
                "correct username or password_file"
            )

    def refused(self, where: str, login: Login | None) -> DeviceLost | DeviceUnusable:
        """Count a refusal; the error to raise for it."""
        self._tries += 1
        if login is None:
            return DeviceUnusable(
                f"需要用户名和密码 / {where} asks for a login (401): set username and password_file"
            )
        if self._tries < TRIES:
            return DeviceLost(
                f"登录被拒 / {where} refused the login of {login.username!r} (401), one more try"
            )
        self._tries = 0
        self._paused_until_ns = boottime_ns() + self._pause_ns
        return DeviceUnusable(
            f"用户名或密码错误 / {where} refused the login of {login.username!r} {TRIES} times (401): "
            "correct username or password_file"
        )

    def accepted(self) -> None:
        self._tries = 0


# ---------------------------------------------------------------- addresses


def masked(url: str) -> str:
    """The URL as people may see it: without user name, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(
        netloc=f"***@{host}" if "@" in parts.netloc else host, query="", fragment=""
    ).geturl()


def login_in(url: str) -> Login | None:
    """The login that a URL carries, percent-decoded."""
    parts = urlsplit(url)
    return Login(unquote(parts.username), unquote(parts.password or "")) if parts.username else None


def without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def with_login(url: str, login: Login | None) -> str:
    """The URL as FFMPEG wants it, the only way to give it a login. Never for a message."""
    parts = urlsplit(without_login(url))
    if login is None:
        return parts.geturl()
    return parts._replace(
        netloc=f"{quote(login.username, safe='')}:{quote(login.password, safe='')}@{parts.netloc}"
    ).geturl()


def _rtsp(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "rtsp" or not parts.hostname:
        raise ValueError("须为 rtsp://主机[:端口]/路径 / must be rtsp://host[:port]/path")
    _ = parts.port  # raises ValueError for a port that is no number up to 65535
    return url


RtspUrl = Annotated[str, AfterValidator(_rtsp)]
