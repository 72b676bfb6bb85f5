"""News from the lanes: told while it is news, masked, kept by nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.mqtt.heralding import EVENT_TYPES, Herald, event_of
from daemon.mqtt.link import Done, Listener
from daemon.mqtt.topics import Topics
from tests.core.conftest import HOUSEHOLDS, LIU, WANG
from tests.core.rig import GateRig, entry, exit_

TOPICS = Topics(root="gatepost", site="garden", gate="east")


class Crier:
    """Whoever stands at the broker and hears what is called out."""

    def __init__(self) -> None:
        self.connected = True
        self.why: str | None = None
        self.heard: list[tuple[str, str]] = []

    def to(self, _listener: Listener) -> Crier:
        return self

    def room(self) -> int:
        return 100

    async def run(self) -> None: ...

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        assert not retain, "news is not kept"
        self.heard.append((topic, payload.decode()))
        done(None)
        return True


@pytest.fixture
def day(tmp_path: Path) -> list[object]:
    """Everything that a gate has said of one car that is let in and one that is held."""
    gate = GateRig(tmp_path, (entry("entry-1"), exit_("exit-1")), HOUSEHOLDS)
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.time(3)
    gate.drives_through()
    gate.time(10)
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(LIU.card)
    gate.guard("refuse", reason="不符")
    facts = [fact for _, fact in gate.store.facts()]
    gate.finish()
    return facts


def test_a_day_is_told_in_order_and_masked(day: list[object]) -> None:
    crier = Crier()
    Herald(TOPICS, crier.to).tell(day)  # type: ignore[arg-type]
    told = [(topic, json.loads(text)) for topic, text in crier.heard]
    assert {topic for topic, _ in told} == {"gatepost/garden/east/event/entry-1"}
    assert [event["event_type"] for _, event in told] == [
        "car_arrived", "plate_read", "card_read", "let_through", "gone",
        "car_arrived", "plate_read", "card_read", "held", "refused", "gone",
    ]  # fmt: skip
    let_through = told[3][1]
    assert let_through["why"]["code"] == "permit_card_and_plate"
    assert told[4][1]["outcome"] == "passed"
    said = "".join(text for _, text in crier.heard)
    for secret in (WANG.plate, WANG.card, LIU.card):
        assert secret not in said
    assert told[1][1]["plate"].startswith(WANG.plate[:2])


def test_what_happens_while_nobody_is_there_is_not_told_later(day: list[object]) -> None:
    crier = Crier()
    crier.connected = False
    herald = Herald(TOPICS, crier.to)
    herald.tell(day)  # type: ignore[arg-type]
    crier.connected = True
    herald.link_changed()
    herald.tell([])
    assert crier.heard == []


def test_most_facts_are_nobodys_news_and_every_event_has_its_name(day: list[object]) -> None:
    told = [event for fact in day if (event := event_of("east", fact)) is not None]  # type: ignore[arg-type]
    assert len(told) < len(day)
    assert {event.event_type for event in told} < set(EVENT_TYPES)
