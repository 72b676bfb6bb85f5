"""The devices in a configuration, each with the options of its driver.

The law of this file: a driver is known by its role and name, and says itself what may be written under it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from daemon.config.explain import explained
from daemon.config.problems import Path, Problem, Source, both, suggestion
from drivers.protocols import Options
from drivers.registry import Role

_IN_A_LANE: tuple[tuple[Path, Role, str], ...] = (
    (("reader",), "reader", "reader"),
    (("camera",), "camera", "camera"),
    (("barrier",), "barrier", "barrier"),
    (("loops", "safety"), "input", "loop.safety"),
    (("loops", "approach"), "input", "loop.approach"),
    (("button",), "input", "button"),
    (("sign",), "sign", "sign"),
)


class Registry(Protocol):
    """What is asked of `drivers.registry`."""

    def names(self, role: Role) -> list[str]: ...
    def driver(self, role: Role, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Device:
    """A device whose options are good."""

    name: str
    """As in logs and alerts: `entry-1.reader`."""
    path: Path
    data: dict[str, Any]
    options: Options


def check_devices(
    data: dict[str, Any], source: Source, registry: Registry
) -> tuple[list[Device], list[Problem]]:
    """The devices that are as their drivers want them, and what is wrong with the others."""
    devices: list[Device] = []
    problems: list[Problem] = []
    for name, role, path, section in _sections(data):
        where = source.under(*path)
        if not isinstance(driver := section.get("driver"), str):
            continue
        if driver not in (known := registry.names(role)):
            hint = suggestion(driver, known) or both("没有这种驱动", "no such driver")
            problems.append(where.problem(("driver",), value=driver, allowed=" | ".join(known), hint=hint))
            continue
        try:
            model: type[Options] = registry.driver(role, driver).Options
        except Exception as error:  # a driver's import may fail in any way: that is this device's problem
            hint = both("驱动无法加载", f"the driver cannot be loaded: {type(error).__name__}: {error}")
            problems.append(where.problem(("driver",), value=driver, hint=hint))
            continue
        written = {key: value for key, value in section.items() if key != "driver"}
        try:
            devices.append(Device(name, path, written, model.model_validate(written)))
        except ValidationError as error:
            problems += explained(error, model, written, where)
    return devices, problems


def _sections(data: dict[str, Any]) -> Iterator[tuple[str, Role, Path, dict[str, Any]]]:
    lanes = data.get("lanes")
    for at, lane in enumerate(lanes if isinstance(lanes, list) else ()):
        for inner, role, suffix in _IN_A_LANE:
            section = _below(lane, inner)
            if isinstance(section, dict):
                name = lane["id"] if isinstance(lane.get("id"), str) else f"lanes[{at}]"
                yield f"{name}.{suffix}", role, ("lanes", at, *inner), section
    alarms = data.get("alarms")
    for at, alarm in enumerate(alarms if isinstance(alarms, list) else ()):
        section = _below(alarm, ("input",))
        if isinstance(section, dict):
            name = alarm["id"] if isinstance(alarm.get("id"), str) else f"alarms[{at}]"
            yield f"alarm.{name}", "input", ("alarms", at, "input"), section
    if isinstance(fire := data.get("fire"), dict):
        yield "fire", "input", ("fire",), fire
    if isinstance(printer := data.get("printer"), dict):
        yield "printer", "printer", ("printer",), printer
    recogniser = _below(data, ("vision", "recogniser"))
    if isinstance(recogniser, dict):
        yield "vision", "recogniser", ("vision", "recogniser"), recogniser


def _below(data: Any, path: Path) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data
