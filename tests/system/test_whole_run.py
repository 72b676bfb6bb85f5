"""`gatepost run --for`: cars come in and go out, and everybody who looks sees the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from daemon.store.ledger import FIRST_PREV, is_sealed
from tests.rigs.broker import Mosquitto
from tests.system.gate import Gate, an_office, eventually, lane, rss_mb, site

SUMMARY = {
    "passages", "granted", "refused", "plate_reads", "plate_exact_pct", "boom_cycles", "facts",
    "facts_acknowledged", "swipe_to_relay_ms", "frame_to_read_ms",
}  # fmt: skip

SEEN = {"mode": "card_and_plate", "camera": {"driver": "simulated"}, "visitor_wait_s": 2}


@pytest.mark.rule("R02")
@pytest.mark.rule("R42")
def test_a_run_of_one_minute_with_office_and_a_stranger_who_listens(
    gates: Callable[..., Gate], broker: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given an entry and an exit, traffic, an office, and somebody else who hears every fact
    broker.start()
    gate = gates(
        site(
            lane("entry-1", **SEEN),
            lane("exit-1", **SEEN),
            office={"host": "127.0.0.1", "port": broker.port},
            simulation={"seed": 3, "cars_per_minute": 20, "visitors": 0.2, "stay_s": 4},
        )
    )
    with listening(broker.port) as heard, an_office(gate, tmp_path / "office"):
        gate.start("--for", "60")
        (vision,) = gate.until("the vision process", gate.children)
        gate.fact("stay_closed", how="exit")
        memory = memory_shortly_before_the_end(gate, vision)

        # when the minute is over
        assert gate.wait() == 0, gate.said[-20:]
        summary = json.loads(gate.printed[-1])
        eventually(
            "the stranger to hear what the office holds",
            lambda: len(distinct(heard)) >= summary["facts_acknowledged"],
        )

    # then the last line says it all
    assert summary.keys() >= SUMMARY
    assert summary["passages"] >= 2
    assert summary["granted"] >= summary["passages"]
    assert summary["plate_reads"] > 0
    assert summary["facts_acknowledged"] > 0
    assert summary["swipe_to_relay_ms"]["p50"] > 0
    assert summary["frame_to_read_ms"]["p99"] >= summary["frame_to_read_ms"]["p50"] > 0

    # and ledger, status and summary agree
    assert gate.ledger_is_whole()
    status = json.loads(gate.gatepost("status", "--json").stdout)
    assert status["facts"] == summary["facts"] == len(gate.seals())
    assert status["acknowledged"] == summary["facts_acknowledged"]
    assert len(gate.facts("passage_closed", outcome="passed")) == summary["passages"]
    assert len(gate.facts("access_granted")) == summary["granted"]

    # and the stranger has heard every fact once a number, in order, each sealed to the one before
    told = distinct(heard)
    assert [(fact["seq"], fact["hash"]) for fact in told] == gate.seals()[: len(told)]
    before = [FIRST_PREV, *(fact["hash"] for fact in told)]
    for fact, prev in zip(told, before, strict=False):
        assert fact["prev"] == prev
        assert is_sealed(fact["prev"], fact["seq"], fact["kind"], fact["body"], fact["hash"])

    # and no car was let through on a lane for card and plate with only one of them
    for grant in gate.facts("access_granted", reason="permit_card_and_plate"):
        assert grant["card"]
        assert grant["plate"]

    with capsys.disabled():
        print(f"\nmemory near the end of a minute: gate {memory[0]:.0f} MB, vision {memory[1]:.0f} MB")
    assert memory[0] < 120
    assert memory[1] < 350


def memory_shortly_before_the_end(gate: Gate, vision: int) -> tuple[float, float]:
    """The last figures that could be had while it ran."""
    found = (0.0, 0.0)

    def ends() -> bool:
        nonlocal found
        try:
            found = rss_mb(gate.process.pid), rss_mb(vision)
        except (FileNotFoundError, StopIteration):  # gone, or a zombie without memory
            return True
        return False

    eventually("the run to end", ends)
    return found


def distinct(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of each (gate, seq), in the order they came."""
    return list({(fact["gate"], fact["seq"]): fact for fact in reversed(heard)}.values())[::-1]


@contextmanager
def listening(port: int) -> Iterator[list[dict[str, Any]]]:
    """What an ordinary MQTT client hears of the site's facts."""
    heard: list[dict[str, Any]] = []
    ready: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "a-stranger", protocol=paho.MQTTv5)
    client.on_connect = lambda *_: ready.append(False)
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _client, _data, message: heard.append(json.loads(message.payload))
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        eventually("the stranger to be connected", lambda: ready)
        client.subscribe("gatepost/garden/+/fact/#", qos=1)
        eventually("the stranger to be heard", lambda: True in ready)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
