"""Change of car (R03): for a period, another plate stands for a permit's own.

The law of this file: it takes two people, a reason on paper and a photo. While it holds, the substitute is
the permit's car and the permit's own plate is not, so that one permit never has two cars (R01). It ends by
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.plates import is_plate
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Instant, Request
from daemon.core.table import Table
from daemon.core.wall_clock import mono_at, time_of_day

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

Basis = Literal["owner_present", "written_authorisation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    number: str
    permit_id: str
    own_plate: str
    plate: str
    basis: Basis
    owner: str
    """Who stood there, or who signed."""
    document: str
    """What the paper is called: an identity or driving licence, or the authorisation."""
    photo: str
    """Reference of the picture of car, person and paper."""
    valid_until: datetime
    by: Actor


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSubstitution(Request):
    """A guard registers that a permit comes with another car for a while."""

    permit: str
    plate: str
    basis: Basis
    owner: str
    document: str
    photo: str
    valid_until: datetime
    kind: Literal["register_substitution"] = "register_substitution"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSubstitution(Request):
    """A shift leader, not the one who registered it, confirms: from now on it holds."""

    number: str
    kind: Literal["confirm_substitution"] = "confirm_substitution"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSubstitution(Request):
    """The own car is back early, or the registration was a mistake."""

    number: str
    reason: str
    kind: Literal["end_substitution"] = "end_substitution"


AnyRequest = RegisterSubstitution | ConfirmSubstitution | EndSubstitution


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstitutionRegistered(Fact):
    substitution: Substitution
    kind: Literal["substitution_registered"] = "substitution_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstitutionConfirmed(Fact):
    number: str
    by: Actor
    kind: Literal["substitution_confirmed"] = "substitution_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstitutionEnded(Fact):
    """`by` is None where its time was over."""

    number: str
    by: Actor | None = None
    why: str = ""
    kind: Literal["substitution_ended"] = "substitution_ended"


AnyFact = SubstitutionRegistered | SubstitutionConfirmed | SubstitutionEnded


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Substitutions:
    """Those that are registered or hold; what has ended is history, and in the ledger."""

    open: Table[Substitution] = field(default_factory=Table)
    of_permit: Table[str] = field(default_factory=Table)
    """Permits, to the number of their open one, confirmed or not."""
    of_plate: Table[str] = field(default_factory=Table)
    """Substitute plates, to the number of their open one."""
    of_own_plate: Table[str] = field(default_factory=Table)
    """Plates that are stood in for, to the number."""
    confirmed: Table[Actor] = field(default_factory=Table)
    written: int = 0

    def for_permit(self, permit_id: str, at: Instant) -> Substitution | None:
        """What stands for that permit's own car now."""
        return self._holding(self.of_permit.get(permit_id), at)

    def with_plate(self, plate: str, at: Instant) -> Substitution | None:
        """What that plate stands in now."""
        return self._holding(self.of_plate.get(plate), at)

    def instead_of(self, plate: str, at: Instant) -> Substitution | None:
        """What stands now for the permit whose own plate that is."""
        return self._holding(self.of_own_plate.get(plate), at)

    def _holding(self, number: str | None, at: Instant) -> Substitution | None:
        if number is None or number not in self.confirmed:
            return None
        one = self.open[number]
        return None if is_over(one, at) else one


def evolve(part: Substitutions, fact: Fact) -> Substitutions:
    match fact:
        case SubstitutionRegistered():
            one = fact.substitution
            return replace(
                part,
                open=part.open.put(one.number, one),
                of_permit=part.of_permit.put(one.permit_id, one.number),
                of_plate=part.of_plate.put(one.plate, one.number),
                of_own_plate=part.of_own_plate.put(one.own_plate, one.number),
                written=part.written + 1,
            )
        case SubstitutionConfirmed():
            return replace(part, confirmed=part.confirmed.put(fact.number, fact.by))
        case SubstitutionEnded() if (over := part.open.get(fact.number)) is not None:
            return replace(
                part,
                open=part.open.without(over.number),
                of_permit=part.of_permit.without(over.permit_id),
                of_plate=part.of_plate.without(over.plate),
                of_own_plate=part.of_own_plate.without(over.own_plate),
                confirmed=part.confirmed.without(over.number),
            )
        case _:
            return part


def is_over(one: Substitution, at: Instant) -> bool:
    """True where its time is over: asked at each decision, so that a late deadline opens nothing."""
    return at.trusted and at.wall >= one.valid_until


# ---------------------------------------------------------------- time


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    """When each open one ends; none while no wall clock can be believed."""
    clock = state.clock
    if clock is not None and clock.trusted:
        for one in state.substitutions.open.values():
            yield mono_at(clock, one.valid_until)


def time_passed(draft: Draft) -> None:
    now = time_of_day(draft.state.clock, draft.at.mono)
    if now is None:
        return
    for one in draft.state.substitutions.open.values():
        if now >= one.valid_until:
            draft.say(SubstitutionEnded(at=draft.at, number=one.number))


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = _why_not(draft, request, asked.actor)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    match request:
        case RegisterSubstitution():
            draft.say(SubstitutionRegistered(at=draft.at, substitution=_written(draft, request, asked.actor)))
        case ConfirmSubstitution():
            draft.say(SubstitutionConfirmed(at=draft.at, number=request.number, by=asked.actor))
        case EndSubstitution():
            draft.say(
                SubstitutionEnded(at=draft.at, number=request.number, by=asked.actor, why=request.reason)
            )
        case _:
            assert_never(request)


def _written(draft: Draft, request: RegisterSubstitution, by: Actor) -> Substitution:
    return Substitution(
        number=f"H{draft.state.substitutions.written + 1:05d}",
        permit_id=request.permit,
        own_plate=draft.state.permits[request.permit].plate,
        plate=request.plate,
        basis=request.basis,
        owner=request.owner,
        document=request.document,
        photo=request.photo,
        valid_until=request.valid_until,
        by=by,
    )


def _why_not(draft: Draft, request: AnyRequest, actor: Actor) -> Reason | None:
    part = draft.state.substitutions
    match request:
        case RegisterSubstitution():
            return _why_not_register(draft, request)
        case ConfirmSubstitution():
            one = part.open.get(request.number)
            if one is None:
                return Reason.NO_SUCH_SUBSTITUTION
            if request.number in part.confirmed:
                return Reason.CONFIRMED_ALREADY
            if one.by.name == actor.name:
                return Reason.SECOND_PERSON_NEEDED
            return Reason.PERIOD_IS_OVER if is_over(one, draft.at) else None
        case EndSubstitution():
            if not request.reason.strip():
                return Reason.REASON_NEEDED
            return None if request.number in part.open else Reason.NO_SUCH_SUBSTITUTION
        case _:
            assert_never(request)


def _why_not_register(draft: Draft, request: RegisterSubstitution) -> Reason | None:
    plate = request.plate
    if request.permit not in draft.state.permits:
        return Reason.PERMIT_UNKNOWN
    if not all(text.strip() for text in (request.owner, request.document, request.photo)):
        return Reason.DOCUMENT_NEEDED
    if not is_plate(plate):
        return Reason.PLATE_WRONG
    until = request.valid_until
    if draft.at.trusted and draft.at.wall >= until:
        return Reason.PERIOD_IS_OVER
    if request.permit in draft.state.substitutions.of_permit:
        return Reason.SUBSTITUTED_ALREADY
    is_taken = plate in draft.state.permit_of_plate or plate in draft.state.substitutions.of_plate
    return Reason.PLATE_TAKEN if is_taken else None
