"""What a site's broker may be: MQTT 3.1.1 and no more, or one that knows its gates by their certificates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.mqtt.rig import TOPICS, Books, Ear, Gate, MemoryLedger, gate_spec, running, until
from tests.rigs.broker import Mosquitto


@pytest.mark.rule("R42")
async def test_over_3_1_1_every_fact_reaches_the_office_over_a_broker_that_dies(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ledger = MemoryLedger(facts=600)
    gate = Gate(ledger, gate_spec(mosquitto.port, protocol="3.1.1"))
    books = Books(tmp_path / "office", mosquitto.port, protocol="3.1.1")
    ear = Ear(mosquitto.port, mirrors=(TOPICS.link,))
    async with running(gate, books, ear):
        await until(lambda: books.held >= 200, what="some are held")
        mosquitto.kill()
        await until(lambda: not gate.publisher.status().connected, what="the loss is noticed")
        mosquitto.start()
        await until(lambda: ledger.acknowledged == 600, what="everything acknowledged")
        await until(lambda: (TOPICS.link, b"online") in {m[:2] for m in ear.messages}, what="it is online")
    assert [fact.seq for fact in books.taken] == list(range(1, 601))
    assert books.troubles == []


async def test_over_3_1_1_a_retained_word_of_the_office_is_refused(mosquitto: Mosquitto) -> None:
    ear = Ear(mosquitto.port)
    async with running(ear):
        await until(lambda: ear.broker.connected)
        assert ear.broker.publish(
            TOPICS.ack, json.dumps({"gate": "east", "seq": 10}).encode(), lambda _: None, retain=True
        )
        ledger = MemoryLedger(facts=10)
        gate = Gate(ledger, gate_spec(mosquitto.port, protocol="3.1.1"))
        async with running(gate):
            await until(lambda: gate.publisher.status().refused_from_office == 1, what="refused")
            assert ledger.acknowledged == 0
            await ear.says(TOPICS.ack, json.dumps({"gate": "east", "seq": 10}).encode())
            await until(lambda: ledger.acknowledged == 10, what="the office is believed")


async def test_over_3_1_1_a_denied_publish_looks_taken_and_is_not_delivered(
    tmp_path: Path,
) -> None:
    # given an access list that lets nobody publish facts, which 3.1.1 cannot tell us
    (tmp_path / "acl").write_text("topic read #\ntopic write gatepost/+/+/state/#\n", encoding="utf-8")
    broker = Mosquitto(tmp_path, settings=(f"acl_file {tmp_path / 'acl'}",))
    broker.start()
    try:
        ledger = MemoryLedger(facts=5)
        gate = Gate(ledger, gate_spec(broker.port, protocol="3.1.1"))
        books = Books(tmp_path / "office", broker.port)
        async with running(gate, books):
            await until(lambda: gate.publisher.status().published == 5, what="the broker said yes to all")
            assert (ledger.acknowledged, books.held) == (0, 0)
    finally:
        broker.kill()


async def test_a_broker_that_wants_our_certificate_gets_it_and_knows_us_by_it(
    certificates: Path, tmp_path: Path
) -> None:
    acl = tmp_path / "acl"
    acl.write_text(
        "user east\ntopic write gatepost/garden/east/#\ntopic read gatepost/garden/east/office/#\n",
        encoding="utf-8",
    )
    broker = Mosquitto(
        tmp_path,
        settings=(
            f"cafile {certificates / 'ours.pem'}",
            f"certfile {certificates / 'broker.pem'}",
            f"keyfile {certificates / 'broker.key'}",
            "require_certificate true",
            "use_identity_as_username true",
            f"acl_file {acl}",
        ),
    )
    broker.start()
    try:
        spec = gate_spec(broker.port, ca_file=certificates / "ours.pem")
        without = Gate(MemoryLedger(), spec)
        async with running(without):
            await until(lambda: "not tried yet" not in (without.publisher.status().why or ""), what="tried")
            await until(lambda: without.publisher.status().why is not None, what="refused")
            assert not without.publisher.status().connected

        ledger = MemoryLedger(facts=3)
        signed = gate_spec(
            broker.port,
            ca_file=certificates / "ours.pem",
            cert_file=certificates / "east.pem",
            key_file=certificates / "east.key",
        )
        gate = Gate(ledger, signed, delivery="broker")
        async with running(gate):
            await until(lambda: ledger.acknowledged == 3, what="taken from us")
    finally:
        broker.kill()
