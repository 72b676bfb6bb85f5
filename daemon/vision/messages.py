"""What crosses the pipe between the gate and its vision process: one JSON object a line.

The law of this file: `decode_*` returns a whole message or raises ValueError; unknown kinds, unknown keys,
wrong types and numbers that are none are refused. Times are nanoseconds of CLOCK_BOOTTIME.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from daemon.core.signals import Char
from daemon.vision.spec import VisionSpec

M = TypeVar("M")

LONGEST_LINE = 1 << 20
"""Bytes. No message is near it; a line that is longer is no message."""

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Part = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


# ---------------------------------------------------------------- parent to child


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The first message, and the only one of its kind."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    spec: VisionSpec
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A car has come to that lane, or has gone from it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lane: str
    present: bool
    kind: Literal["watch"] = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot:
    """Keep the newest picture of that lane, and answer with `SnapshotTaken` of the same `ask`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lane: str
    ask: int
    kind: Literal["take_snapshot"] = "take_snapshot"


# ---------------------------------------------------------------- child to parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """At least each second: the reading loop has gone round."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    rss_bytes: Count
    frames_read: Count
    """Frames given to the plate engine since the child began."""
    frame_age_ms: dict[str, int | None]
    """For each lane the age of its newest frame; None where there was none yet."""
    kind: Literal["heartbeat"] = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateSettled:
    """One track speaks; the fields are those of the signal `PlateRead`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lane: str
    taken_ns: Count
    track: str
    plate: str
    valid: bool
    confidence: Part
    chars: tuple[Char, ...]
    colour: str
    frames: Annotated[int, Field(ge=1)]
    picture: str | None
    crop: str | None
    kind: Literal["plate_settled"] = "plate_settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLost:
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lane: str
    why: str
    kind: Literal["camera_lost"] = "camera_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraBack:
    """That camera gives frames: after a loss, or for the first time."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    lane: str
    kind: Literal["camera_back"] = "camera_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    ask: int
    picture: str | None
    kind: Literal["snapshot_taken"] = "snapshot_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotRead:
    """The child cannot do its work and ends after this message."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    why: str
    kind: Literal["cannot_read"] = "cannot_read"


Command = Begin | Watch | TakeSnapshot
Report = Heartbeat | PlateSettled | CameraLost | CameraBack | SnapshotTaken | CannotRead

_COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])
_REPORTS: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="kind")])


def encode_command(command: Command) -> bytes:
    """One line, its end included."""
    return _COMMANDS.dump_json(command) + b"\n"


def encode_report(report: Report) -> bytes:
    """One line, its end included."""
    return _REPORTS.dump_json(report) + b"\n"


def decode_command(line: bytes) -> Command:
    """Raises ValueError for anything but a command."""
    return _decoded(_COMMANDS, line)


def decode_report(line: bytes) -> Report:
    """Raises ValueError for anything but a report."""
    return _decoded(_REPORTS, line)


def _decoded(adapter: TypeAdapter[M], line: bytes) -> M:
    try:
        return adapter.validate_json(line, strict=True)
    except ValidationError as error:
        # Not the error itself: it quotes what came in, and a beginning carries the cameras' passwords.
        raise ValueError(problems(error)) from None


def problems(error: ValidationError) -> str:
    """What is wrong and where, without the values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}" for each in found)
