"""A site whose consumer acknowledges nothing: the broker's word is enough, and no more is claimed for it."""

from __future__ import annotations

import json

import pytest

from daemon.mqtt.publisher import WINDOW
from tests.mqtt.rig import TOPICS, Ear, Gate, MemoryLedger, gate_spec, running, until
from tests.mqtt.scene import Scene
from tests.rigs.broker import Mosquitto


def test_what_the_broker_has_taken_is_delivered_and_the_next_may_go() -> None:
    scene = Scene(MemoryLedger(facts=3 * WINDOW), delivery="broker")

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        assert scene.way.take() == list(range(1, 3 * WINDOW + 1))
        assert scene.ledger.acknowledged == 3 * WINDOW
        status = scene.publisher.status()
        assert (status.delivery, status.acked, status.office_seen) == ("broker", 3 * WINDOW, False)

    scene.play(story)


def test_a_fact_that_it_refuses_holds_up_the_count_and_is_offered_again() -> None:
    scene = Scene(MemoryLedger(facts=5), delivery="broker")
    scene.way.refuses = lambda fact: fact.seq == 3

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        assert scene.ledger.acknowledged == 2
        assert "refuses fact 3" in (scene.publisher.status().why or "")
        scene.way.refuses = lambda _: False
        await scene.passes(60)
        assert scene.ledger.acknowledged == 5

    scene.play(story)


def test_a_resend_takes_nothing_back() -> None:
    scene = Scene(MemoryLedger(facts=50), delivery="broker")

    async def story() -> None:
        scene.way.up()
        await scene.passes()
        scene.way.take()
        scene.way.says(TOPICS.resend, json.dumps({"from": 41}))
        await scene.passes()
        assert scene.way.take() == list(range(41, 51))
        assert scene.ledger.acknowledged == 50

    scene.play(story)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_real_broker_and_a_consumer_that_only_listens(mosquitto: Mosquitto, protocol: str) -> None:
    ledger = MemoryLedger(facts=500)
    spec = gate_spec(mosquitto.port, protocol=protocol)
    gate, ear = Gate(ledger, spec, delivery="broker"), Ear(mosquitto.port, f"{TOPICS.prefix}/fact/#")
    async with running(ear):
        await until(lambda: ear.broker.connected)
        async with running(gate):
            await until(lambda: ledger.acknowledged == 500, what="all taken")
            await until(lambda: len(ear.messages) >= 500, what="all heard")
    assert [json.loads(payload)["seq"] for _, payload, _ in ear.messages] == list(range(1, 501))
