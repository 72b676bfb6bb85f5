"""Has something moved in front of the camera? For lanes where no loop tells.

The law of this file: cheap and over-eager: a cloud may wake the reader, a car must.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drivers.protocols import Image

CELLS = (64, 36)
"""The picture is averaged down to this: sensor noise goes, a car stays."""
BRIGHTER_BY = 12.0
"""A cell whose brightness (of 255) has changed by this much has changed."""
MOVED_PART = 0.01
"""So many of the cells make a motion: a car fills a tenth of the picture or more."""


class Motion:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None

    def is_in(self, image: Image) -> bool:
        """True where this picture differs from the one before, and for the first: a car may stand there."""
        small = cv2.resize(image, CELLS, interpolation=cv2.INTER_AREA)
        cells = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        before, self._before = self._before, cells
        return before is None or float(np.mean(np.abs(cells - before) > BRIGHTER_BY)) >= MOVED_PART
