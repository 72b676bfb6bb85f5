"""The stream that keeps pages right, the list of passages, and the pictures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from yarl import URL

from daemon.core.signals import Boom, DeviceLost, Loop, LoopState
from daemon.panel import live
from daemon.panel.gate import OfficeStatus
from daemon.panel.pages import PAGE
from daemon.panel.routes import picture_path
from daemon.panel.streams import STREAMS, STREAMS_EACH, Streams
from tests.panel.conftest import Visitor
from tests.panel.guardhouse import NEIGHBOUR, RESIDENT


class Stream:
    """The server-sent events of one connection."""

    def __init__(self, answer: ClientResponse) -> None:
        self._answer = answer

    async def until(self, name: str, text: str = "") -> str:
        """The next event of that name that contains `text`."""
        event, data = "", ""
        while True:
            line = (await self._answer.content.readline()).decode()
            assert line, "the stream ended"
            if line.startswith("event: "):
                event = line[7:].strip()
            elif line.startswith("data: "):
                data += line[6:]
            elif line == "\n":
                if event == name and text in data:
                    return data
                event, data = "", ""

    async def end(self) -> None:
        while await self._answer.content.readline():
            pass


async def listen(guard: Visitor) -> Stream:
    answer = await guard.get("/live", Accept="text/event-stream")
    assert answer.content_type == "text/event-stream"
    return Stream(answer)


@pytest.fixture
def no_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """So slow a beat that only a change can have brought what arrives."""
    monkeypatch.setattr(live, "BEAT_S", 3600.0)


@pytest.mark.usefixtures("no_beats")
async def test_a_change_reaches_an_open_page_by_itself(guard: Visitor) -> None:
    stream = await listen(guard)
    assert "落下" in await stream.until("head-entry-1")
    await stream.until("passages")

    await guard.house.boom("entry-1", Boom.UP)

    assert "抬起" in await stream.until("head-entry-1")


@pytest.mark.rule("R31")
@pytest.mark.usefixtures("no_beats")
async def test_a_fault_shows_at_the_lane_in_the_alerts_and_at_the_top(guard: Visitor) -> None:
    stream = await listen(guard)
    await stream.until("passages")
    await guard.house.say(
        DeviceLost(
            at=guard.house.clock.now(), device="exit-1.camera", lane="exit-1", role="camera", why="no picture"
        )
    )
    assert "1 个设备故障" in await stream.until("status")
    assert "东门出口 摄像机" in await stream.until("alerts")
    assert "no picture" in await stream.until("car-exit-1")


async def test_each_beat_tells_the_time_and_how_far_the_office_is(
    guard: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.01)
    stream = await listen(guard)
    assert "16:00:00" in await stream.until("beat")
    guard.house.clock.advance(timedelta(seconds=2))
    guard.house.office = OfficeStatus(configured=True, connected=False, last_seq=500, acked_seq=377)
    await stream.until("beat", "16:00:02")
    assert "物业办断线" in await stream.until("status", "377")
    guard.house.office = OfficeStatus(
        configured=True, connected=True, last_seq=500, acked_seq=490, by_broker=True
    )
    assert "无人确认" in await stream.until("status", "490")


async def test_whoever_signs_out_hears_no_more(guard: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.01)
    stream = await listen(guard)
    await stream.until("beat")
    await guard.post("/logout")
    await stream.end()


async def test_a_browser_with_many_pages_keeps_room_for_its_buttons(guard: Visitor) -> None:
    streams = [await listen(guard) for _ in range(STREAMS_EACH)]
    for stream in streams:
        await stream.until("passages")

    newest = await listen(guard)

    await streams[0].until("rest")
    await streams[0].end()
    await newest.until("passages")
    await guard.house.boom("entry-1", Boom.UP)
    for stream in (*streams[1:], newest):
        assert "抬起" in await stream.until("head-entry-1")


def test_however_many_browsers_there_are_the_streams_are_bounded() -> None:
    streams = Streams()
    first = streams.enter("a")
    for number in range(STREAMS - 1):
        streams.enter(f"browser {number}")
    assert not first.has_to_rest
    streams.enter("one more")
    assert first.has_to_rest
    assert sum(not stream.has_to_rest for stream in streams.open) == STREAMS


async def test_a_daemon_that_goes_down_ends_its_streams(guard: Visitor) -> None:
    stream = await listen(guard)
    await stream.until("passages")
    await asyncio.gather(guard.house.app.shutdown(), stream.end())


def test_every_line_of_a_fragment_is_a_data_line() -> None:
    assert live.as_event("head", "<p>\nevent: forged\n\n</p>") == (
        "event: head\ndata: <p>\ndata: event: forged\ndata: \ndata: </p>\n\n"
    )


async def test_passages_are_paged_and_filtered(guard: Visitor) -> None:
    for number in range(PAGE + 2):
        guard.house.clock.advance(timedelta(minutes=1))
        await guard.house.plate("exit-1", f"粤C{number:05d}")
        passage = guard.house.state.lanes["exit-1"].passage
        assert passage is not None
        await guard.post("/lanes/exit-1/refuse", passage=passage.id, quick="未登记")
        guard.house.clock.advance(timedelta(seconds=2))
        await guard.house.engine.beat()

    first = await (await guard.get("/passages")).text()
    assert f"粤C{PAGE + 1:05d}" in first
    assert "粤C00000" not in first
    older = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = await (await guard.get(older)).text()
    assert "粤C00000" in second
    assert f"粤C{PAGE + 1:05d}" not in second
    assert "还没有通行记录" in await (await guard.get("/passages?lane=entry-1")).text()


@pytest.mark.rule("R02")
async def test_the_list_never_gives_a_card_to_the_owner_of_the_plate(guard: Visitor) -> None:
    house = guard.house
    await house.loop("entry-1", Loop.APPROACH, LoopState.OCCUPIED)
    await house.plate("entry-1", RESIDENT.plate)
    await house.card("entry-1", NEIGHBOUR.card)
    page = await (await guard.get("/passages")).text()
    assert f'{NEIGHBOUR.holder} <span class="card">••••2C3E</span>' in page
    assert f"车牌属于 {RESIDENT.holder}" in page


# ---------------------------------------------------------------- pictures


async def test_a_picture_is_served_to_whoever_is_signed_in(guard: Visitor) -> None:
    folder = guard.house.evidence / "2026/06/01"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"\xff\xd8 a picture")
    answer = await guard.get("/pictures/2026/06/01/a.jpg", Accept="image/*")
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert await answer.read() == b"\xff\xd8 a picture"


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/..%2fsecret.jpg",
        "/pictures/%2e%2e/secret.jpg",
        "/pictures/2026%2f..%2f..%2fsecret.jpg",
        "/pictures/%2fetc%2fpasswd",
        "/pictures/way-out/secret.jpg",
        "/pictures/a.jpg%00.jpg",
        "/pictures/notes.txt",
        "/pictures/folder.jpg",
        "/static/..%2f__init__.py",
        "/static/vendor/../../pages.py",
    ],
)
async def test_no_path_leads_out_of_the_folder(guard: Visitor, path: str) -> None:
    evidence = guard.house.evidence
    (evidence.parent / "secret.jpg").write_bytes(b"secret")
    (evidence / "notes.txt").write_text("not a picture")
    (evidence / "folder.jpg").mkdir()
    (evidence / "way-out").symlink_to(evidence.parent)
    # `encoded`: dots and slashes go out as a hostile client writes them.
    answer = await guard.client.session.get(URL(f"{guard.origin}{path}", encoded=True), allow_redirects=False)
    assert answer.status in {400, 404}
    assert b"secret" not in await answer.read()


def test_a_reference_with_a_name_too_long_for_the_disk_is_no_picture(tmp_path: Path) -> None:
    assert picture_path(tmp_path, "a" * 5000 + ".jpg") is None


async def test_the_arrow_at_a_moving_boom_points_where_it_was_sent(guard: Visitor) -> None:
    house = guard.house
    arrows = set()
    for action, reason in (("open", "检修测试"), ("close", "检修测试")):
        await guard.post(f"/lanes/entry-1/{action}", quick=reason)
        await house.boom("entry-1", Boom.MOVING)
        arrows.add((await (await guard.get("/")).text()).partition('class="hint" d="')[2].partition('"')[0])
        await house.boom("entry-1", Boom.UP if action == "open" else Boom.DOWN)
    await house.boom("entry-1", Boom.MOVING)
    unasked = (await (await guard.get("/")).text()).partition('class="hint" d="')[2].partition('"')[0]
    assert len(arrows) == 2
    assert unasked == "M66 -2a72 72 0 0 1 30 30"
