"""Cars that the ordinary rules are not for: watched, exempt, large, with dangerous goods (R08 to R11).

The law of this file: what may be asked, what becomes so, and what is kept in mind. What follows at a lane is
said in `daemon.core.special_desk`, and where these rules stand among the others in `access.RULES`. What
somebody declares of a car at a lane belongs to its passage and ends with it; a list lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from daemon.core.card_numbers import Presentation
from daemon.core.fact import Fact
from daemon.core.plates import PlateKind, plate_kind
from daemon.core.signals import Actor, Instant, Request
from daemon.core.table import Table, oldest

CarClass = Literal["large", "dangerous"]
"""`large`: above the class limit of the site. `dangerous`: carries what burns or explodes."""

ExemptClass = Literal["police", "fire", "ambulance", "military", "rescue"]

EXEMPT_PLATES: dict[PlateKind, ExemptClass] = {
    PlateKind.POLICE: "police",
    PlateKind.ARMED_POLICE: "military",
    PlateKind.MILITARY: "military",
}
"""Fire engines, ambulances and rescue vehicles may carry ordinary plates: for them there is the button."""

Sign = Literal["plate", "card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One line of the watch list: which plate or card, why, and what whoever meets it shall do."""

    sign: Sign
    value: str
    why: str
    what_to_do: str

    @property
    def key(self) -> str:
        return key_of(self.sign, self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassedCar:
    """A plate that is known to be above the limit, or to carry dangerous goods; `company` may be empty."""

    plate: str
    car_class: CarClass
    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeApproval:
    """The office lets a large vehicle in: whose, when, where to, and which posts are to hear of it."""

    number: str
    plate: str | None
    company: str | None
    valid_from: datetime
    valid_until: datetime
    area: str
    posts: str


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWatched(Request):
    """Put a plate or a card on the watch list, or change what is said of it there."""

    sign: Sign
    value: str
    why: str
    what_to_do: str
    written_as: Presentation | None = None
    """How the number of a card is written; None for as many hexadecimal digits as the readers send."""
    kind: Literal["list_watched"] = "list_watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistWatched(Request):
    """Take it off the list. A car that is held because of it stays held until somebody entitled decides."""

    sign: Sign
    value: str
    reason: str
    written_as: Presentation | None = None
    """How the number of a card is written; None for as many hexadecimal digits as the readers send."""
    kind: Literal["unlist_watched"] = "unlist_watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyCar(Request):
    """Say of a plate that it is above the class limit, or carries dangerous goods."""

    plate: str
    car_class: CarClass
    company: str = ""
    kind: Literal["classify_car"] = "classify_car"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclassifyCar(Request):
    plate: str
    reason: str
    kind: Literal["unclassify_car"] = "unclassify_car"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveLarge(Request):
    """Let a large vehicle in between two moments; it is named by its plate, its company, or both."""

    number: str
    valid_from: datetime
    valid_until: datetime
    area: str
    posts: str
    """The posts that are told when it comes in."""
    plate: str | None = None
    company: str | None = None
    kind: Literal["approve_large"] = "approve_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApproval(Request):
    number: str
    reason: str
    kind: Literal["withdraw_approval"] = "withdraw_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareCar(Request):
    """The guard says of the car in front of him what it is, and whose where that can be seen."""

    lane: str
    car_class: CarClass
    company: str = ""
    kind: Literal["declare_car"] = "declare_car"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptCar(Request):
    """The guard's button for police, fire, ambulance, military and rescue: let it pass at once."""

    lane: str
    exempt_class: ExemptClass
    kind: Literal["exempt_car"] = "exempt_car"


AnyRequest = (
    ListWatched | UnlistWatched | ClassifyCar | UnclassifyCar
    | ApproveLarge | WithdrawApproval | DeclareCar | ExemptCar
)  # fmt: skip


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchListed(Fact):
    watch: Watch
    by: Actor
    turn: int = 0
    """Which change of this line it is, counted over all gates of the site (R45)."""
    kind: Literal["watch_listed"] = "watch_listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchUnlisted(Fact):
    sign: Sign
    value: str
    why: str
    by: Actor
    turn: int = 0
    kind: Literal["watch_unlisted"] = "watch_unlisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedCarSeen(Fact):
    """A watched plate or card was shown here: this car is held, whatever it shows from now on."""

    watch: Watch
    picture: str | None
    kind: Literal["watched_car_seen"] = "watched_car_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarClassified(Fact):
    car: ClassedCar
    by: Actor
    kind: Literal["car_classified"] = "car_classified"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarUnclassified(Fact):
    plate: str
    why: str
    by: Actor
    kind: Literal["car_unclassified"] = "car_unclassified"


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeApproved(Fact):
    approval: LargeApproval
    by: Actor
    kind: Literal["large_approved"] = "large_approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalWithdrawn(Fact):
    number: str
    why: str
    by: Actor
    kind: Literal["approval_withdrawn"] = "approval_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarDeclared(Fact):
    car_class: CarClass
    company: str
    by: Actor
    kind: Literal["car_declared"] = "car_declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarExempted(Fact):
    exempt_class: ExemptClass
    by: Actor
    kind: Literal["car_exempted"] = "car_exempted"


AnyFact = (
    WatchListed | WatchUnlisted | WatchedCarSeen | CarClassified | CarUnclassified
    | LargeApproved | ApprovalWithdrawn | CarDeclared | CarExempted
)  # fmt: skip


# ---------------------------------------------------------------- what is kept in mind


KEPT = 500
"""Approvals: every large vehicle has all of them looked through; beyond that, what is over is forgotten."""


@dataclass(frozen=True, slots=True)
class Special:
    """The watch list by `key_of`, classed cars by plate, approvals by number."""

    watched: Table[Watch] = field(default_factory=Table)
    classed: Table[ClassedCar] = field(default_factory=Table)
    approvals: Table[LargeApproval | None] = field(default_factory=Table)
    """The last `KEPT` and all that still hold; None for one that was withdrawn: its number stays taken."""


def evolve(special: Special, fact: Fact) -> Special:
    match fact:
        case WatchListed():
            return replace(special, watched=special.watched.put(fact.watch.key, fact.watch))
        case WatchUnlisted():
            return replace(special, watched=special.watched.without(key_of(fact.sign, fact.value)))
        case CarClassified():
            return replace(special, classed=special.classed.put(fact.car.plate, fact.car))
        case CarUnclassified():
            return replace(special, classed=special.classed.without(fact.plate))
        case LargeApproved():
            approvals = special.approvals.put(fact.approval.number, fact.approval)
            for number in oldest(approvals, KEPT, lambda approval: _ended(approval, fact.at)):
                approvals = approvals.without(number)
            return replace(special, approvals=approvals)
        case ApprovalWithdrawn():
            return replace(special, approvals=special.approvals.put(fact.number, None))
        case _:
            return special


def _ended(approval: LargeApproval | None, at: Instant) -> datetime | None:
    """When it ended, for one that is over; a withdrawn one is as old as can be."""
    if approval is None:
        return datetime.min.replace(tzinfo=UTC)
    return approval.valid_until if at.trusted and at.wall >= approval.valid_until else None


# ---------------------------------------------------------------- what is asked of it


def key_of(sign: Sign, value: str) -> str:
    return f"{sign}:{value}"


def watch_on(special: Special, card: str | None, plates: Iterable[str]) -> Watch | None:
    """What the watch list says of a car that shows this card and these plates; plates first."""
    keys = [key_of("plate", plate) for plate in plates]
    if card is not None:
        keys.append(key_of("card", card))
    return next((special.watched[key] for key in keys if key in special.watched), None)


def exempt_class_of(plate: str) -> ExemptClass | None:
    """The exempt class that this normalised plate says by its shape."""
    kind = plate_kind(plate)
    return None if kind is None else EXEMPT_PLATES.get(kind)


def approval_for(special: Special, plate: str, company: str, at: Instant) -> LargeApproval | None:
    """The approval that lets this car in now; the one that ends first, where there are several.

    A window counts only while the clock can be trusted, as everywhere at the gate.
    """
    fitting = [
        approval
        for approval in special.approvals.values()
        if approval is not None
        and _is_named(approval, plate, company)
        and (not at.trusted or approval.valid_from <= at.wall < approval.valid_until)
    ]
    return min(fitting, key=lambda approval: (approval.valid_until, approval.number), default=None)


def _is_named(approval: LargeApproval, plate: str, company: str) -> bool:
    """An approval that names both wants both."""
    names = ((approval.plate, plate), (approval.company, company))
    return all(wanted is None or wanted == shown for wanted, shown in names)
