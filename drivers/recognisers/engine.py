"""Detector, four-corner warp and two readers as one engine: picture in, plates out.

The law of this file: it returns what a reader saw and never mends a string. Cheap first: the common frame is
found in the small picture, and the second reader is asked only where the first is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from drivers.protocols import CharRead, PlateReading
from drivers.recognisers.detector import Detector
from drivers.recognisers.readers import AgentClprReader, PpOcrReader
from drivers.recognisers.rectify import ground_colour, upright, upright_crop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from drivers.protocols import Image
    from drivers.recognisers.detector import PlateBox

QUICK_THRESHOLD = 0.5
FULL_THRESHOLD = 0.35
SURE = 0.9
"""A first read whose least sure character is believed less than this is checked by the second reader."""
SURE_WIDTH = 94.0
"""A plate narrower than this many pixels is believed less, in proportion (measured limit: 94)."""
DARK_GAMMA = 0.5
"""Exponent that lifts a night picture; see `_brighter`."""


class PlateEngine:
    """Loaded when made. Raises DeviceUnusable where a model file is missing or is not the known one."""

    def __init__(self, *, is_plate: Callable[[str], bool], quick_side: int, full_side: int) -> None:
        cv2.setNumThreads(1)
        self._is_plate = is_plate
        self._quick_side = quick_side
        self._full_side = full_side
        self._readers = (PpOcrReader(), AgentClprReader())
        self._detector = Detector()

    def read(self, image: Image) -> Sequence[PlateReading]:
        """The plates in that picture, the widest first; [] where there is none."""
        best: list[PlateReading] = []
        for boxes in self._searches(image):
            found = [self._read_box(image, box) for box in boxes]
            if any(self._is_plate(reading.text) for reading in found):
                return found
            best = best or found
        return best

    def read_crop(self, plate: Image) -> PlateReading:
        """Read a picture that holds an upright plate and nothing else."""
        height, width = plate.shape[:2]
        corners = ((0.0, 0.0), (float(width), 0.0), (float(width), float(height)), (0.0, float(height)))
        return self._reading(upright_crop(plate), corners, float(width))

    def _searches(self, image: Image) -> Iterator[list[PlateBox]]:
        """Cheap first: the common frame is done after the small picture."""
        yield self._detector.find(image, self._quick_side, QUICK_THRESHOLD)
        yield self._detector.find(image, self._full_side, FULL_THRESHOLD)
        yield self._detector.find(_brighter(image), self._full_side, FULL_THRESHOLD)

    def _read_box(self, image: Image, box: PlateBox) -> PlateReading:
        return self._reading(upright(image, box.corners), box.corners, box.width)

    def _reading(self, plate: Image, corners: tuple[tuple[float, float], ...], width: float) -> PlateReading:
        reader, chars = self._characters(plate)
        return PlateReading(
            text=_text(chars),
            chars=chars,
            confidence=round(_least_belief(chars) * min(1.0, width / SURE_WIDTH), 4),
            corners=corners,
            colour=ground_colour(plate),
            engine=reader,
        )

    def _characters(self, plate: Image) -> tuple[str, tuple[CharRead, ...]]:
        first, second = self._readers
        chars = first.read(plate)
        text, surest = _text(chars), _least_belief(chars)
        if self._is_plate(text) and surest >= SURE:
            return first.name, chars
        checked = second.read(plate)
        if not self._is_plate(_text(checked)):
            return first.name, chars
        # The second reader does not know 琼, 藏 and 新: it may not overrule a province.
        overrules = not self._is_plate(text) or (
            _least_belief(checked) > surest and checked[0].char == text[0]
        )
        return (second.name, checked) if overrules else (first.name, chars)


def _text(chars: Sequence[CharRead]) -> str:
    return "".join(char.char for char in chars)


def _least_belief(chars: Sequence[CharRead]) -> float:
    """The belief in the least sure character."""
    return min((char.belief for char in chars), default=0.0)


def _brighter(image: Image) -> Image:
    """The picture with its shadows lifted, as an eye would see the night."""
    table = (np.linspace(0, 1, 256) ** DARK_GAMMA * 255).round().astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)
