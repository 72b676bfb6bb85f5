"""Which device has which GPIO line, and whether a boom stays down while the Pi boots.

The law of this file: from reset until the daemon claims its lines nobody drives them; what raises or lowers a
boom must idle at the level that its line has by itself. Six public projects opened gates at every power cut
by this.

Sources: BCM2835 ARM Peripherals p. 102 (pull-ups on GPIO0-8, pull-downs on 9-27 at reset); GPIO14 is the
console's TXD and goes high while booting; GPIO0/1 are driven to look for a HAT's EEPROM.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from daemon.config.devices import Device
from daemon.config.problems import Path, Problem, Source, both
from drivers.protocols import PinUse

PINS = range(28)
"""The lines on the 40-pin header, by their BCM numbers."""

QUIET_AT_BOOT: dict[bool, frozenset[int]] = {
    True: frozenset(range(9, 28)) - {14},
    False: frozenset(range(2, 9)),
}
"""For an output that moves a boom, by `active_high`: the lines that are at its idle level from reset on."""


def check_pins(devices: Iterable[Device], source: Source) -> list[Problem]:
    """Lines that are none, that two devices want, or that would move a boom at boot."""
    claims = [(device, use) for device in devices for use in device.options.pins()]
    taken = {use.pin for _, use in claims}
    first: dict[int, tuple[Device, PinUse]] = {}
    problems = []
    for device, use in claims:
        where = source.under(*device.path)
        path = _path_of(use, device.data)
        if use.pin not in PINS:
            hint = both("树莓派没有这个引脚（BCM 编号）", "no such line on the Pi (BCM numbers)")
            problems.append(where.problem(path, value=use.pin, allowed="0-27", hint=hint))
            continue
        if use.pin in first:
            problems.append(where.problem(path, value=use.pin, hint=_conflict(first[use.pin], (device, use))))
        first.setdefault(use.pin, (device, use))
        if use.moves_boom and use.pin not in QUIET_AT_BOOT[use.active_high]:
            allowed = ranges(QUIET_AT_BOOT[use.active_high] - taken)
            problems.append(where.problem(path, value=use.pin, allowed=allowed, hint=_boot_hint(use)))
    return problems


def ranges(pins: Iterable[int]) -> str:
    """`{9, 10, 11, 13}` as `9-11, 13`."""
    runs: list[list[int]] = []
    for pin in sorted(pins):
        if runs and pin == runs[-1][-1] + 1:
            runs[-1].append(pin)
        else:
            runs.append([pin])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _conflict(one: tuple[Device, PinUse], other: tuple[Device, PinUse]) -> str:
    named = [f"{device.name} ({use.purpose})" for device, use in (one, other)]
    return both(f"引脚冲突: {named[0]} 与 {named[1]}", f"{named[0]} and {named[1]} want the same line")


def _boot_hint(use: PinUse) -> str:
    if use.pin in {0, 1}:
        return both("GPIO0/1 在启动时用于读取 EEPROM，会误动杆", "GPIO0/1 are driven at boot")
    if use.pin == 14 and use.active_high:
        return both("GPIO14 启动时为高电平，会误动杆", "GPIO14 goes high at boot: the boom would move")
    level = ("高", "high") if use.active_high else ("低", "low")
    return both(
        f"GPIO{use.pin} 上电时为{level[0]}电平，会误动杆",
        f"GPIO{use.pin} is {level[1]} at boot: the boom would move",
    )


def _path_of(use: PinUse, data: object) -> Path:
    """Where in the device's keys the line is written: the key whose path speaks of the purpose, else any."""
    paths = list(_paths_to(use.pin, data))
    spoken = (path for path in paths if any(str(part) in use.purpose.replace(" ", "_") for part in path[:-1]))
    return next(spoken, paths[0] if paths else ())


def _paths_to(pin: int, data: object, path: Path = ()) -> Sequence[Path]:
    if isinstance(data, dict):
        return [found for key, value in data.items() for found in _paths_to(pin, value, (*path, key))]
    is_the_pin = isinstance(data, int) and not isinstance(data, bool) and data == pin
    return [path] if is_the_pin and path and "pin" in str(path[-1]) else []
