"""The other gates of the site, and what this one holds of them (R45): the words of it, and the memory.

The law of this file: what a sibling says is applied strictly in the order of its ledger, once, and how far
that has come (`Cursor`) is moved by the very fact that brings it. What is said of a stay or a card before
that which it follows from has come from elsewhere waits for it (`early`), so that all gates end alike in
whatever order they heard of each other. CONCERNS is the whole of what one gate needs of another. What becomes
of it in the state is in `daemon.core.sibling_books`, what follows from hearing it in
`daemon.core.sibling_desk`.

A gate calls its own things by their plain names; siblings put the gate and its ledger before them:
`west.3f0c1a:S0000012`. A replaced SD card gives its numbers anew, and they are other stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, get_args
from zlib import crc32

from daemon.core.cards import (
    CardFreed,
    CardHandedOut,
    CardIssued,
    CardReceived,
    CardReturned,
    CardStopped,
)
from daemon.core.fact import Fact
from daemon.core.lot import LotRecounted
from daemon.core.money import (
    ArrearsLeft,
    CardFeeCharged,
    ChargeQuoted,
    ChargeWaived,
    CreditUsed,
    PaymentTaken,
    ReceiptVoided,
    StayRated,
)
from daemon.core.presence import NO_PLATE, AccessGranted, LeftUnheard, StayClosed, StayOpened
from daemon.core.signals import Instant
from daemon.core.special import WatchListed, WatchUnlisted, key_of
from daemon.core.table import Table

Said = (
    StayOpened | StayClosed | AccessGranted
    | CardReceived | CardIssued | CardHandedOut | CardReturned | CardStopped | CardFreed
    | WatchListed | WatchUnlisted
    | LotRecounted
    | ChargeQuoted | StayRated | PaymentTaken | ReceiptVoided | CreditUsed | ChargeWaived
    | ArrearsLeft | CardFeeCharged
)  # fmt: skip

NAMELESS = "0" * 64
"""What stands before the first row of any ledger."""
FOLLOWED_EVERY = 500
"""Rows of no concern that a cursor may lag behind: after a restart they are looked through once more."""
LEFT_KEPT = 5_000
"""How many departures are remembered, to know a stay that another gate has ended as well."""
UNHEARD_KEPT = 500
"""How many cars that left unknown are remembered, until the gate that knows them is heard again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingTold(Fact):
    """A fact of another gate that concerns this one. `at` is when it was heard here."""

    gate: str
    seq: int
    hash: str
    """The seal of that row in the ledger of `gate`."""
    said: Said
    """In this gate's names; its `at` is the other machine's."""
    is_over: bool = False
    """A stay that had ended, or had lost against another one, before its beginning was heard."""
    kind: Literal["sibling_told"] = "sibling_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingFollowed(Fact):
    """Nothing more up to here of that gate's ledger concerns this one. `seq` 0: it is followed from now."""

    gate: str
    seq: int
    hash: str
    root: str
    """Which ledger of that gate, as `root_of` names it."""
    own: str
    """What siblings call this gate: replay asks config.yaml nothing."""
    kind: Literal["sibling_followed"] = "sibling_followed"


AnyFact = SiblingTold | SiblingFollowed

# ---------------------------------------------------------------- what concerns a sibling


def _always(_body: Mapping[str, Any]) -> bool:
    return True


def _is_card_at_exit(body: Mapping[str, Any]) -> bool:
    """At an entry the stay says which card it was."""
    return body.get("card") is not None and body.get("stay_id") is not None


_ONLY_WHERE: dict[type[Fact], Callable[[Mapping[str, Any]], bool]] = {AccessGranted: _is_card_at_exit}

CONCERNS: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    kind.__dataclass_fields__["kind"].default: _ONLY_WHERE.get(kind, _always) for kind in get_args(Said)
}
"""The kinds of facts that a gate passes to its siblings, each with the test of its plain values.

Not among them: permits, households, staff, visitors, passes, approvals and tariffs, which the office gives to
every gate; loops, booms, devices, pictures, shifts, rounds and the logbook, which are of one post; receipts,
which are a series of their own at each gate.
"""


def concerns(kind: str, body: Mapping[str, Any]) -> bool:
    test = CONCERNS.get(kind)
    return test is not None and test(body)


# ---------------------------------------------------------------- names


def here(own: str, gate: str, name: str) -> str:
    """How the gate `own` calls what the gate `gate` calls `name`."""
    of, colon, rest = name.partition(":")
    if not colon:
        return f"{gate}:{name}"
    return rest if of == own else name


def root_of(first: Instant) -> str:
    """What a ledger is known by: the moment of its first fact. A restored copy keeps it, a new one cannot."""
    return f"{crc32(f'{first.boot} {first.mono} {first.wall.timestamp()}'.encode()) & 0xFFFFFF:06x}"


def sibling_device(gate: str) -> str:
    """What a sibling is called among the devices that may be lost."""
    return f"sibling.{gate}"


def gate_of(name: str) -> str:
    """Whose it is, gate and ledger; "" for this gate's own."""
    return name.partition(":")[0] if ":" in name else ""


def number_of(stay_id: str) -> int:
    """The how-manieth of its gate it is; 0 where that cannot be told."""
    digits = stay_id.rpartition(":")[2].lstrip("S")
    return int(digits) if digits.isdecimal() else 0


S = TypeVar("S", bound=Fact)


def localised(own: str, gate: str, said: S) -> S:
    """What `gate` has said, in the names of the gate `own`. Pictures stay where they were taken."""

    def named(name: str | None) -> str | None:
        return here(own, gate, name) if name else name

    def plate(plate: str | None) -> str | None:
        if plate is None or not plate.startswith(NO_PLATE):
            return plate
        return NO_PLATE + here(own, gate, plate.removeprefix(NO_PLATE))

    def shares(shares: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(share, stay_id=named(share.stay_id)) for share in shares)

    turned: dict[str, Callable[[Any], Any]] = {
        "lane": named,
        "passage": named,
        "stay_id": named,
        "charge": named,
        "plate": plate,
        "picture": lambda _: None,
        "shares": shares,
    }
    names = {one.name for one in fields(said)} & turned.keys()
    return replace(said, **{name: turned[name](getattr(said, name)) for name in names})


def in_own_time(at: Instant, heard: Instant) -> tuple[Instant, bool]:
    """Another machine's moment on the clock of this one, and whether it is exact (R43).

    Where both wall clocks are believed it is reckoned back from them, and from then on elapsed time counts.
    Else all that is known is that it was not after it was heard.
    """
    if not (at.trusted and heard.trusted):
        return replace(heard, trusted=False), False
    wall = min(at.wall, heard.wall)
    return replace(heard, mono=heard.mono - (heard.wall - wall), wall=wall), True


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far which ledger of a sibling is followed: the row, and its seal."""

    seq: int = 0
    hash: str = NAMELESS
    root: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """Whose word on a card or a line of the watch list is the last: of two at once, the more careful one."""

    number: int = 0
    is_careful: bool = False
    gate: str = ""
    """"" for this gate itself."""


@dataclass(frozen=True, slots=True)
class Waiting:
    gate: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A car that was let out unknown."""

    plate: str | None
    permit_id: str | None
    at: Instant


@dataclass(frozen=True, slots=True)
class Siblings:
    name: str = ""
    """What siblings call this gate, once it follows one."""
    root: str = ""
    """Of this gate's own ledger."""
    cursors: Table[Cursor] = field(default_factory=Table)
    opened: Table[int] = field(default_factory=Table)
    """The number of the newest stay heard of each gate and ledger."""
    early: Table[tuple[Waiting, ...]] = field(default_factory=Table)
    """What was heard of a stay before its beginning, or of a card before its last change; by stay or card."""
    turns: Table[Turn] = field(default_factory=Table)
    left_here: tuple[str, ...] = ()
    """Stays that have ended at an exit of this gate, newest last."""
    left_unheard: tuple[Left, ...] = ()

    def is_unheard_of(self, stay_id: str) -> bool:
        """True where that stay of a sibling has not been heard to begin, and may yet be."""
        gate = gate_of(stay_id)
        return bool(gate) and number_of(stay_id) > self.opened.get(gate, 0)


def evolve(part: Siblings, fact: Fact) -> Siblings:
    """What the gate's own facts change in it."""
    match fact:
        case SiblingFollowed():
            cursor = Cursor(fact.seq, fact.hash, fact.root)
            return replace(part, cursors=part.cursors.put(fact.gate, cursor), name=fact.own)
        case StayClosed(how="exit") if part.cursors:
            return replace(part, left_here=(*part.left_here, fact.stay_id)[-LEFT_KEPT:])
        case LeftUnheard():
            left = Left(plate=fact.plate, permit_id=fact.permit_id, at=fact.at)
            return replace(part, left_unheard=(*part.left_unheard, left)[-UNHEARD_KEPT:])
        case _:
            return part


# ---------------------------------------------------------------- whose word is the last


Turned = CardIssued | CardHandedOut | CardReturned | CardStopped | CardFreed | WatchListed | WatchUnlisted
TURNED = get_args(Turned)


def key_of_turn(said: Turned) -> str:
    """What it is a change of: a card, or a line of the watch list."""
    match said:
        case WatchListed():
            return f"watch:{said.watch.key}"
        case WatchUnlisted():
            return f"watch:{key_of(said.sign, said.value)}"
        case _:
            return f"card:{said.card}"


def turn_of(said: Turned, gate: str) -> Turn:
    return Turn(said.turn, isinstance(said, CardStopped | WatchListed), gate)


Fits = Literal["now", "later", "never"]


def fits(part: Siblings, said: Turned, gate: str) -> Fits:
    """Whether a change follows from those known, comes too early, or has been overtaken."""
    known = part.turns.get(key_of_turn(said), Turn())
    if known.number and not known.gate:
        known = replace(known, gate=part.name)
    if said.turn > known.number + 1:
        return "later"
    return "now" if turn_of(said, gate) > known else "never"
