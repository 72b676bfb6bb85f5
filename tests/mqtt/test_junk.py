"""Whatever strangers say on the office's topics: judged by its form, and nothing follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mqtt.inbound import Acknowledged, Refused, ResendAsked, judge
from tests.mqtt.rig import LEDGER, TOPICS, MemoryLedger
from tests.mqtt.scene import Scene

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
