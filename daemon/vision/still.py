"""Plates in picture files: what `gatepost plate IMAGE…` shows.

The law of this file: one result for each path given, in that order; a file that cannot be read is its own
result and stops none of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.core.plates import is_plate, normalise
from daemon.runtime.clock import Clock, SystemClock
from daemon.vision.tracks import bounds
from daemon.vision.wiring import make_recogniser

if TYPE_CHECKING:
    from drivers.protocols import Image, PlateReading, Recogniser


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPlate:
    """One plate in a picture."""

    text: str
    """Normalised; "" where a plate is seen that cannot be read."""
    is_valid: bool
    """True where `text` is a Chinese plate by its shape."""
    confidence: float
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels of the picture."""
    colour: str
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """What one file came to: plates, the widest first, or why it could not be read."""

    path: Path
    plates: tuple[StillPlate, ...] = ()
    milliseconds: float = 0.0
    """What finding and reading took, without decoding the file."""
    error: str | None = None


def read_stills(
    paths: Iterable[Path],
    *,
    recogniser: str = "onnx",
    options: dict[str, Any] | None = None,
    clock: Clock | None = None,
) -> list[Still]:
    """Find and read the plates in each file. Raises DeviceUnusable where the engine does not load."""
    clock = clock or SystemClock()
    with _opened(make_recogniser(recogniser, options or {}, Path(), Path())) as engine:
        return [_read_still(engine, path, clock) for path in paths]


@contextmanager
def _opened(engine: Recogniser) -> Iterator[Recogniser]:
    engine.open()
    try:
        yield engine
    finally:
        engine.close()


def _read_still(engine: Recogniser, path: Path, clock: Clock) -> Still:
    try:
        image = _decoded(path)
    except OSError as error:
        return Still(path=path, error=f"文件读不出 / cannot read {path}: {error.strerror or error}")
    if image is None:
        return Still(
            path=path,
            error=f"不是图片 / {path} does not decode as a picture; give a JPEG, PNG, BMP or WebP file",
        )
    began_ns = clock.boottime_ns()
    plates = tuple(_plate(reading) for reading in engine.read(image))
    return Still(path=path, plates=plates, milliseconds=(clock.boottime_ns() - began_ns) / 1e6)


def _decoded(path: Path) -> Image | None:
    import cv2
    import numpy as np

    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if image is None else np.asarray(image, np.uint8)


def _plate(reading: PlateReading) -> StillPlate:
    text = normalise(reading.text)
    left, top, right, bottom = bounds(reading.corners)
    return StillPlate(
        text=text,
        is_valid=is_plate(text),
        confidence=reading.confidence,
        box=(round(left), round(top), round(right), round(bottom)),
        colour=reading.colour,
        engine=reading.engine,
    )
