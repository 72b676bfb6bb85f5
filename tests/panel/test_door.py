"""Every route, with every way of not being let in: a matrix made from the application itself."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from aiohttp import web

from daemon.core.facts import ActionRefused
from daemon.core.reasons import Reason
from daemon.panel.auth import form_token
from daemon.panel.checks import ACCESS, Access, host_is_ours
from daemon.panel.routes import ROUTES
from daemon.panel.server import serve
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import Guardhouse

PLACES = {"lane": "entry-1", "action": "open", "path": "panel.css", "number": "1", "report": "flow"}

ASKED_FOR = [
    (route.method, re.sub(":[^}]+", "", route.path).format(**PLACES), route.access) for route in ROUTES
]
CLOSED = [(method, path) for method, path, access in ASKED_FOR if access is not Access.ANYONE]
POSTS = [path for method, path, _ in ASKED_FOR if method == "POST"]


async def knock(visitor: Visitor, method: str, path: str) -> int:
    answer = await (visitor.get(path) if method == "GET" else visitor.post(path, quick="检修测试"))
    assert "Content-Security-Policy" in answer.headers
    if answer.status == 303:
        assert answer.headers["Location"] == "/login"
    return answer.status


async def test_every_route_of_the_application_is_in_the_table_of_access(house: Guardhouse) -> None:
    served = {
        (route.method, route.resource.canonical) for route in house.app.router.routes() if route.resource
    }
    assert served == set(house.app[ACCESS])
    open_to_all = {place for place, access in house.app[ACCESS].items() if access is Access.ANYONE}
    assert open_to_all == {("GET", "/login"), ("POST", "/login"), ("GET", "/static/{path}")}


async def test_a_route_that_nobody_listed_serves_nobody(house: Guardhouse, visitor: Visitor) -> None:
    await visitor.start_work()
    house.app[ACCESS].pop(("GET", "/passages"))
    assert (await visitor.get("/passages")).status == 403


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_without_a_session_nothing_is_shown_or_done(visitor: Visitor, method: str, path: str) -> None:
    await visitor.read_token("/login")
    assert await knock(visitor, method, path) == 303
    assert visitor.house.asked == []


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_with_a_stale_session_nothing_is_shown_or_done(guard: Visitor, method: str, path: str) -> None:
    guard.house.clock.advance(timedelta(hours=13))
    assert await knock(guard, method, path) == 303
    assert guard.house.asked == []


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", ["", "0" * 64, form_token("another session")])
async def test_with_a_wrong_form_token_nothing_is_done(guard: Visitor, path: str, token: str) -> None:
    assert (await guard.post(path, token=token, quick="检修测试")).status == 403
    assert guard.house.asked == []
    assert (await guard.get("/")).status == 200, "the session is still there"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_site_can_post_nothing(guard: Visitor, path: str, origin: str) -> None:
    assert (await guard.post(path, origin=origin, quick="检修测试")).status == 403
    assert guard.house.asked == []


async def test_scripts_and_streams_are_told_and_not_redirected(visitor: Visitor) -> None:
    for path, accept in (("/live", "text/event-stream"), ("/alive", "*/*"), ("/pictures/a.jpg", "image/*")):
        answer = await visitor.get(path, Accept=accept)
        assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/login")


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("guard", {"open", "close", "stop", "release", "refuse"}),
        ("leader", {"open", "close", "stop", "release", "refuse"}),
        ("supervisor", {"open", "close", "stop", "release", "refuse"}),
        ("installer", {"open", "close", "stop"}),
        ("office", set()),
    ],
)
async def test_each_role_may_do_what_is_its_own(visitor: Visitor, role: str, may: set[str]) -> None:
    await visitor.start_work(f"某{role}", role)
    allowed = set()
    for action in ("open", "close", "stop", "release", "refuse"):
        answer = await visitor.post(f"/lanes/entry-1/{action}", quick="检修测试", passage="nobody")
        if answer.status == 403:
            assert "无权操作" in await answer.text()
        else:
            allowed.add(action)
    assert allowed == may
    refused = [fact for _, fact in visitor.house.store.facts() if isinstance(fact, ActionRefused)]
    tried_in_vain = {fact.action for fact in refused if fact.reason is Reason.ROLE_NOT_ALLOWED}
    assert tried_in_vain == {"open", "close", "stop", "release", "refuse"} - may, "and that is on record"
    assert all(fact.by.name == f"某{role}" for fact in refused)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8080", True),
        ("192.168.1.20:8080", True),
        ("[::1]:8080", True),
        ("localhost", True),
        ("gate-east.local:8080", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example:8080", False),
        ("", False),
        ("[broken", False),
    ],
)
def test_only_an_address_or_a_name_of_this_machine_is_a_host(host: str, *, ours: bool) -> None:
    assert host_is_ours(host, frozenset({"gate-east.local"})) is ours


async def test_a_rebound_name_reaches_no_page(guard: Visitor) -> None:
    assert (await guard.get("/", Host="evil.example")).status == 421


async def test_pages_allow_no_script_but_their_own_and_no_frame(guard: Visitor) -> None:
    answer = await guard.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    page = await answer.text()
    assert "<style" not in page
    assert "style=" not in page
    assert "<script>" not in page


async def test_a_port_that_is_taken_is_named_with_what_to_do(house: Guardhouse) -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    first = asyncio.create_task(serve(house.app, "127.0.0.1", 0, listening=told.set_result))
    port = int((await told).rpartition(":")[2])
    try:
        with pytest.raises(OSError, match=rf"127.0.0.1 port {port}: another program listens there already"):
            await serve(web.Application(), "127.0.0.1", port)
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
