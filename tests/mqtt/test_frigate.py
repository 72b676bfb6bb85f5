"""Plates from a Frigate NVR: fresh, sure and of a camera of ours, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.signals import DeviceLost, DeviceRestored, PlateRead
from daemon.mqtt.broker import Broker
from daemon.mqtt.frigate import FrigatePlates, Ignored, Sighting, Watched, judge
from daemon.mqtt.line import Line, Opened
from daemon.runtime.clock import ManualClock
from tests.core.conftest import HOUSEHOLDS, WANG
from tests.core.rig import GateRig, entry
from tests.mqtt.rig import Ear, gate_spec, running, running_tasks, until
from tests.rigs.broker import Mosquitto

GATE_IN = Watched(lane="entry-1", min_score=0.8, max_age=timedelta(seconds=5))
CAMERAS = {"gate-in": GATE_IN}
NOW = ManualClock().now()


def update(**changes: Any) -> bytes:
    """As Frigate's documentation shows it."""
    said = {
        "type": "lpr",
        "id": "1607123955.475377-mxklsc",
        "name": None,
        "plate": WANG.plate,
        "score": 0.95,
        "camera": "gate-in",
        "timestamp": NOW.wall.timestamp() - 0.5,
    }
    return json.dumps(said | changes).encode()


def test_a_read_is_the_car_of_its_lane_at_the_time_of_its_frame() -> None:
    found = judge(CAMERAS, update(plate=" 粤b·12345 "), NOW, retained=False)
    assert isinstance(found, Sighting)
    assert (found.watched.lane, found.plate, found.score) == ("entry-1", "粤B12345", 0.95)
    assert abs(found.at.mono - (NOW.mono - timedelta(seconds=0.5))) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (update(score=0.79), Ignored.UNSURE),
        (update(timestamp=NOW.wall.timestamp() - 5.1), Ignored.STALE),
        (update(timestamp=NOW.wall.timestamp() + 2.1), Ignored.STALE),
        (update(camera="garden"), Ignored.OTHER_NEWS),
        (update(type="face"), Ignored.OTHER_NEWS),
        (b'{"type": "description", "id": "x", "description": "a red car"}', Ignored.OTHER_NEWS),
        (update(plate=None), Ignored.MALFORMED),
        (update(plate="粤" * 17), Ignored.MALFORMED),
        (update(score=7), Ignored.MALFORMED),
        (update(timestamp=float("nan")), Ignored.MALFORMED),
        (update(timestamp=1e300), Ignored.MALFORMED),
        (update(timestamp=1e14), Ignored.MALFORMED),
        (update(id=""), Ignored.MALFORMED),
        (b"", Ignored.MALFORMED),
        (b"[" * 70_000, Ignored.MALFORMED),
        (b"[" * 60_000, Ignored.MALFORMED),
        (b"\xff\xfe", Ignored.MALFORMED),
    ],
)
def test_what_is_not_fresh_sure_and_ours_is_not_taken(payload: bytes, why: Ignored) -> None:
    assert judge(CAMERAS, payload, NOW, retained=False) is why


def test_what_a_broker_has_kept_is_of_a_car_that_has_gone() -> None:
    assert judge(CAMERAS, update(), NOW, retained=True) is Ignored.RETAINED


def test_a_gate_without_a_clock_takes_a_read_as_it_comes() -> None:
    lost = replace(NOW, wall=NOW.wall - timedelta(days=20_000), trusted=False)
    found = judge(CAMERAS, update(), lost, retained=False)
    assert isinstance(found, Sighting)
    assert found.at == lost


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_that_anybody_sends_raises(payload: bytes) -> None:
    assert isinstance(judge(CAMERAS, payload, NOW, retained=False), Sighting | Ignored)


@given(
    st.dictionaries(st.sampled_from(["id", "plate", "score", "camera", "timestamp"]), st.none() | st.text())
)
def test_no_field_that_is_wrong_raises(changes: dict[str, Any]) -> None:
    assert isinstance(judge(CAMERAS, update(**changes), NOW, retained=False), Sighting | Ignored)


class Desk:
    """Where the signals arrive."""

    def __init__(self) -> None:
        self.posted: list[PlateRead | DeviceLost | DeviceRestored] = []
        self.filters: tuple[str, ...] = ()
        self.plates = FrigatePlates(
            "frigate", CAMERAS, way=self._join, clock=ManualClock(), post=self.posted.append
        )

    def _join(self, *filters: str) -> Opened:
        self.filters = filters
        return lambda _listener: Line()

    def says(self, topic: str, payload: bytes) -> None:
        self.plates.heard(f"frigate/{topic}", payload, retained=False)


def test_one_car_is_one_signal_until_its_plate_is_read_otherwise() -> None:
    desk = Desk()
    assert desk.filters == ("frigate/available", "frigate/tracked_object_update")
    for _ in range(3):
        desk.says("tracked_object_update", update())
    desk.says("tracked_object_update", update(plate="粤B12346"))
    desk.says("tracked_object_update", update(id="another", plate="粤B12346"))
    reads = [(read.track, read.plate) for read in desk.posted if isinstance(read, PlateRead)]
    assert reads == [
        ("frigate-1607123955.475377-mxklsc", "粤B12345"),
        ("frigate-1607123955.475377-mxklsc", "粤B12346"),
        ("frigate-another", "粤B12346"),
    ]


@pytest.mark.rule("R31")
def test_an_nvr_that_is_gone_is_a_fault_once_and_over_when_it_is_back() -> None:
    desk = Desk()
    for said in (b"online", b"offline", b"offline", b"online", b"online"):
        desk.says("available", said)
    assert [(type(signal), signal.device) for signal in desk.posted] == [  # type: ignore[union-attr]
        (DeviceLost, "frigate"),
        (DeviceRestored, "frigate"),
    ]


@pytest.mark.rule("R02")
def test_a_car_read_elsewhere_and_its_card_open_the_boom(tmp_path: Path) -> None:
    # given a lane whose plates come from an NVR
    gate = GateRig(tmp_path, (entry("entry-1"),), HOUSEHOLDS)

    def post(signal: Any) -> None:
        gate.send(replace(signal, at=gate.now))

    plates = FrigatePlates("frigate", CAMERAS, way=lambda *_: lambda _: Line(), clock=gate.clock, post=post)

    # when a car comes, is read there, and its card is shown here
    gate.car_arrives()
    at = gate.clock.now().wall.timestamp()
    plates.heard("frigate/tracked_object_update", update(timestamp=at), retained=False)
    gate.card(WANG.card)

    # then it is let through
    assert gate.orders_of() == ["raise"]
    gate.finish()


async def test_the_reads_come_over_the_gates_own_connection(mosquitto: Mosquitto) -> None:
    line, posted = Line(), []
    FrigatePlates("frigate", CAMERAS, way=line.join, clock=ManualClock(), post=posted.append)
    frigate = Ear(mosquitto.port)
    line.open(
        lambda listener: Broker(gate_spec(mosquitto.port, subscriptions=line.filters), listener, Random(4))
    )
    async with running(frigate), running_tasks(line.run()):
        await frigate.says("frigate/tracked_object_update", b"no JSON")
        await frigate.says("frigate/tracked_object_update", update())
        await until(lambda: bool(posted), what="a plate")
    assert [signal.plate for signal in posted] == ["粤B12345"]
