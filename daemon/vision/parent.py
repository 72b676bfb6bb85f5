"""The gate's side of the vision process: starts it, listens to it, and replaces it when it fails.

The law of this file: no OpenCV here, and nothing that waits for the child. A child that dies, falls silent,
outgrows its memory or talks nonsense is killed and started again, ever more slowly; the gate is told once
when plates are not being read, and once when they are again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import assert_never

from daemon.core.signals import DeviceLost, DeviceRestored, Instant, PlateRead, Signal
from daemon.runtime.clock import Clock
from daemon.runtime.supervisor import supervise
from daemon.vision.messages import (
    LONGEST_LINE,
    Begin,
    CameraBack,
    CameraLost,
    CannotRead,
    Command,
    Heartbeat,
    PlateSettled,
    Report,
    SnapshotTaken,
    TakeSnapshot,
    Watch,
    decode_report,
    encode_command,
)
from daemon.vision.spec import VisionSpec
from drivers import errors

log = logging.getLogger(__name__)

SILENT_AFTER_S = 10.0
"""A child beats each second; this long without is a hang."""
START_WITHIN_S = 60.0
"""Loading OpenCV and the networks from a slow SD card."""
SNAPSHOT_WITHIN_S = 1.0
REMEMBERED = 500
"""How many frame-to-read times are kept for the run summary."""

COMMAND = (sys.executable, "-m", "daemon.vision")
SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(16 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(32 << 20),
}
"""One thread reads plates. glibc (mallopt(3)) would keep each thread's largest frame in an arena of its own,
and let its thresholds drift. Fixed at 1 MiB it takes 40 MB less and, by page faults, 7 ms more a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionStats:
    """Figures for the run summary, over all children since the start."""

    frames_read: int = 0
    restarts: int = 0
    rss_bytes: int = 0
    """As of the last heartbeat."""
    frame_to_read_ms: tuple[float, ...] = ()
    """From the frame taken that settled a track to its PlateRead posted, the latest 500."""


class VisionParent:
    """Owns the child process. `post` gets the signals; it must not wait."""

    def __init__(
        self,
        spec: VisionSpec,
        post: Callable[[Signal], None],
        clock: Clock,
        *,
        random: Random | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        silent_after_s: float = SILENT_AFTER_S,
        start_within_s: float = START_WITHIN_S,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._spec = spec
        self._post = post
        self._clock = clock
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._sleep = sleep
        self._silent_after_s = silent_after_s
        self._start_within_s = start_within_s
        self._command = command
        self._child: asyncio.subprocess.Process | None = None
        self._present: dict[str, bool] = {}
        self._lost_cameras: set[str] = set()
        self._asks = count(1)
        self._asked: dict[int, asyncio.Future[str | None]] = {}
        self._stats = VisionStats()
        self._starts = 0
        self._frames_of_the_dead = 0
        self._frame_to_read_ms: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def pid(self) -> int | None:
        """The process that reads plates now."""
        return None if self._child is None else self._child.pid

    def stats(self) -> VisionStats:
        """How it has gone so far."""
        return replace(
            self._stats,
            restarts=max(0, self._starts - 1),
            frame_to_read_ms=tuple(self._frame_to_read_ms),
        )

    async def run(self) -> None:
        """Keep a child reading plates until cancelled."""
        await supervise(
            "vision",
            self._one_child,
            clock=self._clock,
            random=self._random,
            sleep=self._sleep,
            on_lost=self._lost,
            on_restored=self._restored,
        )

    def watch(self, lane: str, present: bool) -> None:
        """A car is at this lane, or has gone from it. Remembered for a child that starts later."""
        self._present[lane] = present
        self._tell(Watch(lane=lane, present=present))

    async def snapshot(self, lane: str) -> str | None:
        """Keep the newest picture of that lane. Returns its reference, or None after one second without."""
        ask = next(self._asks)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._asked[ask] = answer
        try:
            if not self._tell(TakeSnapshot(lane=lane, ask=ask)):
                return None
            async with asyncio.timeout(SNAPSHOT_WITHIN_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            del self._asked[ask]

    # ------------------------------------------------------------ one child's life

    async def _one_child(self, up: Callable[[], None]) -> None:
        child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            env={**os.environ, **SURROUNDINGS},
        )
        self._child = child
        self._starts += 1
        talk = asyncio.create_task(_log_lines(child), name="vision log")
        try:
            self._tell(Begin(spec=self._spec))
            for lane, present in self._present.items():
                self._tell(Watch(lane=lane, present=present))
            await self._listen(child, up)
        finally:
            self._child = None
            self._frames_of_the_dead = self._stats.frames_read
            await _end(child)
            await asyncio.wait({talk}, timeout=1.0)  # its last words: a traceback, usually
            talk.cancel()

    async def _listen(self, child: asyncio.subprocess.Process, up: Callable[[], None]) -> None:
        """Take in reports for ever. Raises errors.DeviceLost at the end, or at the first that is none."""
        try:
            async with asyncio.timeout(self._start_within_s) as silence:
                while True:
                    report = await _next_report(child)
                    if isinstance(report, Heartbeat):
                        silence.reschedule(asyncio.get_running_loop().time() + self._silent_after_s)
                        up()
                    self._take_in(report)
        except TimeoutError:
            raise errors.DeviceLost(
                f"识别进程无响应 / the vision process (pid {child.pid}) fell silent; it is replaced"
            ) from None

    def _tell(self, command: Command) -> bool:
        """True where there is a child to tell it to."""
        stdin = None if self._child is None else self._child.stdin
        if stdin is None or stdin.is_closing():
            return False
        # Never awaited: a child that does not read is about to be killed, and the gate does not wait for it.
        stdin.write(encode_command(command))
        return True

    # ------------------------------------------------------------ reports into signals

    def _take_in(self, report: Report) -> None:
        match report:
            case Heartbeat():
                self._beat(report)
            case PlateSettled():
                self._read(report)
            case CameraLost():
                if report.lane not in self._lost_cameras:
                    self._lost_cameras.add(report.lane)
                    self._post(
                        _lost(self._clock.now(), f"{report.lane}.camera", report.lane, "camera", report.why)
                    )
            case CameraBack():
                if report.lane in self._lost_cameras:
                    self._lost_cameras.remove(report.lane)
                    self._post(
                        DeviceRestored(
                            at=self._clock.now(),
                            device=f"{report.lane}.camera",
                            lane=report.lane,
                            role="camera",
                        )
                    )
            case SnapshotTaken():
                answer = self._asked.get(report.ask)
                if answer is not None and not answer.done():
                    answer.set_result(report.picture)
            case CannotRead():
                raise errors.DeviceUnusable(report.why)
            case _:
                assert_never(report)

    def _beat(self, beat: Heartbeat) -> None:
        self._stats = replace(
            self._stats, rss_bytes=beat.rss_bytes, frames_read=self._frames_of_the_dead + beat.frames_read
        )
        grown_mb = beat.rss_bytes / 2**20
        if grown_mb > self._spec.memory_limit_mb:
            raise errors.DeviceLost(
                f"识别进程内存超限 / the vision process uses {grown_mb:.0f} MB, allowed are "
                f"{self._spec.memory_limit_mb} MB (vision.memory_limit_mb); it is replaced"
            )

    def _read(self, read: PlateSettled) -> None:
        self._post(
            PlateRead(
                at=self._instant(read.taken_ns),
                lane=read.lane,
                track=read.track,
                plate=read.plate,
                valid=read.valid,
                confidence=read.confidence,
                chars=read.chars,
                colour=read.colour,
                frames=read.frames,
                picture=read.picture,
                crop=read.crop,
            )
        )
        self._frame_to_read_ms.append((self._clock.boottime_ns() - read.taken_ns) / 1e6)

    def _instant(self, taken_ns: int) -> Instant:
        """When a frame was taken: the child's clock is ours, one boot has one CLOCK_BOOTTIME."""
        now = self._clock.now()
        mono = timedelta(microseconds=taken_ns // 1000)
        return replace(now, mono=mono, wall=now.wall - (now.mono - mono))

    def _lost(self, why: str) -> None:
        self._post(_lost(self._clock.now(), "vision", None, "vision", why))

    def _restored(self) -> None:
        self._post(DeviceRestored(at=self._clock.now(), device="vision", lane=None, role="vision"))


def _lost(at: Instant, device: str, lane: str | None, role: str, why: str) -> DeviceLost:
    return DeviceLost(at=at, device=device, lane=lane, role=role, why=why)


async def _next_report(child: asyncio.subprocess.Process) -> Report:
    assert child.stdout is not None  # asked for as a pipe
    try:
        line = await child.stdout.readline()
        if line:
            return decode_report(line)
    except ValueError as error:  # a line that is too long is one too
        raise errors.DeviceLost(
            f"识别进程输出有误 / the vision process (pid {child.pid}) sent no report: {error}"
        ) from error
    raise errors.DeviceLost(f"识别进程退出 / the vision process (pid {child.pid}) ended by itself")


async def _log_lines(child: asyncio.subprocess.Process) -> None:
    """What the child says on stderr, line by line and level by level, into our log."""
    assert child.stderr is not None  # asked for as a pipe
    levels = logging.getLevelNamesMapping()
    with suppress(ValueError):  # a line longer than the limit: the child has lost its mind, and is replaced
        while line := await child.stderr.readline():
            text = line.decode("utf-8", "replace").rstrip()
            log.log(levels.get(text.partition(" ")[0], logging.INFO), "child %d: %s", child.pid, text)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Kill it and wait until it is gone: nothing in it is worth a grace period."""
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()
