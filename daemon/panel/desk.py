"""What every handler has at hand, and how it finds it in a request."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from daemon.panel.auth import Person, Sessions
from daemon.panel.gate import GateView
from daemon.panel.once import Once
from daemon.panel.pages import Pages, StaticFile
from daemon.panel.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    gate: GateView
    sessions: Sessions
    pages: Pages
    static: dict[str, StaticFile]
    once: Once
    streams: Streams
    host_names: frozenset[str]
    """Names, beside addresses and localhost, under which browsers may call this panel."""

    @property
    def session_cookie(self) -> str:
        # Cookies know no port: two gates on one machine must not share a name.
        return f"gatepost_{self.gate.names.gate_id}"

    @property
    def visit_cookie(self) -> str:
        return f"gatepost_visit_{self.gate.names.gate_id}"


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
PERSON: web.RequestKey[Person] = web.RequestKey("person", Person)


def desk_of(request: web.Request) -> Desk:
    return request.app[DESK]


def person_of(request: web.Request) -> Person:
    """Who asks. Raises KeyError on a route that lets anyone in: only `checks` puts a person here."""
    return request[PERSON]


def html(text: str, *, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
