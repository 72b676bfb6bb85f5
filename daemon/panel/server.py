"""The panel as an application, and the port it listens on.

The law of this file: `serve` runs until it is cancelled, and fails at once, in clear words, where it cannot
listen. It listens on loopback unless config.yaml says otherwise.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable

from aiohttp import web

from daemon.config.model import PanelConfig
from daemon.panel.auth import Sessions
from daemon.panel.checks import ACCESS, Access, add_headers, guard_the_door
from daemon.panel.desk import DESK, Desk
from daemon.panel.gate import GateView
from daemon.panel.once import Once
from daemon.panel.pages import Pages, load_static
from daemon.panel.routes import ROUTES
from daemon.panel.streams import Streams
from daemon.store.accounts import Accounts

log = logging.getLogger(__name__)

FORM_MAX_BYTES = 16 * 1024
SHUTDOWN_S = 2.0


def make_app(gate: GateView, accounts: Accounts, config: PanelConfig) -> web.Application:
    """The whole panel. Makes no connection and opens no port. Call it where an event loop runs."""
    app = web.Application(middlewares=[guard_the_door], client_max_size=FORM_MAX_BYTES)
    static = load_static()
    desk = Desk(
        gate=gate,
        sessions=Sessions(accounts, gate.clock),
        pages=Pages(gate, static),
        static=static,
        once=Once(gate.clock),
        streams=Streams(),
        host_names=_own_names(config.host),
    )
    app[DESK] = desk
    access: dict[tuple[str, str], Access] = {}
    for route in ROUTES:
        resource = app.router.add_route(route.method, route.path, route.handler).resource
        access[route.method, resource.canonical if resource is not None else route.path] = route.access
    app[ACCESS] = access
    app.on_response_prepare.append(add_headers)

    async def end_streams(_: web.Application) -> None:
        desk.streams.close()

    app.on_shutdown.append(end_streams)
    return app


async def serve(
    app: web.Application, host: str, port: int, *, listening: Callable[[str], None] | None = None
) -> None:
    """Serve until cancelled. `listening` is told the address, with the real port where 0 was asked for.

    Raises OSError where the port is taken or the address is not this machine's.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as trouble:
            raise OSError(trouble.errno, _why_not(trouble, host, port)) from trouble
        bound = runner.addresses[0]
        address = f"http://{host}:{bound[1]}"
        log.info("panel: listening on %s", address)
        if listening is not None:
            listening(address)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _why_not(trouble: OSError, host: str, port: int) -> str:
    match trouble.errno:
        case errno.EADDRINUSE:
            why = "another program listens there already: stop it, or give another panel.port in config.yaml"
        case errno.EADDRNOTAVAIL:
            why = "not an address of this machine: let panel.host be 127.0.0.1, 0.0.0.0 or one of its own"
        case errno.EACCES:
            why = "not allowed: a panel.port of 1024 or more needs no privilege"
        case _:
            why = os.strerror(trouble.errno) if trouble.errno else str(trouble)
    return f"panel cannot listen on {host} port {port}: {why}"


def _own_names(host: str) -> frozenset[str]:
    own = socket.gethostname().lower()
    return frozenset({host.lower(), own, f"{own}.local"} - {""})
