"""One lane as metal and rubber: a boom that falls on whatever is under it, two loops, limit switches.

The law of this file: it knows nothing of gatepost, and it protects nobody. The controller obeys the newest
pulse. What the sensors say is what is there, unless a fault says otherwise. Places and times are those of
drivers/simulated/lane.py; the code is another one, on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from daemon.worlds.outside import Later, Outside

TRAVEL_S = 1.5
ROOF = 1 / 3
"""How far up the boom is where it meets a car that stands under it."""

Pulse = Literal["raise", "lower", "stop"]
Sensor = Literal["approach", "safety"]


class Broken(StrEnum):
    """What a contact does instead of what it should."""

    STUCK_ON = "stuck on"
    STUCK_OFF = "stuck off"
    UNKNOWN = "unknown"
    LOST = "lost"


@dataclass(slots=True)
class Given:
    """One pulse as the relay gave it."""

    lane: str
    pulse: Pulse
    at_s: float
    life: int


@dataclass(slots=True)
class Body:
    """What stands on the lane. `on` are the loops it covers; a motorcycle covers none."""

    trips_loops: bool = True
    on_approach: bool = False
    on_safety: bool = False


class Lane:
    """`told` is called whenever something that can be seen has changed; `watch` by those who look at it."""

    def __init__(self, name: str, direction: Literal["entry", "exit"], outside: Outside) -> None:
        self.name = name
        self.direction = direction
        self.bodies: list[Body] = []
        self.broken: dict[str, Broken] = {}
        """Which of `approach`, `safety`, `up`, `down` is broken, and how."""
        self.motor_is_dead = False
        self.button_is_pressed = False
        self.struck_at: list[float] = []
        self.given: list[Given] = []
        self.told: list[Callable[[], None]] = []
        self.on_pulse: Callable[[Given], None] = lambda _given: None
        self.on_struck: Callable[[], None] = lambda: None
        self.on_boom_at_rest: Callable[[], None] = lambda: None
        self._outside = outside
        self._place = 0.0
        self._place_at = 0.0
        self._moving = 0
        self._due: list[Later] = []

    # ------------------------------------------------------------ boom

    @property
    def place(self) -> float:
        """0 is down, 1 is up."""
        gone = (self._outside.elapsed_s - self._place_at) / TRAVEL_S * self._moving
        return min(max(self._place + gone, 0.0), 1.0)

    @property
    def is_lowering(self) -> bool:
        return self._moving < 0

    def pulse(self, pulse: Pulse, life: int) -> None:
        given = Given(self.name, pulse, self._outside.elapsed_s, life)
        self.given.append(given)
        self.on_pulse(given)
        self._drive({"raise": 1, "lower": -1, "stop": 0}[pulse])

    def hit(self) -> None:
        """A lorry turns the boom away: it comes to rest half way."""
        self._drive(0)
        self._place = 0.5
        self._tell()

    def _drive(self, direction: int) -> None:
        self._place, self._place_at = self.place, self._outside.elapsed_s
        self._moving = 0 if self.motor_is_dead else direction
        for due in self._due:
            due.cancel()
        self._due.clear()
        if self._moving:
            way = 1 - self._place if self._moving > 0 else self._place
            self._due.append(self._outside.later(way * TRAVEL_S, self._arrived))
            if self._moving < 0 and self._place > ROOF:
                self._due.append(self._outside.later((self._place - ROOF) * TRAVEL_S, self._at_roof))
        self._tell()

    def _at_roof(self) -> None:
        if any(body.on_safety for body in self.bodies):
            self.struck_at.append(self._outside.elapsed_s)
            self.on_struck()
            self._drive(0)

    def _arrived(self) -> None:
        self._drive(0)
        self.on_boom_at_rest()

    # ------------------------------------------------------------ what sensors say

    def occupied(self, sensor: Sensor) -> bool:
        """What the loop truly feels."""
        return any(
            body.trips_loops and (body.on_approach if sensor == "approach" else body.on_safety)
            for body in self.bodies
        )

    def contact(self, name: str) -> bool | Broken:
        """What the contact says: closed or not, or that it cannot be read."""
        broken = self.broken.get(name)
        match broken:
            case Broken.STUCK_ON:
                return True
            case Broken.STUCK_OFF:
                return False
            case None:
                pass
            case _:
                return broken
        if name == "button":
            return self.button_is_pressed
        if name == "up":
            return self.place >= 1 - 1e-6
        if name == "down":
            return self.place <= 1e-6
        return self.occupied("approach" if name == "approach" else "safety")

    def breaks(self, name: str, broken: Broken | None) -> None:
        if broken is None:
            self.broken.pop(name, None)
        else:
            self.broken[name] = broken
        self._tell()

    def presses_button(self) -> None:
        """Press it for a third of a second."""
        self.button_is_pressed = True
        self._outside.later(0.3, self._lets_go)
        self._tell()

    def _lets_go(self) -> None:
        self.button_is_pressed = False
        self._tell()

    # ------------------------------------------------------------ what stands there

    def puts(self, body: Body, *, on_approach: bool, on_safety: bool) -> None:
        body.on_approach, body.on_safety = on_approach, on_safety
        if body not in self.bodies:
            self.bodies.append(body)
        self._tell()

    def takes_away(self, body: Body) -> None:
        body.on_approach = body.on_safety = False
        self.bodies = [other for other in self.bodies if other is not body]
        self._tell()

    def _tell(self) -> None:
        for told in list(self.told):
            told()
