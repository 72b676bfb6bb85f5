"""Gate, broker and office, all real: every fact arrives once, in order, whatever dies on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.mqtt.rig import TOPICS, Books, Ear, Gate, MemoryLedger, gate_spec, running, until
from tests.rigs.broker import Mosquitto, free_port


def assert_all_of(ledger: MemoryLedger, books: Books) -> None:
    assert [(fact.seq, fact.hash) for fact in books.taken] == [(row.seq, row.hash) for row in ledger.all]
    assert books.troubles == []


@pytest.mark.rule("R42")
async def test_every_fact_reaches_the_office_in_order(mosquitto: Mosquitto, tmp_path: Path) -> None:
    ledger = MemoryLedger(facts=250)
    gate, books = Gate(ledger, gate_spec(mosquitto.port)), Books(tmp_path / "office", mosquitto.port)
    async with running(gate, books):
        await until(lambda: ledger.acknowledged == 250, what="the backlog is acknowledged")
        ledger.add(kind="boom_moved")
        gate.publisher.wake()
        await until(lambda: ledger.acknowledged == 251, what="a new fact is acknowledged")
        status = gate.publisher.status()

    assert_all_of(ledger, books)
    assert (status.connected, status.why, status.office_seen) == (True, None, True)
    assert (status.published, status.acked, status.last_seq) == (251, 251, 251)


@pytest.mark.rule("R42")
async def test_a_broker_killed_twice_mid_run_loses_and_doubles_nothing(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ledger = MemoryLedger(facts=3000)
    gate, books = Gate(ledger, gate_spec(mosquitto.port)), Books(tmp_path / "office", mosquitto.port)
    async with running(gate, books):
        for mark in (500, 1500):
            await until(lambda mark=mark: books.held >= mark, what=f"{mark} facts held")
            mosquitto.kill()
            await until(lambda: not gate.publisher.status().connected, what="the loss is noticed")
            mosquitto.start()
        await until(lambda: ledger.acknowledged == 3000, what="everything acknowledged")

    assert_all_of(ledger, books)


@pytest.mark.rule("R42")
async def test_an_office_that_was_away_gets_the_whole_backlog(mosquitto: Mosquitto, tmp_path: Path) -> None:
    # given an office that was there once, so that the broker queues for it and drops beyond 1,000
    ledger = MemoryLedger(facts=10)
    gate = Gate(ledger, gate_spec(mosquitto.port))
    async with running(gate):
        async with running(Books(tmp_path / "office", mosquitto.port)):
            await until(lambda: ledger.acknowledged == 10)

        # when it is away while more happens than the broker would ever queue, and probes go out in vain
        for _ in range(3000):
            ledger.add()
        gate.publisher.wake()
        await until(lambda: not gate.publisher.status().office_seen, what="the silence is noticed")
        assert gate.publisher.status().published < 1000, "the window bounds what the broker has to queue"

        # then it has everything soon after it is back
        books = Books(tmp_path / "office", mosquitto.port)
        async with running(books):
            await until(lambda: ledger.acknowledged == 3010, what="the backlog is drained")

    assert [fact.seq for fact in books.taken] == list(range(11, 3011))
    assert books.troubles == []


async def test_an_office_that_lost_its_books_is_sent_everything_again(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    ledger = MemoryLedger(facts=300)
    gate = Gate(ledger, gate_spec(mosquitto.port))
    async with running(gate):
        async with running(Books(tmp_path / "first", mosquitto.port)):
            await until(lambda: ledger.acknowledged == 300)

        # when the office starts with an empty folder, and the next fact shows it what it misses
        books = Books(tmp_path / "second", mosquitto.port)
        async with running(books):
            ledger.add()
            gate.publisher.wake()
            await until(lambda: ledger.acknowledged == 301, what="everything again")

    assert_all_of(ledger, books)
    assert all(fact.historical for fact in books.taken)


async def test_a_resend_goes_back_to_the_number_asked_for(mosquitto: Mosquitto, tmp_path: Path) -> None:
    ledger = MemoryLedger(facts=50)
    gate, books = Gate(ledger, gate_spec(mosquitto.port)), Books(tmp_path / "office", mosquitto.port)
    ear = Ear(mosquitto.port, f"{TOPICS.prefix}/fact/#")
    async with running(gate, books):
        await until(lambda: ledger.acknowledged == 50)
        async with running(ear):
            await ear.says(TOPICS.resend, b'{"from": 31}')
            await until(lambda: len(ear.messages) >= 20, what="20 facts again")

    assert b'"seq":31,' in ear.messages[0][1]
    assert b'"seq":50,' in ear.messages[19][1]
    assert [fact.seq for fact in books.taken] == list(range(1, 51)), "the office has dropped the copies"


async def test_what_the_office_said_while_the_gate_was_away_is_heard_when_it_is_back(
    mosquitto: Mosquitto,
) -> None:
    ledger = MemoryLedger(facts=10)
    gate = Gate(ledger, gate_spec(mosquitto.port))
    async with running(gate):
        await until(lambda: gate.publisher.status().published == 10, what="all sent")

    ear = Ear(mosquitto.port)
    async with running(ear):
        await ear.says(TOPICS.ack, b'{"gate": "east", "seq": 10}')

    async with running(Gate(ledger, gate_spec(mosquitto.port))):
        await until(lambda: ledger.acknowledged == 10)


async def test_the_state_topic_says_whether_the_gate_is_there(mosquitto: Mosquitto) -> None:
    gate = Gate(MemoryLedger(), gate_spec(mosquitto.port))
    ear = Ear(mosquitto.port, mirrors=(TOPICS.link,))
    async with running(ear):
        await until(lambda: ear.broker.connected)
        async with running(gate):
            await until(lambda: (TOPICS.link, b"online", True) in ear.messages, what="online, retained")
        await until(lambda: ear.messages[-1] == (TOPICS.link, b"offline", True), what="offline, retained")


@pytest.mark.rule("R42")
async def test_a_broker_that_was_never_there_is_told_once_and_found_later(tmp_path: Path) -> None:
    # given a port that nobody listens on
    port = free_port()
    ledger = MemoryLedger(facts=5)
    gate = Gate(ledger, gate_spec(port))
    folder = tmp_path / "broker"
    folder.mkdir()
    mosquitto = Mosquitto(folder, port=port)
    try:
        async with running(gate):
            await until(lambda: len(gate.posted) == 1, what="the loss is posted")
            assert "cannot be reached" in (gate.publisher.status().why or "")
            ledger.add()
            gate.publisher.wake()

            # when it comes at last
            mosquitto.start()
            async with running(Books(tmp_path / "office", port)):
                await until(lambda: ledger.acknowledged == 6)

        assert [type(signal).__name__ for signal in gate.posted] == ["DeviceLost", "DeviceRestored"]
        assert {(signal.device, signal.role, signal.lane) for signal in gate.posted} == {
            ("broker", "broker", None)
        }
    finally:
        mosquitto.kill()


async def test_a_port_that_accepts_and_says_nothing_is_not_a_broker() -> None:
    # given a server that takes connections and never answers
    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stay_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gate = Gate(MemoryLedger(facts=3), gate_spec(port, connect_timeout_s=0.3))
    async with server, running(gate):
        await until(lambda: "does not answer" in (gate.publisher.status().why or ""))
        await until(lambda: len(gate.posted) == 1, what="the loss is posted")
        assert gate.publisher.status().published == 0


async def test_a_server_that_speaks_something_else_is_survived() -> None:
    async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(range(256)) * 4)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk_nonsense, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gate = Gate(MemoryLedger(facts=3), gate_spec(port, connect_timeout_s=5.0))
    async with server, running(gate):
        await until(lambda: len(gate.posted) == 1, what="the loss is posted")
        assert not gate.publisher.status().connected


@pytest.mark.parametrize("has_something_to_send", [True, False])
async def test_a_broker_that_freezes_is_noticed_and_found_again(
    mosquitto: Mosquitto, tmp_path: Path, has_something_to_send: bool
) -> None:
    # given a connection that works; found out by the missing acknowledgement, or by the keepalive alone
    ledger = MemoryLedger(facts=5)
    gate = Gate(ledger, gate_spec(mosquitto.port, keepalive_s=1, ack_timeout_s=1.0, connect_timeout_s=1.0))
    books = Books(
        tmp_path / "office", mosquitto.port, keepalive_s=1, ack_timeout_s=1.0, connect_timeout_s=1.0
    )
    async with running(gate, books):
        await until(lambda: ledger.acknowledged == 5)

        # when the broker stops without closing anything
        mosquitto.freeze()
        if has_something_to_send:
            ledger.add()
            gate.publisher.wake()
        await until(lambda: not gate.publisher.status().connected, what="half open is noticed")
        mosquitto.thaw()

        # then the gate comes back by itself
        ledger.add()
        gate.publisher.wake()
        await until(lambda: ledger.acknowledged == len(ledger.all), what="all acknowledged")

    assert_all_of(ledger, books)
