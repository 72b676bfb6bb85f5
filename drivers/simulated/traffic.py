"""Cars that drive through the simulated site.

The law of this file: what it put in front of readers and cameras is in `log`, and that is the truth to score
a gate against. The same seed and the same gate make the same traffic. At each boom stands one car at a time
and the others queue; a car does not follow another one through. A car that is not let through within
`PATIENCE_S` turns round, and is counted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from drivers.simulated.lane import Car, SimulatedLane
from drivers.simulated.scene import PlateColour

PATIENCE_S = 30.0
"""How long a driver waits at a boom before turning round."""

CARD_AFTER_S = 0.5
"""From standing at the boom to the card being in front of the reader."""

_HEADWAY_S = 15.0
"""How long a driver waits for the boom to come down behind the car ahead."""

_ROOM = 5
"""A driver who sees so many cars in front of an entry drives on elsewhere."""

_TRY_AGAIN_S = 20.0
"""When a car that wants to leave, and was not let out, comes back to the exit."""

_NEW_ENERGY = 0.3
"""The part of the visitors with a green plate."""

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DIGITS = "0123456789"
"""A serial number on a plate has neither I nor O (GA 36)."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A car that came up to a boom: what camera and reader were shown."""

    lane: str
    plate: str
    card: str | None
    """None for a car without one."""
    arrived_ns: int
    """CLOCK_BOOTTIME."""


@dataclass(frozen=True, slots=True)
class _Driver:
    plate: str
    card: str | None


class Traffic:
    """Residents and visitors, in at `entries`, out at `exits` after about `stay_s`.

    `residents` are pairs of card and plate, all of them out; `inside` are those who are in when it begins,
    with None for the card of a visitor, and leave like the others. `cars_per_minute` is the mean for each
    entry lane, `visitors` the part of them (0 to 1) that is no resident. Without exits a car that is in is
    never seen again.
    """

    def __init__(
        self,
        *,
        entries: Sequence[SimulatedLane],
        exits: Sequence[SimulatedLane],
        residents: Sequence[tuple[str, str]],
        inside: Sequence[tuple[str | None, str]] = (),
        cars_per_minute: float,
        visitors: float,
        stay_s: float,
        seed: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.log: list[Arrival] = []
        self.let_through = 0
        self.gave_up = 0
        self._entries = entries
        self._exits = exits
        self._out = [_Driver(plate, card) for card, plate in residents]
        """The residents who are neither inside nor on their way."""
        self._inside = [_Driver(plate, card) for card, plate in inside]
        self._seconds_a_car = 60.0 / cars_per_minute
        self._visitors = visitors
        self._stay_s = stay_s
        self._sleep = sleep
        self._random = random.Random(seed)  # noqa: S311  # cars, not keys
        self._queues = {lane.id: asyncio.Lock() for lane in (*entries, *exits)}
        self._in_front_of = dict.fromkeys(self._queues, 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Let cars come until `stop` is set; then they stand where they are."""
        driving = asyncio.create_task(self._drive(), name="traffic")
        stopped = asyncio.create_task(stop.wait(), name="traffic stop")
        try:
            await asyncio.wait({driving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            driving.cancel()
        await asyncio.wait({driving})
        if not driving.cancelled():
            driving.result()

    async def _drive(self) -> None:
        async with asyncio.TaskGroup() as road:
            for lane in self._entries:
                road.create_task(self._keep_coming(lane, road), name=f"traffic {lane.id}")
            for driver in self._inside:
                road.create_task(self._leave(driver), name=f"car {driver.plate}")

    async def _keep_coming(self, lane: SimulatedLane, road: asyncio.TaskGroup) -> None:
        while True:
            await self._sleep(self._random.expovariate(1.0 / self._seconds_a_car))
            driver = self._next_driver() if self._in_front_of[lane.id] < _ROOM else None
            if driver is not None:
                road.create_task(self._visit(driver, lane), name=f"car {driver.plate}")

    def _next_driver(self) -> _Driver | None:
        """None where it would be a resident, and all of them are in."""
        if self._random.random() < self._visitors:
            return _Driver(_made_up_plate(self._random), None)
        return self._out.pop(self._random.randrange(len(self._out))) if self._out else None

    async def _visit(self, driver: _Driver, entry: SimulatedLane) -> None:
        if await self._pass(driver, entry):
            await self._leave(driver)
        else:
            self._is_out(driver)

    async def _leave(self, driver: _Driver) -> None:
        if not self._exits:
            return
        await self._sleep(self._random.uniform(0.5, 1.5) * self._stay_s)
        while not await self._pass(driver, self._random.choice(self._exits)):
            await self._sleep(_TRY_AGAIN_S)
        self._is_out(driver)

    def _is_out(self, driver: _Driver) -> None:
        if driver.card is not None:
            self._out.append(driver)

    async def _pass(self, driver: _Driver, lane: SimulatedLane) -> bool:
        """Queue, drive up, show the card, wait, drive on. False where the driver had to turn round."""
        self._in_front_of[lane.id] += 1
        try:
            async with self._queues[lane.id]:
                return await self._pass_first(driver, lane)
        finally:
            self._in_front_of[lane.id] -= 1

    async def _pass_first(self, driver: _Driver, lane: SimulatedLane) -> bool:
        await _happens(lane, lambda: lane.car is None and lane.boom_is_down, _HEADWAY_S)
        car = lane.arrive(driver.plate, _colour(driver.plate))
        arrived_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.log.append(Arrival(lane.id, driver.plate, driver.card, arrived_ns))
        if driver.card is not None:
            lane.call_later(CARD_AFTER_S, _showing(lane, car, driver.card))
        if not await _happens(lane, lambda: car.has_left, PATIENCE_S) and lane.back_off():
            self.gave_up += 1
            return False
        await _happens(lane, lambda: car.has_left, PATIENCE_S)
        self.let_through += 1
        return True


def _showing(lane: SimulatedLane, car: Car, card: str) -> Callable[[], None]:
    def show() -> None:
        if lane.car is car:
            lane.present_card(card)

    return show


async def _happens(lane: SimulatedLane, condition: Callable[[], bool], within_s: float) -> bool:
    """True as soon as `condition` holds at that lane, False where it did not in time."""
    done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(outcome: bool) -> None:
        if not done.done():
            done.set_result(outcome)

    limit = lane.call_later(within_s, lambda: settle(False))
    forget = lane.when(condition, lambda: settle(True))
    try:
        return await done
    finally:
        limit.cancel()
        forget()


def _colour(plate: str) -> PlateColour:
    return "green" if len(plate) == 8 else "blue"


def _made_up_plate(dice: random.Random) -> str:
    """A plate as GA 36 has them: 7 characters, or 8 for new energy (small cars: D or F, then digits)."""
    where = dice.choice(_PROVINCES) + dice.choice(_LETTERS)
    if dice.random() < _NEW_ENERGY:
        return where + dice.choice("DF") + "".join(dice.choices(_DIGITS, k=5))
    return where + "".join(dice.choices(_LETTERS + _DIGITS, k=5))
