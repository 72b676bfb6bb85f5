"""The publisher alone, on a clock that costs nothing: what it sends, when, and whom it believes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.core.signals import DeviceLost, DeviceRestored
from daemon.mqtt.publisher import WINDOW
from daemon.store.errors import StoreFull
from tests.mqtt.rig import AT, LEDGER, TOPICS, MemoryLedger
from tests.mqtt.scene import Scene


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


def test_what_was_asked_for_again_goes_out_whole_though_the_office_says_that_it_holds_it() -> None:
    scene = Scene(MemoryLedger(facts=200))

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.acknowledges(100)
        await scene.passes()
        scene.way.acknowledges(200)
        scene.way.take()
        scene.way.says(TOPICS.resend, '{"from": 11}')
        await scene.passes()
        assert scene.way.take() == list(range(11, 111))
        scene.way.acknowledges(200)
        await scene.passes()
        assert scene.way.take() == list(range(111, 201))

    scene.play(story)
