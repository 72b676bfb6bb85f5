"""The retained topics: published when they change, renewed after a loss, the newest of each and no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.mqtt.line import Way
from daemon.mqtt.link import Done, Listener
from daemon.mqtt.showing import REFUSED_S, Showing
from daemon.mqtt.shown import Gate
from daemon.mqtt.topics import Topics
from tests.core.conftest import HOUSEHOLDS, LIU, WANG
from tests.core.rig import GateRig, entry, exit_
from tests.rigs.virtual_loop import run_virtual

TOPICS = Topics(root="gatepost", site="garden", gate="east")
LANE = TOPICS.lane("entry-1")


class Board:
    """A broker that keeps what it is given to keep, and answers when the test says so."""

    def __init__(self) -> None:
        self.listener: Listener
        self.connected = False
        self.why: str | None = None
        self.kept: dict[str, bytes] = {}
        self.published: list[str] = []
        self.room_left = 20
        self.refuses: set[str] = set()
        self.answers = True
        self.unanswered: list[Callable[[], None]] = []

    def to(self, listener: Listener) -> Way:
        self.listener = listener
        return self

    async def run(self) -> None: ...

    def room(self) -> int:
        return self.room_left

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        assert retain
        if not self.connected or self.room_left == 0:
            return False
        self.room_left -= 1
        self.published.append(topic)
        self.unanswered.append(lambda: self._answer(topic, payload, done))
        if self.answers:
            asyncio.get_running_loop().call_soon(self.answer)
        return True

    def answer(self) -> None:
        while self.unanswered:
            self.unanswered.pop(0)()

    def _answer(self, topic: str, payload: bytes, done: Done) -> None:
        self.room_left += 1
        if topic in self.refuses:
            done("Not authorized")
            return
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]
        done(None)

    def up(self) -> None:
        self.connected = True
        self.listener.link_changed()
        for topic, payload in list(self.kept.items()):
            self.listener.heard(topic, payload, retained=True)

    def down(self) -> None:
        self.connected, self.unanswered, self.room_left = False, [], 20
        self.listener.link_changed()

    def take(self) -> list[str]:
        took, self.published = self.published, []
        return took


class Scene:
    def __init__(self, folder: Path) -> None:
        self.gate = GateRig(folder, (entry("entry-1"), exit_("exit-1")), HOUSEHOLDS)
        self.board = Board()
        self.showing = Showing(
            Gate(topics=TOPICS, name="东门", ledger="0123456789abcdef", version="1"),
            state=lambda: self.gate.engine.state,
            way=self.board.to,
            clock=self.gate.clock,
        )

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            work = asyncio.ensure_future(self.showing.run())
            try:
                await story()
            finally:
                work.cancel()
                (ended,) = await asyncio.gather(work, return_exceptions=True)
                assert isinstance(ended, asyncio.CancelledError)

        run_virtual(main(), self.gate.clock)

    async def settles(self, seconds: float = 1.0) -> None:
        self.showing.wake()
        await asyncio.sleep(seconds)

    def kept(self, topic: str) -> Any:
        return json.loads(self.board.kept[topic])

    @property
    def alerts(self) -> list[str]:
        return [topic for topic in self.board.kept if "/alert/" in topic]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.gate.finish()


def test_everything_is_shown_at_first_and_then_only_what_has_changed(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        await scene.settles()
        everything = {LANE, TOPICS.lane("exit-1"), TOPICS.lot, TOPICS.health, TOPICS.shift}
        assert sorted(scene.board.take()) == sorted(everything)
        await scene.settles()
        assert scene.board.take() == [], "nothing has changed"

        scene.gate.car_arrives()
        await scene.settles()
        assert scene.board.take() == [LANE]
        assert scene.kept(LANE)["approach"] == "occupied"

    scene.play(story)


def test_a_change_that_nobody_is_shown_is_not_published(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        await scene.settles()
        scene.gate.comes_and_goes(WANG.card, WANG.plate)
        await scene.settles()
        before = scene.kept(LANE)
        scene.board.take()
        # another boot: other deadlines, the same lane
        scene.gate.restart()
        await scene.settles()
        assert LANE not in scene.board.take()
        assert scene.kept(LANE)["at"] == before["at"], "it has been so since then"

    scene.play(story)


def test_of_what_waits_only_the_newest_is_published(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        await scene.settles()
        scene.board.take()
        scene.board.answers = False
        scene.gate.car_arrives()
        await scene.settles()
        for _ in range(20):  # while the broker has not taken the first of these
            scene.gate.car_backs_off()
            await scene.settles()
            scene.gate.car_arrives()
            await scene.settles()
        assert scene.board.take() == [LANE]
        scene.gate.car_under_boom()
        await scene.settles()
        scene.board.answers = True
        scene.board.answer()
        await scene.settles()
        assert scene.board.take().count(LANE) == 1
        assert scene.kept(LANE)["safety"] == "occupied"

    scene.play(story)


def test_all_of_it_is_renewed_after_a_loss_and_what_happened_meanwhile_is_in_it(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        await scene.settles()
        scene.board.down()
        scene.board.kept.clear()  # it keeps nothing over a restart
        scene.gate.car_arrives()
        await scene.settles()
        scene.board.take()
        scene.board.up()
        await scene.settles()
        assert len(scene.board.take()) == 5
        assert scene.kept(LANE)["approach"] == "occupied"

    scene.play(story)


@pytest.mark.rule("R35")
def test_an_alert_is_there_until_it_is_over_and_then_gone(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        scene.gate.car_arrives()
        scene.gate.plate(WANG.plate)
        scene.gate.card(LIU.card)
        await scene.settles()
        (alert,) = scene.alerts
        assert scene.kept(alert)["alert"]["zh"] == "卡与车不符"
        scene.gate.car_backs_off()
        scene.gate.time(60)
        await scene.settles()
        assert scene.alerts == []

        # the same alert again is a new one
        scene.gate.car_arrives()
        scene.gate.loses("entry-1.reader", "entry-1")
        await scene.settles()
        assert len(scene.alerts) == 1
        scene.gate.finds("entry-1.reader", "entry-1")
        await scene.settles()
        scene.gate.loses("entry-1.reader", "entry-1")
        await scene.settles()
        assert len(scene.alerts) == 1

    scene.play(story)


def test_alerts_that_came_and_went_while_the_broker_was_away_are_not_kept_in_mind(scene: Scene) -> None:
    async def story() -> None:
        scene.board.up()
        scene.gate.loses("entry-1.reader", "entry-1")
        await scene.settles()
        (seen,) = scene.alerts
        scene.board.down()
        scene.gate.finds("entry-1.reader", "entry-1")
        for number in range(50):
            scene.gate.loses(f"reader-{number}", "entry-1")
            await scene.settles(0.1)
            scene.gate.finds(f"reader-{number}", "entry-1")
            await scene.settles(0.1)
        scene.board.take()
        scene.board.up()
        await scene.settles()
        assert [topic for topic in scene.board.take() if "/alert/" in topic] == [seen]
        assert scene.alerts == []

    scene.play(story)


def test_an_alert_that_was_over_while_the_gate_was_away_does_not_stay(scene: Scene) -> None:
    # given relics: an alert of before, and a lane that config.yaml has no more
    relics = {TOPICS.alert("fire-0123456789ab"): b"{}", TOPICS.lane("entry-9"): b"{}"}
    scene.board.kept |= relics
    scene.board.kept[LANE] = b'{"boom": "up"}'

    async def story() -> None:
        scene.board.up()
        await scene.settles()
        assert not relics.keys() & scene.board.kept.keys()
        assert scene.kept(LANE)["boom"] == "down", "what is ours is not emptied but renewed"

    scene.play(story)


def test_a_broker_full_of_relics_is_emptied_of_a_bounded_number(scene: Scene) -> None:
    scene.board.kept |= {TOPICS.alert(f"fire-{n:012x}"): b"{}" for n in range(5000)}

    async def story() -> None:
        scene.board.up()
        await scene.settles(60)
        assert len(scene.alerts) == 4000
        assert TOPICS.lot in scene.board.kept

    scene.play(story)


def test_what_the_broker_refuses_is_offered_again_and_stops_nothing_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.board.refuses = {TOPICS.lot}

    async def story() -> None:
        scene.board.up()
        await scene.settles(REFUSED_S - 10)
        assert scene.board.take().count(TOPICS.lot) == 1
        scene.gate.car_arrives()
        await scene.settles()
        assert scene.kept(LANE)["approach"] == "occupied"
        scene.board.refuses.clear()
        await asyncio.sleep(20)
        assert TOPICS.lot in scene.board.kept

    scene.play(story)
    assert sum("refuses" in record.message for record in caplog.records) == 1


def test_it_waits_for_room_and_does_not_spin(scene: Scene) -> None:
    async def story() -> None:
        scene.board.room_left = 0
        scene.board.up()
        await scene.settles(5)
        assert scene.board.published == []
        scene.board.room_left = 1
        await asyncio.sleep(1)
        assert len(scene.board.kept) == 5

    scene.play(story)


def test_one_more_topic_is_kept_like_the_others(scene: Scene) -> None:
    async def story() -> None:
        scene.showing.show(TOPICS.challenge, b"one")
        scene.board.up()
        await scene.settles()
        assert scene.board.kept[TOPICS.challenge] == b"one"
        scene.showing.show(TOPICS.challenge, b"two")
        await scene.settles()
        scene.board.down()
        scene.board.kept.clear()
        scene.board.up()
        await scene.settles()
        assert scene.board.kept[TOPICS.challenge] == b"two"

    scene.play(story)
