"""What the vision process is told at its start: values only, sent over the pipe.

The law of this file: nothing here goes on a command line, since camera options hold passwords.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """One lane's camera and where in its picture plates are looked for."""

    lane: str
    camera: str
    """Driver name in the registry, role camera."""
    options: dict[str, Any] = field(default_factory=dict)
    region: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom as fractions of 1; None for the whole picture."""
    has_approach_loop: bool = False
    """Without one the picture itself must tell when a car comes: it is checked for motion while idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionSpec:
    """Everything the child needs. Raises nothing: the configuration was checked before."""

    evidence: Path
    """Pictures go below this folder, by date."""
    run_dir: Path
    config_dir: Path
    lanes: tuple[LaneSpec, ...]
    recogniser: str = "onnx"
    """Driver name in the registry, role recogniser."""
    recogniser_options: dict[str, Any] = field(default_factory=dict)
    frames_per_second: float = 5.0
    """How often a lane with a car is read."""
    settle_after_s: float = 1.5
    """A track speaks at the latest this long after its plate was first seen."""
    agree: int = 2
    """How many equal valid reads let it speak earlier."""
    memory_limit_mb: int = 350
    """The child is replaced when its resident memory has grown past this."""
    camera_hung_after_s: float = 20.0
    """A camera call that has not come back by then is given up and made afresh."""
