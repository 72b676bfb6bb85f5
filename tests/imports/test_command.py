"""`gatepost import`: from a file, over the private socket, into a gate that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.control import serve_control
from daemon.core.evolve import evolve_all
from daemon.core.signals import Boom, BoomReported
from daemon.core.state import LaneRules, empty_state
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from tests.config.conftest import GOOD

LANE = LaneRules(id="entry-1", name="entry-1", direction="entry", mode="card_and_plate")
BY_OFFICE = ("--as", "前台", "--role", "office")
TWO = "编号,卡号,车牌,姓名\nP1,62E3086CED,粤B12345,陈志远\nP2,01026F6C3A,粤BD12345,林晓燕\n"


class Site:
    """A site's folder with a gate that runs on it, and the office in front of a terminal."""

    def __init__(self, folder: Path, engine: Engine, clock: ManualClock) -> None:
        self.folder = folder
        self.engine = engine
        self.clock = clock

    def file(self, text: str, name: str = "permits.csv") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    async def imports(
        self, file: Path, *options: str, what: str = "permits", by: tuple[str, ...] = BY_OFFICE
    ) -> int:
        config = str(self.folder / "config.yaml")
        return await asyncio.to_thread(main, ["import", what, str(file), "--config", config, *by, *options])

    @property
    def permits(self) -> set[str]:
        return set(self.engine.state.permits)


@asynccontextmanager
async def running_site(folder: Path) -> AsyncIterator[Site]:
    (folder / "config.yaml").write_text(GOOD, encoding="utf-8")
    store = Store(folder / "var", ballast_bytes=0)
    store.open()
    store.db.execute("PRAGMA synchronous = OFF")
    clock = ManualClock()
    state = evolve_all(empty_state((LANE,)), (fact for _, fact in store.facts()))
    engine = Engine(state=state, store=store, clock=clock, perform=lambda _fact: None)
    up = asyncio.Event()
    control = serve_control(folder / "var", up.set, ask=engine.ask, state=lambda: engine.state, clock=clock)
    tasks = [asyncio.create_task(engine.run()), asyncio.create_task(control)]
    await up.wait()
    try:
        yield Site(folder, engine, clock)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        store.close()


Printed = Callable[[], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    def both() -> str:
        out, err = capsys.readouterr()
        return out + err

    return both


@pytest.mark.rule("R41")
async def test_a_list_is_tried_then_taken_and_the_second_time_nothing_changes(
    tmp_path: Path, printed: Printed
) -> None:
    async with running_site(tmp_path) as site:
        file = site.file(TWO)
        assert await site.imports(file, "--dry-run") == 0
        assert "新增 granted 2, 更改 changed 0, 撤销 withdrawn 0, 未变 unchanged 0" in printed()
        assert site.permits == set()

        assert await site.imports(file) == 0
        assert "+ P1 62E3086CED 粤B12345 陈志远" in printed()
        assert site.permits == {"P1", "P2"}

        before = site.engine.state
        assert await site.imports(file) == 0
        assert "新增 granted 0, 更改 changed 0, 撤销 withdrawn 0, 未变 unchanged 2" in printed()
        assert site.engine.state is before

        sold = site.file("编号,卡号,车牌,姓名\nP1,62E3086CED,粤B00001,陈志远\n")
        assert await site.imports(sold, "--dry-run") == 0
        told = printed()
        assert "更改 changed 1, 撤销 withdrawn 1" in told
        assert "~ P1 62E3086CED 粤B12345 陈志远 -> P1 62E3086CED 粤B00001 陈志远" in told
        assert "- P2" in told
        assert site.engine.state is before


@pytest.mark.rule("R41")
@pytest.mark.parametrize(
    ("what", "text", "told"),
    [
        ("households", "房号,姓名\n1-101,陈志远、李梅\n", "+ 1-101 李梅"),
        ("staff", "姓名,岗位,卡号\n李明,保安,0A0000000B\n周强,班长,\n", "+ 周强 leader"),
        ("watchlist", "车牌,卡号,原因,处置\n粤B99999,,欠费,留车\n", "+ plate 粤B99999 欠费 留车"),
    ],
)
async def test_the_other_lists_go_the_same_way(
    tmp_path: Path, printed: Printed, what: str, text: str, told: str
) -> None:
    async with running_site(tmp_path) as site:
        file = site.file(text, f"{what}.csv")
        assert await site.imports(file, what=what) == 0
        assert told in printed()
        before = site.engine.state
        assert await site.imports(file, what=what) == 0
        assert "新增 granted 0" in printed()
        assert site.engine.state is before


@pytest.mark.rule("R41")
async def test_one_bad_row_and_nothing_is_imported(tmp_path: Path, printed: Printed) -> None:
    async with running_site(tmp_path) as site:
        file = site.file(TWO + "P3,12,粤B99999,王\n")
        assert await site.imports(file) == 1
        told = printed()
        assert "permits.csv:4" in told
        assert "卡号" in told
        assert "一行也没有导入" in told
        assert site.permits == set()


@pytest.mark.rule("R41")
async def test_an_empty_file_does_not_empty_the_list(tmp_path: Path, printed: Printed) -> None:
    async with running_site(tmp_path) as site:
        await site.imports(site.file(TWO))
        empty = site.file("编号,卡号,车牌,姓名\n")
        assert await site.imports(empty) == 1
        assert "--allow-empty" in printed()
        assert site.permits == {"P1", "P2"}
        assert await site.imports(empty, "--allow-empty") == 0
        assert site.permits == set()


@pytest.mark.rule("R44")
async def test_whoever_may_not_is_told_so(tmp_path: Path, printed: Printed) -> None:
    async with running_site(tmp_path) as site:
        assert await site.imports(site.file(TWO), by=("--as", "李", "--role", "guard")) == 1
        assert "this role may not do it" in printed()
        assert site.permits == set()


@pytest.mark.rule("R41")
async def test_twenty_thousand_permits_go_in_at_once_and_again_without_a_change(
    tmp_path: Path, printed: Printed
) -> None:
    async with running_site(tmp_path) as site:
        rows = "".join(f"P{n:05},{n:010X},粤B{n:05},持卡人{n},{n // 40}-{n % 40}\n" for n in range(20_000))
        file = site.file(f"编号,卡号,车牌,姓名,房号\n{rows}")
        assert await site.imports(file) == 0
        assert "新增 granted 20000" in printed()
        assert len(site.engine.state.permits) == 20_000
        assert await site.imports(file) == 0
        assert "未变 unchanged 20000" in printed()


@pytest.mark.rule("R26")
@pytest.mark.rule("R41")
async def test_a_long_list_waits_while_a_boom_moves(tmp_path: Path) -> None:
    """It takes the gate a while to read, and a car under a lowering boom has no time."""
    async with running_site(tmp_path) as site:
        rows = "".join(f"{n:010X},粤B{n:05}\n" for n in range(2000))
        await site.engine.ask(BoomReported(at=site.clock.now(), lane="entry-1", boom=Boom.MOVING))
        importing = asyncio.create_task(site.imports(site.file(f"卡号,车牌\n{rows}")))
        await asyncio.sleep(0.5)
        assert site.permits == set()
        assert not importing.done()
        await site.engine.ask(BoomReported(at=site.clock.now(), lane="entry-1", boom=Boom.DOWN))
        assert await importing == 0
        assert len(site.permits) == 2000


def test_without_a_gate_it_says_so(tmp_path: Path, printed: Printed) -> None:
    (tmp_path / "config.yaml").write_text(GOOD, encoding="utf-8")
    file = tmp_path / "permits.csv"
    file.write_text(TWO, encoding="utf-8")
    assert main(["import", "permits", str(file), "-c", str(tmp_path / "config.yaml"), *BY_OFFICE]) == 1
    assert "门岗没有运行" in printed()
