"""Who lives here and who visits, the list of permits, and who comes to which lane when.

The law of this file: people act on what people can see, the panel included; nobody waits for anybody but in
the queue of a lane. Each stream of events has a random of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random

from daemon.core.signals import DirectoryGiven, PlateRead
from daemon.worlds.devices import Desk
from daemon.worlds.gate import Gate
from daemon.worlds.outside import Outside
from daemon.worlds.people import Car, Driver, Kind, Place, Queue, driver
from daemon.worlds.persons import OFFICE
from daemon.worlds.premises import LAST_PERMIT, Premises, permit
from daemon.worlds.site import Lane

LAST = Car(LAST_PERMIT.plate, LAST_PERMIT.card, LAST_PERMIT.id)

_KINDS: dict[Kind, float] = {
    Kind.RESIDENT: 10,
    Kind.VISITOR: 6,
    Kind.TAILGATER: 3,
    Kind.CLONED_CARD: 1.5,
    Kind.MISREAD: 2,
    Kind.UNREADABLE: 1,
    Kind.CARD_AFTER_LONG: 1,
    Kind.FORGOT_CARD: 1,
    Kind.MOTORCYCLE: 1,
    Kind.STOPS_UNDER: 2,
    Kind.BACKS_OFF: 2,
}

_EVERY_S = 14.0


class Town:
    """Begins to live with `wakes(until_s)`. `gate()` is the process that runs now, if any."""

    def __init__(
        self,
        *,
        random: Random,
        outside: Outside,
        premises: Premises,
        desks: dict[str, Desk],
        gate: Callable[[], Gate | None],
        camera_is_lost: Callable[[str], bool],
        through: Callable[[Lane, Driver], None],
        card_shown: Callable[[], None],
    ) -> None:
        self._random = random
        self._outside = outside
        self._desks = desks
        self._gate = gate
        self._camera_is_lost = camera_is_lost
        self._told_through = through
        self._card_shown = card_shown
        self._tracks = count(1)
        self._inside: dict[str, Car] = {}
        self._about: set[str] = set()
        """Plates that are at a lane now."""
        self.listed = premises.permits
        self._residents = [Car(p.plate, p.card, p.id) for p in self.listed if p.id != LAST.permit]
        self.queues = {
            lane.name: Queue(
                lane, outside, shows_card=self._shows_card, is_seen=self._is_seen, gone=self._gone
            )
            for lane in premises.lanes
        }

    def wakes(self, until_s: float) -> None:
        for queue in self.queues.values():
            self._every(queue, until_s)
        if self._random.random() < 0.5:
            self._outside.later(self._random.uniform(20, until_s), self._new_list)

    # ------------------------------------------------------------ drivers

    def _every(self, queue: Queue, until_s: float) -> None:
        if self._outside.elapsed_s >= until_s:
            return
        if len(queue.waiting) < 4:
            self._sends_one(queue)
        self._outside.later(self._random.expovariate(1 / _EVERY_S), lambda: self._every(queue, until_s))

    def _sends_one(self, queue: Queue) -> None:
        random = self._random
        kind = random.choices(list(_KINDS), list(_KINDS.values()))[0]
        other = random.choice(self._residents)
        if queue.lane.direction == "exit":
            cars = [car for car in self._inside.values() if car.plate not in self._about]
        elif kind in (Kind.VISITOR, Kind.TAILGATER, Kind.CLONED_CARD):
            cars = [Car(_strange_plate(random), None, None)]
        else:
            gone = self._inside.keys() | self._about
            cars = [car for car in self._residents if car.plate not in gone]
        if cars:
            car = random.choice(cars)
            self._about.add(car.plate)
            queue.comes(driver(kind, car, other, random))

    def last_one_comes(self, lane: Lane) -> Driver:
        made = driver(Kind.RESIDENT, LAST, LAST, self._random)
        made = replace(made, card_after_s=0.5, read_after_s=0.7, patience_s=1e6)
        self.queues[lane.name].comes(made)
        return made

    @property
    def plates_inside(self) -> list[str]:
        return list(self._inside)

    def moves_in(self, car: Car) -> None:
        """One car more that comes and goes."""
        self._residents.append(car)

    def gets_card(self, plate: str, card: str) -> None:
        """From now on the driver of that car shows another card."""
        self._residents = [replace(one, card=card) if one.plate == plate else one for one in self._residents]
        if plate in self._inside:
            self._inside[plate] = replace(self._inside[plate], card=card)

    def _gone(self, lane: Lane, driver: Driver) -> None:
        self._about.discard(driver.car.plate)
        if driver.place is Place.THROUGH:
            if lane.direction == "entry":
                self._inside[driver.car.plate] = driver.car
            else:
                self._inside.pop(driver.car.plate, None)
            self._told_through(lane, driver)

    # ------------------------------------------------------------ what they show

    def _shows_card(self, lane: Lane, driver: Driver) -> None:
        desk = self._desks[lane.name]
        frame = desk.shows(driver.car.card or "")
        self._card_shown()
        cut = driver.cards_shown * 3 % len(frame)
        for repeat in range(3):
            # As USB does: now and then a frame comes in two pieces.
            self._outside.later(repeat * 0.1, lambda: desk.sends(frame[:cut]))
            self._outside.later(repeat * 0.1 + 0.004, lambda: desk.sends(frame[cut:]))

    def _is_seen(self, lane: Lane, driver: Driver) -> None:
        gate = self._gate()
        if gate is None or self._camera_is_lost(lane.name):
            return
        gate.post(
            PlateRead(
                at=self._outside.now(),
                lane=lane.name,
                track=f"{lane.name}-t{next(self._tracks)}",
                plate=driver.plate_read,
                valid=bool(driver.plate_read),
                confidence=0.97 if driver.plate_read else 0.2,
                chars=(),
                colour="blue",
                frames=3,
                picture=None,
                crop=None,
            )
        )

    def camera_looks_again(self) -> None:
        """After a start the cameras report whoever stands there."""
        for queue in self.queues.values():
            self._outside.later(self._random.uniform(0.5, 2.0), queue.sees_again)

    # ------------------------------------------------------------ the office

    def _new_list(self) -> None:
        """One permit less, one card replaced, one new."""
        kept = list(self.listed)
        kept.remove(self._random.choice([permit for permit in kept if permit.id != LAST.permit]))
        at = self._random.randrange(1, len(kept))
        kept[at] = replace(kept[at], card=f"{self._random.getrandbits(40):010X}")
        kept.append(permit(90, self._random))
        self.listed = tuple(kept)
        gate = self._gate()
        if gate is not None:
            gate.ask(DirectoryGiven(at=self._outside.now(), actor=OFFICE, permits=self.listed))


def _strange_plate(random: Random) -> str:
    """Of somebody from outside: blue, now and then green, seldom of the police."""
    number = random.randrange(10000, 99999)
    return random.choices((f"粤A{number}", f"粤AD{number}", f"粤A{number % 10000:04d}警"), (10, 2, 0.5))[0]
