"""When was a frame taken? The bookkeeping alone, with the patterns measured on OpenCV's FFMPEG reader."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.cameras.freshness import StillWatch, StreamClock
from drivers.errors import DeviceLost
from drivers.protocols import Frame

MS = 1_000_000


def taken_ms(clock: StreamClock, *pairs: tuple[float, float]) -> list[float | None]:
    """(stream time, arrival) in milliseconds -> when taken."""
    answers = (clock.taken_ns(stream_ns=int(s * MS), arrived_ns=int(a * MS)) for s, a in pairs)
    return [None if answer is None else answer / MS for answer in answers]


def test_nothing_is_known_until_the_backlog_of_a_new_connection_is_drained() -> None:
    backlog = [(0, 1000), (0, 1001), (100, 1002), (200, 1003), (300, 1004), (1000, 1090)]
    assert taken_ms(StreamClock(), *backlog) == [None] * 6


def test_a_frame_on_time_was_taken_when_it_came() -> None:
    assert taken_ms(StreamClock(), (0, 1000), (100, 1100), (200, 1200)) == [None, 1100, 1200]


def test_a_frame_that_waited_was_taken_when_its_stream_says() -> None:
    answers = taken_ms(StreamClock(), (0, 1000), (100, 1100), (200, 3100), (300, 3101), (2100, 3102))
    assert answers[2:] == [1200, 1300, 3100]


def test_the_same_frame_handed_out_twice_says_nothing() -> None:
    assert taken_ms(StreamClock(), (0, 1000), (100, 1100), (100, 1600)) == [None, 1100, None]


def test_a_clock_that_drifts_for_a_day_still_gives_live_frames() -> None:
    clock = StreamClock()
    taken: int | None = None
    for second in range(86_400):
        # The camera's quartz runs 100 parts in a million slow.
        arrived = int(second * 1e9)
        taken = clock.taken_ns(stream_ns=int(second * 1e9 * (1 - 100e-6)), arrived_ns=arrived)
    assert taken is not None
    assert arrived - taken <= 10 * MS


def frame(value: int, taken_s: float) -> Frame:
    return Frame(np.full((8, 8, 3), value, np.uint8), int(taken_s * 1e9))


def test_a_picture_that_stays_the_same_for_the_limit_is_a_fault() -> None:
    watch = StillWatch(10, "camera")
    watch.checked(frame(1, 0))
    watch.checked(frame(1, 9.9))
    with pytest.raises(DeviceLost, match="for 10 s"):
        watch.checked(frame(1, 10))
    watch.checked(frame(2, 11))


def test_a_limit_of_zero_lets_everything_pass() -> None:
    watch = StillWatch(0, "camera")
    watch.checked(frame(1, 0))
    watch.checked(frame(1, 1000))
