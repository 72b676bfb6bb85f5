"""A guard at the panel of a running gate: what a browser sends, without the browser."""

from __future__ import annotations

import re
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.system.gate import Gate

OWN_PASSWORD = "杆下有车-4711"


class Guard:
    """Signed in with the printed one-time password, which is replaced at once."""

    def __init__(self, gate: Gate) -> None:
        self.address = gate.hears("门岗面板").rpartition(" ")[2].rstrip("/")
        self.one_time_password = _between(gate.hears("一次性密码"), "一次性密码 ", "（")
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))

    def signs_in(self, password: str) -> tuple[int, str]:
        token = _token(self.get("/login")[1])
        return self.post("/login", name="guard", password=password, token=token)

    def replaces_the_password(self) -> tuple[int, str]:
        token = _token(self.get("/password")[1])
        return self.post(
            "/password", old=self.one_time_password, new=OWN_PASSWORD, again=OWN_PASSWORD, token=token
        )

    def starts_work(self) -> Guard:
        assert self.signs_in(self.one_time_password)[0] == 200
        assert self.replaces_the_password()[0] == 200
        return self

    def asks(self, lane: str, action: str, reason: str = "访客") -> tuple[int, str]:
        token = _between(self.get("/")[1], '"X-CSRF-Token": "', '"')
        return self.post(f"/lanes/{lane}/{action}", reason=reason, token=token)

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(path, {}, None)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        return self._ask(path, {"Origin": self.address}, urlencode(fields).encode())

    def _ask(self, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str]:
        request = Request(  # noqa: S310 - the panel's own address, always http
            self.address + path, body, {"Accept": "text/html", **headers}
        )
        try:
            answer: HTTPResponse = self._browser.open(request, timeout=60)
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        with answer:
            return answer.status, answer.read().decode()


def _token(page: str) -> str:
    return _between(page, 'name="token" value="', '"')


def _between(text: str, before: str, after: str) -> str:
    found = re.search(re.escape(before) + "(.+?)" + re.escape(after), text)
    assert found is not None, f"{before!r} is not in {text!r:.300}"
    return found[1]
