"""A gate in Home Assistant: one message makes it a device there, and no topic of it commands anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined

from daemon.core.signals import Boom, LoopState
from daemon.mqtt.discovery import Device, discovery
from daemon.mqtt.messages import At
from daemon.mqtt.shown import Gate, things
from daemon.mqtt.topics import Topics, fits
from tests.core.conftest import HOUSEHOLDS, LIU, WANG
from tests.core.rig import GateRig, entry, exit_

TOPICS = Topics(root="gatepost", site="garden", gate="east")
SHOWN = Gate(topics=TOPICS, name="东门", ledger="0123456789abcdef", version="1")
DEVICE = Device(topics=TOPICS, site="香蜜湖花园", name="东门", version="1")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    gate = GateRig(tmp_path, (entry("entry-1"), exit_("exit-1")), HOUSEHOLDS)
    yield gate
    gate.finish()


def entities(gate: GateRig) -> dict[str, dict[str, Any]]:
    _, message = discovery(DEVICE, gate.engine.state)
    return json.loads(message)["cmps"]  # type: ignore[no-any-return]


def shown(gate: GateRig, entity: str) -> str:
    """What Home Assistant would make of the message that the gate has retained for this entity."""
    found = entities(gate)[entity]
    at = At.of(gate.clock.now())
    said = {thing.topic: thing.message(at) for thing in things(SHOWN, gate.engine.state)}
    value = json.loads(said[found["stat_t"]].model_dump_json())
    template = Environment(undefined=StrictUndefined, autoescape=False).from_string(found["val_tpl"])  # noqa: S701
    return template.render(value_json=value)


def test_a_gate_is_one_device_under_a_name_of_its_own(gate: GateRig) -> None:
    topic, message = discovery(DEVICE, gate.engine.state)
    said = json.loads(message)
    assert topic == "homeassistant/device/gatepost_garden_east/config"
    assert said["dev"]["ids"] == ["gatepost_garden_east"]
    assert said["dev"]["name"] == "香蜜湖花园 东门"
    assert said["avty_t"] == TOPICS.link
    names = [entity["uniq_id"] for entity in said["cmps"].values()]
    assert len(names) == len(set(names)) == 13


def test_nothing_in_it_can_move_a_boom(gate: GateRig) -> None:
    _, message = discovery(DEVICE, gate.engine.state)
    assert b"command" not in message
    assert b"cmd" not in message
    assert TOPICS.command.encode() not in message


def test_every_topic_that_it_names_is_one_that_the_gate_speaks_on(gate: GateRig) -> None:
    spoken = [thing.topic for thing in things(SHOWN, gate.engine.state)]
    spoken += [TOPICS.event("entry-1"), TOPICS.event("exit-1"), TOPICS.alert("tailgating-3f0c1d2e4b5a")]
    for name, entity in entities(gate).items():
        assert any(fits(topic, entity["stat_t"]) for topic in spoken), name


def test_boom_and_loops_are_shown_as_the_switches_say(gate: GateRig) -> None:
    # given an empty lane whose boom is down
    assert gate.lane().boom is Boom.DOWN
    assert shown(gate, "entry_1_boom") == "closed"
    assert shown(gate, "entry_1_approach") == "OFF"

    # when a car is let through
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    assert gate.lane().boom is Boom.MOVING
    assert shown(gate, "entry_1_boom") == "None", "neither open nor closed"
    gate.time(3)
    gate.car_under_boom()

    # then the barrier is open and the loop under it occupied
    assert shown(gate, "entry_1_boom") == "open"
    assert shown(gate, "entry_1_safety") == "ON"
    assert gate.lane().safety is LoopState.OCCUPIED


def test_a_loop_that_nobody_has_read_is_unknown_and_not_free(gate: GateRig) -> None:
    gate.loop_fails()
    assert gate.lane().safety is LoopState.UNKNOWN
    assert shown(gate, "entry_1_safety") == "None"


def test_a_fault_is_a_problem_until_it_is_mended(gate: GateRig) -> None:
    assert shown(gate, "fault") == "OFF"
    gate.loses("entry-1.reader", "entry-1")
    assert shown(gate, "fault") == "ON"


def test_cars_inside_are_counted(gate: GateRig) -> None:
    assert shown(gate, "inside") == "0"
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    gate.time(3)
    gate.drives_through()
    assert shown(gate, "inside") == "1"
