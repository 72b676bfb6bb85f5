"""Drivers at a lane: what they show, when they roll, and when they give up.

The law of this file: a driver sees the boom and nothing else of the gate. What is random about a driver is
drawn when the driver is made, so that a fault more or less changes no person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from daemon.worlds.outside import Later, Outside
from daemon.worlds.site import Body, Lane

REACTION_S = 0.4
DRIVING_S = 0.8
"""A car of 5 m at 3 m/s: half of it until the nose is through, half until the tail is."""


class Kind(StrEnum):
    RESIDENT = "resident"
    VISITOR = "visitor"
    TAILGATER = "tailgater"
    CLONED_CARD = "cloned card"
    MISREAD = "misread"
    UNREADABLE = "unreadable plate"
    CARD_AFTER_LONG = "card long after the plate"
    FORGOT_CARD = "forgot the card"
    MOTORCYCLE = "motorcycle"
    STOPS_UNDER = "stops under the boom"
    BACKS_OFF = "backs off"


class Pays(StrEnum):
    """What a driver does who is asked for money at the exit."""

    CASH = "cash"
    CASH_IN_TWO = "cash, in two sums"
    QR = "by code"
    QR_REPORTED_TWICE = "by code, and the office says it twice"
    TWICE = "by code, twice"
    QR_AFTER_LEAVING = "by code, when he is out already"
    WAIVED = "somebody lets him off"
    NOTHING = "not at all"
    LATER = "drives back, and pays another time"


_PAYS: dict[Pays, float] = {
    Pays.CASH: 5,
    Pays.CASH_IN_TWO: 1,
    Pays.QR: 4,
    Pays.QR_REPORTED_TWICE: 1,
    Pays.TWICE: 1,
    Pays.QR_AFTER_LEAVING: 1,
    Pays.WAIVED: 1,
    Pays.NOTHING: 1,
    Pays.LATER: 0.5,
}


class Place(StrEnum):
    BEHIND = "behind"
    AT_BOOM = "at boom"
    NOSE = "nose under boom"
    UNDER = "under boom"
    THROUGH = "through"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Car:
    plate: str
    card: str | None
    permit: str | None


@dataclass(slots=True)
class Driver:
    """One car coming to one lane once."""

    car: Car
    kind: Kind
    plate_read: str
    """What the camera will make of it."""
    card_after_s: float
    read_after_s: float
    stops_s: float
    patience_s: float
    leaves_after_s: float | None
    pays: Pays
    place: Place = Place.BEHIND
    arrived_s: float = 0.0
    through_s: float | None = None
    body: Body = field(default_factory=Body)
    cards_shown: int = 0


def driver(kind: Kind, car: Car, other: Car, random: Random) -> Driver:
    """A driver of that kind. `other` is whose card a cloned one copies."""
    plate = car.plate
    read = {Kind.MISREAD: confused(plate), Kind.UNREADABLE: ""}.get(kind, plate)
    shown = {Kind.CLONED_CARD: Car(plate, other.card, None), Kind.FORGOT_CARD: Car(plate, None, car.permit)}
    made = Driver(
        car=shown.get(kind, car),
        kind=kind,
        plate_read=read,
        card_after_s=random.uniform(0.3, 4.0) + (20.0 if kind is Kind.CARD_AFTER_LONG else 0.0),
        read_after_s=random.uniform(0.3, 1.5),
        stops_s=random.uniform(4.0, 45.0) if kind is Kind.STOPS_UNDER else 0.0,
        patience_s=random.uniform(50.0, 80.0),
        leaves_after_s=random.uniform(0.5, 6.0) if kind is Kind.BACKS_OFF else None,
        pays=random.choices(list(_PAYS), list(_PAYS.values()))[0],
    )
    made.body.trips_loops = kind is not Kind.MOTORCYCLE
    return made


_CONFUSABLE = {"8": "S", "S": "8", "0": "D", "2": "Z", "6": "G"}


def confused(plate: str) -> str:
    """The plate with one character read as the one that looks like it, where it has such a one."""
    for at in range(len(plate) - 1, 1, -1):
        if plate[at] in _CONFUSABLE:
            return plate[:at] + _CONFUSABLE[plate[at]] + plate[at + 1 :]
    return plate


class Queue:
    """The cars of one lane, one behind the other."""

    def __init__(
        self,
        lane: Lane,
        outside: Outside,
        *,
        shows_card: Callable[[Lane, Driver], None],
        is_seen: Callable[[Lane, Driver], None],
        gone: Callable[[Lane, Driver], None],
    ) -> None:
        self.lane = lane
        self.waiting: list[Driver] = []
        self.front: Driver | None = None
        self._outside = outside
        self._shows_card = shows_card
        self._is_seen = is_seen
        self._gone = gone
        self._rolling: Later | None = None
        lane.told.append(self._look)

    def comes(self, driver: Driver) -> None:
        self.waiting.append(driver)
        if self.front is None and len(self.waiting) == 1:
            self._next(0.0)

    def sees_again(self) -> None:
        """A camera that was away has a look at whoever stands there."""
        driver = self.front
        if driver is not None and driver.place is Place.AT_BOOM:
            self._is_seen(self.lane, driver)

    def turns_away(self) -> None:
        """The guard has sent the car in front away."""
        if self.front is not None:
            driver = self.front
            self._outside.later(2.0, lambda: self._leaves(driver))

    # ------------------------------------------------------------ from the street to the boom

    def _next(self, after_s: float) -> None:
        if self.waiting and self.front is None:
            self.front = self.waiting.pop(0)
            driver = self.front
            self._outside.later(after_s, lambda: self._arrives(driver))

    def _arrives(self, driver: Driver) -> None:
        driver.place, driver.arrived_s = Place.AT_BOOM, self._outside.elapsed_s
        self.lane.puts(driver.body, on_approach=True, on_safety=False)
        if driver.kind is Kind.TAILGATER and self.lane.place > 0.7:
            self._outside.later(0.2, lambda: self._noses_in(driver))
            return
        later = self._outside.later
        later(driver.read_after_s, lambda: self._if_waiting(driver, self._is_seen))
        later(driver.card_after_s, lambda: self._presents(driver))
        later(driver.patience_s, lambda: self._leaves(driver))
        if driver.leaves_after_s is not None:
            later(driver.leaves_after_s, lambda: self._leaves(driver))
        later(2.5, self._look)

    def _if_waiting(self, driver: Driver, do: Callable[[Lane, Driver], None]) -> None:
        if driver.place is Place.AT_BOOM:
            do(self.lane, driver)

    def _presents(self, driver: Driver) -> None:
        if driver.place is Place.AT_BOOM and driver.car.card is not None and driver.cards_shown < 5:
            driver.cards_shown += 1
            self._shows_card(self.lane, driver)
            self._outside.later(9.0, lambda: self._presents(driver))

    # ------------------------------------------------------------ under the boom and away

    def _look(self) -> None:
        """Roll when the boom is up; one that is coming down behind another car is left to come down."""
        driver = self.front
        if driver is None or driver.place is not Place.AT_BOOM or self._rolling is not None:
            return
        waited = self._outside.elapsed_s - driver.arrived_s
        if waited >= 2.4 and self.lane.place >= 1 - 1e-6:
            self._rolling = self._outside.later(REACTION_S, lambda: self._rolls(driver))

    def _rolls(self, driver: Driver) -> None:
        self._rolling = None
        if driver.place is Place.AT_BOOM and self.lane.place >= 1 - 1e-6:
            self._noses_in(driver)

    def _noses_in(self, driver: Driver) -> None:
        if driver.place is not Place.AT_BOOM or self.lane.place <= 0.6:
            return
        driver.place = Place.NOSE
        self.lane.puts(driver.body, on_approach=True, on_safety=True)
        self._outside.later(DRIVING_S, lambda: self._under(driver))

    def _under(self, driver: Driver) -> None:
        driver.place = Place.UNDER
        self.lane.puts(driver.body, on_approach=False, on_safety=True)
        self._outside.later(DRIVING_S + driver.stops_s, lambda: self._through(driver))

    def _through(self, driver: Driver) -> None:
        driver.place, driver.through_s = Place.THROUGH, self._outside.elapsed_s
        self._off(driver)

    def _leaves(self, driver: Driver) -> None:
        if driver.place is Place.AT_BOOM:
            driver.place = Place.AWAY
            self._off(driver)

    def _off(self, driver: Driver) -> None:
        self.lane.takes_away(driver.body)
        self.front = None
        self._gone(self.lane, driver)
        is_close = bool(self.waiting) and self.waiting[0].kind is Kind.TAILGATER
        self._next(0.3 if is_close else 1.5)
