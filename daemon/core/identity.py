"""No card, no pass (R20): who cannot show the card of a car that has one proves who he is, and two agree.

The law of this file: nobody at the gate can read a document's number again. What is kept is the number
sealed to the office's key, which comes with the request, and its last two characters. Where no such key is
configured it is a salted, slow hash: the office, given a number, can tell whether it is the same. As a
mistyped number could never be put right then, an identity card's own check character must fit (GB 11643).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import scrypt
from typing import TYPE_CHECKING, Literal, assert_never

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Request
from daemon.core.table import Table, oldest

if TYPE_CHECKING:
    from daemon.core.draft import Draft

Document = Literal["identity_card", "driving_licence", "passport"]

CARD_NOT_SHOWN = frozenset({Reason.CARD_MISSING, Reason.CARD_NOT_RETURNED})
"""What a car is held for that has a card which its driver does not show."""

_SHORTEST = 6
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who drove the car; the number is `sealed` to the office, or a `digest` that nobody can read."""

    number: str
    person: str
    document: Document
    digest: str
    salt: str
    last_two: str
    sealed: str = ""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterIdentity(Request):
    """The guard has the driver's document in his hand; its number is kept so that nobody here reads it."""

    lane: str
    person: str
    document: Document
    document_number: str
    sealed: str = ""
    """The number for the office alone; put on by the gate itself, whoever asks."""
    kind: Literal["register_identity"] = "register_identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeRelease(Request):
    """A shift leader, not the one who registered the driver, agrees: the car is let go."""

    lane: str
    reason: str
    kind: Literal["agree_release"] = "agree_release"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareIdentity(Request):
    """The office asks whether a registered driver had the document of that number."""

    number: str
    document_number: str
    kind: Literal["compare_identity"] = "compare_identity"


AnyRequest = RegisterIdentity | AgreeRelease | CompareIdentity


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRegistered(Fact):
    identity: Identity
    by: Actor
    kind: Literal["identity_registered"] = "identity_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAgreed(Fact):
    number: str
    why: str
    by: Actor
    kind: Literal["release_agreed"] = "release_agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCompared(Fact):
    number: str
    is_the_same: bool
    by: Actor
    kind: Literal["identity_compared"] = "identity_compared"


AnyFact = IdentityRegistered | ReleaseAgreed | IdentityCompared


# ---------------------------------------------------------------- what is kept in mind


KEPT = 1_000
"""How many drivers back the office can ask about; all of them are in the ledger."""


@dataclass(frozen=True, slots=True)
class Identities:
    registered: Table[Identity] = field(default_factory=Table)
    written: int = 0
    of_passage: Table[tuple[str, Actor]] = field(default_factory=Table)
    """Waiting cars, to the number of their driver's identity and who registered it."""
    agreed: Table[Actor] = field(default_factory=Table)
    """Waiting cars whose release was agreed to."""


def evolve(part: Identities, fact: Fact) -> Identities:
    passage = fact.passage or ""
    match fact:
        case IdentityRegistered():
            return replace(
                part,
                registered=_with(part.registered, fact.identity),
                written=part.written + 1,
                of_passage=part.of_passage.put(passage, (fact.identity.number, fact.by)),
            )
        case ReleaseAgreed():
            return replace(part, agreed=part.agreed.put(passage, fact.by))
        case _ if passage in part.of_passage and getattr(fact, "kind", "") == "passage_closed":
            return replace(
                part, of_passage=part.of_passage.without(passage), agreed=part.agreed.without(passage)
            )
        case _:
            return part


def _with(registered: Table[Identity], identity: Identity) -> Table[Identity]:
    registered = registered.put(identity.number, identity)
    for number in oldest(registered, KEPT, lambda one: int(one.number.removeprefix("D"))):
        registered = registered.without(number)
    return registered


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    part, by = draft.state.identities, asked.actor
    if isinstance(request, CompareIdentity):
        identity = part.registered.get(request.number)
        if identity is None:
            draft.refuse(asked, Reason.NO_SUCH_IDENTITY)
            return
        if identity.sealed:
            draft.refuse(asked, Reason.IDENTITY_SEALED)
            return
        digest = _digest(_written(request.document_number), identity.salt)
        is_the_same = digest == identity.digest
        draft.say(IdentityCompared(at=draft.at, number=request.number, is_the_same=is_the_same, by=by))
        return
    passage = _held_without_card(draft, request.lane)
    if isinstance(passage, Reason):
        draft.refuse(asked, passage)
        return
    objection = _why_not(part, request, passage, by)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    match request:
        case RegisterIdentity():
            identity = _identity(draft, request, passage)
            draft.say(
                IdentityRegistered(at=draft.at, lane=request.lane, passage=passage, identity=identity, by=by)
            )
        case AgreeRelease():
            number, _ = part.of_passage[passage]
            draft.say(
                ReleaseAgreed(
                    at=draft.at,
                    lane=request.lane,
                    passage=passage,
                    number=number,
                    why=request.reason,
                    by=by,
                )
            )
        case _:
            assert_never(request)


def _held_without_card(draft: Draft, lane: str) -> str | Reason:
    """The passage of the car that is held there for its card, or why there is none."""
    found = draft.state.lanes.get(lane)
    if found is None:
        return Reason.NO_SUCH_LANE
    passage = draft.waiting_at(lane)
    is_held = found.passage is not None and found.passage.reason in CARD_NOT_SHOWN
    return passage if passage is not None and is_held else Reason.NO_CAR_HELD


def _why_not(
    part: Identities, request: RegisterIdentity | AgreeRelease, passage: str, actor: Actor
) -> Reason | None:
    match request:
        case RegisterIdentity():
            if not request.person.strip():
                return Reason.DOCUMENT_NUMBER_WRONG
            if not _is_sound(request.document, _written(request.document_number)):
                return Reason.DOCUMENT_NUMBER_WRONG
            return Reason.IDENTITY_KNOWN if passage in part.of_passage else None
        case AgreeRelease():
            if not request.reason.strip():
                return Reason.REASON_NEEDED
            if passage not in part.of_passage:
                return Reason.IDENTITY_NEEDED
            _, registrar = part.of_passage[passage]
            return Reason.SECOND_PERSON_NEEDED if registrar.name == actor.name else None
        case _:
            assert_never(request)


def _identity(draft: Draft, request: RegisterIdentity, passage: str) -> Identity:
    written = _written(request.document_number)
    # A salt need not be secret, only its own: no other driver is registered for this passage at this instant.
    salt = "" if request.sealed else f"{passage}/{draft.at.boot}/{draft.at.mono.total_seconds()}"
    return Identity(
        number=f"D{draft.state.identities.written + 1:05d}",
        person=request.person.strip(),
        document=request.document,
        digest="" if request.sealed else _digest(written, salt),
        salt=salt,
        last_two=written[-2:],
        sealed=request.sealed,
    )


def _written(number: str) -> str:
    return "".join(number.split()).upper()


def _digest(number: str, salt: str) -> str:
    """scrypt at 16 MiB: some tens of milliseconds here, and for each guess of whoever has the ledger."""
    return scrypt(number.encode(), salt=salt.encode(), n=1 << 14, r=8, p=1, dklen=32).hex()


def _is_sound(document: Document, number: str) -> bool:
    if not (number.isascii() and number.isalnum()):
        return False
    if document == "passport":
        return len(number) >= _SHORTEST
    # A Chinese driving licence has the number of its holder's identity card.
    body = number[:17]
    if len(number) != 18 or not body.isdecimal():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return number[17] == _CHECKS[total % 11]
