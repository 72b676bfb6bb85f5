"""Who lives here, who visits, who sits in the guardhouse and in the office, and what they do all day.

The law of this file: people act on what people can see, the panel included; nobody waits for anybody but in
the queue of a lane. Each stream of events has a random of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Literal

from daemon.core.facts import AccessRefused, CarHeld, Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, DirectoryGiven, GuardAsked, Permit, PlateRead
from daemon.core.state import LaneRules
from daemon.worlds.devices import Desk
from daemon.worlds.gate import Gate
from daemon.worlds.laws import Witness
from daemon.worlds.outside import Outside
from daemon.worlds.people import Car, Driver, Kind, Place, Queue, driver
from daemon.worlds.site import Lane

_GUARDS = (Actor(name="老王", role="guard"), Actor(name="小李", role="guard"))
_OFFICE = Actor(name="物业", role="office")

LAST = Car("粤B90000", "00000000FF", "P-last")
"""The car with a permit that comes when all is over: nothing has ever happened to it."""

_KINDS: dict[Kind, float] = {
    Kind.RESIDENT: 10,
    Kind.VISITOR: 4,
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
        lanes: list[Lane],
        desks: dict[str, Desk],
        witness: Callable[[], Witness],
        gate: Callable[[], Gate | None],
        camera_is_lost: Callable[[str], bool],
        through: Callable[[Lane, Driver], None],
        card_shown: Callable[[], None],
    ) -> None:
        self._random = random
        self._outside = outside
        self._desks = desks
        self._witness = witness
        self._gate = gate
        self._camera_is_lost = camera_is_lost
        self._told_through = through
        self._card_shown = card_shown
        self._tracks = count(1)
        self._inside: dict[str, Car] = {}
        self._about: set[str] = set()
        """Plates that are at a lane now."""
        self.listed = _permits(random)
        self._residents = [Car(p.plate, p.card, p.id) for p in self.listed if p.id != LAST.permit]
        self.rules = tuple(_rules(random, lane) for lane in lanes)
        self.queues = {
            lane.name: Queue(
                lane, outside, shows_card=self._shows_card, is_seen=self._is_seen, gone=self._gone
            )
            for lane in lanes
        }
        self._modes = {rules.id: rules.mode for rules in self.rules}

    def wakes(self, until_s: float) -> None:
        for queue in self.queues.values():
            self._every(queue, until_s)
        for lane in self.queues:
            self._now_and_then(lane, until_s)
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
            cars = [Car(f"粤A{random.randrange(10000, 99999)}", None, None)]
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

    # ------------------------------------------------------------ the guardhouse

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        """The panel shows what the gate holds to be so."""
        for fact in facts:
            if isinstance(fact, CarHeld):
                self._guard_decides(gate, fact)
            elif isinstance(fact, AccessRefused) and fact.lane in self.queues:
                self.queues[fact.lane].turns_away()

    def _guard_decides(self, gate: Gate, held: CarHeld) -> None:
        random, lane = self._random, held.lane or ""
        front = self.queues[lane].front
        is_wrong = front is None or front.kind is Kind.CLONED_CARD
        action: Literal["release", "refuse"] = "refuse" if is_wrong or random.random() < 0.1 else "release"
        plate = front.car.plate if front is not None else ""
        stay = next((c.stay_id for c in held.candidates if c.plate == plate), None)
        asked = GuardAsked(
            at=self._outside.now(),
            actor=_GUARDS[0],
            lane=lane,
            action=action,
            reason="看过车辆",
            passage=held.passage,
            resync=held.reason in (Reason.ALREADY_INSIDE, Reason.NOT_INSIDE),
            stay=stay,
        )
        delay_s = random.uniform(1.0, 12.0)
        self._asks(gate, asked, delay_s)
        if random.random() < 0.3:  # a double click
            self._asks(gate, asked, delay_s + random.choice((0.0, 0.2)))
        if random.random() < 0.2:  # two guards at two desks
            other: Literal["release", "refuse"] = random.choice(("release", "refuse"))
            self._asks(gate, replace(asked, actor=_GUARDS[1], action=other), delay_s + random.uniform(0, 1))

    def _asks(self, gate: Gate, asked: GuardAsked, delay_s: float) -> None:
        self._outside.later(delay_s, lambda: gate.ask(replace(asked, at=self._outside.now())))

    def _now_and_then(self, lane: str, until_s: float) -> None:
        """What guards do besides: look, press, change their minds, and close what stands open."""
        random, queue = self._random, self.queues[lane]
        if self._outside.elapsed_s < until_s and random.random() < 0.25:
            action: Literal["open", "close", "stop"] | None
            action = random.choice(("open", "close", "stop", None, None))
            if action is None:
                self._witness().presses_button(queue.lane)
            else:
                self._says(lane, action)
        elif queue.front is None and not queue.waiting and queue.lane.place > 0.9:
            self._says(lane, "close")
        elif queue.front is not None and self._waits_in_vain(queue.front):
            self._witness().presses_button(queue.lane)
        self._outside.later(random.uniform(5, 20), lambda: self._now_and_then(lane, until_s))

    def _waits_in_vain(self, driver: Driver) -> bool:
        return driver.place is Place.AT_BOOM and self._outside.elapsed_s - driver.arrived_s > 35

    def _says(self, lane: str, action: Literal["open", "close", "stop"]) -> None:
        gate = self._gate()
        if gate is not None:
            actor = self._random.choice(_GUARDS)
            gate.ask(GuardAsked(at=self._outside.now(), actor=actor, lane=lane, action=action, reason="值班"))

    # ------------------------------------------------------------ the office

    def _new_list(self) -> None:
        """One permit less, one card replaced, one new."""
        kept = list(self.listed)
        kept.remove(self._random.choice([permit for permit in kept if permit.id != LAST.permit]))
        at = self._random.randrange(1, len(kept))
        kept[at] = replace(kept[at], card=f"{self._random.getrandbits(40):010X}")
        kept.append(_permit(90, self._random))
        self.listed = tuple(kept)
        gate = self._gate()
        if gate is not None:
            gate.ask(DirectoryGiven(at=self._outside.now(), actor=_OFFICE, permits=self.listed))


def _permit(number: int, random: Random) -> Permit:
    return Permit(
        id=f"P{number:02d}",
        card=f"{random.getrandbits(40):010X}",
        plate=f"粤B{number:02d}{random.choice(('268', '086', '820'))}",
        holder=f"住户{number}",
        household=f"{number}-101",
    )


def _permits(random: Random) -> tuple[Permit, ...]:
    """A dozen households; one permit has run out, one has not begun, one is for the other lane."""
    permits = [_permit(number, random) for number in range(10, 22)]
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)
    permits[0] = replace(permits[0], valid_until=now - timedelta(days=1))
    permits[1] = replace(permits[1], valid_from=now + timedelta(days=1))
    permits[2] = replace(permits[2], lanes=("exit-1",))
    last = Permit(id="P-last", card=LAST.card or "", plate=LAST.plate, holder="末车", household="99-101")
    return (last, *permits)


def _rules(random: Random, lane: Lane) -> LaneRules:
    modes: tuple[Literal["card_and_plate", "plate_only", "card_only"], ...]
    modes = ("card_and_plate", "card_and_plate", "card_and_plate", "plate_only", "card_only")
    return LaneRules(
        id=lane.name,
        name=lane.name,
        direction=lane.direction,
        mode=random.choice(modes),
        temporary=random.choice(("allow", "allow", "guard", "refuse")),
    )
