"""What a simulated camera sees, as a value, a small file between processes, and a picture.

The law of this file: the lane writes the scene, the vision process reads it, and the file is replaced whole,
so that a reader meets the old scene or the new one and never half of each. One scene at one instant always
makes the same picture. Nothing is drawn, and OpenCV is not loaded, before a picture is asked for.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

if TYPE_CHECKING:
    from drivers.protocols import Image

PlateColour = Literal["blue", "green", "yellow", "white", "black"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One lane as its camera sees it. Raises ValueError for a value that cannot be drawn."""

    since_ns: int
    """CLOCK_BOOTTIME when it came to look like this."""
    plate: str | None = None
    """Seven or eight characters; None for an empty lane."""
    colour: PlateColour = "blue"
    distance: float = 0.0
    """0.0 the car stands at the stop line, 1.0 it has just come into the picture."""
    seed: int = 0
    """Light, paint, angle and noise: the same number gives the same car."""

    def __post_init__(self) -> None:
        if self.plate is not None and len(self.plate) not in (7, 8):
            raise ValueError(f"plate {self.plate!r}: must have 7 or 8 characters")
        if self.colour not in get_args(PlateColour):
            raise ValueError(f"colour {self.colour!r}: must be one of {', '.join(get_args(PlateColour))}")
        if not 0.0 <= self.distance <= 1.0:
            raise ValueError(f"distance {self.distance!r}: must be between 0.0 (near) and 1.0 (far)")


EMPTY_LANE = Scene(since_ns=0)

_FIELD_TYPES: dict[str, tuple[type, ...]] = {
    "since_ns": (int,),
    "plate": (str, type(None)),
    "colour": (str,),
    "distance": (int, float),
    "seed": (int,),
}


def scene_path(run_dir: Path, lane: str) -> Path:
    """The file through which the scene of that lane crosses from process to process."""
    return run_dir / f"scene-{lane}.json"


def write_scene(run_dir: Path, lane: str, scene: Scene) -> None:
    """Show the lane's camera this scene from now on. Raises OSError where the file cannot be written."""
    path = scene_path(run_dir, lane)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(json.dumps(asdict(scene), ensure_ascii=False), encoding="utf-8")
    os.replace(draft, path)


def read_scene(run_dir: Path, lane: str) -> Scene:
    """The scene shown now; an empty lane where none was ever written.

    Raises ValueError, naming the file, where it holds anything but a scene; OSError where it cannot be read.
    """
    path = scene_path(run_dir, lane)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return EMPTY_LANE
    try:
        return _scene_from(json.loads(text))
    except ValueError as problem:
        raise ValueError(f"{path}: not a scene: {problem}") from problem


def _scene_from(body: object) -> Scene:
    if not (isinstance(body, dict) and body.keys() == _FIELD_TYPES.keys()):
        raise ValueError(f"expected an object with the keys {', '.join(_FIELD_TYPES)}, found {body!r:.80}")
    wrong = {key: body[key] for key, allowed in _FIELD_TYPES.items() if type(body[key]) not in allowed}
    if wrong:
        raise ValueError(f"of the wrong type: {wrong!r:.80}")
    return Scene(**cast("dict[str, Any]", body))


def render(scene: Scene, now_ns: int) -> Image:
    """The 1280 x 720 picture of this scene at that instant (CLOCK_BOOTTIME), with noise and time stamp."""
    from drivers.simulated import picture

    return picture.draw(scene, now_ns)


def render_plate(text: str, colour: PlateColour) -> Image:
    """The face of a plate seen straight on, 2 pixels a millimetre: 880 or 960 x 280."""
    from drivers.simulated import picture

    return picture.plate_face(text, colour).copy()
