"""The property office and the broker between, as a network that may be out of order.

The law of this file: the office takes facts in order, once each, keeps them for ever, and acknowledges what
it holds. The way obeys `daemon.mqtt.publisher.Way`; what it loses, it loses without a word.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from daemon.mqtt.link import Done, Listener
from daemon.mqtt.messages import Topics
from daemon.worlds.devices import Life
from daemon.worlds.outside import Outside

TOPICS = Topics(root="gatepost", site="garden", gate="east")

_DELAY_S = 0.03
_ASK_EVERY_S = 5.0


@dataclass(slots=True)
class Network:
    """What is wrong between gate and office."""

    is_down: bool = False
    is_half_open: bool = False
    """Takes everything, delivers nothing, answers nothing."""
    office_is_away: bool = False
    """The broker takes and answers, and nobody ever gets it: what Mosquitto's full queue does."""
    drops_acks: bool = False
    doubles: bool = False
    retains_junk: bool = False


class Office:
    """Holds `(kind, hash)` of every fact, by its number; `wrong` says what it was told in two versions."""

    def __init__(self, outside: Outside, random: Random) -> None:
        self.network = Network()
        self.held: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        self.shown: dict[str, bytes] = {}
        """What the broker retains."""
        self.way: WorldWay | None = None
        self._outside = outside
        self._random = random
        self._asked_at = -_ASK_EVERY_S

    # ------------------------------------------------------------ the network's moods

    def changes(self, **moods: bool) -> None:
        for mood, value in moods.items():
            setattr(self.network, mood, value)
        if self.way is not None:
            self.way.look()

    def carries(self, message: dict[str, Any]) -> None:
        """A fact is on its way to the office."""
        if not self.network.is_half_open and not self.network.office_is_away:
            for _ in range(2 if self.network.doubles else 1):
                self._outside.later(_DELAY_S, lambda: self._receives(message))

    def is_shown(self, topic: str, payload: bytes) -> None:
        """The broker keeps the newest of each topic; an empty one takes it away."""
        if self.network.is_half_open:
            return
        if payload:
            self.shown[topic] = payload
        else:
            self.shown.pop(topic, None)

    def _says(self, topic: str, message: dict[str, Any], *, retained: bool = False) -> None:
        if self.network.is_down or self.network.is_half_open:
            return
        payload = json.dumps(message).encode()
        for _ in range(2 if self.network.doubles else 1):
            self._outside.later(_DELAY_S, lambda: self._delivers(topic, payload, retained))

    def _delivers(self, topic: str, payload: bytes, retained: bool) -> None:
        if self.way is not None and not self.network.is_down:
            self.way.hears(topic, payload, retained)

    # ------------------------------------------------------------ the office's desk

    def _receives(self, fact: dict[str, Any]) -> None:
        seq, told = int(fact["seq"]), (str(fact["kind"]), str(fact["hash"]))
        if seq == len(self.held) + 1:
            self.held.append(told)
        elif seq <= len(self.held):
            if self.held[seq - 1] != told:
                self.wrong.append(f"fact {seq} was {self.held[seq - 1]}, and is told again as {told}")
        elif self._outside.elapsed_s - self._asked_at >= _ASK_EVERY_S:
            self.asks_from(len(self.held) + 1)
        if not self.network.drops_acks and not self.network.office_is_away:
            self._says(TOPICS.ack, {"gate": "east", "seq": len(self.held)})

    def asks_from(self, seq: int) -> None:
        self._asked_at = self._outside.elapsed_s
        self._says(TOPICS.resend, {"gate": "east", "from": seq})

    def says_junk(self) -> None:
        """Whatever comes along on the office's topics; a retained acknowledgement of everything among it."""
        junk: list[tuple[dict[str, Any], bool]] = [
            ({"gate": "east", "seq": 10**9}, False),
            ({"gate": "west", "seq": 1}, False),
            ({"gate": "east", "seq": "7"}, False),
            ({"gate": "east", "seq": len(self.held) + 50}, True),
        ]
        message, retained = self._random.choice(junk)
        self._says(TOPICS.ack, message, retained=retained)


class WorldWay:
    """One process's way to the broker."""

    def __init__(self, office: Office, listener: Listener, outside: Outside, life: Life) -> None:
        self._office = office
        self._listener = listener
        self._outside = outside
        self._life = life
        self.connected = False
        self.why: str | None = "not tried yet"
        self._unanswered = 0
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        self._office.way = self
        self.look()
        await asyncio.Future()

    def room(self) -> int:
        return 100 - self._unanswered if self.connected else 0

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        if not self.connected or self._life.is_over:
            return False
        if retain:
            self._office.is_shown(topic, payload)
        else:
            self._office.carries(json.loads(payload))
        if not self._office.network.is_half_open:
            self._unanswered += 1
            self._outside.later(_DELAY_S, self._on_loop(lambda: self._answered(done)))
        return True

    def look(self) -> None:
        """Come or go as the network does; a broker that is back is found within a second."""
        is_down = self._office.network.is_down
        if is_down == self.connected:
            self._outside.later(0.0 if is_down else 1.0, self._on_loop(self._settle))

    def hears(self, topic: str, payload: bytes, retained: bool) -> None:
        if self.connected and not self._life.is_over:
            self._on_loop(lambda: self._listener.heard(topic, payload, retained=retained))()

    def _settle(self) -> None:
        should = not self._office.network.is_down
        if should != self.connected:
            self.connected, self.why = should, None if should else "connection lost"
            self._unanswered = 0
            self._listener.link_changed()

    def _answered(self, done: Done) -> None:
        if self.connected:
            self._unanswered = max(self._unanswered - 1, 0)
            done(None)

    def _on_loop(self, do: Callable[[], None]) -> Callable[[], None]:
        """From outside into the process, if it still lives then."""

        def put() -> None:
            if not self._life.is_over:
                self._loop.call_soon(do)

        return put
