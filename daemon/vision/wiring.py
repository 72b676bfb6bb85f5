"""The vision process's own wiring: names in the spec to drivers.

The law of this file: the only one in this room that opens the registry. Making a driver touches no device.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from daemon.core.plates import is_plate, normalise
from daemon.vision.messages import problems
from daemon.vision.spec import LaneSpec, VisionSpec
from drivers.errors import DeviceUnusable
from drivers.protocols import Camera, Context, Recogniser
from drivers.registry import Role, driver


def make_camera(spec: VisionSpec, lane: LaneSpec) -> Camera:
    """The camera of that lane, not opened. Raises DeviceUnusable for options it does not take."""
    context = _context(f"{lane.lane}.camera", lane.lane, spec.run_dir, spec.config_dir, {})
    camera: Camera = _make("camera", lane.camera, lane.options, context)
    return camera


def make_recogniser(name: str, options: dict[str, Any], run_dir: Path, config_dir: Path) -> Recogniser:
    """The plate engine, not opened. Raises DeviceUnusable for options it does not take."""
    extra = {"is_plate": lambda text: is_plate(normalise(text))}
    recogniser: Recogniser = _make(
        "recogniser", name, options, _context("vision", "", run_dir, config_dir, extra)
    )
    return recogniser


def _make(role: Role, name: str, options: dict[str, Any], context: Context) -> Any:
    made = driver(role, name)
    try:
        # As JSON: options that crossed the pipe hold texts where a path or a tuple is meant.
        checked = made.Options.model_validate_json(json.dumps(options))
    except ValidationError as error:
        raise DeviceUnusable(
            f"配置有误 / {context.name} with driver {name}: {problems(error)}; correct config.yaml"
        ) from None
    return made(checked, context)


def _context(name: str, lane: str, run_dir: Path, config_dir: Path, extra: dict[str, Any]) -> Context:
    return Context(
        name=name, lane=lane, run_dir=run_dir, config_dir=config_dir, call_later=_no_loop, extra=extra
    )


def _no_loop(delay_s: float, callback: Callable[[], None]) -> NoReturn:  # noqa: ARG001 - the shape of call_later
    raise RuntimeError("the vision process has no event loop: a camera or a plate engine sets no timer")
