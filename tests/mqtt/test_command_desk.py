"""The desk where commands arrive: each answered once it is durable, none done twice, a storm outlived."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.config.keys import KeyRing
from daemon.config.problems import Problem
from daemon.core.alerts import AlertAcknowledged
from daemon.core.commands import CommandReceived, CommandRefused
from daemon.core.facts import Fact, PermitGranted
from daemon.core.signals import Fault, Signal
from daemon.mqtt.command.desk import MOST_WAITING, CommandDesk
from daemon.mqtt.command.envelope import Command
from daemon.mqtt.command.parts import WITHIN
from daemon.mqtt.link import Done
from daemon.mqtt.topics import alert_name
from daemon.store.errors import StoreError
from tests.core.rig import GateRig, entry
from tests.mqtt.commands import RING, SIGNERS, STRANGER, command, hostile
from tests.mqtt.rig import TOPICS, until


@dataclass
class Broker:
    """Takes what it is given, as long as it is there."""

    connected: bool = True
    replies: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    def publish(self, topic: str, payload: bytes, done: Done) -> bool:
        assert topic == TOPICS.reply
        self.replies.append(json.loads(payload))
        done(None)
        return True

    def show(self, topic: str, payload: bytes) -> None:
        self.shown[topic] = json.loads(payload)

    @property
    def challenge(self) -> str:
        return str(self.shown[TOPICS.challenge]["challenge"])

    def answers(self) -> list[tuple[str, str | None, bool]]:
        return [(reply["answer"], reply["why"], reply["final"]) for reply in self.replies]


class Keys:
    """A folder of keys, of which somebody may take one away."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring: KeyRing | None = ring

    def changed(self) -> tuple[KeyRing, list[Problem]] | None:
        ring, self.ring = self.ring, None
        return None if ring is None else (ring, [])


class Post:
    """A gate on the bench with a desk for commands; the time is turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.bench = GateRig(folder, [entry()])
        self.disk_refuses = False
        self.broker = Broker()
        self._numbers = iter(range(1, 10_000))
        self.desk = self._desk()

    def _desk(self) -> CommandDesk:
        self.keys: Any = Keys(RING)
        return CommandDesk(
            TOPICS,
            keys=self.keys,
            ledger="0123456789abcdef",
            way=lambda _: self.broker,
            show=self.broker.show,
            ask=self._ask,
            post=self._send,
            state=lambda: self.bench.engine.state,
            clock=self.bench.clock,
            new_challenge=lambda: f"{next(self._numbers):032x}",
        )

    async def _ask(self, signal: Signal) -> tuple[Fact, ...]:
        if self.disk_refuses:
            raise StoreError("no room")
        return self._send(signal)

    def _send(self, signal: Signal) -> tuple[Fact, ...]:
        facts = self.bench.send(signal)
        self.desk.look(facts)
        return facts

    def time(self, seconds: float) -> None:
        self.desk.look(self.bench.time(seconds))

    def restart(self) -> None:
        facts = self.bench.restart()
        self.desk = self._desk()
        self.desk.look(facts)

    def command(self, **changes: Any) -> Command:
        return command(**{"challenge": self.broker.challenge, "now": self.bench.now.wall, **changes})

    async def says(self, *payloads: bytes, topic: str = TOPICS.command, retained: bool = False) -> None:
        """Hand it to the desk, and wait until it has dealt with it."""
        for payload in payloads:
            self.desk.heard(topic, payload, retained=retained)
        await until(lambda: not self.desk.is_busy)

    def refused(self) -> list[tuple[Fault, int]]:
        return [(fact.why, fact.times) for fact in self.bench.all(CommandRefused)]


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    post = Post(tmp_path)
    async with working(lambda: post.desk):
        yield post
    post.bench.finish()


@asynccontextmanager
async def working(desk: Callable[[], CommandDesk]) -> AsyncIterator[None]:
    task = asyncio.create_task(desk().run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_open_is_answered_twice_and_done_once(post: Post) -> None:
    one = post.command()
    await post.says(one.payload)
    assert post.broker.answers() == [("accepted", None, False)]
    post.time(3)
    await post.says()
    assert post.broker.answers() == [("accepted", None, False), ("done", None, True)]
    assert {reply["id"] for reply in post.broker.replies} == {one.id}

    # when the very same bytes come again, and then the same command signed anew
    await post.says(one.payload, one.payload)
    await post.says(post.command(command_id=one.id).payload)
    assert post.broker.answers()[2:] == [("done", None, True)] * 3
    assert post.bench.orders_of() == ["raise"]
    assert len(post.bench.all(CommandReceived)) == 1
    assert post.refused() == [(Fault.REPLAYED, 1)]


async def test_after_a_restart_nothing_that_was_signed_before_counts_and_nothing_is_done_twice(
    post: Post,
) -> None:
    one, never_sent = post.command(), post.command()
    await post.says(one.payload)
    post.time(3)
    await post.says()
    challenge = post.broker.challenge
    post.restart()
    async with working(lambda: post.desk):
        assert post.broker.challenge != challenge
        post.broker.replies.clear()
        await post.says(one.payload, never_sent.payload)
        # what was done is not called refused because its bytes come again
        assert post.broker.answers() == [("done", None, True), ("rejected", "challenge_old", True)]
        # a sender that never heard the answer signs it anew, and hears it
        await post.says(post.command(command_id=one.id).payload)
        assert post.broker.answers()[-1] == ("done", None, True)
    assert post.bench.orders_of() == ["raise"]


async def test_a_stranger_hears_nothing_and_leaves_one_fact(post: Post) -> None:
    await post.says(*(post.command(who=STRANGER).payload for _ in range(20)))
    assert post.broker.replies == []
    assert post.refused() == [(Fault.KEY_UNKNOWN, 1)]
    post.bench.time(61)
    await post.says()
    await until(lambda: post.refused() == [(Fault.KEY_UNKNOWN, 1), (Fault.KEY_UNKNOWN, 19)])


async def test_what_is_counted_is_said_at_the_end_of_the_run(post: Post) -> None:
    await post.says(*(post.command(who=STRANGER).payload for _ in range(20)))
    post.desk.last_words()
    assert post.refused() == [(Fault.KEY_UNKNOWN, 1), (Fault.KEY_UNKNOWN, 19)]


async def test_a_storm_fills_neither_memory_nor_disk_and_genuine_commands_get_through(post: Post) -> None:
    pool = [post.command() for _ in range(20)]
    await post.says(*(one.payload for one in pool))
    facts = len(post.bench.facts)
    for count, one in enumerate(hostile(3000, seed=7, pool=pool)):
        post.desk.heard(TOPICS.command, one.payload, retained=one.retained)
        if count % 100 == 0:
            await until(lambda: not post.desk.is_busy)
    await post.says()
    post.desk.last_words()
    refused = post.refused()
    assert sum(times for _, times in refused) == 3000
    assert len(post.bench.facts) - facts < 150, "some facts a reason and key, however many came"
    await post.says(post.command(op="take_picture").payload)
    assert post.broker.answers()[-1] == ("done", None, True)


async def test_more_at_once_than_the_gate_looks_at_is_counted_and_dropped(post: Post) -> None:
    one = post.command()
    for _ in range(MOST_WAITING + 50):
        post.desk.heard(TOPICS.command, one.payload, retained=False)
    await post.says()
    post.desk.last_words()
    assert dict(post.refused())[Fault.TOO_MANY] in {1, 49}
    assert sum(times for why, times in post.refused() if why is Fault.TOO_MANY) == 50
    assert post.bench.orders_of() == ["raise"]


async def test_a_disk_that_refuses_does_nothing_and_says_so(post: Post) -> None:
    post.disk_refuses = True
    one = post.command()
    await post.says(one.payload)
    assert post.broker.answers() == [("rejected", "disk_refuses", True)]
    assert post.bench.orders_of() == []
    post.disk_refuses = False
    await post.says(post.command(command_id=one.id).payload)
    assert post.broker.answers()[-1] == ("accepted", None, False)


async def test_answers_wait_for_a_broker_that_is_away(post: Post) -> None:
    post.broker.connected = False
    await post.says(post.command(op="take_picture").payload)
    assert post.broker.replies == []
    post.broker.connected = True
    post.desk.link_changed()
    await until(lambda: post.broker.answers() == [("done", None, True)])


async def test_without_a_clock_the_challenge_is_another_every_five_seconds(post: Post) -> None:
    post.bench.set_wall(post.bench.now.wall, trusted=False)
    first = post.command()
    seen = {post.broker.challenge}
    for _ in range(10):
        post.bench.time(2)
        post.desk.link_changed()
        await until(lambda: not post.desk.is_busy)
        seen.add(post.broker.challenge)
    assert len(seen) == 4, "looked at every two seconds, renewed at 6, 12 and 18"
    await post.says(first.payload)
    assert post.broker.answers() == [("rejected", "challenge_old", True)]
    await post.says(post.command().payload)
    assert post.broker.answers()[-1] == ("accepted", None, False)


ROWS = [
    {"id": f"P{number:05}", "card": f"62E3{number:04X}", "plate": f"粤B{number:05}", "holder": "张三" * 20}
    for number in range(700)
]


def listed(post: Post, rows: list[dict[str, str]] = ROWS, **changes: Any) -> Command:
    attached = {"rows": [{**row, "household": "1-101"} for row in rows]}
    body = {"source": "all.xlsx"}
    return post.command(who=SIGNERS["office"], op="give_permits", body=body, attached=attached, **changes)


@pytest.mark.rule("R41")
async def test_a_list_comes_in_parts_in_any_order_and_is_taken_whole(post: Post) -> None:
    one = listed(post)
    assert len(one.parts) > 1
    await post.says(one.payload)
    topic = TOPICS.command_part(one.id)
    await post.says(b"x" * 100, *one.parts[1:], topic=topic)
    assert post.broker.replies == []
    await post.says(one.parts[0], topic=topic)
    await until(lambda: post.broker.answers() == [("done", None, True)])
    assert len(post.bench.all(PermitGranted)) == 700
    assert post.refused() == [(Fault.PART_UNASKED, 1)]


async def test_parts_that_nobody_asked_for_and_parts_that_do_not_come(post: Post) -> None:
    one = listed(post)
    await post.says(*one.parts, topic=TOPICS.command_part(one.id))
    assert post.refused() == [(Fault.PART_UNASKED, 1)]
    await post.says(one.payload)
    await post.says(one.parts[0], topic=TOPICS.command_part(one.id))
    post.bench.time(WITHIN / timedelta(seconds=1) + 1)
    await post.says(one.parts[1], topic=TOPICS.command_part(one.id))
    assert post.broker.answers() == [("rejected", "parts_missing", True)]
    assert not post.bench.all(PermitGranted)


async def test_a_list_of_whoever_may_not_give_one_is_not_even_waited_for(post: Post) -> None:
    one = listed(post)
    guards = post.command(
        who=SIGNERS["guard"], op="give_permits", body={"source": "x"}, attached={"rows": ["x" * 70_000]}
    )
    await post.says(guards.payload)
    assert post.broker.answers() == [("rejected", "role_not_allowed", True)]
    wrong = post.command(
        who=SIGNERS["office"], op="give_permits", body={"source": "x"}, attached={"rows": [{"id": 1}]}
    )
    await post.says(wrong.payload)
    await post.says(*wrong.parts, topic=TOPICS.command_part(wrong.id))
    await until(lambda: len(post.broker.replies) == 2)
    assert post.broker.answers()[-1] == ("rejected", "body_wrong", True)
    assert "rows.0" in post.broker.replies[-1]["detail"]
    assert one.parts


async def test_a_key_that_is_taken_away_counts_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.mqtt.command.desk.KEYS_EVERY_S", 0.01)
    post = Post(tmp_path)
    async with working(lambda: post.desk):
        await post.says(post.command(op="take_picture").payload)
        assert post.broker.answers() == [("done", None, True)]
        post.keys.ring = KeyRing()
        await until(lambda: post.keys.ring is None)
        await post.says(post.command().payload)
    assert post.refused() == [(Fault.KEY_UNKNOWN, 1)]
    post.bench.finish()


async def test_a_key_that_is_taken_away_while_its_list_is_on_the_way_counts_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.mqtt.command.desk.KEYS_EVERY_S", 0.01)
    post = Post(tmp_path)
    async with working(lambda: post.desk):
        one = listed(post)
        await post.says(one.payload)
        post.keys.ring = KeyRing()
        await until(lambda: post.keys.ring is None)
        await post.says(*one.parts, topic=TOPICS.command_part(one.id))
        await until(lambda: post.broker.answers() == [("rejected", "key_revoked", True)])
    assert not post.bench.all(PermitGranted)
    post.bench.finish()


@pytest.mark.rule("R35")
async def test_an_alert_may_be_called_as_its_topic_is(post: Post) -> None:
    post.bench.loses("entry-1.reader", "entry-1")
    (alert_id,) = post.bench.engine.state.alerts
    name = alert_name(alert_id, "0123456789abcdef")
    assert name != alert_id
    await post.says(post.command(op="acknowledge_alert", body={"alert_id": name}).payload)
    assert post.broker.answers() == [("done", None, True)]
    assert post.bench.last(AlertAcknowledged).alert_id == alert_id
