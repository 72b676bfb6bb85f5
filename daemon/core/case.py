"""One car at one lane, looked at now, and what can be answered about it: the words that every rule speaks.

The law of this file: what a rule may ask of a case, no rule. `daemon.core.access` has them in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from daemon.core.facts import Candidate
from daemon.core.lane import DECIDED
from daemon.core.plates import one_confusable_apart
from daemon.core.reasons import Reason
from daemon.core.signals import Instant, Permit
from daemon.core.state import LaneState, Passage, State, Stay
from daemon.core.stays import nearest


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to decide before `until`, unless something new is seen."""

    until: timedelta


@dataclass(frozen=True, slots=True)
class Gone:
    """The car has backed away; there is nobody to decide about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    reason: Reason
    permit: Permit | None = None
    stay: Stay | None = None
    corrected_plate: str | None = None
    told: tuple[Reason, ...] = ()
    """What the driver hears besides."""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    reason: Reason
    candidates: tuple[Candidate, ...] = ()
    advice: str = ""
    """What the guard is to do, where somebody has written that down."""
    other_picture: str | None = None
    """What to compare this car with."""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    reason: Reason
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """This car is to be told what its stay costs; then it is asked again."""

    stay: Stay


Verdict = Wait | Gone | Charge | Grant | Hold | Refuse


@dataclass(frozen=True, slots=True)
class Case:
    """One car at one lane, looked at now."""

    state: State
    lane: LaneState
    passage: Passage
    at: Instant

    @property
    def card_permit(self) -> Permit | None:
        """Asked of the list as it is now: a card reported lost opens nothing from that moment."""
        card = self.passage.card
        return None if card is None else self.state.permit_by_card(card, self.at)

    @property
    def plate_permit(self) -> Permit | None:
        plate = self.passage.plate
        return self.state.permit_by_plate(plate, self.at) if plate and self.passage.plate_valid else None

    @property
    def permit(self) -> Permit | None:
        """The permit this car comes under, once the rules above have settled that it is one."""
        return self.card_permit if self.lane.mode != "plate_only" and self.card_permit else self.plate_permit

    @property
    def stay(self) -> Stay | None:
        """The open stay of this car: its permit's, or that of its plate."""
        permit = self.permit
        if permit is not None and (stay := self.state.stay_by_permit(permit.id)) is not None:
            return stay
        return self.card_stay or self.state.stay_by_plate(self._plate)

    @property
    def card_stay(self) -> Stay | None:
        """The stay that a temporary card names (R04)."""
        return self.state.stay_by_card(self.passage.card)

    @property
    def plate_is_not_needed(self) -> bool:
        """True where a temporary card stands for it: nobody reads plates here, or the pass has none."""
        if not self.state.cards.is_temporary(self.passage.card):
            return False
        stay = self.card_stay
        return self.lane.mode == "card_only" or (stay is not None and stay.has_no_plate)

    @property
    def is_let_through_elsewhere(self) -> bool:
        return self.let_through_elsewhere is not None

    @property
    def let_through_elsewhere(self) -> Passage | None:
        """The same car, as it seems, on its way through another lane of this direction."""
        permit_id = self.permit.id if self.permit is not None else None
        decided = (
            other.passage
            for other in self.state.lanes.values()
            if other.passage is not None
            and other.phase in DECIDED
            and other.id != self.lane.id
            and other.direction == self.lane.direction
        )
        return next(
            (
                car
                for car in decided
                if (permit_id is not None and car.permit_id == permit_id)
                or (bool(self._plate) and car.plate == self._plate)
            ),
            None,
        )

    @property
    def where_it_may_have_come_in(self) -> str:
        """What the guard is told of a car that nobody knows, while a gate of the site is cut off (R45)."""
        if not self.state.unheard:
            return ""
        gates = ", ".join(self.state.unheard)
        return f"{gates} 失联，可能由该门入场 / is cut off: it may have come in there"

    @property
    def _plate(self) -> str:
        return self.permit.plate if self.permit is not None else self.passage.plate or ""

    @property
    def plate_is_readable(self) -> bool:
        return bool(self.passage.plate) and self.passage.plate_valid

    @property
    def is_corrected(self) -> bool:
        """The card names a permit, and the plate read is that permit's but for one confusable character.

        Never between two listed plates: a read that is itself somebody's plate is that car.
        """
        permit, read = self.card_permit, self.passage.plate
        return (
            permit is not None
            and bool(read)
            and read != permit.plate
            and self.plate_permit is None
            and one_confusable_apart(read or "", permit.plate)
        )

    @property
    def is_card_and_plate_of_one_permit(self) -> bool:
        permit = self.card_permit
        return permit is not None and (
            self.plate_permit == permit or self.is_corrected or self.is_the_car_that_came_in
        )

    @property
    def is_mismatch(self) -> bool:
        """Card and plate were both read and belong to two different cars."""
        are_read = self.card_permit is not None and self.plate_is_readable
        return self.lane.mode == "card_and_plate" and are_read and not self.is_card_and_plate_of_one_permit

    def permit_by(self, sign: Literal["plate", "card"]) -> Permit | None:
        """The permit this car comes under where a person answers for it: the card names it, as long as it is
        not of another car; of two cars it is the one that `sign` says."""
        if self.is_mismatch and sign == "plate":
            return self.plate_permit
        return self.card_permit or self.plate_permit

    @property
    def stay_of_card_shown(self) -> Stay | None:
        """The open stay of the permit that the card names, whatever plate was read."""
        permit = self.card_permit
        return self.state.stay_by_permit(permit.id) if permit is not None else None

    @property
    def stay_of_plate_seen(self) -> Stay | None:
        """The open stay of the plate that was read, whatever the card says."""
        permit, state = self.plate_permit, self.state
        of_permit = state.stay_by_permit(permit.id) if permit is not None else None
        return of_permit or state.stay_by_plate(self.passage.plate or "")

    @property
    def is_the_car_that_came_in(self) -> bool:
        """The car that the card's permit is inside with, whatever stands for the permit by now (R03)."""
        permit, plate = self.card_permit, self.passage.plate
        stay = self.state.stay_by_permit(permit.id) if permit is not None else None
        return self.lane.direction == "exit" and stay is not None and stay.plate == plate

    @property
    def is_within_window(self) -> bool:
        """True where card and plate were shown close enough together to be of one car."""
        card_at, plate_at = self.passage.card_at, self.passage.plate_at
        if card_at is None or plate_at is None:
            return False
        return abs(card_at - plate_at) <= self.lane.rules.match_window


def inside_already(case: Case) -> Hold:
    """With the picture of the car that came in, or is coming in elsewhere: one of the two may be a copy."""
    other = case.stay or case.let_through_elsewhere
    return Hold(reason=Reason.ALREADY_INSIDE, other_picture=other.picture if other is not None else None)


Rule = Callable[[Case], Verdict | None]


def awaited(case: Case, since: timedelta | None, otherwise: Reason) -> Verdict:
    """Wait out the match window from `since`; then it is the guard's."""
    until = (since if since is not None else case.passage.opened.mono) + case.lane.rules.match_window
    if case.at.mono < until:
        return Wait(until)
    is_exit_without_match = otherwise is Reason.PLATE_UNREADABLE and case.lane.direction == "exit"
    stays = case.state.stays.values() if is_exit_without_match else ()
    return Hold(reason=otherwise, candidates=nearest(stays, case.passage.plate or ""))
