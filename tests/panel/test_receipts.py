"""A receipt as a page: what it says, what became of its paper, and who may look."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import async_playwright

from daemon.core.money import ReprintReceipt, TakePayment, TopUp, VoidReceipt
from daemon.core.signals import Actor, Asked, PrintReported, Request
from daemon.core.state import SiteRules
from daemon.panel.pages import PAGE
from tests.desk.till_rig import HOURLY
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import Guardhouse, guardhouse
from tests.panel.test_buttons import visitor_drives_in

CHROMIUM = shutil.which("chromium")
PLATE = "粤B99999"
GUARD = Actor(name="李门岗", role="guard")
OFFICE = Actor(name="物业", role="office")
SUPERVISOR = Actor(name="陈主管", role="supervisor")


async def ask(house: Guardhouse, actor: Actor, request: Request) -> None:
    await house.say(Asked(at=house.clock.now(), actor=actor, request=request))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guardhouse]:
    """A visitor has paid for three hours, and the paper ran out over his receipt."""
    site = SiteRules(tariff=HOURLY, receipts="east", has_printer=True)
    async with guardhouse(tmp_path, site=site) as built:
        await built.at_rest()
        await visitor_drives_in(built, PLATE)
        built.clock.advance(timedelta(hours=2, minutes=10))
        await ask(built, GUARD, TakePayment(plate=PLATE, fen=1500))
        await built.say(PrintReported(at=built.clock.now(), number=1, copy=0, trouble="paper_out"))
        yield built


@pytest.fixture
async def visitor(house: Guardhouse) -> AsyncIterator[Visitor]:
    async with TestClient(TestServer(house.app, host="127.0.0.1")) as client:
        yield Visitor(house, client)


@pytest.mark.rule("R17")
async def test_the_page_says_what_the_paper_would_and_that_it_did_not_come_out(guard: Visitor) -> None:
    page = await (await guard.get("/receipts/1")).text()
    for said in ("翠园小区", "east-000001", PLATE, "15.00元", "现金", "李门岗", "未打印", "缺纸"):
        assert said in page
    assert "作废" not in page
    await ask(guard.house, GUARD, ReprintReceipt(number=1))
    await guard.house.say(PrintReported(at=guard.house.clock.now(), number=1, copy=1))
    await ask(guard.house, SUPERVISOR, VoidReceipt(number=1, reason="收错车"))
    page = await (await guard.get("/receipts/1")).text()
    for said in ("补打 1", "已打印", "作废 VOID", "收错车", "陈主管"):
        assert said in page


@pytest.mark.rule("R17")
async def test_the_alert_about_a_receipt_leads_to_it(guard: Visitor) -> None:
    page = await (await guard.get("/")).text()
    assert 'href="/receipts/1"' in page
    assert "收据未打印" in page


@pytest.mark.rule("R17")
async def test_the_list_shows_what_has_not_come_out_until_a_copy_has(guard: Visitor) -> None:
    house = guard.house
    await ask(house, OFFICE, TopUp(plate="粤B88888", fen=5000, means="cash"))
    await house.say(PrintReported(at=house.clock.now(), number=2, copy=0))
    page = await (await guard.get("/receipts")).text()
    assert page.index("east-000002") < page.index("east-000001")
    missing = await (await guard.get("/receipts?missing=yes")).text()
    assert "east-000001" in missing
    assert "east-000002" not in missing
    await ask(house, GUARD, ReprintReceipt(number=1))
    await house.say(PrintReported(at=house.clock.now(), number=1, copy=1))
    missing = await (await guard.get("/receipts?missing=yes")).text()
    assert "没有未打印的收据" in missing
    # one that is void is nobody's to print
    await ask(house, OFFICE, TopUp(plate="粤B88888", fen=5000, means="cash"))
    await house.say(PrintReported(at=house.clock.now(), number=3, copy=0, trouble="lost"))
    assert "east-000003" in await (await guard.get("/receipts?missing=yes")).text()
    await ask(house, SUPERVISOR, VoidReceipt(number=3, reason="收错车"))
    assert "east-000003" not in await (await guard.get("/receipts?missing=yes")).text()
    assert "作废" in await (await guard.get("/receipts")).text()


async def test_older_receipts_are_a_page_away(guard: Visitor) -> None:
    for _ in range(PAGE):
        await ask(guard.house, OFFICE, TopUp(plate="粤B88888", fen=100, means="cash"))
    first = await (await guard.get("/receipts")).text()
    assert "east-000001" not in first
    assert 'href="/receipts?before=2"' in first
    second = await (await guard.get("/receipts?before=2")).text()
    assert "east-000001" in second
    assert "east-000002" not in second
    for nonsense in ("x", "-1", "9" * 40, "²"):
        assert (await guard.get(f"/receipts?before={nonsense}")).status == 200


@pytest.mark.rule("R17")
async def test_a_guard_has_a_copy_printed_from_the_page_and_two_clicks_are_one(guard: Visitor) -> None:
    for _ in range(2):
        answer = await guard.post("/receipts/1/reprint")
        assert (answer.status, answer.headers["Location"]) == (303, "/receipts/1")
    page = await (await guard.get("/receipts/1")).text()
    assert "补打 1" in page
    assert "打印中" in page
    assert "补打 2" not in page
    assert [(one.number, one.copy) for one in guard.house.state.prints] == [(1, 1)]


@pytest.mark.rule("R44")
async def test_a_copy_is_refused_to_who_may_not_and_of_what_is_not_there(visitor: Visitor) -> None:
    await visitor.start_work("somebody", "installer")
    assert (await visitor.post("/receipts/1/reprint")).status == 403
    visitor.client.session.cookie_jar.clear()
    await visitor.start_work()
    assert (await visitor.post("/receipts/2/reprint")).status == 404
    assert (await visitor.post("/receipts/99999999999999999999/reprint")).status == 404
    assert (await visitor.post("/receipts/1/reprint", token="0" * 64)).status == 403
    assert visitor.house.state.prints == ()


@pytest.mark.parametrize("number", ["2", "0", "99999999999999999999", "1x", "-1"])
async def test_a_number_that_is_none_is_not_found(guard: Visitor, number: str) -> None:
    assert (await guard.get(f"/receipts/{number}")).status == 404


@pytest.mark.rule("R44")
@pytest.mark.parametrize(("role", "status"), [("leader", 200), ("office", 200), ("installer", 403)])
async def test_who_installs_the_gate_sees_no_receipts(visitor: Visitor, role: str, status: int) -> None:
    await visitor.start_work("somebody", role)
    assert (await visitor.get("/receipts/1")).status == status
    assert (await visitor.get("/receipts")).status == status


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.rule("R17")
async def test_printed_from_the_page_it_is_the_receipt_alone_and_says_where_it_is_from(
    guard: Visitor, tmp_path: Path
) -> None:
    cookies = [
        {"name": cookie.key, "value": cookie.value, "url": guard.origin}
        for cookie in guard.client.session.cookie_jar
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        context = await browser.new_context(viewport={"width": 1100, "height": 900}, locale="zh-CN")
        await context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dictionaries will do
        page = await context.new_page()
        await page.goto(f"{guard.origin}/receipts")
        await page.screenshot(path=tmp_path / "list.png", full_page=True)
        await page.click("text=east-000001")
        await page.screenshot(path=tmp_path / "screen.png", full_page=True)
        assert await page.locator(".prints").is_visible()
        assert not await page.locator(".from-page").is_visible()
        await page.emulate_media(media="print")
        await page.screenshot(path=tmp_path / "paper.png", full_page=True)
        assert not await page.locator(".prints").is_visible()
        assert not await page.locator("header.top").is_visible()
        assert await page.locator(".from-page").is_visible()
        wide = await page.locator(".receipt").bounding_box()
        assert wide is not None
        assert wide["width"] <= 420
        await browser.close()
