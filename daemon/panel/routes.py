"""The table of routes, and the handlers of pages.

The law of this file: `ROUTES` is all there is, and each row says who may.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from daemon.core.reasons import Words
from daemon.panel import asks, receipts, reports
from daemon.panel.auth import SESSION_LIFE, NotSignedIn, SignedIn, form_token, pause_words
from daemon.panel.checks import Access, Handler, form_of
from daemon.panel.desk import PERSON, Desk, desk_of, html, person_of
from daemon.panel.live import live

UNCHANGING = "private, max-age=86400, immutable"
PICTURE_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}


# ---------------------------------------------------------------- signing in and out


async def login_page(request: web.Request) -> web.StreamResponse:
    if PERSON in request:
        return _go("/")
    return _login(request, None, 200)


async def login(request: web.Request) -> web.StreamResponse:
    desk = desk_of(request)
    form = await form_of(request)
    name, password = form.get("name", ""), form.get("password", "")
    result = await desk.sessions.sign_in(name, password, request.remote or "")
    if isinstance(result, SignedIn):
        if PERSON in request:  # whoever sat here before is gone
            desk.sessions.sign_out(request[PERSON])
        return _with_session(desk, request, _go("/"), result.token)
    if result.pause > timedelta():
        response = _login(request, pause_words(result.pause), 429, name=name)
        response.headers["Retry-After"] = str(math.ceil(result.pause.total_seconds()))
        return response
    return _login(request, Words("姓名或密码不对", "wrong name or password"), 401, name=name)


async def logout(request: web.Request) -> web.StreamResponse:
    desk = desk_of(request)
    desk.sessions.sign_out(person_of(request))
    response = _go("/login")
    response.del_cookie(desk.session_cookie, path="/", httponly=True, samesite="Strict")
    return response


async def password_page(request: web.Request) -> web.StreamResponse:
    return html(desk_of(request).pages.whole("password.html", person_of(request), problem=None))


async def password(request: web.Request) -> web.StreamResponse:
    desk, person = desk_of(request), person_of(request)
    form = await form_of(request)
    old, new, again = (form.get(key, "") for key in ("old", "new", "again"))
    result: SignedIn | NotSignedIn | Words
    if new != again:
        result = Words("两次输入的新密码不一致", "the new passwords differ")
    else:
        result = await desk.sessions.change_password(person, old, new)
    if isinstance(result, SignedIn):
        return _with_session(desk, request, _go("/"), result.token)
    return html(desk.pages.whole("password.html", person, problem=result), status=422)


def _login(request: web.Request, problem: Words | None, status: int, name: str = "") -> web.Response:
    desk = desk_of(request)
    visit = request.cookies.get(desk.visit_cookie) or secrets.token_urlsafe(32)
    page = desk.pages.whole("login.html", None, token=form_token(visit), problem=problem, name=name)
    response = html(page, status=status)
    _set_cookie(response, request, desk.visit_cookie, visit)
    return response


def _with_session(desk: Desk, request: web.Request, response: web.Response, token: str) -> web.Response:
    life = int(SESSION_LIFE.total_seconds())
    _set_cookie(response, request, desk.session_cookie, token, max_age=life)
    return response


def _set_cookie(
    response: web.Response, request: web.Request, name: str, value: str, max_age: int | None = None
) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path="/", httponly=True, samesite="Strict", secure=request.secure
    )


def _go(where: str) -> web.Response:
    return web.Response(status=303, headers={"Location": where})


# ---------------------------------------------------------------- what the guard sees


async def main_page(request: web.Request) -> web.StreamResponse:
    return html(desk_of(request).pages.main(person_of(request)))


async def passages_page(request: web.Request) -> web.StreamResponse:
    lane, before = request.query.get("lane") or None, request.query.get("before") or None
    return html(desk_of(request).pages.passages(person_of(request), lane, before))


async def alive(_request: web.Request) -> web.StreamResponse:
    """For a page that hears nothing: is the panel there, and am I still signed in?"""
    return web.Response(status=204)


async def picture(request: web.Request) -> web.StreamResponse:
    path = await asyncio.to_thread(picture_path, desk_of(request).gate.evidence, request.match_info["path"])
    if path is None:
        raise web.HTTPNotFound(text="没有这张图片 · no such picture\n")
    kind = PICTURE_TYPES[path.suffix]
    return web.FileResponse(path, headers={"Cache-Control": UNCHANGING, "Content-Type": kind})


def picture_path(evidence: Path, reference: str) -> Path | None:
    """The picture's file, or None where there is none, or where the reference leads out of the folder."""
    folder = evidence.resolve()
    try:
        path = (folder / reference).resolve()
        is_there = path.is_file()
    except (OSError, ValueError):  # a name that no disk takes: too long, or with a zero in it
        return None
    return path if is_there and path.is_relative_to(folder) and path.suffix in PICTURE_TYPES else None


async def static(request: web.Request) -> web.StreamResponse:
    found = desk_of(request).static.get(request.match_info["path"])
    if found is None:
        raise web.HTTPNotFound(text="没有这个文件 · no such file\n")
    return web.Response(
        body=found.body,
        content_type=found.content_type,
        charset="utf-8",
        headers={"Cache-Control": UNCHANGING},
    )


# ---------------------------------------------------------------- all there is


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    access: Access
    handler: Handler


ROUTES: Sequence[Route] = (
    Route("GET", "/login", Access.ANYONE, login_page),
    Route("POST", "/login", Access.ANYONE, login),
    Route("GET", "/static/{path:.+}", Access.ANYONE, static),
    Route("POST", "/logout", Access.SIGNED_IN, logout),
    Route("GET", "/password", Access.SIGNED_IN, password_page),
    Route("POST", "/password", Access.SIGNED_IN, password),
    Route("GET", "/", Access.WORKING, main_page),
    Route("GET", "/live", Access.WORKING, live),
    Route("GET", "/alive", Access.WORKING, alive),
    Route("GET", "/passages", Access.WORKING, passages_page),
    Route("GET", "/receipts", Access.WORKING, receipts.listed),
    Route("GET", "/receipts/{number:[0-9]+}", Access.WORKING, receipts.page),
    Route("POST", "/receipts/{number:[0-9]+}/reprint", Access.WORKING, receipts.reprint),
    Route("GET", "/reports", Access.WORKING, reports.page),
    Route("GET", "/reports/{report:[a-z]+}", Access.WORKING, reports.page),
    Route("GET", "/reports/{report:[a-z]+}.csv", Access.WORKING, reports.as_csv),
    Route("GET", "/pictures/{path:.+}", Access.WORKING, picture),
    Route("GET", "/lanes/{lane}/{action}", Access.WORKING, asks.question),
    Route("POST", "/lanes/{lane}/{action}", Access.WORKING, asks.ask),
)
