"""Notices that real cities have published, and what they come to when worked out by hand.

Each says where its text was read. None was compared with a notice as it hangs today: 以当地现行公示为准.
Read in the words of the office (a copy, with the document's number and date): Shenzhen. Read in the newspaper
that reported it: Harbin's station. Read only in copies on other sites, without the document: the others.
"""

from __future__ import annotations

import pytest

from daemon.config.tariffs import EXAMPLES, load_book
from tests.tariff.rig import bill, book, fen

pytestmark = pytest.mark.rule("R16")


@pytest.mark.parametrize(
    ("stayed", "small", "large"),
    [
        (15, 0, 0),  # "不超过 15 分钟的，免收"
        (16, 1000, 2000),  # over it: the first three hours, 10 yuan; large cars twice that
        (180, 1000, 2000),
        (181, 1100, 2200),  # the fourth hour begins: 10 + 1
        (600, 1700, 3400),  # ten hours: 10 + 7 x 1 = 17
        (1440, 3100, 6200),  # a day: 10 + 21 x 1 = 31, the reply sets no cap
    ],
)
def test_shenzhen_yuanshan_scenic_area(stayed: int, small: int, large: int) -> None:
    """深发改函〔2021〕340号: 首三小时内 10 元/辆，第四小时起 1 元/小时，大车 2 倍, from 2021-10-20."""
    tariff = load_book(EXAMPLES / "shenzhen-yuanshan.yaml")

    assert fen(tariff, stayed) == small
    assert fen(tariff, stayed, vehicle="large") == large


@pytest.mark.parametrize(
    ("stayed", "small", "medium", "large"),
    [
        (15, 0, 0, 0),
        (16, 500, 750, 1000),  # "15 分钟以上至 2 小时"
        (120, 500, 750, 1000),
        (121, 600, 900, 1200),  # one more half hour begun
        (300, 1100, 1650, 2200),  # 5 h: 3 h over, six half hours: 5 + 6 x 1; 7.5 + 6 x 1.5; 10 + 6 x 2
        (1440, 4900, 7350, 9800),  # 24 h: 22 h over, 44 half hours: 5 + 44; 7.5 + 66; 10 + 88
        (1445, 5400, 8100, 10800),  # "超过 24 小时重新计收": the first block again, 49 + 5
    ],
)
def test_harbin_station_north_square(stayed: int, small: int, medium: int, large: int) -> None:
    """生活报 2018-07-24, story.dbw.cn/system/2018/07/24/058039192.shtml, after the city's price office."""
    tariff = load_book(EXAMPLES / "harbin-station.yaml")

    found = [fen(tariff, stayed, vehicle=vehicle) for vehicle in ("small", "medium", "large")]

    assert found == [small, medium, large]


@pytest.mark.parametrize(
    ("entered", "left", "due"),
    [
        ("2026-03-02 08:00", "08:30", 0),  # 30 minutes, inclusive, are free
        ("2026-03-02 08:00", "08:31", 400),
        ("2026-03-02 08:00", "11:20", 1400),  # 4 for the hour, 140 min are five half hours: 4 + 5 x 2
        ("2026-03-02 22:00", "2026-03-03 07:00", 500),  # 9 h by night, five times two hours: 5 x 1
        ("2026-03-02 19:30", "20:45", 500),  # day 19:30-20:00: 4, night 20:00-20:45: 1
        ("2026-03-02 08:00", "2026-03-03 08:00", 3000),  # 4 + 22 x 2 by day alone is 48: 24 h cost 30
        # 19:45 to 11:45 two days on. The first 24 h: 4 + 6 x 1 + 26 x 2 = 62, so 30.
        # Then 20:00-07:00 6 x 1 and 07:00-11:45 ten half hours, 20: together 26.
        ("2026-03-01 19:45", "2026-03-03 11:45", 5600),
    ],
)
def test_yichang_streets_core_area(entered: str, left: str, due: int) -> None:
    """宜昌城区道路临时停车收费方法, two copies of October 2022: xw588.com 501624, m.hunanyuer.com 211951."""
    assert bill(load_book(EXAMPLES / "yichang-core.yaml"), entered, left).total_fen == due


@pytest.mark.parametrize(
    ("entered", "left", "due"),
    [
        ("2026-03-02 09:00", "09:30", 0),
        ("2026-03-02 09:00", "09:31", 300),  # the first hour
        ("2026-03-02 09:00", "14:00", 1100),  # 3 + 4 x 2
        ("2026-03-02 08:00", "18:00", 2000),  # 3 + 9 x 2 = 21, the day costs 20
        # 20:00 to 10:00: 3 + 3 x 2 = 9 up to midnight, then ten hours at 2, 20: together 29
        ("2026-03-02 20:00", "2026-03-03 10:00", 2900),
    ],
)
def test_suizhou_streets_first_class(entered: str, left: str, due: int) -> None:
    """随州三类停车费, from 2021-01-01: 51jto.cn news 5292871 (a copy): 每日累计收费不超过 20 元."""
    suizhou = book("""
        classes:
          small:
            label: 小型车
            free: {minutes: 30, counts: only_within}
            first: {minutes: 60, yuan: 3}
            then: {minutes: 60, yuan: 2}
            cap_yuan: {day: 20}
        """)

    assert bill(suizhou, entered, left).total_fen == due


@pytest.mark.parametrize(
    ("entered", "left", "due"),
    [
        ("2026-03-02 10:00", "10:15", 0),
        ("2026-03-02 10:00", "10:16", 700),
        ("2026-03-02 10:00", "12:10", 1600),  # 7 + 70 min, three half hours: 7 + 3 x 3
        ("2026-03-02 21:00", "2026-03-03 07:00", 600),  # the night is paid by the time, not by the hour
        ("2026-03-02 19:00", "21:00", 1300),  # 7 for 19:00-20:00, 6 for the night
        ("2026-03-02 21:00", "2026-03-03 09:30", 1600),  # 6, then 08:00-09:30: 7 + 3
        ("2026-03-02 08:00", "20:00", 6000),  # 7 + 22 x 3 = 73: 24 h cost 60
    ],
)
def test_harbin_streets_first_class(entered: str, left: str, due: int) -> None:
    """哈尔滨新增 99 处道路停车场, of 2016: m.eyxwhg.com News aid 352 (a copy)."""
    harbin = book("""
        classes:
          small:
            label: 小型车
            free: {minutes: 0, counts: only_within}
            bands:
              - name: 白天
                start: 08:00
                end: 20:00
                free: {minutes: 15, counts: only_within}
                first: {minutes: 60, yuan: 7}
                then: {minutes: 30, yuan: 3}
              - {name: 夜间, start: 20:00, end: 08:00, entry_yuan: 6}
            cap_yuan: {hours_24: 60}
        """)

    assert bill(harbin, entered, left).total_fen == due


@pytest.mark.parametrize(
    ("entered", "left", "small", "large"),
    [
        ("2026-03-02 10:00", "10:30", 0, 0),
        ("2026-03-02 10:00", "12:10", 500, 750),  # 130 min, five half hours: 5 x 1; 5 x 1.5
        ("2026-03-02 18:00", "21:00", 300, 500),  # two half hours and two hours: 2 + 1; 3 + 2
        # a day and a night: 18 + 12 x 0.5 + 6 = 30, "按白天 10 小时收费": 20 x 1; 20 x 1.5
        ("2026-03-02 10:00", "2026-03-03 10:00", 2000, 3000),
    ],
)
def test_qianshan_scenic_area(entered: str, left: str, small: int, large: int) -> None:
    """千山积翠门地上停车场收费标准, 2024-05-29 (a copy): 全天24小时的按白天相应收费标准10小时收费."""
    qianshan = book("""
        classes:
          small:
            label: 小型车
            free: {minutes: 30, counts: only_within}
            bands:
              - {name: 白天, start: 07:00, end: 19:00, then: {minutes: 30, yuan: 1}}
              - {name: 夜间, start: 19:00, end: 07:00, then: {minutes: 60, yuan: 0.5}}
            cap_yuan: {hours_24: 20}
          large:
            label: 大中型车
            free: {minutes: 30, counts: only_within}
            bands:
              - {name: 白天, start: 07:00, end: 19:00, then: {minutes: 30, yuan: 1.5}}
              - {name: 夜间, start: 19:00, end: 07:00, then: {minutes: 60, yuan: 1}}
            cap_yuan: {hours_24: 30}
        """)

    assert bill(qianshan, entered, left).total_fen == small
    assert bill(qianshan, entered, left, vehicle="large").total_fen == large


def test_harbin_airport_and_station_say_what_a_day_costs() -> None:
    """本地宝 2023-03-07 by zhusu.rexun.cn (a copy); the notice itself gives 49 and 97 yuan for 24 hours."""
    harbin = book("""
        classes:
          open:
            label: 露天
            free: {minutes: 30, counts: only_within}
            first: {minutes: 120, yuan: 5}
            then: {minutes: 30, yuan: 1}
          indoor:
            label: 室内
            free: {minutes: 30, counts: only_within}
            first: {minutes: 60, yuan: 5}
            then: {minutes: 30, yuan: 2}
        """)

    assert fen(harbin, 24 * 60, vehicle="open") == 4900
    assert fen(harbin, 24 * 60, vehicle="indoor") == 9700


def test_nanning_deducts_the_free_time() -> None:
    """南宁: 计费时间 = 实际 - 免费; its price list's own example: 2 h with 30 min free bill 1.5 h.

    The price of 1 yuan for half an hour is ours, to count them.
    """
    nanning = book("""
        classes:
          small:
            label: 小型车
            free: {minutes: 30, counts: deducted}
            then: {minutes: 30, yuan: 1}
        """)

    found = bill(nanning, "2026-03-02 08:00", "10:00")

    assert found.total_fen == 300
    assert [(line.units, f"{line.begins:%H:%M}") for line in found.lines] == [(0, "08:00"), (3, "08:30")]
