"""systemd hears WATCHDOG=1 when the gate goes round, and only then."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.runtime.clock import ManualClock, SystemClock
from daemon.runtime.notify import Notifier
from daemon.runtime.watchdog import Watchdog, watchdog_limit
from tests.rigs.virtual_loop import run_virtual


class Systemd:
    """The other end of NOTIFY_SOCKET: a real datagram socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.notifier = Notifier.from_environ({"NOTIFY_SOCKET": address})

    def heard(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()
        self.notifier.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@gatepost-test-{os.getpid()}"
    systemd = Systemd(address)
    yield systemd
    systemd.close()


class Gate:
    """An engine and a store that answer a probe as the test wants, under a watchdog of 20 s."""

    def __init__(self, systemd: Systemd) -> None:
        self.clock = ManualClock()
        self.systemd = systemd
        self.beats_at: list[float] = []
        self.watchdog = Watchdog(
            parts=["engine", "store"],
            probe=self.round_trip,
            notifier=systemd.notifier,
            clock=self.clock,
            limit=timedelta(seconds=20),
        )
        self.answer: Callable[[], Awaitable[None]] = self.go_round

    async def round_trip(self) -> None:
        await self.answer()

    async def go_round(self) -> None:
        self.watchdog.pulse("engine")
        self.watchdog.pulse("store")

    def lives_for(self, seconds: float) -> list[str]:
        async def main() -> None:
            beating = asyncio.create_task(self.watchdog.run())
            await asyncio.sleep(seconds)
            beating.cancel()
            await asyncio.wait([beating])
            if not beating.cancelled():
                beating.result()

        run_virtual(main(), self.clock)
        return self.systemd.heard()


def test_a_healthy_gate_beats_four_times_within_the_limit(systemd: Systemd) -> None:
    assert Gate(systemd).lives_for(39) == ["WATCHDOG=1"] * 8


def test_an_engine_that_does_not_answer_gets_no_beat(systemd: Systemd) -> None:
    gate = Gate(systemd)

    async def never() -> None:
        await asyncio.Event().wait()

    assert gate.lives_for(9) == ["WATCHDOG=1"] * 2
    gate.answer = never
    assert gate.lives_for(120) == []


@pytest.mark.parametrize("stalled", ["engine", "store"])
def test_a_part_that_did_not_turn_withholds_the_beat_and_is_named(
    systemd: Systemd, stalled: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(systemd)

    async def half_way() -> None:
        gate.watchdog.pulse("store" if stalled == "engine" else "engine")

    gate.answer = half_way
    assert gate.lives_for(120) == []
    assert f"{stalled} did not turn" in caplog.text


def test_turns_of_the_time_before_do_not_count(systemd: Systemd) -> None:
    gate = Gate(systemd)

    async def answers_without_turning() -> None:
        pass

    for part in ("engine", "store"):
        gate.watchdog.pulse(part)
    gate.answer = answers_without_turning
    assert gate.lives_for(60) == []


def test_a_disk_that_takes_14_s_delays_the_beat_but_stays_below_the_limit(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(systemd)

    async def slow() -> None:
        await asyncio.sleep(14)
        await gate.go_round()

    gate.answer = slow
    assert gate.lives_for(14 + 2 * 19 + 1) == ["WATCHDOG=1"] * 3
    assert "took 14.0 s" in caplog.text


async def test_a_blocked_loop_gets_no_beat(systemd: Systemd) -> None:
    """Real time: a beat from anywhere but the blocked loop would arrive while it is blocked."""
    gate = Gate(systemd)
    gate.watchdog = Watchdog(
        parts=["engine", "store"],
        probe=gate.round_trip,
        notifier=systemd.notifier,
        clock=SystemClock(),
        limit=timedelta(milliseconds=80),
    )
    beating = asyncio.create_task(gate.watchdog.run())
    await asyncio.sleep(0.1)
    assert systemd.heard(), "it beats while the loop is free"
    time.sleep(0.3)  # noqa: ASYNC251  # blocking the loop is what is being tried
    assert systemd.heard() == []
    beating.cancel()


def test_a_part_nobody_named_is_a_mistake_in_the_wiring(systemd: Systemd) -> None:
    with pytest.raises(KeyError):
        Gate(systemd).watchdog.pulse("camera")


def test_systemd_hears_how_far_a_start_is_ready_status_and_stopping(systemd: Systemd) -> None:
    systemd.notifier.busy("gatepost.db: 50000 rows fit", for_s=600)
    systemd.notifier.ready("2 lanes")
    systemd.notifier.status("entry-1: camera lost\nMAINPID=1")
    systemd.notifier.stopping()
    assert systemd.heard() == [
        "EXTEND_TIMEOUT_USEC=600000000\nSTATUS=gatepost.db: 50000 rows fit",
        "READY=1\nSTATUS=2 lanes",
        "STATUS=entry-1: camera lost MAINPID=1",
        "STOPPING=1",
    ]


def test_without_systemd_nothing_is_told() -> None:
    notifier = Notifier.from_environ({})
    notifier.ready()
    notifier.watchdog()
    notifier.close()


def test_a_systemd_that_has_gone_is_warned_about_once(
    systemd: Systemd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    systemd._socket.close()
    systemd.notifier.watchdog()
    systemd.notifier.watchdog()
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG"]


@pytest.mark.parametrize(
    ("environ", "limit"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, timedelta(seconds=20)),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7"}, timedelta(seconds=20)),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_limit_is_the_one_systemd_set_for_this_process(
    environ: dict[str, str], limit: timedelta | None
) -> None:
    assert watchdog_limit(environ, pid=7) == limit
