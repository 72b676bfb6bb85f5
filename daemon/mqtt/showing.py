"""Keeps the retained topics of the gate as its state is, and says nothing twice.

The law of this file: a topic is published when its message has become another one, and again after each
connection. At most one message of a topic is on its way, and of those that wait for it only the newest stays:
what is behind costs memory once, not once a change. It looks at the state when facts are durable, at most
every `PACE_S`, and waits for nobody but the broker. A retained message under the gate's own topics that is
none of its own, of an alert that was closed while the gate was away, is emptied.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.mqtt.line import Opened
from daemon.mqtt.link import Done
from daemon.mqtt.messages import At
from daemon.mqtt.shown import Gate, Thing, things

if TYPE_CHECKING:
    from daemon.core.state import State
    from daemon.runtime.clock import Clock

log = logging.getLogger(__name__)

PACE_S = 0.05
"""Between two looks: a passage changes a lane ten times, and nobody watches closer than this."""
REFUSED_S = 60.0
"""What the broker has refused is offered again after this."""
MOST_STRANGE = 1000
"""Retained messages of others that are emptied after one connection; a broker may be made to hold more."""
GONE = b""
"""Retained, it takes the message before it away (MQTT 5, 3.3.1.3)."""


@dataclass(slots=True)
class _Topic:
    of: tuple[object, ...] = ()
    content: str = ""
    payload: bytes = GONE
    is_out: bool = False
    """The broker may have a message there that has to be taken away."""


class Showing:
    """The retained topics of one gate. `run()` it beside the line, and `wake()` it after a commit."""

    def __init__(self, gate: Gate, *, state: Callable[[], State], way: Opened, clock: Clock) -> None:
        self._gate = gate
        self._state = state
        self._clock = clock
        self._topics: dict[str, _Topic] = {}
        self._extra: dict[str, bytes] = {}
        self._waiting: dict[str, None] = {}
        """Topics to be published, in order; an ordered set."""
        self._on_the_way: set[str] = set()
        self._refused: set[str] = set()
        self._offer_again_at: int | None = None
        self._refusal_was_said = False
        self._has_no_room = False
        self._strange_left = 0
        self._woken = asyncio.Event()
        self._way = way(self)

    def wake(self) -> None:
        """The state may be another one. On the loop; costs nothing."""
        self._woken.set()

    def show(self, topic: str, payload: bytes) -> None:
        """Keep one more topic, which is not made of the state: what a command must repeat, for instance."""
        self._extra[topic] = payload
        self._wait_for(topic)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._time_to_next()):
                    await self._woken.wait()
            self._woken.clear()
            self._look()
            self._send()
            await asyncio.sleep(PACE_S)

    def _time_to_next(self) -> float | None:
        """Seconds until there is something to do without anybody waking us; None where there is not."""
        if self._has_no_room:
            return PACE_S
        if self._offer_again_at is None:
            return None
        return max(0.0, (self._offer_again_at - self._clock.boottime_ns()) / 1e9)

    # ------------------------------------------------------------ what has changed

    def _look(self) -> None:
        at: At | None = None
        seen: set[str] = set()
        for thing in things(self._gate, self._state()):
            seen.add(thing.topic)
            known = self._topics.get(thing.topic)
            if known is not None and _is_same(known.of, thing.of):
                continue
            at = at or At.of(self._clock.now())
            self._renew(thing, at)
        for topic in [topic for topic, known in self._topics.items() if topic not in seen and known.payload]:
            if self._topics[topic].is_out:
                self._topics[topic] = _Topic(is_out=True)
                self._wait_for(topic)
            else:  # raised and over while nobody was there: of months without a broker nothing is kept
                del self._topics[topic]
                self._waiting.pop(topic, None)

    def _renew(self, thing: Thing, at: At) -> None:
        message = thing.message(at)
        content = message.model_dump_json(exclude={"at"})
        known = self._topics.setdefault(thing.topic, _Topic())
        known.of = thing.of
        if content != known.content:
            known.content, known.payload = content, message.model_dump_json().encode()
            self._wait_for(thing.topic)

    def _wait_for(self, topic: str) -> None:
        self._waiting[topic] = None
        self._woken.set()

    # ------------------------------------------------------------ to the broker

    def _send(self) -> None:
        self._has_no_room = False
        if self._offer_again_at is not None and self._clock.boottime_ns() >= self._offer_again_at:
            self._refused.clear()
            self._offer_again_at = None
        for topic in list(self._waiting):
            if topic in self._on_the_way or topic in self._refused:
                continue
            payload = self._payload(topic)
            if not self._way.publish(topic, payload, self._answered(topic), retain=True):
                self._has_no_room = self._way.connected
                return
            del self._waiting[topic]
            self._on_the_way.add(topic)
            if payload == GONE:
                self._topics.pop(topic, None)
            elif topic in self._topics:
                self._topics[topic].is_out = True

    def _payload(self, topic: str) -> bytes:
        known = self._topics.get(topic)
        return self._extra.get(topic, GONE) if known is None else known.payload

    def _answered(self, topic: str) -> Done:
        def done(refusal: str | None) -> None:
            self._on_the_way.discard(topic)
            if refusal is not None:
                self._was_refused(topic, refusal)
            self._woken.set()

        return done

    def _was_refused(self, topic: str, words: str) -> None:
        if not self._refusal_was_said:
            log.warning("the broker refuses %s: %s; see its access list", topic, words)
        self._refusal_was_said = True
        self._waiting[topic] = None
        self._refused.add(topic)
        if self._offer_again_at is None:
            self._offer_again_at = self._clock.boottime_ns() + round(REFUSED_S * 1e9)

    # ------------------------------------------------------------ from the broker

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message under the gate's own topics: where it is a relic, it goes."""
        is_ours = topic in self._topics or topic in self._extra
        if retained and payload and not is_ours and self._strange_left > 0:
            self._strange_left -= 1
            self._wait_for(topic)

    def link_changed(self) -> None:
        self._on_the_way.clear()
        self._refused.clear()
        self._offer_again_at = None
        self._strange_left = MOST_STRANGE
        self._waiting = dict.fromkeys((*self._topics, *self._extra, *self._waiting))
        self._woken.set()


def _is_same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))
