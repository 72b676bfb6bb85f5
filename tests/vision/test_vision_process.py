"""The vision process as the gate meets it: cars are read, and whatever goes wrong is told once and mended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from daemon.core.signals import DeviceLost, DeviceRestored, PlateRead
from daemon.vision.messages import Begin, Heartbeat, decode_report, encode_command
from daemon.vision.parent import COMMAND
from daemon.vision.spec import LaneSpec
from drivers.simulated.scene import Scene, render, scene_path
from tests.vision.rig import PATIENCE_S, Watchtower, lane, spec_in, watching

ENTRY, EXIT = "entry-1", "exit-1"


async def reading_again(tower: Watchtower, lane_id: str, plate: str) -> PlateRead:
    """A new car comes to that lane and is read."""
    tower.parent.watch(lane_id, False)
    tower.show(lane_id, plate)
    tower.parent.watch(lane_id, True)
    await tower.until(lambda: (lane_id, plate) in tower.reads())
    return next(
        each
        for each in tower.signals
        if isinstance(each, PlateRead) and each.plate == plate and each.lane == lane_id
    )


async def test_cars_at_two_lanes_are_read_once_each_with_their_pictures(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY), lane(EXIT))) as tower:
        before = tower.clock.now()
        tower.show(ENTRY, "粤B12345")
        tower.show(EXIT, "皖AD11166", colour="green", seed=3)
        tower.parent.watch(ENTRY, True)
        tower.parent.watch(EXIT, True)
        await tower.until(lambda: len(tower.reads()) == 2)
        frames_then = tower.parent.stats().frames_read
        await tower.until(lambda: tower.parent.stats().frames_read >= frames_then + 8)

        assert sorted(tower.reads()) == [(ENTRY, "粤B12345"), (EXIT, "皖AD11166")]
        read = next(each for each in tower.signals if isinstance(each, PlateRead) and each.lane == ENTRY)
        assert read.valid
        assert read.colour == "blue"
        assert read.frames >= 2
        assert "".join(char.char for char in read.chars) == "粤B12345"
        assert read.at.boot == before.boot
        assert before.mono < read.at.mono < tower.clock.now().mono
        assert abs((read.at.wall - before.wall) - (read.at.mono - before.mono)) < timedelta(seconds=1)
        for reference in (read.picture, read.crop):
            assert reference is not None
            assert f"/{ENTRY}-{read.track}-" in reference
            assert cv2.imread(str(tower.spec.evidence / reference)) is not None
        assert tower.losses() == []
        stats = tower.parent.stats()
        assert len(stats.frame_to_read_ms) == 2
        assert min(stats.frame_to_read_ms) > 0
        assert stats.restarts == 0


async def test_a_lane_without_a_loop_sees_for_itself_that_a_car_has_come(tmp_path: Path) -> None:
    spec = spec_in(tmp_path, LaneSpec(lane=ENTRY, camera="simulated"))
    async with watching(spec) as tower:
        tower.show(ENTRY, None)
        await tower.until(lambda: tower.parent.stats().frames_read >= 1)
        tower.show(ENTRY, "粤B12345")
        await tower.until(lambda: tower.reads() == [(ENTRY, "粤B12345")])


async def test_an_idle_lane_with_a_loop_is_not_read(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY), lane(EXIT))) as tower:
        tower.show(ENTRY, "粤B12345")
        await reading_again(tower, EXIT, "川A54321")
        assert tower.reads() == [(EXIT, "川A54321")]


async def test_plates_outside_the_region_are_not_the_lanes(tmp_path: Path) -> None:
    """The car stands in the lower half; a lane that looks at the upper half alone does not see it."""
    upper = LaneSpec(lane=ENTRY, camera="simulated", region=(0.0, 0.0, 1.0, 0.3), has_approach_loop=True)
    async with watching(spec_in(tmp_path, upper, lane(EXIT))) as tower:
        tower.show(ENTRY, "粤B12345")
        tower.parent.watch(ENTRY, True)
        await reading_again(tower, EXIT, "川A54321")
        frames = tower.parent.stats().frames_read
        await tower.until(lambda: tower.parent.stats().frames_read >= frames + 6)
        assert tower.reads() == [(EXIT, "川A54321")]


async def test_a_snapshot_shows_the_lane_as_it_is_now(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY))) as tower:
        tower.show(ENTRY, "粤B12345")
        await tower.until(lambda: tower.parent.stats().rss_bytes)
        references: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while not references:
                reference = await tower.parent.snapshot(ENTRY)
                references += [reference] if reference else []
        assert cv2.imread(str(tower.spec.evidence / references[0])).shape == (720, 1280, 3)
        assert await tower.parent.snapshot("no-such-lane") is None


async def test_no_snapshot_without_a_process(tmp_path: Path) -> None:
    tower = Watchtower(tmp_path, spec_in(tmp_path, lane(ENTRY)))
    async with watching(tower.spec, command=("/bin/false",)) as tower:
        await tower.until(tower.losses)
        assert await tower.parent.snapshot(ENTRY) is None


# ---------------------------------------------------------------- cameras that fail


async def test_a_camera_whose_call_never_returns_is_told_once_and_does_not_stop_the_other(
    tmp_path: Path,
) -> None:
    """A pipe that nobody writes to, in place of the scene: opening it blocks for ever."""
    os.mkfifo(scene_path(tmp_path, ENTRY))
    async with watching(spec_in(tmp_path, lane(ENTRY), lane(EXIT), camera_hung_after_s=1.0)) as tower:
        lost = await tower.the_next(DeviceLost)
        assert (lost.device, lost.lane, lost.role) == (f"{ENTRY}.camera", ENTRY, "camera")
        assert "has not come back" in lost.why
        await reading_again(tower, EXIT, "川A54321")

        tower.show(ENTRY, None)
        await tower.the_next(DeviceRestored)
        await reading_again(tower, ENTRY, "粤B12345")
        assert tower.losses() == [("lost", f"{ENTRY}.camera"), ("back", f"{ENTRY}.camera")]


async def test_a_frame_that_does_not_decode_is_a_loss_that_mends_itself(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "1.jpg").write_bytes(b"\xff\xd8\xff\xe0 half a picture")
    cv2.imwrite(str(pictures / "2.png"), render(Scene(since_ns=0, plate="粤B12345"), 1))
    async with watching(spec_in(tmp_path, lane(ENTRY, "folder", path="pictures"))) as tower:
        tower.parent.watch(ENTRY, True)
        await tower.until(lambda: tower.reads() == [(ENTRY, "粤B12345")])
        assert tower.losses() == [("lost", f"{ENTRY}.camera"), ("back", f"{ENTRY}.camera")]
        assert "1.jpg" in next(each.why for each in tower.signals if isinstance(each, DeviceLost))


async def test_black_frames_are_read_and_nothing_is_made_up(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((720, 1280, 3), np.uint8))
    async with watching(
        spec_in(tmp_path, lane(ENTRY, "folder", path="black.png"), settle_after_s=0.2)
    ) as tower:
        tower.parent.watch(ENTRY, True)
        await tower.until(lambda: tower.parent.stats().frames_read >= 5)
        assert tower.signals == []


async def test_a_camera_with_wrong_options_says_which_and_shows_no_secret(tmp_path: Path) -> None:
    broken = lane(ENTRY, "folder", path="x", password="hunter2")
    async with watching(spec_in(tmp_path, broken, lane(EXIT))) as tower:
        lost = await tower.the_next(DeviceLost)
        assert "password" in lost.why
        assert "hunter2" not in lost.why
        await reading_again(tower, EXIT, "川A54321")


async def test_a_disk_that_takes_no_picture_stops_no_reading_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file where the evidence folder should be refuses every write, as a full disk does."""
    (tmp_path / "evidence").touch()
    with caplog.at_level(logging.WARNING):
        async with watching(spec_in(tmp_path, lane(ENTRY))) as tower:
            first = await reading_again(tower, ENTRY, "粤B12345")
            second = await reading_again(tower, ENTRY, "川A54321")
            assert (first.picture, first.crop, second.picture) == (None, None, None)
    assert caplog.text.count("no picture can be kept") == 1


# ---------------------------------------------------------------- the process itself


async def test_a_killed_process_is_started_again_and_told_what_it_had_been_told(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY))) as tower:
        await reading_again(tower, ENTRY, "粤B12345")
        killed = tower.parent.pid
        assert killed is not None
        tower.show(ENTRY, "川A54321")
        os.kill(killed, signal.SIGKILL)
        await tower.until(lambda: (ENTRY, "川A54321") in tower.reads())
        assert tower.parent.pid != killed
        assert tower.losses() == [("lost", "vision"), ("back", "vision")]
        assert tower.parent.stats().restarts == 1


async def test_a_silent_process_is_killed_and_replaced(tmp_path: Path) -> None:
    """Stopped, not dead: it holds its pipes and its memory, and answers nothing."""
    async with watching(spec_in(tmp_path, lane(ENTRY)), silent_after_s=3.0) as tower:
        await reading_again(tower, ENTRY, "粤B12345")
        stopped = tower.parent.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        lost = await tower.the_next(DeviceLost, "vision")
        assert "fell silent" in lost.why
        await tower.until(lambda: ("back", "vision") in tower.losses())
        with pytest.raises(ProcessLookupError):
            os.kill(stopped, 0)
        await reading_again(tower, ENTRY, "川A54321")


async def test_a_process_that_outgrows_its_memory_is_replaced(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY), memory_limit_mb=40)) as tower:
        lost = await tower.the_next(DeviceLost, "vision")
        assert "allowed are 40 MB" in lost.why
        await tower.until(lambda: tower.parent.stats().restarts >= 2)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print('hello', flush=True); import time; time.sleep(600)", "sent no report"),
        ("print('x' * 3_000_000, flush=True); import time; time.sleep(600)", "sent no report"),
        ("raise SystemExit(3)", "ended by itself"),
    ],
)
async def test_a_process_that_is_not_ours_is_told_once_and_tried_for_ever(
    tmp_path: Path, program: str, why: str
) -> None:
    spec = spec_in(tmp_path, lane(ENTRY))
    async with watching(spec, command=(sys.executable, "-c", program)) as tower:
        await tower.until(lambda: tower.parent.stats().restarts >= 3)
        (lost,) = tower.signals
        assert isinstance(lost, DeviceLost)
        assert why in lost.why


async def test_an_engine_that_does_not_load_says_why(tmp_path: Path) -> None:
    spec = spec_in(tmp_path, lane(ENTRY), recogniser_options={"quick_side": 7})
    async with watching(spec) as tower:
        lost = await tower.the_next(DeviceLost, "vision")
        assert "quick_side" in lost.why


async def test_the_process_ends_when_the_gate_has_gone(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(encode_command(Begin(spec=spec_in(tmp_path, lane(ENTRY)))))
        async with asyncio.timeout(PATIENCE_S):
            while not isinstance(decode_report(await child.stdout.readline()), Heartbeat):
                pass
            child.stdin.close()
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def test_the_gate_takes_its_process_along_when_it_stops(tmp_path: Path) -> None:
    async with watching(spec_in(tmp_path, lane(ENTRY))) as tower:
        await tower.until(lambda: tower.parent.stats().rss_bytes)
        pid = tower.parent.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
