"""The virtual loop keeps asyncio's promises without anybody waiting."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from daemon.runtime.clock import ManualClock
from tests.rigs.virtual_loop import Deadlock, run_virtual, virtual_loop


def test_a_year_passes_at_once_and_to_the_microsecond() -> None:
    clock = ManualClock()
    start = clock.now()
    run_virtual(asyncio.sleep(365 * 86400), clock)
    assert clock.now().mono - start.mono == timedelta(days=365)
    assert clock.now().wall - start.wall == timedelta(days=365)


def test_timers_fire_in_order_each_at_its_time() -> None:
    clock = ManualClock()
    rung: list[tuple[float, float]] = []

    async def ring(after_s: float) -> None:
        await asyncio.sleep(after_s)
        rung.append((after_s, (clock.mono - timedelta(seconds=100)).total_seconds()))

    async def main() -> None:
        await asyncio.gather(*(ring(after_s) for after_s in (3.3, 0.1, 7, 0.7, 0.000001)))

    run_virtual(main(), clock)
    assert rung == [(0.000001, 0.000001), (0.1, 0.1), (0.7, 0.7), (3.3, 3.3), (7, 7.0)]


def test_waiting_for_what_never_comes_is_a_deadlock_that_names_the_task() -> None:
    async def main() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="the broker")

    with pytest.raises(Deadlock, match="the broker"):
        run_virtual(main())


def test_an_executor_call_runs_on_the_spot() -> None:
    async def main() -> int:
        return await asyncio.get_running_loop().run_in_executor(None, threading.get_ident)

    assert run_virtual(main()) == threading.get_ident()


def test_an_executor_call_that_raises_raises_where_it_is_awaited() -> None:
    async def main() -> None:
        await asyncio.to_thread(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        run_virtual(main())


def test_tasks_left_over_are_cancelled() -> None:
    ended: list[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            ended.append("cleaned up")

    async def main() -> None:
        asyncio.create_task(for_ever(), name="for ever").add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    with virtual_loop() as loop:
        loop.run_until_complete(main())
        assert ended == []
    assert ended == ["cleaned up"]


def test_a_timeout_strikes_at_its_virtual_moment() -> None:
    clock = ManualClock()

    async def main() -> None:
        async with asyncio.timeout(5):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_virtual(main(), clock)
    assert clock.mono == timedelta(seconds=105)
