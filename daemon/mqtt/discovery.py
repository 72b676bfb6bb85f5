"""What Home Assistant is told of a gate, so that it shows up there by itself.

The law of this file: pure. One retained message a gate, in Home Assistant's form for a whole device (MQTT
discovery with `cmps`, since 2024.11); it names topics that the gate publishes in any case and adds none. It
hands out no command topic: whoever wants to open a boom signs for it (`daemon.mqtt.command`), and Home
Assistant cannot. What is read at a gate is an event there and never a state; plates and cards are masked.

    <prefix>/device/gatepost_<site>_<gate>/config       retained; empty: the gate is no longer shown
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.core.lot import LotClass
from daemon.core.state import LaneState, State
from daemon.mqtt.heralding import EVENT_TYPES
from daemon.mqtt.topics import Topics

Entity = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Who is shown, and under which names."""

    topics: Topics
    site: str
    name: str
    version: str
    prefix: str = "homeassistant"


def discovery(device: Device, state: State) -> tuple[str, bytes]:
    """The topic and the message that make this gate a device there."""
    topics = device.topics
    key = f"gatepost_{topics.site}_{topics.gate}"
    message = {
        "dev": {
            "ids": [key],
            "name": f"{device.site} {device.name}",
            "mf": "gatepost",
            "mdl": "门岗 gatepost",
            "sw": device.version,
        },
        "o": {"name": "gatepost", "sw": device.version},
        "avty_t": topics.link,
        "qos": 1,
        "cmps": {name: {"uniq_id": f"{key}_{name}", **entity} for name, entity in _entities(topics, state)},
    }
    return f"{device.prefix}/device/{key}/config", json.dumps(message, ensure_ascii=False).encode()


def _entities(topics: Topics, state: State) -> Iterator[tuple[str, Entity]]:
    for lane in state.lanes.values():
        yield from _of_lane(topics, lane)
    yield "fault", _is(topics.health, "value_json.failed", "故障 fault", "problem", attributes=True)
    yield "fire", _is(topics.health, "value_json.fire", "火警 fire", "smoke")
    yield (
        "clock",
        _is(topics.health, "not value_json.clock_trusted", "时钟不可信 clock not trusted", "problem"),
    )
    yield "inside", _count(topics.lot, "inside", "场内车辆 cars inside", "mdi:car-multiple")
    for of in state.rules.bays:
        yield f"free_{of}", _count(topics.lot, f"{of}.free", _FREE[of], "mdi:parking")
    yield "alert", _alerts(topics)


_FREE: Mapping[LotClass, str] = {
    "permit": "固定车余位 free bays, permits",
    "temporary": "临时车余位 free bays, temporary",
}


def _of_lane(topics: Topics, lane: LaneState) -> Iterator[tuple[str, Entity]]:
    key, topic = lane.id.replace("-", "_"), topics.lane(lane.id)
    yield (
        f"{key}_boom",
        {
            "p": "cover",
            "name": f"{lane.name} 道闸 barrier",
            "dev_cla": "gate",
            "stat_t": topic,
            # A boom between its switches is neither; which way it goes is nobody's to say.
            "val_tpl": "{{ {'up': 'open', 'down': 'closed'}.get(value_json.boom) }}",
            "json_attr_t": topic,
        },
    )
    loops = {"safety": "防砸地感 safety loop", "approach": "来车地感 approach loop"}
    if not lane.rules.has_approach_loop:
        del loops["approach"]
    for loop, words in loops.items():
        yield (
            f"{key}_{loop}",
            {
                "p": "binary_sensor",
                "name": f"{lane.name} {words}",
                "dev_cla": "occupancy",
                "stat_t": topic,
                "val_tpl": f"{{{{ {{'occupied': 'ON', 'free': 'OFF'}}.get(value_json.{loop}) }}}}",
            },
        )
    yield (
        f"{key}_event",
        {
            "p": "event",
            "name": f"{lane.name} 动态 events",
            "stat_t": topics.event(lane.id),
            "evt_typ": list(EVENT_TYPES),
        },
    )


def _is(topic: str, what: str, name: str, device_class: str, *, attributes: bool = False) -> Entity:
    entity = {
        "p": "binary_sensor",
        "name": name,
        "dev_cla": device_class,
        "stat_t": topic,
        "val_tpl": f"{{{{ 'ON' if {what} else 'OFF' }}}}",
    }
    return entity | ({"json_attr_t": topic} if attributes else {})


def _count(topic: str, key: str, name: str, icon: str) -> Entity:
    return {
        "p": "sensor",
        "name": name,
        "ic": icon,
        "stat_t": topic,
        "stat_cla": "measurement",
        "val_tpl": f"{{{{ value_json.{key} }}}}",
    }


def _alerts(topics: Topics) -> Entity:
    """Every alert as it is raised or changes; Home Assistant takes no event from a retained message."""
    return {
        "p": "event",
        "name": "告警 alerts",
        "stat_t": topics.alert("+"),
        "evt_typ": ["urgent", "warning", "notice"],
        "val_tpl": (
            "{% if value_json is defined and value_json.severity is defined %}"
            "{{ dict(value_json, event_type=value_json.severity) | to_json }}{% endif %}"
        ),
    }
