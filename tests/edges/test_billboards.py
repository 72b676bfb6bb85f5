"""A sign between gate and driver: shown what holds, told again, dead, and back with what holds by then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from daemon.core.facts import AccessRefused, Fact
from daemon.core.reasons import Reason
from daemon.edges.billboards import REFRESH, Billboard
from daemon.runtime.clock import ManualClock
from drivers import protocols
from drivers.errors import DeviceLost
from drivers.protocols import SignText
from tests.core.rig import GateRig, entry, permit
from tests.rigs.virtual_loop import run_virtual

CARD, PLATE = "62E3086CED", "粤B12345"


class Board:
    """A sign that keeps what it was told, and can be pulled out of the wall."""

    Options: ClassVar[type[protocols.Options]] = protocols.Options

    def __init__(self) -> None:
        self.told: list[SignText] = []
        """What it has taken."""
        self._next: SignText | None = None
        self.is_dead = False
        self.is_stuck = False
        self.opened = 0

    def open(self) -> None:
        if self.is_dead:
            raise DeviceLost("there is no sign")
        self.opened += 1

    def show(self, text: SignText) -> None:
        self._next = text

    def work(self) -> bool:
        if self.is_dead:
            raise DeviceLost("the sign has gone")
        if self._next is not None and not self.is_stuck:
            self.told.append(self._next)
            self._next = None
        return self._next is None

    def close(self) -> None: ...

    @property
    def said(self) -> list[str]:
        return [text.voice for text in self.told if text.voice]


class Place:
    """One lane with a sign; time is the loop's own."""

    def __init__(self, folder: Path) -> None:
        self.gate = GateRig(folder, [entry(mode="card_only")], [permit("P1", CARD, PLATE)])
        self.clock = ManualClock()
        self.board = Board()
        self.billboard = Billboard(
            self.board, "entry-1", state=lambda: self.gate.engine.state, clock=self.clock
        )

    def tells(self, facts: tuple[Fact, ...]) -> None:
        self.billboard.look(facts)

    def plays(self, story: Callable[[], Awaitable[None]]) -> None:
        """Tell the story beside the running sign."""

        async def run() -> None:
            running = asyncio.create_task(self._kept_up())
            await asyncio.sleep(0.1)
            await story()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        run_virtual(run(), self.clock)
        self.gate.finish()

    async def _kept_up(self) -> None:
        while True:
            try:
                await self.billboard.run(lambda: None)
            except DeviceLost:
                await asyncio.sleep(1)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_each_change_is_shown_once_and_said_once_and_the_same_is_told_again_in_silence(place: Place) -> None:
    async def story() -> None:
        place.tells(place.gate.car_arrives())
        await asyncio.sleep(0.1)
        place.tells(place.gate.card(CARD))
        await asyncio.sleep(0.1)
        assert [text.lines[0] for text in place.board.told] == ["入口", "请刷卡", "欢迎光临"]
        for _ in range(25):
            place.tells(())  # much is decided elsewhere meanwhile
            await asyncio.sleep(REFRESH.total_seconds() / 10)
        assert [text.lines[0] for text in place.board.told[3:]] == ["欢迎光临"] * 2
        assert place.board.said == ["欢迎光临"]

    place.plays(story)


@pytest.mark.rule("R31")
def test_a_sign_that_was_dead_shows_what_holds_when_it_is_back_and_greets_nobody(place: Place) -> None:
    async def story() -> None:
        place.board.is_dead = True
        place.tells(place.gate.car_arrives())
        place.tells(place.gate.card(CARD))
        await asyncio.sleep(5)
        told = len(place.board.told)
        place.board.is_dead = False
        await asyncio.sleep(2)
        assert [text.lines[0] for text in place.board.told[told:]] == ["欢迎光临"]
        assert place.board.said == []

    place.plays(story)


def test_a_sign_that_takes_nothing_is_lost(place: Place) -> None:
    async def story() -> None:
        place.board.is_stuck = True
        place.tells(place.gate.car_arrives())
        await asyncio.sleep(30)
        assert place.board.opened > 3  # given up, and tried again and again
        place.board.is_stuck = False
        await asyncio.sleep(10)
        assert place.board.told[-1].lines == ("请刷卡",)

    place.plays(story)


def test_why_somebody_was_sent_away_stands_for_a_moment(place: Place) -> None:
    async def story() -> None:
        refused = AccessRefused(
            at=place.clock.now(), lane="entry-1", passage="X1", reason=Reason.LANE_NOT_ALLOWED
        )
        place.tells((refused,))
        await asyncio.sleep(0.1)
        assert place.board.told[-1].lines == ("谢绝驶入", "不得走此车道")
        await asyncio.sleep(11)
        assert place.board.told[-1].lines == ("入口", "请减速慢行")

    place.plays(story)
