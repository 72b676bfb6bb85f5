"""What every dry contact keeps, wired either way and on the simulated lane alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import DeviceUnusable
from drivers.inputs.gpio import GpioContact, GpioContactOptions
from drivers.inputs.simulated import SimulatedContact, SimulatedContactOptions
from drivers.protocols import ContactState, Context
from drivers.simulated.lane import Pins, lane_named
from drivers.simulated.pins import ContactPin, mock_factory
from tests.rigs.hand_timers import HandTimers

PIN = 19

WIRINGS: dict[str, dict[str, Any]] = {
    "to ground": {"pull": "up"},
    "to ground, normally closed": {"pull": "up", "normally_closed": True},
    "to 3.3 V": {"pull": "down"},
    "to 3.3 V, normally closed": {"pull": "down", "normally_closed": True},
    "board, low when closed": {"pull": "none", "active_high": False},
    "board, high when closed, normally closed": {
        "pull": "none",
        "active_high": True,
        "normally_closed": True,
    },
}
LEVEL_WHEN_ON = {
    "to ground": False,
    "to ground, normally closed": True,
    "to 3.3 V": True,
    "to 3.3 V, normally closed": False,
    "board, low when closed": False,
    "board, high when closed, normally closed": False,
    "simulated approach": True,
    "simulated safety": True,
}
"""Written out by hand from the wiring, so that the driver's arithmetic has something to disagree with."""


class Rig:
    def __init__(self, name: str, folder: Path) -> None:
        self.level_when_on = LEVEL_WHEN_ON[name]
        self.heard: list[ContactState] = []
        timers = HandTimers()
        context = Context(
            name="entry-1.loop.safety",
            lane="entry-1",
            run_dir=folder,
            config_dir=folder,
            call_later=timers.call_later,
        )
        self.contact: Any
        if name in WIRINGS:
            self.factory = mock_factory()
            self._line = self.factory.pin(PIN, pin_class=ContactPin)
            options = GpioContactOptions(pin=PIN, **WIRINGS[name])
            self.contact = GpioContact(options, context, factory=lambda: self.factory)
        else:
            loop = name.removeprefix("simulated ")
            self.factory = lane_named(folder, "entry-1", timers.call_later).factory
            self._line = self.factory.pin({"approach": Pins.APPROACH, "safety": Pins.SAFETY}[loop])
            self.contact = SimulatedContact(SimulatedContactOptions.model_validate({"loop": loop}), context)
        self.set(on=False)

    def set(self, *, on: bool) -> None:
        self._line.drive_high() if on is self.level_when_on else self._line.drive_low()

    def open(self) -> None:
        self.contact.open(lambda: self.heard.append(self.contact.state()))


@pytest.fixture(params=LEVEL_WHEN_ON)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = Rig(request.param, tmp_path)
    yield made
    made.contact.close()


@pytest.mark.parametrize("on", [True, False])
def test_the_state_is_known_as_soon_as_it_is_open(rig: Rig, on: bool) -> None:
    rig.set(on=on)
    rig.open()
    assert rig.contact.state() is (ContactState.ON if on else ContactState.OFF)


def test_every_change_is_told_once(rig: Rig) -> None:
    rig.open()
    for on in (True, True, False, True, False):
        rig.set(on=on)
    assert rig.heard == [ContactState.ON, ContactState.OFF, ContactState.ON, ContactState.OFF]


def test_a_closed_contact_is_unknown_and_silent(rig: Rig) -> None:
    assert rig.contact.state() is ContactState.UNKNOWN
    rig.open()
    rig.contact.close()
    rig.set(on=True)
    assert rig.contact.state() is ContactState.UNKNOWN
    assert rig.heard == []


def test_it_opens_again_after_closing_and_closing_twice_is_safe(rig: Rig) -> None:
    rig.contact.close()
    rig.open()
    rig.contact.close()
    rig.contact.close()
    rig.open()
    rig.set(on=True)
    assert rig.heard == [ContactState.ON]


def test_a_line_has_one_owner(tmp_path: Path) -> None:
    first, second = Rig("to ground", tmp_path), Rig("to ground", tmp_path)
    second.contact._factory = lambda: first.factory
    first.open()
    with pytest.raises(DeviceUnusable, match="GPIO19"):
        second.open()
    first.contact.close()
    second.open()
    second.contact.close()


@pytest.mark.rule("R26")
def test_a_contact_that_cannot_be_read_is_unknown_and_never_off(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_line: object) -> bool:
        raise OSError("the chip is gone")

    rig.open()
    monkeypatch.setattr(ContactPin, "_get_state", gone)
    assert rig.contact.state() is ContactState.UNKNOWN


@pytest.mark.rule("R26")
@pytest.mark.parametrize("pull", ["up", "down"])
def test_a_cut_wire_of_a_normally_closed_loop_reads_as_occupied(tmp_path: Path, pull: str) -> None:
    # given a line that nothing holds any more: its pull alone decides
    rig = Rig("to ground" if pull == "up" else "to 3.3 V", tmp_path)
    rig.contact._options = GpioContactOptions.model_validate(
        {"pin": PIN, "pull": pull, "normally_closed": True}
    )
    rig._line.drive_high() if pull == "up" else rig._line.drive_low()
    rig.open()
    assert rig.contact.state() is ContactState.ON
    rig.contact.close()
