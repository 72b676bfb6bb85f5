"""Who may say what, against a real broker: access lists, passwords, certificates, retained and huge words."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.publish
import pytest

from tests.mqtt.rig import NO_TIMERS, TOPICS, Books, Ear, Gate, MemoryLedger, gate_spec, running, until
from tests.rigs.broker import Mosquitto


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """Wants a password; its access list is the file `acl` in its folder, read at start."""
    folder = tmp_path / "guarded"
    folder.mkdir()
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    for name in ("east", "office"):
        subprocess.run(
            ["mosquitto_passwd", "-b", str(passwords), name, f"secret of {name}"],
            check=True,
            capture_output=True,
        )
    (folder / "acl").write_text("", encoding="utf-8")
    broker = Mosquitto(
        folder,
        settings=(
            "allow_anonymous false",
            f"password_file {passwords}",
            f"acl_file {folder / 'acl'}",
        ),
    )
    yield broker
    broker.kill()


def password_of(name: str, tmp_path: Path) -> dict[str, object]:
    file = tmp_path / f"{name}.password"
    file.write_text(f"secret of {name}\n", encoding="utf-8")
    return {"username": name, "password_file": file}


EAST_MAY = """user east
topic write gatepost/garden/east/state/#
topic read gatepost/garden/east/office/#
"""
OFFICE_MAY = """user office
topic read gatepost/garden/+/fact/#
topic write gatepost/garden/+/office/#
"""


async def test_a_publish_that_the_access_list_denies_is_not_delivered(
    guarded: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # given a gate that may not publish facts: mosquitto acknowledges them all the same, with 0x87
    (guarded.folder / "acl").write_text(EAST_MAY + OFFICE_MAY, encoding="utf-8")
    guarded.start()
    ledger = MemoryLedger(facts=30)
    gate = Gate(ledger, gate_spec(guarded.port, **password_of("east", tmp_path)))
    books = Books(tmp_path / "books", guarded.port, **password_of("office", tmp_path))
    async with running(gate, books):
        await until(lambda: gate.publisher.status().refused_by_broker >= 22, what="refused, and again")
        status = gate.publisher.status()
        assert (status.published, status.acked, books.held) == (0, 0, 0)
        assert "Not authorized" in (status.why or "")
        assert sum("was refused by the broker" in record.message for record in caplog.records) == 1

        # when the list is put right
        guarded.kill()
        (guarded.folder / "acl").write_text(
            EAST_MAY + "topic write gatepost/garden/east/fact/#\n" + OFFICE_MAY, encoding="utf-8"
        )
        guarded.start()
        await until(lambda: ledger.acknowledged == 30, what="delivered at last")
        assert gate.publisher.status().why is None
    assert [fact.seq for fact in books.taken] == list(range(1, 31))


async def test_a_wrong_password_is_told_and_the_secret_is_not(
    guarded: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    guarded.start()
    secret = tmp_path / "password"
    secret.write_text("not the one", encoding="utf-8")
    gate = Gate(MemoryLedger(), gate_spec(guarded.port, username="east", password_file=secret))
    async with running(gate):
        await until(lambda: "refuses us" in (gate.publisher.status().why or ""))

        # when the right one is put into the file, no restart is needed
        secret.write_text("secret of east", encoding="utf-8")
        await until(lambda: gate.publisher.status().connected)
    assert "not the one" not in caplog.text
    assert "secret of east" not in caplog.text


async def test_a_missing_password_file_is_trouble_and_not_a_crash(guarded: Mosquitto, tmp_path: Path) -> None:
    guarded.start()
    spec = gate_spec(guarded.port, username="east", password_file=tmp_path / "nowhere")
    gate = Gate(MemoryLedger(), spec)
    async with running(gate):
        await until(lambda: "nowhere" in (gate.publisher.status().why or ""))


async def test_what_strangers_publish_on_the_office_topics_moves_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    # given a retained acknowledgement and a retained request from before the gate was there
    for topic in (TOPICS.ack, TOPICS.resend):
        await asyncio.to_thread(
            paho.mqtt.publish.single,
            topic,
            b'{"gate": "east", "seq": 10, "from": 1}',
            qos=1,
            retain=True,
            port=mosquitto.port,
        )
    ledger = MemoryLedger(facts=10)
    gate, ear = Gate(ledger, gate_spec(mosquitto.port)), Ear(mosquitto.port)
    async with running(gate, ear):
        await until(lambda: gate.publisher.status().published == 10, what="all sent")

        # when 10 MB, deep nesting, and a word that is retained as it is said arrive
        await ear.says(TOPICS.ack, b"x" * 10_000_000)
        await ear.says(TOPICS.resend, b"[" * 60_000)
        await ear.says(TOPICS.ack, b'{"gate": "east", "seq": 99999}')
        await asyncio.to_thread(
            paho.mqtt.publish.single,
            TOPICS.ack,
            b'{"gate": "east", "seq": 9}',
            qos=1,
            retain=True,
            port=mosquitto.port,
        )
        await until(lambda: gate.publisher.status().refused_from_office >= 3, what="refused")
        assert gate.publisher.status().connected
        assert ledger.acknowledged == 0

        # then the office is believed as before
        async with running(Books(tmp_path / "office", mosquitto.port)):
            await until(lambda: ledger.acknowledged == 10)


async def test_over_tls_only_a_broker_that_our_authority_signed_gets_the_facts(
    certificates: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(
        folder,
        settings=(
            f"certfile {certificates / 'broker.pem'}",
            f"keyfile {certificates / 'broker.key'}",
        ),
    )
    broker.start()
    try:
        ledger = MemoryLedger(facts=200)
        deceived = Gate(ledger, gate_spec(broker.port, ca_file=certificates / "theirs.pem"))
        async with running(deceived):
            await until(lambda: "certificate verify failed" in (deceived.publisher.status().why or ""))
        assert deceived.publisher.status().published == 0

        ours = certificates / "ours.pem"
        books = Books(tmp_path / "office", broker.port, ca_file=ours)
        gate = Gate(ledger, gate_spec(broker.port, ca_file=ours), patience=NO_TIMERS)
        async with running(books):
            await until(lambda: books.broker.connected)
            async with running(gate):
                await until(lambda: ledger.acknowledged == 200)
    finally:
        broker.kill()


async def test_packets_that_share_a_tls_record_are_all_heard(certificates: Path) -> None:
    # given a broker that says CONNACK, PUBLISH, PUBLISH in one breath (MQTT 5, 3.2 and 3.3)
    async def say_it_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x20\x03\x00\x00\x00" + b"\x30\x05\x00\x01a\x001" + b"\x30\x05\x00\x01a\x002")
        await reader.read()
        writer.close()

    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(certificates / "broker.pem", certificates / "broker.key")
    server = await asyncio.start_server(say_it_at_once, "127.0.0.1", 0, ssl=identity)
    port = server.sockets[0].getsockname()[1]
    ear = Ear(port, ca_file=certificates / "ours.pem")
    async with server, running(ear):
        await until(lambda: [payload for _, payload, _ in ear.messages] == [b"1", b"2"], what="both heard")
