"""The vision process: commands in on stdin, reports out on stdout, one loop that reads plates.

The law of this file: the heartbeat comes from the reading loop itself: a loop that hangs falls silent.
The process ends when stdin does, since then the gate has gone. Nothing but reports reaches stdout.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import BinaryIO, assert_never

from daemon.runtime.clock import Clock, SystemClock
from daemon.vision.lanes import WatchedLane
from daemon.vision.messages import (
    LONGEST_LINE,
    Begin,
    CannotRead,
    Command,
    Heartbeat,
    PlateSettled,
    Report,
    SnapshotTaken,
    TakeSnapshot,
    Watch,
    decode_command,
    encode_report,
)
from daemon.vision.pictures import Pictures, jpeg, plate_picture
from daemon.vision.spec import VisionSpec
from daemon.vision.tracks import Settled
from daemon.vision.wiring import make_recogniser
from drivers.errors import DeviceError
from drivers.protocols import Frame, PlateReading, Recogniser

log = logging.getLogger(__name__)

BEAT_NS = 500_000_000
"""Half of the second that the parent is promised."""
LONGEST_WAIT_S = 0.1
SNAPSHOT_WITHIN_NS = 1_000_000_000
"""A snapshot shows what was there at most this long before it was asked for, or after."""


class VisionChild:
    """The lanes, the plate engine, and the loop over them."""

    def __init__(self, spec: VisionSpec, send: Callable[[Report], None], clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._wake = Event()
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._pictures = Pictures(spec.evidence)
        self._recogniser: Recogniser = make_recogniser(
            spec.recogniser, spec.recogniser_options, spec.run_dir, spec.config_dir
        )
        # A name that no other start and no other gate has: tracks are told apart across the whole site.
        start, number = secrets.token_hex(4), count(1)
        self._lanes = {
            lane.lane: WatchedLane(
                spec, lane, new_track=lambda: f"{start}-{next(number)}", wake=self._wake, clock=clock
            )
            for lane in spec.lanes
        }
        self._asked: list[tuple[TakeSnapshot, int]] = []
        self._frames_read = 0
        self._beat_ns = 0

    def tell(self, command: Command) -> None:
        """Hand over a command, from any thread."""
        self._commands.put(command)
        self._wake.set()

    def run(self) -> None:
        """Read plates for ever. Raises DeviceError where the plate engine cannot be loaded."""
        self._recogniser.open()
        while True:
            self._go_round()
            self._wake.wait(LONGEST_WAIT_S)
            self._wake.clear()

    def _go_round(self) -> None:
        self._obey()
        for lane in self._lanes.values():
            self._report_camera(lane)
            frame = lane.unread()
            if frame is not None:
                self._read(lane, frame)
            self._answer_snapshots()
        self._beat()

    def _obey(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except Empty:
                return
            match command:
                case Watch() if command.lane in self._lanes:
                    self._lanes[command.lane].watch(command.present)
                case TakeSnapshot() if command.lane in self._lanes:
                    self._lanes[command.lane].hurry()
                    self._asked.append((command, self._clock.boottime_ns()))
                case Watch() | TakeSnapshot() | Begin():
                    log.error(
                        "a command for a lane that is not watched, or a second beginning: %s", command.kind
                    )
                case _:
                    assert_never(command)

    # ------------------------------------------------------------ reading

    def _read(self, lane: WatchedLane, frame: Frame) -> None:
        part, (x, y) = lane.region_of(frame.image)
        try:
            found = self._recogniser.read(part)
        except Exception:  # one odd picture must not blind the gate; the next one comes at once
            log.exception("%s: a frame could not be read", lane.id)
            found = ()
        self._frames_read += 1
        settled = lane.take_in(frame, [_moved(reading, x, y) for reading in found])
        if settled is not None:
            self._report(lane, frame, settled)

    def _report(self, lane: WatchedLane, frame: Frame, settled: Settled) -> None:
        shown = lane.shown
        picture = crop = None
        if shown is not None:
            name = f"{lane.id}-{settled.track}" + (f"-{settled.again + 1}" if settled.again else "")
            plate = plate_picture(shown.image, settled.sighting.reading.corners)
            crop = self._keep(jpeg(plate), f"{name}-crop", shown.taken_ns) if plate is not None else None
            drafted = lane.drafted(settled.track)
            if drafted is None:
                picture = self._keep(jpeg(shown.image), f"{name}-frame", shown.taken_ns)
            else:
                picture = self._keep(drafted.jpeg, f"{name}-frame", drafted.taken_ns)
        self._send(
            PlateSettled(
                lane=lane.id,
                taken_ns=frame.taken_ns,
                track=settled.track,
                plate=settled.vote.text,
                valid=settled.vote.is_valid,
                confidence=settled.vote.confidence,
                chars=settled.vote.chars,
                colour=settled.sighting.reading.colour,
                frames=settled.frames,
                picture=picture,
                crop=crop,
            )
        )
        log.info("%s: track %s settled after %d frames", lane.id, settled.track, settled.frames)

    def _keep(self, picture: bytes, name: str, taken_ns: int) -> str | None:
        now = self._clock.now()
        age = now.mono - timedelta(microseconds=taken_ns // 1000)
        return self._pictures.keep(picture, name, now.wall - age)

    # ------------------------------------------------------------ the rest of a round

    def _answer_snapshots(self) -> None:
        now_ns = self._clock.boottime_ns()
        waiting: list[tuple[TakeSnapshot, int]] = []
        for ask, asked_ns in self._asked:
            frame = self._lanes[ask.lane].newest
            if frame is not None and asked_ns - frame.taken_ns <= SNAPSHOT_WITHIN_NS:
                name = f"{ask.lane}-{secrets.token_hex(4)}-frame"
                self._send(
                    SnapshotTaken(ask=ask.ask, picture=self._keep(jpeg(frame.image), name, frame.taken_ns))
                )
            elif now_ns - asked_ns > SNAPSHOT_WITHIN_NS:
                self._send(SnapshotTaken(ask=ask.ask, picture=None))
            else:
                waiting.append((ask, asked_ns))
        self._asked = waiting

    def _report_camera(self, lane: WatchedLane) -> None:
        news = lane.camera_news()
        if news is not None:
            self._send(news)

    def _beat(self) -> None:
        now_ns = self._clock.boottime_ns()
        if now_ns - self._beat_ns < BEAT_NS:
            return
        self._beat_ns = now_ns
        frames = {lane.id: lane.newest for lane in self._lanes.values()}
        self._send(
            Heartbeat(
                rss_bytes=resident_bytes(),
                frames_read=self._frames_read,
                frame_age_ms={
                    name: None if frame is None else max(0, now_ns - frame.taken_ns) // 1_000_000
                    for name, frame in frames.items()
                },
            )
        )


def _moved(reading: PlateReading, x: int, y: int) -> PlateReading:
    """The reading in pixels of the whole picture."""
    return replace(reading, corners=tuple((across + x, down + y) for across, down in reading.corners))


def resident_bytes() -> int:
    """Memory of this process that is in RAM (second field of /proc/self/statm, in pages; proc(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------- the process


def main() -> None:
    """Speak the protocol of `messages` until stdin ends."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # Ctrl-C and systemd's stop reach the whole group: the gate ends us itself, after its last picture.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    commands, reports = sys.stdin.buffer, _private_stdout()

    def send(report: Report) -> None:
        try:
            reports.write(encode_report(report))
            reports.flush()
        except BrokenPipeError:
            os._exit(0)

    begin = decode_command(commands.readline(LONGEST_LINE))
    if not isinstance(begin, Begin):
        raise TypeError(f"the first command must be begin, got {begin.kind}")
    try:
        child = VisionChild(begin.spec, send, SystemClock())
        Thread(target=_listen, args=(commands, child), name="commands", daemon=True).start()
        child.run()
    except (DeviceError, ValueError) as error:
        send(CannotRead(why=str(error)))
        # Camera threads may hang in a driver: an ordinary end would wait for the interpreter's own clean-up.
        os._exit(1)


def _private_stdout() -> BinaryIO:
    """Stdout for reports alone: whatever a library prints goes to stderr from now on."""
    private = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(private, "wb")


def _listen(commands: BinaryIO, child: VisionChild) -> None:
    while line := commands.readline(LONGEST_LINE):
        try:
            child.tell(decode_command(line))
        except ValueError:
            log.exception("a line that is no command was left out")
    os._exit(0)
