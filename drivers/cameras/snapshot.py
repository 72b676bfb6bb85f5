"""Single JPEG pictures by HTTP, as most cameras offer beside their stream.

The law of this file: one request, one deadline, one picture asked for after the call began. The login goes to
the configured host alone: redirects are not followed, proxies and .netrc are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from drivers.cameras.freshness import boottime_ns
from drivers.cameras.login import masked
from drivers.errors import DeviceLost
from drivers.protocols import Frame

if TYPE_CHECKING:
    import requests

    from drivers.cameras.login import Login, LoginGuard
    from drivers.protocols import Image

_LARGEST = 16 * 2**20


class Snapshots:
    """Pictures from one address. `read()` ends within twice `timeout_s`."""

    def __init__(self, url: str, login: Login | None, guard: LoginGuard, *, timeout_s: float) -> None:
        import requests
        from requests.auth import HTTPDigestAuth

        self._url, self._login, self._guard, self._timeout_s = url, login, guard, timeout_s
        self._where = f"camera {masked(url)}"
        self._session = requests.Session()
        self._session.trust_env = False
        if login is not None:
            self._session.auth = HTTPDigestAuth(login.username, login.password)

    def read(self) -> Frame:
        """A picture made for this call. Raises DeviceLost or DeviceUnusable, saying why."""
        import cv2
        import numpy as np
        import requests
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        self._guard.check(self._login)
        asked_ns = boottime_ns()
        try:
            with self._session.get(
                self._url, timeout=self._timeout_s, stream=True, allow_redirects=False
            ) as answer:
                body = self._body(answer, asked_ns + int(self._timeout_s * 1e9))
        except (requests.Timeout, ReadTimeoutError):
            raise self._late() from None
        except (requests.RequestException, HTTPError) as problem:
            # The exception's own text may hold the address with its query.
            raise DeviceLost(f"抓图失败 / {self._where}: no snapshot ({type(problem).__name__})") from None
        self._guard.accepted()
        image = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) if body else None
        if image is None:
            raise DeviceLost(f"图片无法解码 / {self._where}: {len(body)} bytes came that are no picture")
        return Frame(cast("Image", image), asked_ns)

    def _body(self, answer: requests.Response, deadline_ns: int) -> bytes:
        if answer.status_code == 401:
            raise self._guard.refused(self._where, self._login)
        if answer.status_code != 200:
            raise DeviceLost(f"抓图失败 / {self._where}: answered {answer.status_code}")
        body = bytearray()
        # read1 gives what has come, however little: a trickle must not outlast the deadline.
        while piece := answer.raw.read1(65536, decode_content=True):
            body += piece
            if boottime_ns() > deadline_ns:
                raise self._late()
            if len(body) > _LARGEST:
                raise DeviceLost(f"抓图过大 / {self._where}: more than {_LARGEST} bytes for one picture")
        return bytes(body)

    def _late(self) -> DeviceLost:
        return DeviceLost(f"抓图超时 / {self._where}: no snapshot within {self._timeout_s:g} s")

    def close(self) -> None:
        self._session.close()
