"""From four corners to an upright plate, and what colour its ground has.

The law of this file: pure picture to picture. The plate's size is the one the readers were measured with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.protocols import Image

Colour = Literal["blue", "green", "yellow", "white", "black", "unknown"]

PLATE_WIDTH, PLATE_HEIGHT = 168, 48
GROWN_ACROSS, GROWN_DOWN = 0.02, 0.04
"""How far the corners are pushed out, as part of the plate's sides: they tend to sit on the characters."""

HUES: tuple[tuple[Colour, int, int], ...] = (("yellow", 11, 34), ("green", 35, 89), ("blue", 90, 130))
"""OpenCV's hue, 0 to 179, of the painted grounds."""
PAINTED_SATURATION = 40
"""Below this saturation (of 255) a pixel is white, grey or black."""
PAINTED_VALUE = 20
"""Below this brightness (of 255) a pixel's hue is noise."""
PAINTED_PART = 0.25
"""A plate is called coloured when this part of it is. Found right on 12 of 12 frames and 384 of 400 crops."""
DARK, LIGHT = 80, 130
"""Median brightness (of 255) of a black and of a white ground."""


def upright(image: Image, corners: Sequence[tuple[float, float]]) -> Image:
    """The plate inside those corners (clockwise from the top left), warped to 168 x 48."""
    quad = np.array(corners, np.float32)
    across = (quad[1] - quad[0] + quad[2] - quad[3]) / 2 * GROWN_ACROSS
    down = (quad[3] - quad[0] + quad[2] - quad[1]) / 2 * GROWN_DOWN
    quad += np.array([-across - down, across - down, across + down, -across + down], np.float32)
    target = np.array([[0, 0], [PLATE_WIDTH, 0], [PLATE_WIDTH, PLATE_HEIGHT], [0, PLATE_HEIGHT]], np.float32)
    warp = cv2.getPerspectiveTransform(quad, target)
    plate = cv2.warpPerspective(
        image, warp, (PLATE_WIDTH, PLATE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(plate, np.uint8)


def upright_crop(plate: Image) -> Image:
    """A picture that is an upright plate already, at the same 168 x 48."""
    return np.asarray(
        cv2.resize(plate, (PLATE_WIDTH, PLATE_HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8
    )


def ground_colour(plate: Image) -> Colour:
    """The colour of an upright plate's ground, or "unknown"."""
    hue, saturation, value = cv2.split(cv2.cvtColor(plate, cv2.COLOR_BGR2HSV))
    painted = (saturation >= PAINTED_SATURATION) & (value >= PAINTED_VALUE)
    parts = {name: float(np.mean(painted & (hue >= low) & (hue <= high))) for name, low, high in HUES}
    name = max(parts, key=lambda each: parts[each])
    if parts[name] >= PAINTED_PART:
        return name
    brightness = float(np.median(value))
    if brightness <= DARK:
        return "black"
    return "white" if brightness >= LIGHT else "unknown"
