"""A folder of pictures, or one picture, as a camera: recordings for tests, demonstrations and fault finding.

```yaml
camera:
  driver: folder
  path: pictures          # 文件夹或单张图片 / a folder or one picture; relative to config.yaml
  frames_per_second: 5
```

The law of this file: pictures in name order, for ever, each shown for its share of a second by the clock, not
by the number of calls. A picture that does not decode is lost once, named, and passed over after that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, cast

from pydantic import Field

from drivers import protocols
from drivers.cameras.freshness import boottime_ns
from drivers.errors import DeviceLost, DeviceUnusable
from drivers.protocols import Context, Frame

if TYPE_CHECKING:
    from drivers.protocols import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class FolderOptions(protocols.Options):
    """Keys under `camera:` for `driver: folder`."""

    path: Annotated[Path, Field(strict=False)]
    frames_per_second: float = Field(5.0, gt=0, le=60)


class FolderCamera:
    Options: ClassVar[type[protocols.Options]] = FolderOptions

    def __init__(self, options: FolderOptions, context: Context) -> None:
        self._path = context.config_dir / options.path
        self._period_ns = int(1e9 / options.frames_per_second)
        self._pictures: list[Path] = []
        self._broken: set[Path] = set()
        self._opened_ns = 0

    def open(self) -> None:
        """List the pictures. Raises DeviceUnusable where there are none to show."""
        pictures = self._listed()
        if not pictures:
            raise DeviceUnusable(
                f"没有可用的图片 / {self._path}: no picture found; give a picture or a folder of pictures "
                f"({', '.join(sorted(SUFFIXES))})"
            )
        self._pictures = pictures
        self._opened_ns = boottime_ns()

    def _listed(self) -> list[Path]:
        try:
            if self._path.is_dir():
                found = sorted(p for p in self._path.iterdir() if p.suffix.lower() in SUFFIXES)
            else:
                found = [self._path] if self._path.is_file() else []
        except OSError as problem:
            raise DeviceUnusable(f"文件夹无法读取 / {self._path}: {problem.strerror or problem}") from None
        return [picture for picture in found if picture not in self._broken]

    def read(self) -> Frame:
        """The picture whose turn it is. Raises DeviceLost, naming the file, where it does not decode."""
        if not self._pictures:
            raise DeviceLost(f"摄像机未打开 / {self._path}: not open")
        now_ns = boottime_ns()
        turn = (now_ns - self._opened_ns) // self._period_ns
        picture = self._pictures[turn % len(self._pictures)]
        image = _decoded(picture)
        if image is None:
            self._broken.add(picture)
            self._pictures.remove(picture)
            raise DeviceLost(f"图片无法解码 / {picture}: does not decode; left out from now on")
        return Frame(image, now_ns)

    def close(self) -> None:
        self._pictures = []


def _decoded(picture: Path) -> Image | None:
    import cv2
    import numpy as np

    try:
        data = np.fromfile(picture, np.uint8)
    except OSError:
        return None
    # Not cv2.imread, which writes a warning of its own to stderr for each broken file.
    return cast("Image | None", cv2.imdecode(data, cv2.IMREAD_COLOR)) if data.size else None
