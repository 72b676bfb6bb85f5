"""How plates, cards, durations and alerts are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.masking import masked_card
from daemon.core.plates import PlateKind
from daemon.core.signals import DeviceLost, Loop, LoopState, Started
from daemon.panel.telling import duration_words, likeness_words, plate_colour, without_cards
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import NEIGHBOUR, RESIDENT

PLATES = {
    PlateKind.ORDINARY: ("粤B12345", "blue"),
    PlateKind.NEW_ENERGY_SMALL: ("粤BD12345", "green"),
    PlateKind.NEW_ENERGY_LARGE: ("川A02581D", "green"),
    PlateKind.TRAILER: ("粤B1234挂", "yellow"),
    PlateKind.LEARNER: ("粤B1234学", "yellow"),
    PlateKind.POLICE: ("粤B1234警", "white"),
    PlateKind.MILITARY: ("VA12345", "white"),
    PlateKind.ARMED_POLICE: ("WJ京12345", "white"),
    PlateKind.EMBASSY: ("123456使", "black"),
    PlateKind.CONSULATE: ("沪A1234领", "black"),
    PlateKind.HONG_KONG: ("粤Z1234港", "black"),
    PlateKind.MACAO: ("粤Z1234澳", "black"),
}


@pytest.mark.parametrize("kind", PlateKind)
def test_a_plate_has_the_colour_of_its_kind(kind: PlateKind) -> None:
    plate, colour = PLATES[kind]
    assert plate_colour(plate) == colour


def test_what_is_no_plate_is_drawn_like_most_plates() -> None:
    assert plate_colour("ABC") == "blue"


async def test_lane_list_and_candidates_all_show_the_colour(guard: Visitor) -> None:
    house = guard.house
    await house.loop("exit-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.plate("exit-1", "粤BD12345", beliefs=(0.99,) * 7 + (0.5,))
    page = await (await guard.get("/")).text()
    assert '<span class="letters green" aria-label="粤BD12345">' in page
    assert '<b class="letters small green">粤BD12345</b>' in page
    assert '<span class="guess" title="50% 8 20%">5<small>50</small></span>' in page


@pytest.mark.parametrize(
    ("read", "plate", "words"),
    [
        ("", "粤B12345", None),
        ("粤B12345", "粤B12345", "车牌相同"),
        ("粤B1234D", "粤B12340", "只差形近字"),
        ("粤B12345", "粤B12346", "差 1 字"),
        ("粤B1234D", "粤B12306", "差 2 字"),
    ],
)
def test_likeness_is_told_in_whole_characters(read: str, plate: str, words: str | None) -> None:
    told = likeness_words(read, plate)
    assert (told.zh if told is not None else None) == words


def test_cards_are_masked_also_in_the_details_of_an_alert() -> None:
    assert masked_card("0A1B2C3D") == "••••2C3D"
    assert masked_card("2C3D") == "••••"
    assert without_cards("card 0A1B2C3D, plate 粤B12345, loop 7") == "card ••••2C3D, plate 粤B12345, loop 7"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, "时长不明"),
        (timedelta(seconds=-1), "时长不明"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=23, minutes=59), "23 小时 59 分"),
        (timedelta(days=2, hours=3), "2 天 3 小时"),
    ],
)
def test_durations_are_told_as_a_person_would(length: timedelta | None, words: str) -> None:
    assert duration_words(length).zh == words


# ---------------------------------------------------------------- alerts


@pytest.mark.rule("R31")
@pytest.mark.parametrize(
    ("device", "lane", "name"),
    [
        ("exit-1.reader", "exit-1", "东门出口 读卡器"),
        ("exit-1.camera", "exit-1", "东门出口 摄像机"),
        ("exit-1.barrier", "exit-1", "东门出口 道闸"),
        ("exit-1.loop.safety", "exit-1", "东门出口 防砸地感"),
        ("exit-1.loop.approach", "exit-1", "东门出口 来车地感"),
        ("broker", None, "物业服务器"),
        ("vision", None, "车牌识别"),
    ],
)
async def test_a_device_that_fails_is_named_in_chinese(
    guard: Visitor, device: str, lane: str | None, name: str
) -> None:
    now = guard.house.clock.now()
    await guard.house.say(DeviceLost(at=now, device=device, lane=lane, role="any", why="no answer"))
    page = await (await guard.get("/")).text()
    assert f'<span class="subject">{name}</span>' in page
    assert '<small class="detail" title="no answer">no answer</small>' in page


async def test_an_alert_names_its_lane_once_and_no_card(guard: Visitor) -> None:
    house = guard.house
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.card("entry-1", NEIGHBOUR.card)
    await house.plate("entry-1", RESIDENT.plate)
    page = await (await guard.get("/")).text()
    assert '<span class="subject">东门入口</span>' in page
    assert f">card_plate_mismatch, card ••••2C3E, plate {RESIDENT.plate}</small>" in page


async def test_a_restored_ledger_is_told_with_all_that_is_known(guard: Visitor) -> None:
    note = "账本文件损坏，已另存为 gatepost.db.damaged；自备份恢复 812 行 / the ledger file was damaged"
    await guard.house.say(Started(at=guard.house.clock.now(), version="test", note=note))
    page = await (await guard.get("/")).text()
    assert "账本损坏，已从备份恢复" in page
    assert note in page


async def test_more_alerts_than_the_strip_has_room_for_are_counted(guard: Visitor) -> None:
    for count, device in enumerate(("exit-1.reader", "exit-1.camera", "exit-1.barrier"), start=1):
        assert 'class="count"' not in await (await guard.get("/")).text(), count
        now = guard.house.clock.now()
        await guard.house.say(DeviceLost(at=now, device=device, lane="exit-1", role="any", why="no answer"))
    assert "共 <b>3</b> 条" in await (await guard.get("/")).text()


async def test_with_no_alert_nothing_is_shown_but_said_to_who_cannot_see(guard: Visitor) -> None:
    assert '<p class="calm">没有警报' in await (await guard.get("/")).text()
