"""The gate's one connection to the broker, shared by all who have something to say or to hear over it.

The law of this file: a message goes to each part whose filter fits its topic, and to no other; all parts hear
that the connection came or went. Who shares it: the publisher (facts), the showing (state), and whoever
joins them. What a part may not do is raise: that ends the connection, and is a bug.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from daemon.mqtt.link import Done, Listener
from daemon.mqtt.topics import fits


class Way(Protocol):
    """The way to the broker: `daemon.mqtt.broker.Broker`, a `Line` over it, or a scripted one."""

    @property
    def connected(self) -> bool: ...
    @property
    def why(self) -> str | None: ...
    def room(self) -> int:
        """How many messages `publish` would take now."""
        ...

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        """Hand one QoS 1 message over; False where there is no room. `done` hears the broker's answer."""
        ...

    async def run(self) -> None: ...


Opened = Callable[[Listener], Way]
"""A way that tells this listener."""


class Line:
    """`join` the parts, `open` the way, `run` it."""

    def __init__(self) -> None:
        self._parts: list[tuple[tuple[str, ...], Listener]] = []
        self._way: Way | None = None

    def join(self, *filters: str) -> Opened:
        """A part that hears what fits one of these filters: hand it what comes back as its way."""

        def joined(part: Listener) -> Way:
            self._parts.append((filters, part))
            return self

        return joined

    def open(self, way: Opened) -> None:
        self._way = way(self)

    @property
    def filters(self) -> tuple[str, ...]:
        """What the parts together want to hear."""
        return tuple(dict.fromkeys(filter for filters, _ in self._parts for filter in filters))

    # ------------------------------------------------------------ as a way

    @property
    def connected(self) -> bool:
        return self._way is not None and self._way.connected

    @property
    def why(self) -> str | None:
        return "not opened" if self._way is None else self._way.why

    def room(self) -> int:
        return 0 if self._way is None else self._way.room()

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        return self._way is not None and self._way.publish(topic, payload, done, retain=retain)

    async def run(self) -> None:
        """Until cancelled; an exception that leaves it is a bug, not the network."""
        assert self._way is not None, "open() it first"
        await self._way.run()

    # ------------------------------------------------------------ as a listener

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        for filters, part in self._parts:
            if any(fits(topic, wanted) for wanted in filters):
                part.heard(topic, payload, retained=retained)

    def link_changed(self) -> None:
        for _, part in self._parts:
            part.link_changed()
