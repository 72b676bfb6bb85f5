"""What is said of cars and cards while they are inside: watched, dangerous, lost, blocked, another car.

The law of this file: drivers are told of nothing. A card that was lost is still shown by whoever found it,
and a car that stood in for another still comes when its time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from random import Random

from daemon.core.cards import BlockCard, LoseCard, ReceiveCard, UnblockCard
from daemon.core.facts import Fact
from daemon.core.signals import Permit
from daemon.core.special import ClassifyCar, ListWatched, UnclassifyCar, UnlistWatched
from daemon.core.substitution import (
    ConfirmSubstitution,
    EndSubstitution,
    RegisterSubstitution,
    SubstitutionRegistered,
)
from daemon.worlds.gate import Gate
from daemon.worlds.people import Car
from daemon.worlds.persons import GUARDS, LEADER, OFFICE
from daemon.worlds.premises import LAST_PERMIT
from daemon.worlds.scene import Scene
from daemon.worlds.town import Town


class Lists:
    def __init__(self, *, random: Random, scene: Scene, town: Town) -> None:
        self._random = random
        self._scene = scene
        self._town = town
        self._spare = (f"5AFEC{number:05X}" for number in count(1))

    def wakes(self, until_s: float) -> None:
        for do, every_s in (
            (self._watches, 60.0),
            (self._declares_dangerous, 120.0),
            (self._loses_a_card, 60.0),
            (self._blocks_a_card, 80.0),
            (self._changes_the_car, 70.0),
        ):
            self._again(do, every_s, until_s)

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        """A change of car that a guard has registered is confirmed, mostly, by somebody else."""
        del gate
        for fact in facts:
            if isinstance(fact, SubstitutionRegistered):
                number = fact.substitution.number
                self._scene.asks(GUARDS[0], ConfirmSubstitution(number=number))
                if self._random.random() < 0.8:
                    self._after(2.0, 12.0, lambda number=number: self._confirms(number))  # type: ignore[misc]  # bound now

    def calms_down(self) -> None:
        """What was said stands; the last car is nobody's concern."""

    def _again(self, do: Callable[[], None], every_s: float, until_s: float) -> None:
        def once() -> None:
            if self._scene.outside.elapsed_s < until_s:
                do()
                self._scene.later(self._random.expovariate(1 / every_s), once)

        self._scene.later(self._random.expovariate(1 / every_s), once)

    def _after(self, least_s: float, most_s: float, do: Callable[[], None]) -> None:
        self._scene.later(self._random.uniform(least_s, most_s), do)

    def _permit(self) -> Permit:
        return self._random.choice([one for one in self._town.listed if one.id != LAST_PERMIT.id])

    # ------------------------------------------------------------ watched, and dangerous

    def _watches(self) -> None:
        """A car that may be inside, by its plate or by its card; a guard cannot list it."""
        permit, plates = self._permit(), self._town.plates_inside
        plate = self._random.choice(plates) if plates and self._random.random() < 0.6 else permit.plate
        by_card = self._random.random() < 0.3
        listed = ListWatched(
            sign="card" if by_card else "plate",
            value=permit.card if by_card else plate,
            why="警方通报",
            what_to_do="拦下，通知班长",
        )
        self._scene.asks(GUARDS[1], listed)
        self._scene.asks(self._random.choice((LEADER, OFFICE)), listed)
        unlisted = UnlistWatched(sign=listed.sign, value=listed.value, reason="已解除")
        self._after(20.0, 90.0, lambda: self._scene.asks(OFFICE, unlisted))

    def _declares_dangerous(self) -> None:
        plate = self._permit().plate
        self._scene.asks(OFFICE, ClassifyCar(plate=plate, car_class="dangerous"))
        undone = UnclassifyCar(plate=plate, reason="已清罐")
        self._after(20.0, 90.0, lambda: self._scene.asks(OFFICE, undone))

    # ------------------------------------------------------------ cards

    def _loses_a_card(self) -> None:
        """With another card in its place, or without."""
        permit, spare = self._permit(), next(self._spare)
        if self._random.random() < 0.6:
            self._scene.asks(LEADER, ReceiveCard(card=spare, reason="采购"))
            lost = LoseCard(card=permit.card, reason="丢失", fee_fen=2000, replacement=spare)
            self._after(0.5, 2.0, lambda: self._scene.asks(GUARDS[0], lost))
            if self._random.random() < 0.7:
                self._after(5.0, 20.0, lambda: self._town.gets_card(permit.plate, spare))
        else:
            self._scene.asks(GUARDS[0], LoseCard(card=permit.card, reason="丢失"))
            if self._random.random() < 0.5:
                found = UnblockCard(card=permit.card, reason="找到了")
                self._after(10.0, 60.0, lambda: self._scene.asks(LEADER, found))

    def _blocks_a_card(self) -> None:
        card = self._permit().card
        self._scene.asks(GUARDS[0], BlockCard(card=card, reason="核实中"))
        free = UnblockCard(card=card, reason="已核实")
        self._after(10.0, 60.0, lambda: self._scene.asks(GUARDS[0], free))
        self._after(15.0, 80.0, lambda: self._scene.asks(LEADER, free))

    # ------------------------------------------------------------ another car for a while

    def _changes_the_car(self) -> None:
        permit, random = self._permit(), self._random
        plate = f"粤C{random.randrange(10000, 99999)}"
        until = self._scene.outside.now().wall + timedelta(seconds=random.uniform(15.0, 90.0))
        registered = RegisterSubstitution(
            permit=permit.id,
            plate=plate,
            basis="owner_present",
            owner=permit.holder,
            document="行驶证",
            photo="photo.jpg",
            valid_until=until,
        )
        self._scene.asks(GUARDS[0], registered)
        self._town.moves_in(Car(plate, permit.card, permit.id))

    def _confirms(self, number: str) -> None:
        self._scene.asks(LEADER, ConfirmSubstitution(number=number))
        if self._random.random() < 0.2:
            ended = EndSubstitution(number=number, reason="车修好了")
            self._after(5.0, 30.0, lambda: self._scene.asks(GUARDS[1], ended))
