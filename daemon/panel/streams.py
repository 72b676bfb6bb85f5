"""How many live streams there may be.

The law of this file: whoever comes last is served; the stream that has run longest makes room. So a browser
with many pages open always has a connection left for a button, and the gate never draws for more than
`STREAMS` pages.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

STREAMS_EACH = 4
"""Live streams of one browser: it keeps six connections to a host, and a button needs one."""
STREAMS = 40
"""Live streams in all: each is drawn anew every two seconds."""


@dataclass(slots=True, eq=False)
class Stream:
    """One open live stream: woken when there is something to draw, or when it is over."""

    token: str
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    has_to_rest: bool = False
    """It has made room for a newer one; the page may ask again when somebody looks at it."""

    def rest(self) -> None:
        self.has_to_rest = True
        self.woken.set()


@dataclass(slots=True)
class Streams:
    """The open live streams, oldest first. All end when `closing`."""

    open: list[Stream] = field(default_factory=list)
    closing: bool = False

    def enter(self, token: str) -> Stream:
        """A new stream for this session; where there are too many, the oldest rests."""
        running = [stream for stream in self.open if not stream.has_to_rest]
        own = [stream for stream in running if stream.token == token]
        if len(own) >= STREAMS_EACH:
            own[0].rest()
        elif len(running) >= STREAMS:
            running[0].rest()
        stream = Stream(token)
        self.open.append(stream)
        return stream

    def leave(self, stream: Stream) -> None:
        self.open.remove(stream)

    def close(self) -> None:
        self.closing = True
        for stream in self.open:
            stream.woken.set()
