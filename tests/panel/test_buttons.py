"""What happens when a guard presses a button: the real engine decides, the panel tells."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    BoomRaiseOrdered,
    BoomStopOrdered,
    Fact,
    StayClosed,
)
from daemon.core.signals import Actor, Boom, GuardAsked, Loop, LoopState, Permit
from daemon.core.state import Phase
from daemon.store.errors import StoreFull
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import NEIGHBOUR, RESIDENT, Guardhouse


def facts_of(house: Guardhouse, kind: type[Fact]) -> list[Fact]:
    return [fact for _, fact in house.store.facts() if type(fact) is kind]


@pytest.mark.rule("R28")
async def test_a_guard_opens_a_lane_and_the_ledger_knows_who_and_why(guard: Visitor) -> None:
    answer = await guard.post("/lanes/entry-1/open", reason="  业主  搬家\t")

    assert answer.status == 200
    assert "已发抬杆指令" in await answer.text()
    [ordered] = facts_of(guard.house, BoomRaiseOrdered)
    assert isinstance(ordered, BoomRaiseOrdered)
    assert ordered.by is not None
    assert (ordered.by.name, ordered.by.role, ordered.note) == ("guard", "guard", "业主 搬家")


@pytest.mark.parametrize("action", ["open", "close", "stop", "release", "refuse"])
async def test_nothing_is_done_without_a_reason(guard: Visitor, action: str) -> None:
    answer = await guard.post(f"/lanes/entry-1/{action}", reason=" \t ", passage="p")
    assert answer.status == 422
    assert "须填写原因" in await answer.text()
    assert guard.house.asked == []


@pytest.mark.rule("R26")
@pytest.mark.parametrize(
    ("safety", "why"),
    [(LoopState.OCCUPIED, "杆下有车，不可落杆"), (LoopState.UNKNOWN, "防砸地感状态不明，不可落杆")],
)
async def test_closing_on_a_car_is_refused_and_the_button_says_why_beforehand(
    guard: Visitor, safety: LoopState, why: str
) -> None:
    await guard.house.boom("entry-1", Boom.UP)
    await guard.house.loop("entry-1", Loop.SAFETY, safety)

    page = await (await guard.get("/")).text()
    assert 'disabled aria-describedby="no-close-entry-1"' in page
    assert why in page

    # The button may be old, or the request made by hand: the engine refuses all the same.
    answer = await guard.post("/lanes/entry-1/close", quick="车已离开")
    assert answer.status == 409
    assert "未执行" in await answer.text()
    assert why in await answer.text()


async def test_closing_an_empty_lane_is_done(guard: Visitor) -> None:
    await guard.house.boom("entry-1", Boom.UP)
    page = await (await guard.get("/")).text()
    assert "no-close-entry-1" not in page
    answer = await guard.post("/lanes/entry-1/close", quick="车已离开")
    assert (answer.status, "已发落杆指令" in await answer.text()) == (200, True)


@pytest.mark.rule("R02")
async def test_a_mismatch_shows_both_identities_and_is_let_through_once_though_clicked_twice(
    guard: Visitor,
) -> None:
    house = guard.house
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.card("entry-1", NEIGHBOUR.card)
    await house.plate("entry-1", RESIDENT.plate)
    lane = house.state.lanes["entry-1"]
    assert lane.phase is Phase.HELD
    assert lane.passage is not None
    page = await (await guard.get("/")).text()
    assert "卡与车不符" in page
    assert NEIGHBOUR.holder in page
    assert RESIDENT.holder in page
    assert NEIGHBOUR.card not in page, "cards are masked"

    form = {"passage": lane.passage.id, "quick": "业主本人，已核对"}
    answers = await asyncio.gather(*(guard.post("/lanes/entry-1/release", **form) for _ in range(2)))

    assert [answer.status for answer in answers] == [200, 200]
    assert len(facts_of(house, AccessGranted)) == 1
    assert len(facts_of(house, BoomRaiseOrdered)) == 1


@pytest.mark.rule("R02")
@pytest.mark.parametrize(("said", "whose"), [({}, RESIDENT), ({"goes_by": "card"}, NEIGHBOUR)])
async def test_the_guard_says_which_of_the_two_a_mismatched_car_is(
    guard: Visitor, said: dict[str, str], whose: Permit
) -> None:
    house = guard.house
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.card("entry-1", NEIGHBOUR.card)
    await house.plate("entry-1", RESIDENT.plate)
    passage = house.state.lanes["entry-1"].passage
    assert passage is not None
    dialog = await (await guard.get(f"/lanes/entry-1/release?passage={passage.id}")).text()
    assert "以卡为准" in dialog

    await guard.post("/lanes/entry-1/release", passage=passage.id, quick="业主本人，已核对", **said)

    [granted] = facts_of(house, AccessGranted)
    assert isinstance(granted, AccessGranted)
    assert granted.permit_id == whose.id


async def test_a_second_click_much_later_is_answered_by_the_gate_itself(guard: Visitor) -> None:
    passage = await guard.house.held_at_entry()
    form = {"passage": passage, "quick": "访客已登记"}
    assert (await guard.post("/lanes/entry-1/release", **form)).status == 200
    guard.house.clock.advance(timedelta(seconds=5))
    answer = await guard.post("/lanes/entry-1/release", **form)
    assert answer.status == 409
    assert len(facts_of(guard.house, AccessGranted)) == 1


async def test_a_decision_about_a_car_that_has_gone_does_not_hit_the_next_one(guard: Visitor) -> None:
    old = await guard.house.held_at_entry("粤B99999")
    await guard.house.loop("entry-1", Loop.APPROACH, LoopState.FREE)
    guard.house.clock.advance(timedelta(seconds=60))
    await guard.house.engine.beat()
    new = await guard.house.held_at_entry("粤B77777")
    assert new != old

    answer = await guard.post("/lanes/entry-1/release", passage=old, quick="访客已登记")

    assert answer.status == 409
    assert facts_of(guard.house, AccessGranted) == []
    assert guard.house.state.lanes["entry-1"].phase is Phase.HELD


async def test_a_held_car_is_refused_with_the_guards_words(guard: Visitor) -> None:
    passage = await guard.house.held_at_entry()
    answer = await guard.post("/lanes/entry-1/refuse", passage=passage, quick="拒绝登记")
    assert (answer.status, "已拒绝" in await answer.text()) == (200, True)
    [refused] = facts_of(guard.house, AccessRefused)
    assert isinstance(refused, AccessRefused)
    assert refused.note == "拒绝登记"


async def test_stop_open_stop_is_two_stops(guard: Visitor) -> None:
    for action in ("stop", "open", "stop", "stop"):
        assert (await guard.post(f"/lanes/entry-1/{action}", quick="紧急停止")).status == 200
    assert len(facts_of(guard.house, BoomStopOrdered)) == 2


@pytest.mark.rule("R05")
async def test_a_car_that_is_inside_already_offers_to_put_the_record_right(guard: Visitor) -> None:
    house = guard.house
    await drive_in(house)
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.card("entry-1", RESIDENT.card)
    await house.plate("entry-1", RESIDENT.plate)
    passage = house.state.lanes["entry-1"].passage
    assert passage is not None

    dialog = await (await guard.get(f"/lanes/entry-1/release?passage={passage.id}")).text()
    assert "该车已在场内" in dialog
    assert 'name="resync" value="yes" checked' in dialog
    await guard.post("/lanes/entry-1/release", passage=passage.id, quick="业主本人，已核对", resync="yes")
    assert [signal.resync for signal in house.asked] == [True]


@pytest.mark.rule("R15")
async def test_a_car_without_a_stay_is_shown_with_the_nearest_cars_inside(guard: Visitor) -> None:
    house = guard.house
    await drive_in(house)
    house.clock.advance(timedelta(hours=2, minutes=5))
    await house.loop("exit-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.plate("exit-1", "粤B12346")

    page = await (await guard.get("/")).text()
    assert "无入场记录" in page
    assert RESIDENT.plate in page
    assert "差 1 字" in page
    [stay] = house.state.stays
    passage = house.state.lanes["exit-1"].passage
    assert passage is not None
    dialog = await guard.get(f"/lanes/exit-1/release?passage={passage.id}&stay={stay}")
    assert "已停 <b>2 小时 5 分</b>" in await dialog.text()


@pytest.mark.rule("R15")
async def test_the_guard_says_which_car_it_is_and_exactly_that_stay_is_closed(guard: Visitor) -> None:
    house = guard.house
    await drive_in(house)
    wanted = await visitor_drives_in(house, "沪A7K98Q")
    other = await visitor_drives_in(house, "沪A7K98B")
    passage = await unknown_at_exit(house, "沪A7K980")

    page = await (await guard.get("/")).text()
    link = f"/lanes/exit-1/release?passage={passage}&amp;stay={wanted}"
    assert f'hx-get="{link}"' in page
    dialog = await (await guard.get(link.replace("&amp;", "&"))).text()
    assert f'name="stay" value="{wanted}"' in dialog
    assert "沪A7K98Q" in dialog
    assert "沪A7K98B" not in dialog

    answer = await guard.post("/lanes/exit-1/release", passage=passage, stay=wanted, quick="车牌识别有误")
    assert answer.status == 200
    assert [(signal.action, signal.stay, signal.passage) for signal in house.asked] == [
        ("release", wanted, passage)
    ]
    assert wanted in house.state.stays, "it is inside until it has cleared the boom"

    await drive_through(house, "exit-1")
    assert [stay.stay_id for stay in facts_of(house, StayClosed) if isinstance(stay, StayClosed)] == [wanted]
    assert {other} < set(house.state.stays)


@pytest.mark.rule("R15")
async def test_a_car_at_the_exit_may_be_let_out_without_saying_which_it_is(guard: Visitor) -> None:
    house = guard.house
    inside = await visitor_drives_in(house, "沪A7K98Q")
    passage = await unknown_at_exit(house, "沪A7K980")

    assert "认定为" not in await (await guard.get(f"/lanes/exit-1/release?passage={passage}")).text()
    answer = await guard.post("/lanes/exit-1/release", passage=passage, stay="", quick="物业同意")
    assert answer.status == 200
    await drive_through(house, "exit-1")

    assert [signal.stay for signal in house.asked] == [None]
    assert inside in house.state.stays


@pytest.mark.parametrize("lane", ["exit-1", "entry-1"])
async def test_a_stay_that_is_over_or_at_an_entry_lets_nobody_through(guard: Visitor, lane: str) -> None:
    house = guard.house
    inside = await visitor_drives_in(house, "沪A7K98Q")
    if lane == "exit-1":
        passage, chosen = await unknown_at_exit(house, "沪A7K980"), "S9999999"
    else:
        passage, chosen = await house.held_at_entry(), inside

    dialog = await (await guard.get(f"/lanes/{lane}/release?passage={passage}&stay={chosen}")).text()
    assert "所选车辆已不在场内" in dialog
    assert 'class="act' not in dialog

    answer = await guard.post(f"/lanes/{lane}/release", passage=passage, stay=chosen, quick="物业同意")
    assert answer.status == 409
    assert "所选车辆已不在场内" in await answer.text()
    assert house.asked == []
    assert house.state.lanes[lane].phase is Phase.HELD


async def test_a_dialog_about_a_car_that_has_gone_offers_nothing_to_press(guard: Visitor) -> None:
    passage = await guard.house.held_at_entry()
    assert 'class="act' in await (await guard.get(f"/lanes/entry-1/release?passage={passage}")).text()
    dialog = await (await guard.get("/lanes/entry-1/release?passage=another")).text()
    assert "该车已处理" in dialog
    assert 'class="act' not in dialog


@pytest.mark.rule("R15")
async def test_a_car_whose_plate_cannot_be_read_is_not_said_to_differ(guard: Visitor) -> None:
    await visitor_drives_in(guard.house, "沪A7K98Q")
    await unknown_at_exit(guard.house, "")
    page = await (await guard.get("/")).text()
    assert "就是这辆" in page
    assert "差 7 字" not in page


async def test_a_full_disk_is_told_in_words(guard: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_facts: object) -> list[int]:
        raise StoreFull("disk is full; nothing was written")

    monkeypatch.setattr(guard.house.store, "append", full)
    answer = await guard.post("/lanes/entry-1/open", quick="检修测试")
    assert answer.status == 503
    assert "账本写不进去" in await answer.text()


async def test_what_a_guard_types_is_text_and_nothing_else(guard: Visitor) -> None:
    passage = await guard.house.held_at_entry()
    await guard.post("/lanes/entry-1/release", passage=passage, reason="<script>alert(1)</script>")
    page = await (await guard.get("/passages")).text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["/lanes/nowhere/open", "/lanes/entry-1/explode"])
async def test_an_unknown_lane_or_action_is_not_found(guard: Visitor, path: str) -> None:
    assert (await guard.get(path)).status == 404
    assert (await guard.post(path, quick="检修测试")).status == 404


async def drive_in(house: Guardhouse) -> None:
    """The resident's car drives in as it should."""
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.card("entry-1", RESIDENT.card)
    await house.plate("entry-1", RESIDENT.plate)
    await drive_through(house, "entry-1")
    assert house.state.stay_by_plate(RESIDENT.plate) is not None


async def visitor_drives_in(house: Guardhouse, plate: str) -> str:
    """A car without a permit is let in by a guard; returns its stay."""
    passage = await house.held_at_entry(plate)
    by = Actor(name="李四", role="guard")
    await house.say(
        GuardAsked(
            at=house.clock.now(), actor=by, lane="entry-1", action="release", reason="访客", passage=passage
        )
    )
    await drive_through(house, "entry-1")
    stay = house.state.stay_by_plate(plate)
    assert stay is not None
    return stay.id


async def unknown_at_exit(house: Guardhouse, plate: str) -> str:
    """A car that no stay fits is held at the exit; returns its passage."""
    await house.loop("exit-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.plate("exit-1", plate)
    house.clock.advance(timedelta(seconds=30))
    await house.engine.beat()
    lane = house.state.lanes["exit-1"]
    assert lane.phase is Phase.HELD
    assert lane.passage is not None
    return lane.passage.id


async def drive_through(house: Guardhouse, lane: str) -> None:
    """Whoever was let through goes, and the boom comes down behind."""
    await house.boom(lane, Boom.UP)
    await house.loop(lane, Loop.SAFETY, LoopState.OCCUPIED)
    await house.loop(lane, Loop.APPROACH, LoopState.FREE)
    await house.loop(lane, Loop.SAFETY, LoopState.FREE)
    house.clock.advance(timedelta(seconds=10))
    await house.engine.beat()
    await house.boom(lane, Boom.DOWN)
