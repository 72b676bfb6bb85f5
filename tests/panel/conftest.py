"""A guardhouse for each test, and a browser-like client that can sign in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from daemon.panel import auth
from daemon.runtime.clock import ManualClock
from tests.panel.guardhouse import Guardhouse, guardhouse

PASSWORD = "四季平安-2026"


class Visitor:
    """Somebody with a browser: keeps cookies, follows nothing, sends what a form of the page would send."""

    def __init__(self, house: Guardhouse, client: TestClient) -> None:  # type: ignore[type-arg]  # any app
        self.house = house
        self.client = client
        self.token = ""

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self.client.get(path, allow_redirects=False, headers={"Accept": "text/html", **headers})

    async def post(
        self, path: str, token: str | None = None, origin: str | None = None, **form: str
    ) -> ClientResponse:
        return await self.client.post(
            path,
            data={"token": self.token if token is None else token, **form},
            headers={"Accept": "text/html", "Origin": self.origin if origin is None else origin},
            allow_redirects=False,
        )

    async def read_token(self, path: str) -> None:
        page = await (await self.get(path)).text()
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        assert found is not None, page
        self.token = found[1]

    async def sign_in(self, name: str, password: str) -> ClientResponse:
        await self.read_token("/login")
        return await self.post("/login", name=name, password=password)

    async def sign_in_anew(self, name: str, password: str) -> ClientResponse:
        """The same from a browser in which nobody is signed in."""
        self.client.session.cookie_jar.clear()
        return await self.sign_in(name, password)

    async def start_work(self, name: str = "guard", role: str = "guard") -> None:
        """Sign in with a password of one's own."""
        accounts = self.house.store.accounts
        secret = auth.make_secret(PASSWORD)
        if accounts.get(name) is None:
            accounts.add(name, role, secret, must_change=False)  # type: ignore[arg-type]  # a role by its name
        else:
            accounts.set_secret(name, secret)
        answer = await self.sign_in(name, PASSWORD)
        assert answer.status == 303, await answer.text()
        await self.read_token("/password")


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scrypt at a fraction of its price: these tests sign in hundreds of times."""
    monkeypatch.setattr(auth, "SCRYPT_N", 2**4)
    monkeypatch.setattr(auth, "SCRYPT_P", 1)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guardhouse]:
    async with guardhouse(tmp_path) as built:
        await built.at_rest()
        yield built


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def visitor(house: Guardhouse) -> AsyncIterator[Visitor]:
    async with TestClient(TestServer(house.app, host="127.0.0.1")) as client:
        yield Visitor(house, client)


@pytest.fixture
async def guard(visitor: Visitor) -> Visitor:
    """A guard who has signed in."""
    await visitor.start_work()
    return visitor
