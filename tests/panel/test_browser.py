"""A guard's shift in a real browser: Chromium, the real panel, the real engine."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect

from daemon.config.model import PanelConfig
from daemon.core.signals import Boom, Loop, LoopState
from daemon.panel.server import make_app
from daemon.panel.streams import STREAMS_EACH
from tests.panel.guardhouse import Guardhouse
from tests.panel.test_buttons import unknown_at_exit, visitor_drives_in

CHROMIUM = shutil.which("chromium")
PASSWORD = "四季平安-2026"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

PATIENCE_MS = 60_000
"""A loaded machine is slow; nothing here is measured."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield launched
        await launched.close()


@pytest.fixture
async def server(house: Guardhouse) -> AsyncIterator[TestServer]:
    async with TestServer(house.app, host="127.0.0.1") as running:
        yield running


@pytest.fixture
async def page(browser: Browser) -> Page:
    expect.set_options(timeout=PATIENCE_MS)
    context = await browser.new_context(viewport={"width": 1366, "height": 657}, locale="zh-CN")
    opened = await context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    return opened


async def sign_in(page: Page, server: TestServer, house: Guardhouse) -> None:
    await page.goto(str(server.make_url("/")))
    await page.fill("[name=name]", "guard")
    await page.fill("[name=password]", house.first_password)
    await page.click("button.main")
    await page.fill("[name=old]", house.first_password)
    await page.fill("[name=new]", PASSWORD)
    await page.fill("[name=again]", PASSWORD)
    await page.click("button.main")
    await page.wait_for_selector(".lane")


@pytest.mark.rule("R28")
async def test_a_guard_signs_in_opens_a_lane_and_sees_the_boom_go_up(
    page: Page, server: TestServer, house: Guardhouse
) -> None:
    complaints: list[str] = []
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await sign_in(page, server, house)
    boom = page.locator("#lane-entry-1 .boom b")
    await expect(boom).to_have_text("落下")

    await page.click("#lane-entry-1 .open")
    await page.click("#question .quick button >> nth=0")
    await expect(page.locator("#answers")).to_contain_text("已发抬杆指令")
    await expect(page.locator("#question")).to_be_hidden()
    # An order proves nothing: the picture changes when the limit switches say so.
    await expect(boom).to_have_text("落下")
    for seen, words in ((Boom.MOVING, "运行中"), (Boom.UP, "抬起")):
        await house.boom("entry-1", seen)
        await expect(boom).to_have_text(words)

    await house.loop("entry-1", Loop.SAFETY, LoopState.OCCUPIED)
    close = page.locator("#lane-entry-1 .close")
    await expect(close).to_be_disabled()
    await expect(page.locator("#no-close-entry-1")).to_contain_text("杆下有车")
    await house.loop("entry-1", Loop.SAFETY, LoopState.FREE)
    await expect(close).to_be_enabled()

    assert [(signal.action, signal.actor.name) for signal in house.asked] == [("open", "guard")]
    assert complaints == []


@pytest.mark.rule("R02")
async def test_a_held_car_is_let_through_with_the_reason_the_guard_types(
    page: Page, server: TestServer, house: Guardhouse
) -> None:
    await sign_in(page, server, house)
    passage = await house.held_at_entry()
    await expect(page.locator("#lane-entry-1 .phase")).to_contain_text("等待处理")
    await expect(page).to_have_title("（1）车等待处理 · 东门岗 · 门岗")

    await page.click("#lane-entry-1 .big.go")
    typed = page.locator("#question [name=reason]")
    await typed.fill("三栋装修工人，已登记")
    await house.loop("exit-1", Loop.APPROACH, LoopState.OCCUPIED)  # life goes on beside the dialog
    await expect(page.locator("#lane-exit-1 .loop.occupied")).to_be_visible()
    await expect(typed).to_have_value("三栋装修工人，已登记")
    await typed.press("Enter")

    await expect(page.locator("#answers")).to_contain_text("已放行")
    await expect(page.locator("#lane-entry-1 .phase")).to_contain_text("已放行")
    [asked] = house.asked
    assert (asked.passage, asked.reason) == (passage, "三栋装修工人，已登记")


@pytest.mark.rule("R15")
async def test_the_guard_points_at_the_car_that_stands_at_the_exit(
    page: Page, server: TestServer, house: Guardhouse
) -> None:
    await sign_in(page, server, house)
    wanted = await visitor_drives_in(house, "沪A7K98Q")
    await visitor_drives_in(house, "粤BD12345")
    await unknown_at_exit(house, "沪A7K980")

    await page.click("#lane-exit-1 .pick >> nth=0")
    chosen = page.locator("#question .chosen")
    await expect(chosen).to_contain_text("沪A7K98Q")
    await expect(chosen).to_contain_text("差 1 字")
    await page.click("#question .quick button >> nth=3")

    await expect(page.locator("#answers")).to_contain_text("已放行")
    assert [(signal.stay, signal.reason) for signal in house.asked] == [(wanted, "车牌识别有误")]


async def test_a_page_that_made_room_for_newer_ones_lives_again_when_looked_at(
    page: Page, server: TestServer, house: Guardhouse
) -> None:
    await sign_in(page, server, house)
    for _ in range(STREAMS_EACH):
        newer = await page.context.new_page()
        await newer.goto(str(server.make_url("/")))
        await expect(newer.locator("[data-time]")).to_be_visible()
    await house.boom("entry-1", Boom.UP)
    await page.bring_to_front()
    await expect(page.locator("#lane-entry-1 .boom b")).to_have_text("抬起")
    await expect(page.locator("#lost")).to_be_hidden()


async def test_a_lost_connection_is_plain_to_see_and_heals_by_itself(page: Page, house: Guardhouse) -> None:
    async with TestServer(house.app, host="127.0.0.1") as server:
        port = server.port
        await sign_in(page, server, house)
    # The daemon is gone: what the page shows is old, and looks it.
    lost = page.locator("#lost")
    await expect(lost).to_be_visible()
    await expect(lost).to_contain_text("与门岗失去连接")
    await expect(page.locator("main")).to_have_css("pointer-events", "none")

    await house.boom("entry-1", Boom.UP)
    app = make_app(house, house.store.accounts, PanelConfig())
    async with TestServer(app, host="127.0.0.1", port=port):
        # It is back: nobody has to touch the page or sign in again.
        await expect(lost).to_be_hidden()
        await expect(page.locator("#lane-entry-1 .boom b")).to_have_text("抬起")
