"""The stream that keeps an open page right.

The law of this file: it sends what the page should look like, never what has happened; so a lost event
costs nothing, and a browser that comes back after a restart has the whole truth with its first message. A
beat every two seconds proves that the connection lives; the page says so when it does not. A browser with
many pages open keeps the newest streams: the older ones are told to rest.
"""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from daemon.panel.desk import Desk, desk_of, person_of

BEAT_S = 2.0
GATHER_S = 0.05
"""Facts come in bunches: those within this time are drawn together."""
WRITE_WITHIN_S = 10.0
RECONNECT_MS = 1000
REST = "rest"
"""The event after which the page closes the stream itself (`sse-close`), and does not ask at once again."""


async def live(request: web.Request) -> web.StreamResponse:
    desk, person = desk_of(request), person_of(request)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    await response.write(f"retry: {RECONNECT_MS}\n\n".encode())
    stream = desk.streams.enter(person.token)
    watching = asyncio.create_task(_wake_on_change(desk, stream.woken), name="panel live")
    sent: dict[str, str] = {}
    drawn_seq = -1
    try:
        # A person who has signed out, or whose time is up, sees nothing more.
        while not desk.streams.closing and desk.sessions.who(person.token) is not None:
            stream.woken.clear()
            if stream.has_to_rest:
                async with asyncio.timeout(WRITE_WITHIN_S):
                    await response.write(as_event(REST, "").encode())
                break
            seq = desk.gate.office.last_seq
            parts = dict(desk.pages.fragments(person, with_passages=seq != drawn_seq))
            drawn_seq = seq
            text = "".join(as_event(name, part) for name, part in parts.items() if sent.get(name) != part)
            sent.update(parts)
            async with asyncio.timeout(WRITE_WITHIN_S):
                await response.write(text.encode())
            if watching.done():
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await stream.woken.wait()
                    await asyncio.sleep(GATHER_S)
    except (ConnectionError, TimeoutError):
        pass  # the browser has gone, or takes nothing: it will ask again
    finally:
        desk.streams.leave(stream)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    return response


async def _wake_on_change(desk: Desk, woken: asyncio.Event) -> None:
    async with desk.gate.watch() as changes:
        async for _ in changes:
            woken.set()


def as_event(name: str, text: str) -> str:
    """One server-sent event (WHATWG HTML, 9.2): every line of the text is a `data:` line of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
