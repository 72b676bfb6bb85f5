"""One lane as the vision process sees it: when to read its camera, and what its frames come to.

The law of this file: a lane with a car is read `frames_per_second` times a second until the car is named,
then more slowly, and never not at all; an idle lane costs one picture a second. A frame is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from threading import Event
from typing import TYPE_CHECKING

from daemon.runtime.clock import Clock
from daemon.vision.capture import Capture
from daemon.vision.messages import CameraBack, CameraLost
from daemon.vision.motion import Motion
from daemon.vision.pictures import jpeg
from daemon.vision.spec import LaneSpec, VisionSpec
from daemon.vision.tracks import SECOND_NS, TOO_OLD_NS, Settled, Tracker, TrackRules
from daemon.vision.wiring import make_camera
from drivers.protocols import Frame, PlateReading

if TYPE_CHECKING:
    from drivers.protocols import Image

IDLE_PERIOD_S = 1.0
NAMED_PERIOD_S = 0.5
"""A named car that still stands there is read this often: the next one may have taken its place."""
AWAKE_AFTER_MOTION_NS = 3 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame in which a track's plate was seen."""

    image: Image
    taken_ns: int


@dataclass(frozen=True, slots=True)
class Drafted:
    """The picture of a track that has not spoken yet, made while nobody waits for it."""

    track: str
    taken_ns: int
    jpeg: bytes


class WatchedLane:
    """Camera, motion and tracks of one lane. Used by the reading loop alone."""

    def __init__(
        self, spec: VisionSpec, lane: LaneSpec, *, new_track: Callable[[], str], wake: Event, clock: Clock
    ) -> None:
        self.id = lane.lane
        self._spec = spec
        self._lane = lane
        self._wake = wake
        self._clock = clock
        self._tracker = Tracker(
            TrackRules(settle_after_ns=int(spec.settle_after_s * SECOND_NS), agree=spec.agree), new_track
        )
        self._motion = Motion()
        self._is_present = False
        self._awake_until_ns = 0
        self._read_ns = 0
        self._shown: Shown | None = None
        self._drafted: Drafted | None = None
        self._has_camera: bool | None = None
        """What was last told of it; None before anything was."""
        self._capture = self._new_capture()

    @property
    def newest(self) -> Frame | None:
        return self._capture.newest

    @property
    def shown(self) -> Shown | None:
        """The latest frame with a plate in it."""
        return self._shown

    def drafted(self, track: str) -> Drafted | None:
        """The picture that lies ready for that track."""
        return self._drafted if self._drafted is not None and self._drafted.track == track else None

    def watch(self, present: bool) -> None:
        """A loop says that a car has come, or has gone."""
        if present != self._is_present:
            self._is_present = present
            self._tracker.forget()
            self._awake_until_ns = 0
            self._set_pace()

    def hurry(self) -> None:
        """A picture is wanted now."""
        self._capture.hurry()

    def camera_news(self) -> CameraLost | CameraBack | None:
        """What has become of the camera since this was last asked; each change is told once."""
        hung_s = self._capture.busy_for_s()
        if hung_s > self._spec.camera_hung_after_s:
            self._capture.leave()
            self._capture = self._new_capture()
            return self._camera_lost(
                f"摄像机无响应 / {self.id}.camera: a call has not come back for {hung_s:.0f} s; made afresh"
            )
        if self._capture.lost is not None:
            return self._camera_lost(self._capture.lost)
        if self._capture.newest is None or self._has_camera:
            return None
        self._has_camera = True
        return CameraBack(lane=self.id)

    def _camera_lost(self, why: str) -> CameraLost | None:
        is_news = self._has_camera is not False
        self._has_camera = False
        return CameraLost(lane=self.id, why=why) if is_news else None

    def unread(self) -> Frame | None:
        """The newest frame, if it is to be read now: new, fresh, and somebody may be there."""
        frame = self._capture.newest
        if frame is None or frame.taken_ns <= self._read_ns:
            return None
        self._read_ns = frame.taken_ns
        if self._clock.boottime_ns() - frame.taken_ns > TOO_OLD_NS or not self._is_awake(frame):
            return None
        return frame

    def region_of(self, image: Image) -> tuple[Image, tuple[int, int]]:
        """The part of the picture where plates are looked for, and where its corner lies."""
        if self._lane.region is None:
            return image, (0, 0)
        height, width = image.shape[:2]
        left, top, right, bottom = self._lane.region
        x, y = int(left * width), int(top * height)
        part = image[y : max(y + 1, round(bottom * height)), x : max(x + 1, round(right * width))]
        return part, (x, y)

    def take_in(self, frame: Frame, readings: Sequence[PlateReading]) -> Settled | None:
        """What that frame's plates (in pixels of the whole picture) come to."""
        if readings:
            self._shown = Shown(frame.image, frame.taken_ns)
            self._stay_awake(frame)
        settled = self._tracker.see(
            readings, taken_ns=frame.taken_ns, now_ns=self._clock.boottime_ns(), held=self._is_present
        )
        self._set_pace()
        if settled is None and readings:
            self._draft(frame)
        return settled

    def _draft(self, frame: Frame) -> None:
        """Most tracks speak at their second frame: the first one's picture is then ready."""
        track = self._tracker.current
        if track is not None and not self._tracker.has_settled and self.drafted(track) is None:
            self._drafted = Drafted(track, frame.taken_ns, jpeg(frame.image))

    def _is_awake(self, frame: Frame) -> bool:
        if self._is_present:
            return True
        if self._lane.has_approach_loop:
            return False
        if self._motion.is_in(frame.image):
            self._stay_awake(frame)
        if frame.taken_ns < self._awake_until_ns:
            return True
        self._set_pace()
        return False

    def _stay_awake(self, frame: Frame) -> None:
        if not self._lane.has_approach_loop:
            self._awake_until_ns = frame.taken_ns + AWAKE_AFTER_MOTION_NS

    def _set_pace(self) -> None:
        is_awake = self._is_present or self._read_ns < self._awake_until_ns
        quick_s = 1 / self._spec.frames_per_second
        named_s = max(quick_s, NAMED_PERIOD_S) if self._tracker.has_settled else quick_s
        self._capture.set_period(named_s if is_awake else IDLE_PERIOD_S)

    def _new_capture(self) -> Capture:
        capture = Capture(
            f"{self.id}.camera",
            lambda: make_camera(self._spec, self._lane),
            period_s=IDLE_PERIOD_S,
            wake=self._wake,
            clock=self._clock,
            random=Random(),  # noqa: S311 - jitter, not a secret
        )
        capture.start()
        return capture
