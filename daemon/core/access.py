"""Who may pass: what the gate makes of a card, a plate and a lane.

RULES is the whole of it, asked from the top; the first that answers decides, and the names asked on the way
are the trace that goes into the fact. A rule answers None where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from daemon.core.facts import Candidate
from daemon.core.lane import DECIDED, LEFT_AFTER
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
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    reason: Reason
    candidates: tuple[Candidate, ...] = ()
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    reason: Reason
    trace: tuple[str, ...] = ()


Verdict = Wait | Gone | Grant | Hold | Refuse


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
        return None if card is None else self.state.permit_by_card(card)

    @property
    def plate_permit(self) -> Permit | None:
        plate = self.passage.plate
        return self.state.permit_by_plate(plate) if plate and self.passage.plate_valid else None

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
        return self.state.stay_by_plate(self._plate)

    @property
    def is_let_through_elsewhere(self) -> bool:
        """True where the same car is on its way through another lane of this direction."""
        permit_id = self.permit.id if self.permit is not None else None
        return any(
            (permit_id is not None and other.passage.permit_id == permit_id)
            or (bool(self._plate) and other.passage.plate == self._plate)
            for other in self.state.lanes.values()
            if other.passage is not None
            and other.phase in DECIDED
            and other.id != self.lane.id
            and other.direction == self.lane.direction
        )

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
        return permit is not None and (self.plate_permit == permit or self.is_corrected)

    @property
    def is_within_window(self) -> bool:
        """True where card and plate were shown close enough together to be of one car."""
        card_at, plate_at = self.passage.card_at, self.passage.plate_at
        if card_at is None or plate_at is None:
            return False
        return abs(card_at - plate_at) <= self.lane.rules.match_window


Rule = Callable[[Case], Verdict | None]


def judge(state: State, lane: LaneState, passage: Passage, at: Instant) -> Verdict:
    """What to do with this car now. Pure, total, and the same for the same arguments."""
    case = Case(state, lane, passage, at)
    asked: list[str] = []
    for name, rule in RULES:
        asked.append(name)
        verdict = rule(case)
        if verdict is None:
            continue
        return verdict if isinstance(verdict, Wait | Gone) else replace(verdict, trace=tuple(asked))
    raise AssertionError("the last rule always answers")


# ---------------------------------------------------------------- the rules, in order


def _presence(case: Case) -> Verdict | None:
    """Nobody is let through on a lane whose approach loop says that nobody is there."""
    if not case.lane.car_is_absent:
        return None
    opened = case.passage.opened.mono
    patience = LEFT_AFTER if case.lane.approach_since >= opened else case.lane.rules.match_window
    left = max(opened, case.lane.approach_since) + patience
    return Wait(left) if case.at.mono < left else Gone()


def _unknown_card(case: Case) -> Verdict | None:
    if case.lane.mode == "plate_only" or case.passage.card is None or case.card_permit is not None:
        return None
    return Hold(reason=Reason.CARD_UNKNOWN)


def _mismatch(case: Case) -> Verdict | None:
    """Card and plate were both read and belong to two different cars."""
    if case.lane.mode != "card_and_plate" or case.card_permit is None or not case.plate_is_readable:
        return None
    return None if case.is_card_and_plate_of_one_permit else Hold(reason=Reason.CARD_PLATE_MISMATCH)


def _both_needed(case: Case) -> Verdict | None:
    """Card AND plate (R02): wait for the other one within the match window, then ask the guard."""
    if case.lane.mode != "card_and_plate":
        return None
    if case.is_card_and_plate_of_one_permit:
        return None if case.is_within_window else Hold(reason=Reason.TOO_FAR_APART)
    if case.card_permit is not None:
        unreadable = case.passage.plate is not None
        return _awaited(
            case, case.passage.card_at, Reason.PLATE_UNREADABLE if unreadable else Reason.PLATE_MISSING
        )
    if case.plate_permit is not None:
        return _awaited(case, case.passage.plate_at, Reason.CARD_MISSING)
    return None


def _one_needed(case: Case) -> Verdict | None:
    """A lane that goes by one sign only, and has not got it yet."""
    if case.lane.mode == "card_only" and case.passage.card is None:
        return _awaited(case, case.passage.opened.mono, Reason.CARD_MISSING)
    if case.lane.mode == "plate_only" and not case.plate_is_readable:
        seen = case.passage.plate is not None
        return _awaited(
            case, case.passage.opened.mono, Reason.PLATE_UNREADABLE if seen else Reason.PLATE_MISSING
        )
    return None


def _validity(case: Case) -> Verdict | None:
    """Dates count only while the clock can be trusted: a gate without a clock goes on working."""
    permit = case.permit
    if permit is None:
        return None
    if permit.lanes and case.lane.id not in permit.lanes:
        return Hold(reason=Reason.LANE_NOT_ALLOWED)
    if case.at.trusted:
        if permit.valid_from is not None and case.at.wall < permit.valid_from:
            return Hold(reason=Reason.NOT_YET_VALID)
        if permit.valid_until is not None and case.at.wall >= permit.valid_until:
            return Hold(reason=Reason.EXPIRED)
    return None


def _passback(case: Case) -> Verdict | None:
    """In and out alternate (R05), for a permit and its plate, across all lanes."""
    if case.permit is None:
        return None
    if case.lane.direction == "entry" and (case.stay is not None or case.is_let_through_elsewhere):
        return Hold(reason=Reason.ALREADY_INSIDE)
    if case.lane.direction == "exit" and (case.stay is None or case.is_let_through_elsewhere):
        return Hold(reason=Reason.NOT_INSIDE)
    return None


_GRANTED_BY = {
    "card_and_plate": Reason.PERMIT_CARD_AND_PLATE,
    "card_only": Reason.PERMIT_CARD,
    "plate_only": Reason.PERMIT_PLATE,
}


def _permit(case: Case) -> Verdict | None:
    permit = case.permit
    if permit is None:
        return None
    return Grant(
        reason=_GRANTED_BY[case.lane.mode],
        permit=permit,
        stay=case.stay if case.lane.direction == "exit" else None,
        corrected_plate=permit.plate if case.lane.mode == "card_and_plate" and case.is_corrected else None,
    )


def _plate_needed(case: Case) -> Verdict | None:
    """No permit: from here on it is the plate that counts. Give the driver time to show a card as well."""
    if not case.plate_is_readable:
        seen = case.passage.plate is not None
        return _awaited(
            case, case.passage.opened.mono, Reason.PLATE_UNREADABLE if seen else Reason.PLATE_MISSING
        )
    until = (case.passage.plate_at or case.passage.opened.mono) + case.lane.rules.visitor_wait
    return Wait(until) if case.lane.mode == "card_and_plate" and case.at.mono < until else None


def _temporary_exit(case: Case) -> Verdict | None:
    """Exit check of R15: the plate names an open temporary stay, or the guard gets the nearest ones."""
    if case.lane.direction != "exit":
        return None
    if case.stay is not None and not case.is_let_through_elsewhere:
        return Grant(reason=Reason.TEMPORARY_EXIT, stay=case.stay)
    return Hold(
        reason=Reason.NO_MATCHING_STAY,
        candidates=nearest(case.state.stays.values(), case.passage.plate or ""),
    )


def _temporary_entry(case: Case) -> Verdict | None:
    """Temporary pass of R14, as the lane's policy says."""
    if case.stay is not None or case.is_let_through_elsewhere:
        return Hold(reason=Reason.ALREADY_INSIDE)
    match case.lane.rules.temporary:
        case "allow":
            return Grant(reason=Reason.TEMPORARY_PASS)
        case "guard":
            return Hold(reason=Reason.PLATE_UNKNOWN)
        case "refuse":
            return Refuse(reason=Reason.PLATE_UNKNOWN)


RULES: tuple[tuple[str, Rule], ...] = (
    ("presence", _presence),
    ("unknown_card", _unknown_card),
    ("mismatch", _mismatch),
    ("both_needed", _both_needed),
    ("one_needed", _one_needed),
    ("validity", _validity),
    ("passback", _passback),
    ("permit", _permit),
    ("plate_needed", _plate_needed),
    ("temporary_exit", _temporary_exit),
    ("temporary_entry", _temporary_entry),
)


def _awaited(case: Case, since: timedelta | None, otherwise: Reason) -> Verdict:
    """Wait out the match window from `since`; then it is the guard's."""
    until = (since if since is not None else case.passage.opened.mono) + case.lane.rules.match_window
    if case.at.mono < until:
        return Wait(until)
    is_exit_without_match = otherwise is Reason.PLATE_UNREADABLE and case.lane.direction == "exit"
    stays = case.state.stays.values() if is_exit_without_match else ()
    return Hold(reason=otherwise, candidates=nearest(stays, case.passage.plate or ""))
