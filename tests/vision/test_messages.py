"""The pipe: what goes in comes out, and junk is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.signals import Char
from daemon.vision.messages import (
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
    decode_command,
    decode_report,
    encode_command,
    encode_report,
)
from daemon.vision.spec import LaneSpec, VisionSpec

SPEC = VisionSpec(
    evidence=Path("/evidence"),
    run_dir=Path("/run/gate"),
    config_dir=Path("/etc/gate"),
    lanes=(
        LaneSpec(lane="entry-1", camera="rtsp", options={"url": "rtsp://c/1"}, region=(0.0, 0.2, 1.0, 1.0)),
        LaneSpec(lane="exit-1", camera="simulated", has_approach_loop=True),
    ),
    recogniser_options={"quick_side": 480},
)
SETTLED = PlateSettled(
    lane="entry-1",
    taken_ns=12_345_678_901,
    track="0a1b2c3d-7",
    plate="粤B12345",
    valid=True,
    confidence=0.97,
    chars=(Char("粤", 0.97, (("闽", 0.02),)), Char("B", 1.0)),
    colour="blue",
    frames=2,
    picture="2026/06/01/entry-1-0a1b2c3d-7-frame.jpg",
    crop=None,
)


@pytest.mark.parametrize(
    "command", [Begin(spec=SPEC), Watch(lane="entry-1", present=True), TakeSnapshot(lane="entry-1", ask=7)]
)
def test_a_command_survives_the_pipe(command: Command) -> None:
    line = encode_command(command)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_command(line) == command


@pytest.mark.parametrize(
    "report",
    [
        Heartbeat(rss_bytes=1, frames_read=2, frame_age_ms={"entry-1": 3, "exit-1": None}),
        SETTLED,
        CameraLost(lane="entry-1", why="摄像机\n断开"),
        CameraBack(lane="entry-1"),
        SnapshotTaken(ask=7, picture=None),
        CannotRead(why="no model"),
    ],
)
def test_a_report_survives_the_pipe(report: Report) -> None:
    line = encode_report(report)
    assert line.count(b"\n") == 1
    assert decode_report(line) == report


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b"Killed",
        b'{"kind":"camera_back"}',
        b'{"kind":"camera_back","lane":7}',
        b'{"kind":"camera_back","lane":"entry-1","more":1}',
        b'{"kind":"open_the_gate","lane":"entry-1"}',
        b'{"kind":"watch","lane":"entry-1","present":true}',
        b'{"kind":"heartbeat","rss_bytes":-1,"frames_read":0,"frame_age_ms":{}}',
        b'{"kind":"heartbeat","rss_bytes":"1","frames_read":0,"frame_age_ms":{}}',
        encode_report(SETTLED).replace(b"0.97", b"NaN", 1),
        encode_report(SETTLED).replace(b"0.97", b"1.5", 1),
        encode_report(SETTLED)[:-20],
    ],
)
def test_junk_is_no_report(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode_report(line)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode_report(line)
    with pytest.raises(ValueError):
        decode_command(line)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    """The beginning carries the cameras' passwords."""
    line = (
        encode_command(Begin(spec=SPEC))
        .replace(b'"rtsp://c/1"', b'"rtsp://a:secret@c/1"')
        .replace(b'"agree"', b'"argee"')
    )
    with pytest.raises(ValueError, match="argee") as refusal:
        decode_command(line)
    assert "secret" not in str(refusal.value)
