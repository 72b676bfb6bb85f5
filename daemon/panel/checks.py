"""Who may ask for what: every request passes here before any handler sees it.

The law of this file: what is not listed is refused. A route without an entry in the table of access serves
nobody; a POST needs the right origin and the token of its own session's forms; a Host that could be another
site's name for this machine (DNS rebinding) is refused.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from urllib.parse import urlsplit

from aiohttp import web

from daemon.panel.auth import Person, form_token, to_bytes
from daemon.panel.desk import PERSON, Desk, desk_of
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with that, browsers send "Origin: null" with a plain form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "gatepost",
}


class Access(StrEnum):
    ANYONE = "anyone"
    SIGNED_IN = "signed_in"
    """Also with a one-time password that has not been replaced yet."""
    WORKING = "working"
    """Signed in, with a password of one's own."""


ACCESS: web.AppKey[dict[tuple[str, str], Access]] = web.AppKey("access", dict)
"""(method, path pattern) to who may."""


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """For `app.on_response_prepare`: every answer carries them, errors and streams too."""
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def guard_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    desk = desk_of(request)
    if not host_is_ours(request.host, desk.host_names):
        raise web.HTTPMisdirectedRequest(text="此地址不是本机 · not a name of this machine\n")
    resource = request.match_info.route.resource
    if resource is None:
        raise web.HTTPNotFound(text="没有这个页面 · no such page\n")
    access = request.app[ACCESS].get((request.method, resource.canonical))
    if access is None:
        raise web.HTTPForbidden(text="没有这个操作 · not to be asked for\n")
    person = desk.sessions.who(request.cookies.get(desk.session_cookie))
    if access is not Access.ANYONE:
        if person is None:
            return _sign_in_first(request)
        if access is Access.WORKING and person.must_change:
            return _change_password_first(request)
    if request.method == "POST":
        await _check_post(request, desk, person if access is not Access.ANYONE else None)
    if person is not None:
        request[PERSON] = person
    try:
        return await handler(request)
    except StoreError as refused:
        log.warning("panel: %s %s: %s", request.method, request.path, refused)
        raise web.HTTPServiceUnavailable(
            text="门岗的存储写不进去 · the disk of the gate refuses\n"
        ) from refused


def host_is_ours(host: str, names: frozenset[str]) -> bool:
    """True for an address, for localhost and for the names given: an address cannot be rebound by DNS."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name in names or name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _check_post(request: web.Request, desk: Desk, person: Person | None) -> None:
    origin = request.headers.get("Origin")
    if origin not in (f"http://{request.host}", f"https://{request.host}"):
        log.warning(
            "panel: POST %s from origin %.80r refused, host is %.80r", request.path, origin, request.host
        )
        raise web.HTTPForbidden(text="请求来自别的网站，已拒绝 · asked by another site\n")
    cookie = person.token if person is not None else request.cookies.get(desk.visit_cookie, "")
    given = request.headers.get("X-CSRF-Token")
    if given is None:
        given = (await form_of(request)).get("token", "")
    if not cookie or not hmac.compare_digest(to_bytes(given), form_token(cookie).encode()):
        log.warning("panel: POST %s with a wrong form token refused", request.path)
        raise web.HTTPForbidden(
            text="页面已过期，请返回刷新后再试 · this page is out of date, load it again\n"
        )


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a plain form. Raises HTTPException for anything else a body may be."""
    if request.body_exists and request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="只收普通表单 · plain forms only\n")
    try:
        fields = await request.post()
    except (ValueError, LookupError) as nonsense:
        raise web.HTTPBadRequest(text="表单无法读取 · the form cannot be read\n") from nonsense
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _sign_in_first(request: web.Request) -> web.StreamResponse:
    return _go(request, "/login", 401, "请先登录 · sign in first\n")


def _change_password_first(request: web.Request) -> web.StreamResponse:
    return _go(request, "/password", 403, "请先修改密码 · change the password first\n")


def _go(request: web.Request, where: str, status: int, text: str) -> web.StreamResponse:
    """A browser that wants a page is sent there; htmx is told to go; anything else gets the bare status."""
    is_page = "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers
    if is_page:
        return web.Response(status=303, headers={"Location": where})
    return web.Response(status=status, text=text, headers={"HX-Redirect": where})
