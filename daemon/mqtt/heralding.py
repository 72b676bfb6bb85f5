"""What happens at the lanes as it happens, for whoever only wants to watch: news, and nothing but news.

The law of this file: an event is never retained and never sent again. Where the broker is not there it is
gone; the ledger holds it, and the facts bring it to whoever must not miss it. Plates and cards are masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from daemon.core.fact import Fact
from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    CardPresented,
    CarForcedIn,
    CarHeld,
    PassageClosed,
    PassageOpened,
    PlateSeen,
)
from daemon.core.masking import masked_card, masked_plate
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.mqtt.line import Opened
from daemon.mqtt.messages import At, Message, Name
from daemon.mqtt.shown import Coded
from daemon.mqtt.topics import Topics

EventType = Literal[
    "car_arrived", "card_read", "plate_read", "let_through", "held", "refused", "forced_in", "gone"
]

_TYPES: Mapping[type[Fact], EventType] = {
    PassageOpened: "car_arrived",
    CardPresented: "card_read",
    PlateSeen: "plate_read",
    AccessGranted: "let_through",
    CarHeld: "held",
    AccessRefused: "refused",
    CarForcedIn: "forced_in",
    PassageClosed: "gone",
}

EVENT_TYPES: tuple[EventType, ...] = tuple(_TYPES.values())


class EventShown(Message):
    """One thing that has happened to one car. `event_type` is so named for Home Assistant."""

    v: Literal[1] = 1
    gate: Name
    lane: Name
    at: At
    event_type: EventType
    passage: str | None
    plate: str | None = None
    """Masked; "" where one was seen and could not be read."""
    card: str | None = None
    """Masked."""
    why: Coded | None = None
    outcome: str | None = None
    """How the car went, with `gone`."""


def event_of(gate: str, fact: Fact) -> EventShown | None:
    """What this fact is to somebody who watches; None for most facts."""
    kind = _TYPES.get(type(fact))
    if kind is None or fact.lane is None:
        return None
    said = _Said(fact)
    return EventShown(
        gate=gate,
        lane=fact.lane,
        at=At.of(fact.at),
        event_type=kind,
        passage=fact.passage,
        plate=said.of("plate", masked_plate),
        card=said.of("card", masked_card),
        why=said.of("reason", _coded),
        outcome=said.of("outcome", str),
    )


class _Said:
    """What a fact says under a name, made into something else; None where it says nothing."""

    def __init__(self, fact: Fact) -> None:
        self._fact = fact

    def of(self, name: str, made: Callable[[Any], Any]) -> Any:
        value = getattr(self._fact, name, None)
        return None if value is None else made(value)


def _coded(reason: Reason) -> Coded:
    return Coded(code=reason, zh=REASON_WORDS[reason].zh, en=REASON_WORDS[reason].en)


class Herald:
    """Calls out what facts bring, to whoever is there to hear it; keeps nothing."""

    def __init__(self, topics: Topics, way: Opened) -> None:
        self._topics = topics
        self._way = way(self)

    def tell(self, facts: Iterable[Fact]) -> None:
        """On the loop, once they are durable; costs nothing where nobody is connected."""
        if not self._way.connected:
            return
        for fact in facts:
            event = event_of(self._topics.gate, fact)
            if event is not None:
                payload = event.model_dump_json(exclude_none=True).encode()
                self._way.publish(self._topics.event(event.lane), payload, _whatever_comes_of_it)

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """It has asked to hear nothing."""

    def link_changed(self) -> None:
        """Whoever was away has missed what was said meanwhile."""


def _whatever_comes_of_it(_refusal: str | None) -> None:
    """A broker that refuses news is told of by what it refuses of the state."""
