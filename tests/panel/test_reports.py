"""Reports on the panel: the same figures as on the terminal, as bars, as a table and as a file."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import async_playwright

from daemon.core.money import TakePayment
from daemon.core.signals import Actor, Asked
from daemon.core.state import SiteRules
from daemon.panel.charts import HEIGHT, LETTER, REST, SERIES, chart_of
from daemon.reports.catalogue import REPORTS
from daemon.reports.periods import labels
from daemon.reports.sheet import Column, Sheet
from tests.desk.till_rig import HOURLY
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import Guardhouse, guardhouse
from tests.panel.test_buttons import visitor_drives_in

CHROMIUM = shutil.which("chromium")
PLATE = "粤B99999"
GUARD = Actor(name="李门岗", role="guard")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guardhouse]:
    """One visitor has come in, and has paid for three hours."""
    async with guardhouse(tmp_path, site=SiteRules(tariff=HOURLY, receipts="east")) as built:
        await built.at_rest()
        await visitor_drives_in(built, PLATE)
        built.clock.advance(timedelta(hours=2, minutes=10))
        await built.say(Asked(at=built.clock.now(), actor=GUARD, request=TakePayment(plate=PLATE, fen=1500)))
        yield built


@pytest.fixture
async def visitor(house: Guardhouse) -> AsyncIterator[Visitor]:
    async with TestClient(TestServer(house.app, host="127.0.0.1")) as client:
        yield Visitor(house, client)


# ---------------------------------------------------------------- pages


@pytest.mark.rule("R40")
async def test_the_flow_of_today_is_drawn_and_listed(guard: Visitor) -> None:
    page = await (await guard.get("/reports")).text()
    assert "车流量" in page
    assert len(re.findall("<g><title>", page)) == 24, "a bar for every hour"
    assert page.count('<rect class="s0"') == 1, "one car, one piece"
    assert "entry-1 1</title>" in page


@pytest.mark.rule("R40")
@pytest.mark.parametrize("report", list(REPORTS))
@pytest.mark.parametrize("by", ["hour", "day", "month", "shift"])
async def test_every_report_is_there_by_every_period(guard: Visitor, report: str, by: str) -> None:
    answer = await guard.get(f"/reports/{report}?by={by}")
    assert answer.status == 200
    assert REPORTS[report].zh in await answer.text()


@pytest.mark.rule("R40")
async def test_takings_come_as_a_file_with_the_same_figures(guard: Visitor) -> None:
    answer = await guard.get("/reports/takings.csv?by=day")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="east-takings-' in answer.headers["Content-Disposition"]
    (row,) = csv.DictReader(io.StringIO((await answer.text()).removeprefix("\ufeff")))
    assert (row["receipts"], row["net_yuan"]) == ("1", "15.00")
    assert "15.00" in await (await guard.get("/reports/takings?by=day")).text()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=2026-02-30", "日期应如"),
        ("from=yesterday", "日期应如"),
        ("to=9999-12-31&from=0001-01-01", "最多 400 天"),
        ("from=2026-06-02&to=2026-06-01", "末日早于首日"),
        ("by=minute", "时段"),
    ],
)
async def test_what_cannot_be_meant_is_told_and_nothing_is_added_up(
    guard: Visitor, asked: str, said: str
) -> None:
    page = await guard.get(f"/reports/flow?{asked}")
    assert page.status == 422
    assert said in await page.text()
    assert (await guard.get(f"/reports/flow.csv?{asked}")).status == 422


async def test_a_report_that_is_none_and_a_ledger_that_cannot_be_read(guard: Visitor) -> None:
    assert (await guard.get("/reports/secrets")).status == 404
    assert (await guard.get("/reports/secrets.csv")).status == 404
    path = guard.house.store.path
    path.rename(path.with_name("gone.db"))
    try:
        answer = await guard.get("/reports/flow")
        assert answer.status == 503
        assert "no report" in await answer.text()
    finally:
        path.with_name("gone.db").rename(path)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.rule("R40")
@pytest.mark.parametrize("width", [1280, 390])
async def test_in_a_browser_the_bars_stand_in_the_picture_and_nothing_runs_over(
    guard: Visitor, width: int
) -> None:
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": width, "height": 900})
        cookies = [
            {"name": one.key, "value": one.value, "url": guard.origin}
            for one in guard.client.session.cookie_jar
        ]
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        await page.goto(f"{guard.origin}/reports/flow?by=hour")
        chart = await page.locator(".chart svg").bounding_box()
        bar = await page.locator(".chart rect.s0").first.bounding_box()
        assert chart is not None
        assert bar is not None
        assert chart["x"] <= bar["x"] <= bar["x"] + bar["width"] <= chart["x"] + chart["width"]
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await browser.close()


# ---------------------------------------------------------------- bars


def sheet(*rows: tuple[str, str, int]) -> Sheet:
    columns = (
        Column("period", "时段", "period", "text"),
        Column("lane", "车道", "lane", "text"),
        Column("passages", "合计", "passages"),
    )
    return Sheet(columns, rows)


FLOW = REPORTS["flow"]
DAYS = labels("day", date(2026, 2, 27), date(2026, 3, 1))


def test_a_stack_is_as_high_as_its_sum_and_a_day_without_cars_is_there() -> None:
    chart = chart_of(
        sheet((DAYS[0], "entry-1", 3), (DAYS[0], "exit-1", 1), (DAYS[2], "exit-1", 2)), FLOW, DAYS
    )
    assert chart is not None
    assert [bar.period for bar in chart.bars] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    heights = [sum(piece.height for piece in bar.pieces) for bar in chart.bars]
    assert heights == [HEIGHT, 0, HEIGHT // 2]
    assert [tick.label for tick in chart.ticks] == ["0", "1", "2", "3", "4"]
    assert chart.bars[1].says == "2026-02-28: 0"
    assert [bar.label for bar in chart.bars] == ["02-27", "02-28", "03-01"]
    tops = [piece.top for piece in chart.bars[0].pieces]
    assert tops == sorted(tops, reverse=True), "one on top of the other"


def test_more_lanes_than_colours_share_the_last_one() -> None:
    rows = [(DAYS[0], f"lane-{number}", number) for number in range(1, 9)]
    chart = chart_of(sheet(*rows), FLOW, DAYS)
    assert chart is not None
    assert chart.series == ("lane-8", "lane-7", "lane-6", "lane-5", REST)
    assert len(chart.series) == SERIES
    assert {piece.series for piece in chart.bars[0].pieces} == set(range(SERIES))


def test_nothing_is_not_drawn() -> None:
    assert chart_of(sheet(), FLOW, DAYS) is None
    assert chart_of(sheet((DAYS[0], "entry-1", 0)), FLOW, []) is None


@pytest.mark.parametrize(
    ("most", "top"), [(1, "4"), (4, "4"), (5, "8"), (41, "80"), (801, "1200"), (99_999, "120000")]
)
def test_the_scale_ends_at_a_round_number(most: int, top: str) -> None:
    chart = chart_of(sheet((DAYS[0], "entry-1", most)), FLOW, DAYS)
    assert chart is not None
    assert chart.ticks[-1].label == top
    assert max(piece.height for bar in chart.bars for piece in bar.pieces) <= HEIGHT


def test_no_label_runs_into_the_next_one() -> None:
    for by, days in (("hour", 1), ("hour", 7), ("day", 90), ("day", 400), ("month", 400)):
        last = date(2026, 11, 25)
        periods = labels(by, last - timedelta(days=days - 1), last)  # type: ignore[arg-type]
        chart = chart_of(sheet((periods[0], "entry-1", 1)), FLOW, periods)
        assert chart is not None
        named = [(bar.left + bar.width // 2, len(bar.label)) for bar in chart.bars if bar.label]
        assert len(named) > 3
        for (left, length), (right, _) in pairwise(named):
            assert right - left > length * LETTER
    assert chart_of(sheet(("3 2026-11-25 07:00 李门岗", "entry-1", 1)), FLOW, []).bars[0].label  # type: ignore[union-attr]


def test_each_hour_of_a_day_has_its_label_once() -> None:
    assert labels("hour", date(2026, 3, 1), date(2026, 3, 1))[::23] == [
        "2026-03-01 00:00",
        "2026-03-01 23:00",
    ]
    assert labels("month", date(2025, 12, 31), date(2026, 2, 1)) == ["2025-12", "2026-01", "2026-02"]
