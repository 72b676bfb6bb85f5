"""One lane of the simulated site, as metal and rubber: boom, relays, limit switches, loops, reader and a car.

The law of this file: the lane knows nothing of gatepost. It answers relay levels with boom movement, the boom
with limit switches, the car with loops, cards and pictures. All its time comes from the `call_later` it was
given, so that it runs as well on a virtual clock. Its barrier has no protection of its own: a boom that is
lowered on a car strikes it, and `struck` counts that.

In one process there is one model of a lane, found by `lane_named`; daemons that start and stop on top of it
find the boom where they left it.
"""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.protocols import Timer
from drivers.readers.framing import FORMATS
from drivers.simulated.pins import ContactPin, RelayPin, mock_factory
from drivers.simulated.scene import PlateColour, Scene, write_scene

CallLater = Callable[[float, Callable[[], None]], Timer]


class Pins:
    """How every simulated lane is wired (BCM numbers). Contacts close to ground; the loops open to report."""

    RAISE = 17
    LOWER = 27
    STOP = 22
    UP_LIMIT = 5
    DOWN_LIMIT = 6
    APPROACH = 13
    SAFETY = 19


class Place(StrEnum):
    """Where the car is, in the order it drives."""

    AT_BOOM = "at boom"
    NOSE_UNDER = "nose under boom"
    UNDER = "under boom"
    THROUGH = "through"
    BACKED_OFF = "backed off"


class Car:
    """One car at this lane, and how far it got."""

    def __init__(self, plate: str, colour: PlateColour) -> None:
        self.plate = plate
        self.colour = colour
        self.place = Place.AT_BOOM

    @property
    def has_left(self) -> bool:
        return self.place in (Place.THROUGH, Place.BACKED_OFF)


_ON_APPROACH = frozenset({Place.AT_BOOM, Place.NOSE_UNDER})
_ON_SAFETY = frozenset({Place.NOSE_UNDER, Place.UNDER})
_DRIVING: dict[Place, tuple[float, Place]] = {
    Place.NOSE_UNDER: (0.8, Place.UNDER),
    Place.UNDER: (0.8, Place.THROUGH),
}
"""How long a car stays at each place once it rolls (5 m at 3 m/s), and where it comes next."""

REACTION_S = 0.4
"""From the boom being up to the car being under it."""

_FULLY_UP = 30
"""Steps of the boom from one end to the other: 3 degrees each, the accuracy of GB/T 24973."""

_CAR_ROOF = 10
"""The step at which a falling boom meets a car."""

_CARD_REPEATS = 3
_CARD_REPEAT_S = 0.1


class SimulatedLane:
    """See the module's docstring. Made by `lane_named`."""

    def __init__(self, run_dir: Path, lane_id: str, call_later: CallLater) -> None:
        self.id = lane_id
        self.travel_s = 1.5
        """How long the boom takes from one end to the other."""
        self.car: Car | None = None
        self.struck = 0
        """How often the boom has come down on a car."""
        self.boom_cycles = 0
        """How often the boom has been up and come down again."""
        self.call_later = call_later
        self._run_dir = run_dir
        self._step = 0
        self._direction = 0
        self._has_been_up = False
        self._motor: Timer | None = None
        self._driver: Timer | None = None
        self._awaited: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self._cars_seen = 0
        self._terminal: tuple[int, int] | None = None

        self.factory = mock_factory()
        self._wire_relay(Pins.RAISE, +1)
        self._wire_relay(Pins.LOWER, -1)
        self._wire_relay(Pins.STOP, 0)
        self._contacts: dict[int, Any] = {
            pin: self.factory.pin(pin, pin_class=ContactPin)
            for pin in (Pins.UP_LIMIT, Pins.DOWN_LIMIT, Pins.APPROACH, Pins.SAFETY)
        }
        run_dir.mkdir(parents=True, exist_ok=True)
        self.plug_reader_in()
        self._show_scene()
        self._settle()

    # ------------------------------------------------------------ what a person sees

    @property
    def boom_is_up(self) -> bool:
        return self._step == _FULLY_UP

    @property
    def boom_is_down(self) -> bool:
        return self._step == 0

    def when(self, condition: Callable[[], bool], then: Callable[[], None]) -> Callable[[], None]:
        """Call `then` once, as soon as `condition()` holds: now, or after some change of this lane.

        Returns what to call where it no longer matters.
        """
        entry = condition, then
        self._awaited.append(entry)
        self._tell()

        def forget() -> None:
            if entry in self._awaited:
                self._awaited.remove(entry)

        return forget

    # ------------------------------------------------------------ what a driver does

    def arrive(self, plate: str, colour: PlateColour) -> Car:
        """Drive a car up to the boom. It goes on by itself once the boom is up.

        Raises ValueError where another car is still at the lane.
        """
        if self.car is not None:
            raise ValueError(
                f"lane {self.id}: {self.car.plate} is still at the boom; {plate} must wait behind"
            )
        self._cars_seen += 1
        self.car = car = Car(plate, colour)
        self._show_scene()
        self._settle()
        return car

    def present_card(self, number: str) -> None:
        """Hold a card in front of the reader, which sends it several times, as an RDM6300 does."""
        frame = FORMATS["rdm6300"].encode(number)
        self._send(frame)
        for repeat in range(1, _CARD_REPEATS):
            self.call_later(repeat * _CARD_REPEAT_S, lambda: self._send(frame))

    def back_off(self) -> bool:
        """Let the waiting car turn round. False where there is none, or it is already rolling."""
        if self.car is None or self.car.place is not Place.AT_BOOM:
            return False
        self._move_to(self.car, Place.BACKED_OFF)
        return True

    # ------------------------------------------------------------ what an electrician does

    def plug_reader_in(self) -> None:
        """Give the lane a fresh reader at `reader_port()`."""
        self.unplug_reader()
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        port = reader_port(self._run_dir, self.id)
        port.unlink(missing_ok=True)
        port.symlink_to(os.ttyname(theirs))
        self._terminal = ours, theirs

    def unplug_reader(self) -> None:
        """Pull the reader's plug: its port is gone and an open one is dead."""
        reader_port(self._run_dir, self.id).unlink(missing_ok=True)
        if self._terminal is not None:
            for end in self._terminal:
                os.close(end)
            self._terminal = None

    # ------------------------------------------------------------ boom

    def _wire_relay(self, pin: int, direction: int) -> None:
        def switched(level: bool) -> None:
            if level:
                self._drive_boom(direction)

        self.factory.pin(pin, pin_class=RelayPin, listener=switched)

    def _drive_boom(self, direction: int) -> None:
        """The newest order wins, as on a controller with separate open, close and stop inputs."""
        self._direction = direction
        if direction and self._motor is None:
            self._turn_on()

    def _turn_on(self) -> None:
        self._motor = self.call_later(self.travel_s / _FULLY_UP, self._turned)

    def _turned(self) -> None:
        self._motor = None
        self._step = min(max(self._step + self._direction, 0), _FULLY_UP)
        if self._direction < 0 and self._step == _CAR_ROOF and self._car_is_on_safety():
            self.struck += 1
            self._direction = 0
        if self.boom_is_up:
            self._has_been_up = True
        if self.boom_is_down and self._has_been_up:
            self._has_been_up = False
            self.boom_cycles += 1
        if self._step == (_FULLY_UP if self._direction > 0 else 0):
            self._direction = 0
        if self._direction:
            self._turn_on()
        self._settle()

    # ------------------------------------------------------------ car

    def _car_is_on_safety(self) -> bool:
        return self.car is not None and self.car.place in _ON_SAFETY

    def _start_off(self, car: Car) -> None:
        self._driver = None
        if self.car is car and car.place is Place.AT_BOOM and self.boom_is_up:
            self._move_to(car, Place.NOSE_UNDER)

    def _move_to(self, car: Car, place: Place) -> None:
        car.place = place
        if car.has_left:
            self.car = None
        if place not in _ON_APPROACH:
            self._show_scene()
        if place in _DRIVING:
            after_s, following = _DRIVING[place]
            self.call_later(after_s, lambda: self._move_to(car, following))
        self._settle()

    # ------------------------------------------------------------ what follows from it all

    def _settle(self) -> None:
        """Bring switches and loops into line with boom and car, and let the driver see the boom."""
        place = None if self.car is None else self.car.place
        self._close_contact(Pins.UP_LIMIT, self.boom_is_up)
        self._close_contact(Pins.DOWN_LIMIT, self.boom_is_down)
        self._close_contact(Pins.APPROACH, place not in _ON_APPROACH)
        self._close_contact(Pins.SAFETY, place not in _ON_SAFETY)
        if self.car is not None and place is Place.AT_BOOM and self.boom_is_up and self._driver is None:
            car = self.car
            self._driver = self.call_later(REACTION_S, lambda: self._start_off(car))
        self._tell()

    def _close_contact(self, pin: int, is_closed: bool) -> None:
        line = self._contacts[pin]
        line.drive_low() if is_closed else line.drive_high()

    def _show_scene(self) -> None:
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        car = self.car
        if car is None or car.place not in _ON_APPROACH:
            scene = Scene(since_ns=now_ns)
        else:
            scene = Scene(since_ns=now_ns, plate=car.plate, colour=car.colour, seed=self._cars_seen)
        write_scene(self._run_dir, self.id, scene)

    def _tell(self) -> None:
        for entry in list(self._awaited):
            condition, then = entry
            if entry in self._awaited and condition():
                self._awaited.remove(entry)
                then()

    def _send(self, frame: bytes) -> None:
        if self._terminal is None:
            return
        # Where nobody has read for a long time the terminal is full, and a reader has no memory.
        with suppress(BlockingIOError):
            os.write(self._terminal[0], frame)


_LANES: dict[tuple[Path, str], SimulatedLane] = {}


def lane_named(run_dir: Path, lane_id: str, call_later: CallLater) -> SimulatedLane:
    """The one model of that lane in this process; made, with that `call_later`, when first asked for."""
    key = run_dir.resolve(), lane_id
    if key not in _LANES:
        _LANES[key] = SimulatedLane(run_dir, lane_id, call_later)
    return _LANES[key]


def reader_port(run_dir: Path, lane_id: str) -> Path:
    """A lasting name for the terminal of that lane's reader, as /dev/serial/by-id is for a real one."""
    return run_dir / f"{lane_id}.reader"
