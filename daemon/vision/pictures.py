"""Pictures of passages as files below the evidence folder.

The law of this file: a picture is there whole or not at all, is never replaced by another, and a disk that
takes none stops no reading: the reference is then None, and the log says so once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from daemon.vision.tracks import bounds

if TYPE_CHECKING:
    from drivers.protocols import Image

log = logging.getLogger(__name__)

JPEG_QUALITY = 85
MARGIN = 0.25
"""How much of its surroundings a plate's picture shows, as part of the plate's sides."""


class Pictures:
    """Writes JPEG files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk_takes_pictures = True

    def keep(self, picture: bytes, name: str, taken: datetime) -> str | None:
        """Write what `jpeg` made as `<folder>/YYYY/MM/DD/<name>.jpg` (UTC).

        Returns the path below the folder, or None where the disk takes it not.
        """
        reference = f"{taken:%Y/%m/%d}/{name}.jpg"
        path = self._folder / reference
        draft = path.with_suffix(".jpg.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(picture)
            os.replace(draft, path)
        except OSError as error:
            self._refused(error)
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            return None
        if not self._disk_takes_pictures:
            log.info("pictures are kept again below %s", self._folder)
            self._disk_takes_pictures = True
        return reference

    def _refused(self, error: OSError) -> None:
        if self._disk_takes_pictures:
            log.warning(
                "no picture can be kept below %s: %s; plates are read without; free some space",
                self._folder,
                error,
            )
        self._disk_takes_pictures = False


def jpeg(image: Image) -> bytes:
    """That picture as a JPEG file."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


def plate_picture(image: Image, corners: Sequence[tuple[float, float]]) -> Image | None:
    """The plate with a little of its surroundings; None where the corners lie outside the picture."""
    left, top, right, bottom = bounds(corners)
    across, down = (right - left) * MARGIN, (bottom - top) * MARGIN
    height, width = image.shape[:2]
    part = image[
        max(0, int(top - down)) : min(height, int(bottom + down) + 1),
        max(0, int(left - across)) : min(width, int(right + across) + 1),
    ]
    return part if part.size else None
