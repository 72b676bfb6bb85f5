"""A supervised task: trouble is retried for ever, a bug is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import pytest

from daemon.runtime.clock import ManualClock
from daemon.runtime.supervisor import TooManyBugs, supervise
from drivers.errors import DeviceLost, DeviceUnusable
from tests.rigs.virtual_loop import run_virtual

Up = Callable[[], None]
Attempt = Callable[[Up], Awaitable[None]]


class Ward:
    """A supervised thing that does one scripted attempt after the other, and what was said about it."""

    def __init__(self, *attempts: Attempt, passes: tuple[type[Exception], ...] = ()) -> None:
        self.clock = ManualClock(mono=timedelta(0))
        self.attempts = list(attempts)
        self.tried_at: list[float] = []
        self.said: list[str] = []
        self.passes = passes

    async def run(self, up: Up) -> None:
        self.tried_at.append(self.clock.mono.total_seconds())
        if self.attempts:
            await self.attempts.pop(0)(up)

    def supervise(self) -> None:
        run_virtual(
            supervise(
                "entry-1.reader",
                self.run,
                clock=self.clock,
                random=Random(1),
                on_lost=lambda why: self.said.append(f"lost: {why}"),
                on_restored=lambda: self.said.append("restored"),
                passes=self.passes,
            ),
            self.clock,
        )

    @property
    def pauses(self) -> list[float]:
        return [after - before for before, after in zip(self.tried_at, self.tried_at[1:], strict=False)]


def fails(error: Exception) -> Attempt:
    async def attempt(_: Up) -> None:
        raise error

    return attempt


def works_for(seconds: float, then: Exception | None = None) -> Attempt:
    async def attempt(up: Up) -> None:
        up()
        await asyncio.sleep(seconds)
        if then is not None:
            raise then

    return attempt


def test_a_task_that_ends_is_not_started_again() -> None:
    ward = Ward(works_for(3))
    ward.supervise()
    assert ward.tried_at == [0.0]
    assert ward.said == []


def test_an_unplugged_reader_is_tried_ever_more_slowly_up_to_30_s() -> None:
    ward = Ward(*[fails(DeviceLost("no such port"))] * 200)
    ward.supervise()
    longest = [min(30.0, 0.5 * 2**n) for n in range(200)]
    assert all(top / 2 <= pause <= top for pause, top in zip(ward.pauses, longest, strict=True))
    assert len({round(pause, 3) for pause in ward.pauses[50:]}) > 100, "the pauses are jittered"


@pytest.mark.parametrize(
    "trouble", [DeviceLost("gone"), OSError(5, "EIO"), TimeoutError(), ConnectionError()]
)
def test_device_and_network_trouble_never_ends_the_gate(trouble: Exception) -> None:
    ward = Ward(*[fails(trouble)] * 1000)
    ward.supervise()
    assert len(ward.tried_at) == 1001


def test_a_device_that_cannot_work_as_configured_is_tried_slowly() -> None:
    ward = Ward(*[fails(DeviceUnusable("no chip pinctrl-rp1"))] * 20)
    ward.supervise()
    assert all(5 <= pause <= 60 for pause in ward.pauses)
    assert all(pause >= 30 for pause in ward.pauses[3:])


def test_loss_and_return_are_said_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gone = fails(DeviceLost("no answer"))
    ward = Ward(gone, gone, gone, works_for(1, then=DeviceLost("unplugged")), gone, works_for(1))
    ward.supervise()
    assert ward.said == ["lost: no answer", "restored", "lost: unplugged", "restored"]
    assert [record.levelname for record in caplog.records] == [
        "WARNING", "DEBUG", "DEBUG", "INFO", "WARNING", "DEBUG", "INFO",
    ]  # fmt: skip


def test_a_slow_start_is_not_a_return() -> None:
    async def takes_long_and_fails(_: Up) -> None:
        await asyncio.sleep(300)
        raise DeviceLost("camera does not answer")

    ward = Ward(takes_long_and_fails, takes_long_and_fails)
    ward.supervise()
    assert ward.said == ["lost: camera does not answer"]


def test_a_device_that_was_steady_is_retried_quickly_and_one_that_flaps_is_not() -> None:
    flaps = works_for(1, then=DeviceLost("loose plug"))
    ward = Ward(*[flaps] * 10, works_for(60, then=DeviceLost("unplugged")), works_for(0))
    ward.supervise()
    last_of_the_flapping, after_the_steady_time = ward.pauses[9] - 1, ward.pauses[10] - 60
    assert last_of_the_flapping >= 15
    assert after_the_steady_time <= 0.5


def test_the_sixth_bug_within_a_minute_ends_the_process() -> None:
    ward = Ward(*[fails(KeyError("lane"))] * 10)
    with pytest.raises(TooManyBugs, match=r"entry-1\.reader failed 6 times.*KeyError"):
        ward.supervise()
    assert len(ward.tried_at) == 6


def test_a_bug_now_and_then_is_survived_and_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(*[works_for(15, then=ValueError("odd frame"))] * 40)
    ward.supervise()
    assert len(ward.tried_at) == 41
    assert all(record.levelname in {"ERROR", "INFO"} for record in caplog.records)
    assert caplog.records[0].exc_info is not None


def test_a_bug_counts_as_a_loss() -> None:
    ward = Ward(fails(ValueError("odd frame")), works_for(1))
    ward.supervise()
    assert ward.said[0].startswith("lost: ValueError: odd frame")
    assert ward.said[1:] == ["restored"]


def test_trouble_out_of_a_task_group_is_trouble_and_a_bug_among_it_is_a_bug() -> None:
    both_lost = ExceptionGroup("tasks", [DeviceLost("reader"), ExceptionGroup("in", [OSError("port")])])
    ward = Ward(*[fails(both_lost)] * 100)
    ward.supervise()
    assert ward.said == ["lost: reader"]

    with_a_bug = ExceptionGroup("tasks", [DeviceLost("reader"), TypeError("bug")])
    with pytest.raises(TooManyBugs):
        Ward(*[fails(with_a_bug)] * 100).supervise()


def test_a_configuration_error_passes_at_once() -> None:
    class ConfigWrong(OSError):
        pass

    ward = Ward(fails(ConfigWrong("line 3")), passes=(ConfigWrong,))
    with pytest.raises(ConfigWrong):
        ward.supervise()
    assert len(ward.tried_at) == 1
    assert ward.said == []


async def test_cancelling_goes_through() -> None:
    ward = Ward(works_for(3600))
    task = asyncio.create_task(supervise("x", ward.run, clock=ward.clock, random=Random(1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(ward.tried_at) == 1
