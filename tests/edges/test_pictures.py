"""A picture for what happens at a lane without one, kept with the alert that it was taken for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from daemon.core.commands import PictureAsked
from daemon.core.facts import AlertRaised, Fact
from daemon.core.reasons import AlertKind
from daemon.core.signals import Actor, Boom, BoomReported, Loop, LoopChanged, LoopState, PictureTaken
from daemon.core.state import LaneRules, empty_state
from daemon.edges.pictures import Photographer
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store

LANE = LaneRules(id="entry-1", name="东门入口", direction="entry", mode="card_and_plate")


async def test_whoever_cannot_see_the_lane_gets_a_picture_of_it(tmp_path: Path) -> None:
    asked, taken = [], asyncio.Event()

    async def snapshot(lane: str) -> str | None:
        asked.append(lane)
        return "lane.jpg"

    photographer = Photographer(snapshot=snapshot, post=lambda _: taken.set(), clock=ManualClock())
    by = Actor(name="控制室", role="leader")
    photographer.look([PictureAsked(at=ManualClock().now(), lane="entry-1", why="看一眼", by=by)])
    await taken.wait()
    assert asked == ["entry-1"]


@pytest.mark.rule("R25")
async def test_an_alert_about_a_car_that_nobody_let_through_gets_a_picture(
    tmp_path: Path,
) -> None:
    store, clock = Store(tmp_path / "data", ballast_bytes=0), ManualClock()
    store.open()
    taken = asyncio.Event()

    async def snapshot(_lane: str) -> str | None:
        return "lane.jpg"

    def post(signal: PictureTaken) -> None:
        engine.handle(signal)
        taken.set()

    photographer = Photographer(snapshot=snapshot, post=post, clock=clock)

    def observe(_signal: object, facts: tuple[Fact, ...]) -> None:
        photographer.look(facts)

    engine = Engine(
        state=empty_state((LANE,)), store=store, clock=clock, perform=lambda _fact: None, observe=observe
    )
    engine.handle(BoomReported(at=clock.now(), lane="entry-1", boom=Boom.UP))
    engine.handle(LoopChanged(at=clock.now(), lane="entry-1", loop=Loop.SAFETY, state=LoopState.OCCUPIED))
    await taken.wait()
    (raised,) = [
        fact
        for _, fact in store.facts()
        if isinstance(fact, AlertRaised) and fact.alert is AlertKind.PASSED_WITHOUT_GRANT
    ]
    row = store.db.execute("SELECT picture FROM alerts WHERE alert_id = ?", (raised.alert_id,)).fetchone()
    assert (raised.picture, row) == (None, ("lane.jpg",))
    store.close()
