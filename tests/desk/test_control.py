"""`gatepost ask`: a request over the private socket of a running gate."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import pytest

from daemon.control import SOCKET, NotRunning, ask_gate, serve_control
from daemon.core.requests import ALL_REQUESTS, AnyRequest, kind_of
from daemon.core.roles import MAY
from daemon.core.signals import Actor
from daemon.core.state import empty_state
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store

OFFICE = Actor(name="前台", role="office")
SLIP = {
    "kind": "issue_slip",
    "number": "17",
    "household": "1-101",
    "items": "沙发",
    "plate": "粤B12345",
    "valid_until": "2026-06-02T08:00:00+08:00",
}


@asynccontextmanager
async def running_gate(folder: Path) -> AsyncIterator[Path]:
    store = Store(folder, ballast_bytes=0)
    store.open()
    clock = ManualClock()
    engine = Engine(state=empty_state(()), store=store, clock=clock, perform=lambda _fact: None)
    up = asyncio.Event()
    tasks = [
        asyncio.create_task(engine.run()),
        asyncio.create_task(
            serve_control(folder, up.set, ask=engine.ask, state=lambda: engine.state, clock=clock)
        ),
    ]
    await up.wait()
    try:
        yield folder
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        store.close()


async def test_a_request_comes_back_with_its_facts(tmp_path: Path) -> None:
    async with running_gate(tmp_path / "data") as folder:
        (fact,) = (await asyncio.to_thread(ask_gate, folder, OFFICE, SLIP)).facts
        assert fact["kind"] == "slip_issued"
        assert fact["slip"]["plate"] == "粤B12345"
        assert stat.S_IMODE((folder / SOCKET).stat().st_mode) == 0o600, "nobody else's to ask"
    assert not (folder / SOCKET).exists()


async def test_a_wrong_request_says_every_field_that_is_wrong(tmp_path: Path) -> None:
    wrong = {key: value for key, value in SLIP.items() if key != "items"} | {"valid_until": "soon"}
    async with running_gate(tmp_path / "data") as folder:
        with pytest.raises(ValueError, match=r"items.*valid_until|valid_until.*items"):
            await asyncio.to_thread(ask_gate, folder, OFFICE, wrong)
        with pytest.raises(ValueError, match="kind"):
            await asyncio.to_thread(ask_gate, folder, OFFICE, {"kind": "open_everything"})
        assert await asyncio.to_thread(ask_gate, folder, OFFICE, SLIP), "and the gate goes on answering"


def test_without_a_gate_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match=SOCKET):
        ask_gate(tmp_path, OFFICE, SLIP)


@pytest.mark.rule("R44")
def test_every_request_says_who_may_ask_and_has_a_name_of_its_own() -> None:
    assert set(MAY) == set(ALL_REQUESTS) == set(get_args(AnyRequest))
    assert len({kind_of(request) for request in ALL_REQUESTS}) == len(ALL_REQUESTS)
