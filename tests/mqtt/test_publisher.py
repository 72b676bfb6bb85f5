"""The publisher alone, on a clock that costs nothing: what it sends, when, and whom it believes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.signals import DeviceLost, DeviceRestored
from daemon.mqtt.inbound import Acknowledged, Refused, ResendAsked, judge
from daemon.mqtt.publisher import WINDOW, Patience, Publisher
from daemon.runtime.clock import ManualClock
from daemon.store.errors import StoreFull
from tests.mqtt.rig import AT, LEDGER, TOPICS, MemoryLedger, ScriptedWay
from tests.rigs.virtual_loop import run_virtual

PATIENCE = Patience(resend_after_s=30, resend_limit_s=120, grace_s=10)


class Scene:
    """A publisher at work over a scripted broker, and the time that it lives in."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.clock = ManualClock()
        self.posted: list[DeviceLost | DeviceRestored] = []
        self.ways: list[ScriptedWay] = []
        self.publisher = Publisher(
            ledger,
            TOPICS,
            way=self._open,
            clock=self.clock,
            post=self.posted.append,
            patience=PATIENCE,
        )
        self.way = self.ways[0]

    def _open(self, listener: object) -> ScriptedWay:
        self.ways.append(ScriptedWay(listener))  # type: ignore[arg-type]
        return self.ways[-1]

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            work = asyncio.ensure_future(self.publisher.run())
            try:
                await story()
            finally:
                work.cancel()
                await asyncio.wait({work})

        run_virtual(main(), self.clock)

    async def passes(self, seconds: float = 0.001) -> None:
        await asyncio.sleep(seconds)


def test_no_more_than_the_window_is_ahead_of_the_office() -> None:
    scene = Scene(MemoryLedger(facts=1000))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        assert scene.way.take() == list(range(1, WINDOW + 1))
        scene.way.acknowledges(40)
        await scene.passes()
        assert scene.way.take() == list(range(WINDOW + 1, WINDOW + 41))
        assert scene.ledger.acknowledged == 40

    scene.play(story)


def test_nothing_is_sent_while_the_broker_is_away_and_it_goes_on_behind_the_last_acknowledged() -> None:
    scene = Scene(MemoryLedger(facts=10))

    async def story() -> None:
        await scene.passes(5)
        assert scene.way.take() == []
        scene.way.up()
        await scene.passes()
        scene.way.acknowledges(4)
        scene.way.take()
        scene.way.down()
        scene.ledger.add()
        scene.publisher.wake()
        await scene.passes(5)
        assert scene.way.take() == []
        scene.way.up()
        await scene.passes()
        assert scene.way.take() == list(range(5, 12))

    scene.play(story)


def test_a_silent_office_is_probed_ever_more_slowly_with_one_fact() -> None:
    scene = Scene(MemoryLedger(facts=50))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        assert len(scene.way.take()) == 50
        probed_after: list[float] = []
        began = scene.clock.mono
        while len(probed_after) < 5:
            await scene.passes(1)
            if probe := scene.way.take():
                assert probe == [1]
                probed_after.append(round((scene.clock.mono - began).total_seconds(), -1))
                began = scene.clock.mono
        assert probed_after == [30, 60, 120, 120, 120]
        assert not scene.publisher.status().office_seen

        # the first acknowledgement opens the window again
        scene.way.acknowledges(1)
        await scene.passes()
        assert scene.way.take() == list(range(2, 51))
        assert scene.publisher.status().office_seen

    scene.play(story)


def test_what_is_sent_again_or_old_when_the_gate_came_back_is_marked_historical() -> None:
    ledger = MemoryLedger()
    scene = Scene(ledger)
    now = scene.clock.now()
    ledger.add(at=replace(now, boot="the boot before"))
    ledger.add(at=replace(now, mono=now.mono - timedelta(seconds=61)))
    ledger.add(at=replace(now, mono=now.mono - timedelta(seconds=59)))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        assert [fact.historical for fact in scene.way.sent] == [True, True, False]
        scene.way.take()
        scene.way.says(TOPICS.resend, '{"from": 3}')
        await scene.passes()
        assert [(fact.seq, fact.historical) for fact in scene.way.sent] == [(3, True)]

    scene.play(story)


def test_a_fact_that_the_broker_refuses_is_not_delivered_and_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(MemoryLedger())
    for _ in range(3):
        scene.ledger.add()
    scene.way.refuses = lambda fact: fact.seq == 2

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.take()
        # nobody can have received 2, so nobody can acknowledge it
        scene.way.acknowledges(1)
        scene.way.acknowledges(2)
        for _ in range(10):
            await scene.passes(30)
        status = scene.publisher.status()
        assert scene.ledger.acknowledged == 1
        assert status.refused_by_broker >= 5
        assert "refuses fact 2" in (status.why or "")

        scene.way.refuses = lambda _: False
        await scene.passes(31)
        scene.way.acknowledges(2)
        await scene.passes()
        scene.way.acknowledges(3)
        assert scene.ledger.acknowledged == 3
        assert scene.publisher.status().why is None

    scene.play(story)
    assert sum("was refused by the broker" in record.message for record in caplog.records) == 1


def test_a_loss_is_posted_once_after_the_grace_and_a_short_one_not_at_all() -> None:
    scene = Scene(MemoryLedger())

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.down("first loss")
        await scene.passes(9)
        scene.way.up()
        await scene.passes(60)
        assert scene.posted == []
        scene.way.down("second loss")
        for _ in range(5):
            await scene.passes(9)
            scene.way.down("second loss")
        assert [type(signal) for signal in scene.posted] == [DeviceLost]
        scene.way.up()
        await scene.passes(60)
        assert [type(signal) for signal in scene.posted] == [DeviceLost, DeviceRestored]
        lost = scene.posted[0]
        assert isinstance(lost, DeviceLost)
        assert (lost.device, lost.role, lost.lane, lost.why) == ("broker", "broker", None, "second loss")

    scene.play(story)


def test_after_a_restart_it_believes_an_acknowledgement_of_what_its_predecessor_may_have_sent() -> None:
    ledger = MemoryLedger(facts=500)
    ledger.acknowledged = 200
    scene = Scene(ledger)

    async def story() -> None:
        scene.way.acknowledges(200 + WINDOW + 1)
        assert ledger.acknowledged == 200
        scene.way.acknowledges(200 + WINDOW)
        assert ledger.acknowledged == 200 + WINDOW

    scene.play(story)


def test_resend_requests_that_come_in_a_flood_are_obeyed_as_one() -> None:
    scene = Scene(MemoryLedger(facts=20))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.acknowledges(20)
        scene.way.take()
        for since in (20, 15, 18, 12, 19):
            scene.way.says(TOPICS.resend, json.dumps({"from": since}))
        await scene.passes(0.5)
        assert scene.way.take() == list(range(12, 21))
        scene.way.says(TOPICS.resend, '{"from": 20}')
        await scene.passes(0.2)
        assert scene.way.take() == []
        await scene.passes(0.5)
        assert scene.way.take() == [20]
        assert scene.ledger.acknowledged == 20, "a resend takes no acknowledgement back"

    scene.play(story)


JUNK = {
    "nothing": b"",
    "not JSON": b"ack 5",
    "cut JSON": b'{"gate":"east","seq":5',
    "not an object": b"5",
    "a list": b'[{"gate":"east","seq":5}]',
    "no number": b'{"gate":"east"}',
    "no gate": b'{"seq":5}',
    "a bool": b'{"gate":"east","seq":true}',
    "a whole float": b'{"gate":"east","seq":5.0}',
    "a float": b'{"gate":"east","seq":5.5}',
    "a text": b'{"gate":"east","seq":"5"}',
    "null": b'{"gate":"east","seq":null}',
    "negative": b'{"gate":"east","seq":-1}',
    "NaN": b'{"gate":"east","seq":NaN}',
    "infinite": b'{"gate":"east","seq":1e999}',
    "beyond 64 bits": b'{"gate":"east","seq":' + b"9" * 40 + b"}",
    "hundreds of digits": b'{"gate":"east","seq":' + b"9" * 900 + b"}",
    "beyond the ledger": b'{"gate":"east","seq":11}',
    "another ledger": b'{"gate":"east","seq":5,"ledger":"fedcba9876543210"}',
    "no name of a ledger": b'{"gate":"east","seq":5,"ledger":"0123"}',
    "another gate": b'{"gate":"west","seq":5}',
    "deep nesting": b'{"gate":"east","seq":' + b"[" * 450 + b"]" * 450 + b"}",
    "bad UTF-8": b'{"gate":"\xff","seq":5}',
    "half a surrogate": b'{"gate":"\\ud800","seq":5}',
    "too long": b'{"gate":"east","seq":5,"x":"' + b"x" * 2000 + b'"}',
    "huge": b"[" * 1_000_000,
}


@pytest.mark.parametrize("payload", JUNK.values(), ids=JUNK.keys())
def test_junk_on_the_office_topics_changes_nothing(payload: bytes) -> None:
    scene = Scene(MemoryLedger(facts=10))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.take()
        scene.way.says(TOPICS.ack, payload)
        scene.way.says(TOPICS.resend, payload.replace(b'"seq"', b'"from"').replace(b":11}", b":12}"))
        await scene.passes(5)
        assert scene.ledger.acknowledged == 0
        if payload != JUNK["no gate"]:  # the topic of a resend request names the gate well enough
            assert scene.way.take() == []
            assert scene.publisher.status().refused_from_office == 2

    scene.play(story)


@pytest.mark.parametrize("topic", [TOPICS.ack, TOPICS.resend])
def test_a_retained_word_of_the_office_is_refused(topic: str) -> None:
    scene = Scene(MemoryLedger(facts=10))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.take()
        scene.way.says(topic, '{"gate": "east", "seq": 5, "from": 5}', retained=True)
        await scene.passes(5)
        assert (scene.ledger.acknowledged, scene.way.take()) == (0, [])
        assert scene.publisher.status().refused_from_office == 1

    scene.play(story)


def test_a_flood_of_junk_is_a_handful_of_log_lines(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(MemoryLedger(facts=1))

    async def story() -> None:
        for _ in range(10_000):
            scene.way.says(TOPICS.ack, b"junk")

    scene.play(story)
    assert scene.publisher.status().refused_from_office == 10_000
    assert len(caplog.records) == 5


@given(payload=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), retained=st.booleans())
def test_no_bytes_at_all_raise(payload: bytes, retained: bool) -> None:
    for topic in (TOPICS.ack, TOPICS.resend, "gatepost/garden/west/office/ack", ""):
        assert isinstance(
            judge(TOPICS, topic, payload, retained=retained, ledger=LEDGER),
            Refused | Acknowledged | ResendAsked,
        )


def test_the_envelope_carries_the_row_and_when_it_happened() -> None:
    ledger = MemoryLedger()
    row = ledger.add(kind="boom_moved", lane=None)
    scene = Scene(ledger)

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        (fact,) = scene.way.sent
        assert (fact.gate, fact.seq, fact.kind, fact.v) == ("east", 1, "boom_moved", 1)
        assert (fact.at.wall, fact.at.trusted, fact.at.boot, fact.at.mono_s) == (
            AT.wall,
            True,
            "boot-1",
            100.0,
        )
        assert fact.ledger == LEDGER
        assert (fact.body, fact.hash, fact.prev) == (row.body, row.hash, row.prev_hash)
        assert TOPICS.fact(None, "boom_moved") == "gatepost/garden/east/fact/gate/boom_moved"

    scene.play(story)


def test_a_disk_that_refuses_the_acknowledgement_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class FullDisk(MemoryLedger):
        def set_acked(self, seq: int) -> None:
            raise StoreFull("no room")

    scene = Scene(FullDisk(facts=300))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        for seq in (50, 100):
            scene.way.acknowledges(seq)
        await scene.passes()
        assert scene.way.take() == list(range(1, 201))

    scene.play(story)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


def test_a_word_for_this_ledger_is_obeyed() -> None:
    scene = Scene(MemoryLedger(facts=10))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.take()
        scene.way.says(TOPICS.ack, json.dumps({"gate": "east", "seq": 5, "ledger": LEDGER}))
        assert scene.ledger.acknowledged == 5
        scene.way.says(TOPICS.resend, json.dumps({"from": 9, "ledger": LEDGER}))
        await scene.passes()
        assert scene.way.take() == [9, 10]

    scene.play(story)
