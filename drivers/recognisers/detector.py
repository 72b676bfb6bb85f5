"""Where the plates are: `clp_det.onnx`, a RetinaFace-style network with four corner points for each box.

The law of this file: a picture and a size in, boxes in pixels of that picture out, the widest first. Nothing
here knows what is written on a plate.

The numbers (means, strides, prior sizes, variances) are those the network was trained with; its ancestor is
zeusees/License-Plate-Detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

import cv2
import numpy as np

from drivers.recognisers.models import DETECTOR, Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drivers.protocols import Image

    Floats = NDArray[np.float32]

BLUE_GREEN_RED_MEAN = (104.0, 117.0, 123.0)
PRIORS = ((8, (24, 48)), (16, (96, 192)), (32, (384, 768)))
"""Stride of each output layer, in pixels, and the sizes of its prior boxes."""
CENTRE_VARIANCE = 0.1
SIZE_VARIANCE = 0.2
OVERLAP_OF_ONE_PLATE = 0.4
"""Two boxes that share more than this part of their union are one plate."""
PADDED_TO = 32
"""The deepest layer halves five times: a side that is no multiple of 32 shifts every box."""


@dataclass(frozen=True, slots=True)
class PlateBox:
    """A plate in a picture: four corners clockwise from the top left, and how sure the network is, 0 to 1."""

    corners: tuple[tuple[float, float], ...]
    score: float

    @property
    def width(self) -> float:
        """Length of the longer of the plate's upper and lower edge, in pixels."""
        (left, top), (right, upper), (east, low), (west, bottom) = self.corners
        return float(max(np.hypot(right - left, upper - top), np.hypot(east - west, low - bottom)))


class Detector:
    """The network, loaded. Not for use from two threads at once."""

    def __init__(self) -> None:
        self._model = Model(DETECTOR)

    def find(self, image: Image, longest_side: int, threshold: float) -> list[PlateBox]:
        """Plates scored at least `threshold`, looked for in `image` scaled to that longest side."""
        height, width = image.shape[:2]
        scale = longest_side / max(height, width)
        batch = _batch(image, scale)
        places, scores, landmarks = self._model.run(batch)
        plate = scores[0, :, 1]
        kept = np.flatnonzero(plate >= threshold)
        if kept.size == 0:
            return []
        priors = _priors(batch.shape[2], batch.shape[3])[kept]
        size = np.array([batch.shape[3], batch.shape[2]], np.float32) / np.float32(scale)
        boxes = _boxes(places[0, kept], priors)
        points = (
            priors[:, None, :2] + landmarks[0, kept].reshape(-1, 4, 2) * CENTRE_VARIANCE * priors[:, None, 2:]
        )
        best = _distinct(boxes, plate[kept])
        found = [PlateBox(_clockwise(points[i] * size), float(plate[kept][i])) for i in best]
        return sorted(found, key=lambda box: box.width, reverse=True)


def _batch(image: Image, scale: float) -> Floats:
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, (width, height), interpolation=way) if scale != 1 else image
    padded = np.zeros((_padded(height), _padded(width), 3), np.float32)
    np.subtract(small, np.array(BLUE_GREEN_RED_MEAN, np.float32), out=padded[:height, :width])
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None])


def _padded(side: int) -> int:
    return ceil(side / PADDED_TO) * PADDED_TO


@lru_cache(maxsize=8)
def _priors(height: int, width: int) -> Floats:
    """Centre x, centre y, width and height of every prior box, as fractions of the network's input."""
    rows: list[tuple[float, float, float, float]] = []
    for stride, sizes in PRIORS:
        for row, column in product(range(ceil(height / stride)), range(ceil(width / stride))):
            x, y = (column + 0.5) * stride / width, (row + 0.5) * stride / height
            rows.extend((x, y, size / width, size / height) for size in sizes)
    return np.array(rows, np.float32)


def _boxes(places: Floats, priors: Floats) -> Floats:
    centre = priors[:, :2] + places[:, :2] * CENTRE_VARIANCE * priors[:, 2:]
    half = priors[:, 2:] * np.exp(places[:, 2:] * SIZE_VARIANCE) / 2
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def _distinct(boxes: Floats, scores: Floats) -> list[int]:
    """Non-maximum suppression: indices of the best box of each plate."""
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    waiting = np.argsort(-scores)
    best: list[int] = []
    while waiting.size:
        first, rest = waiting[0], waiting[1:]
        best.append(int(first))
        shared = np.minimum(boxes[first, 2:], boxes[rest, 2:]) - np.maximum(boxes[first, :2], boxes[rest, :2])
        common = np.prod(np.clip(shared, 0, None), axis=1)
        waiting = rest[common <= OVERLAP_OF_ONE_PLATE * (area[first] + area[rest] - common)]
    return best


def _clockwise(points: Floats) -> tuple[tuple[float, float], ...]:
    """The network's order (right bottom, left bottom, left top, right top), clockwise from the top left."""
    return tuple((float(x), float(y)) for x, y in (points[2], points[3], points[0], points[1]))
