"""What comes in: one frozen value for everything the gate can notice or be asked.

The law of this file: a signal says what was noticed, never what it means. Each carries the instant at which
the edge saw it; nobody downstream reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from daemon.core.sensors import Boom as Boom
from daemon.core.sensors import Loop as Loop
from daemon.core.sensors import LoopState as LoopState

if TYPE_CHECKING:
    from daemon.core.fact import Fact


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as one machine knows it.

    `boot` names the machine's boot, `mono` is CLOCK_BOOTTIME since that boot: two instants of one boot are
    compared by `mono` alone. `wall` is aware, and right only where `trusted` is true.
    """

    boot: str
    mono: timedelta
    wall: datetime
    trusted: bool


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a plate as the engine believes it, with the runners-up."""

    char: str
    belief: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a person with a role, or the office."""

    name: str
    role: Literal["guard", "leader", "supervisor", "office", "installer"]


# ---------------------------------------------------------------- from devices


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRead:
    """A whole, checked card frame."""

    at: Instant
    lane: str
    card: str
    """Upper-case hexadecimal."""
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateRead:
    """A settled read of one track of the vision process: one car, one signal (again only if it changes)."""

    at: Instant
    """When the frame that settled it was taken."""
    lane: str
    track: str
    """One approach of one car; unique in the site."""
    plate: str
    """Normalised text; "" where a plate was seen that could not be read."""
    valid: bool
    """True where `plate` is a Chinese plate by the grammar."""
    confidence: float
    chars: tuple[Char, ...]
    colour: str
    frames: int
    """How many frames voted for it."""
    picture: str | None
    """Reference of the whole frame in the evidence store."""
    crop: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTaken:
    """A picture of the lane, taken because something was done there; it never holds up what was done."""

    at: Instant
    lane: str
    passage: str | None
    picture: str
    alert_id: str | None = None
    """The alert that it was taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopChanged:
    at: Instant
    lane: str
    loop: Loop
    state: LoopState


@dataclass(frozen=True, slots=True, kw_only=True)
class BoomReported:
    at: Instant
    lane: str
    boom: Boom


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLost:
    """A device, or the broker, stopped answering. Said once for each loss."""

    at: Instant
    device: str
    """`entry-1.reader`, `entry-1.camera`, `broker`, `store`…"""
    lane: str | None
    role: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRestored:
    at: Instant
    device: str
    lane: str | None
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChanged:
    """A named contact of the site reports, or no longer does."""

    at: Instant
    alarm: str
    active: bool | None
    """None where the contact cannot be read."""


PrintTrouble = Literal["paper_out", "cover_open", "error", "no_answer", "lost", "down", "interrupted"]
"""Why a receipt is not on paper; `down` and `interrupted` are the gate's own finding, not a printer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintReported:
    """What became of a receipt that was to be printed."""

    at: Instant
    number: int
    copy: int
    trouble: PrintTrouble | None = None
    """None: it is printed."""
    is_confirmed: bool = True
    """False: it was sent to a printer that gives no answers."""
    detail: str = ""


class FireInput(StrEnum):
    """What the contact of the fire panel says."""

    QUIET = "quiet"
    ALARM = "alarm"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireReported:
    at: Instant
    input: FireInput


# ---------------------------------------------------------------- from people


LaneAction = Literal["open", "close", "stop", "release", "refuse"]
"""`release` and `refuse` decide a held car; `open` raises the boom whatever is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardAsked:
    """Somebody at the panel, a push button or the command line wants something done at a lane."""

    at: Instant
    actor: Actor
    lane: str
    action: LaneAction
    reason: str
    passage: str | None = None
    """The passage the guard was looking at: a decision about another one is refused."""
    resync: bool = False
    """With `release`: put presence right as well (R05)."""
    stay: str | None = None
    """With `release` at an exit: the open stay that the guard says this car is (R15)."""
    goes_by: Literal["plate", "card"] = "plate"
    """Where card and plate are of two cars: which of the two this one is (R02)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Who may drive which car: one card and one plate."""

    id: str
    card: str
    plate: str
    holder: str
    household: str
    lanes: tuple[str, ...] = ()
    """Lanes it opens; empty means all."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    hours: str = ""
    """When it may come in, each day, in the site's time: `07:00-20:00`; empty means the whole day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryGiven:
    """The whole list of permits as its owner has it now: what is not in it is withdrawn."""

    at: Instant
    actor: Actor
    permits: tuple[Permit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something that can be asked at the desk, the panel, the command line or from the office.

    Each noun of the core has its own (`daemon.core.requests` lists them all); who may ask is in
    `daemon.core.roles`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody wants something written down or changed that moves no boom."""

    at: Instant
    actor: Actor
    request: Request


# ---------------------------------------------------------------- from outside, over the broker


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What makes one command that one and no other, once it is known to be genuine."""

    id: str
    nonce: str
    key_id: str
    operation: str
    digest: str
    """Of what is to be done."""
    lasts: timedelta
    """For so long, by elapsed time, the same bytes could come again and be fresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A genuine command: what somebody known by his key would ask at the desk."""

    at: Instant
    command: Command
    asks: Asked | GuardAsked


class Fault(StrEnum):
    """Why a message on the command topic is not obeyed. In the order in which it is asked."""

    RETAINED = "retained"
    """Kept by the broker since nobody knows when."""
    TOO_MANY = "too_many"
    """More at once than the gate looks at."""
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    """Cut, nested too deeply, wrongly typed, or in another form than the one that is signed."""
    KEY_UNKNOWN = "key_unknown"
    OTHER_GATE = "other_gate"
    SIGNATURE_WRONG = "signature_wrong"
    KEY_REVOKED = "key_revoked"
    KEY_NOT_YET_VALID = "key_not_yet_valid"
    KEY_EXPIRED = "key_expired"
    SIGNER_WRONG = "signer_wrong"
    """It gives another name or role than its key has."""
    REPLAYED = "replayed"
    """These very bytes were obeyed already."""
    CHALLENGE_OLD = "challenge_old"
    """Signed for a run of the gate that is over, or, while the clock is not trusted, too long ago."""
    LASTS_TOO_LONG = "lasts_too_long"
    FROM_THE_FUTURE = "from_the_future"
    EXPIRED = "expired"
    ID_TAKEN = "id_taken"
    """Another command was obeyed under that id."""
    OPERATION_UNKNOWN = "operation_unknown"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    BODY_WRONG = "body_wrong"
    """It does not say what the operation needs."""
    PART_UNASKED = "part_unasked"
    """A part that no command names."""
    PARTS_MISSING = "parts_missing"
    """The parts that the command names did not come in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsRefused:
    """So many messages on the command topic were not obeyed, for the same reason, since then."""

    at: Instant
    why: Fault
    key_id: str
    times: int
    since: Instant


class SiblingRow(NamedTuple):
    """One row of a sibling's ledger that concerns this gate; `fact` is None where it cannot be understood."""

    seq: int
    hash: str
    fact: Fact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingSaid:
    """What of a sibling's ledger, behind `after` up to `upto` (less: a cut one), concerns us (R45)."""

    at: Instant
    gate: str
    root: str
    """Which ledger of that gate, as `daemon.core.siblings.root_of` names it."""
    after: int
    after_hash: str
    upto: int
    upto_hash: str
    rows: tuple[SiblingRow, ...]


# ---------------------------------------------------------------- from the gate itself


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerElapsed:
    """Time has passed: every deadline at or before `at` is due."""

    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The daemon is up. What loops and booms say is unknown until they are read again."""

    at: Instant
    version: str
    note: str = ""
    """What was odd about this start: a ledger restored from a copy, for instance."""


Signal = (
    CardRead
    | PlateRead
    | PictureTaken
    | LoopChanged
    | BoomReported
    | DeviceLost
    | DeviceRestored
    | AlarmChanged
    | PrintReported
    | FireReported
    | GuardAsked
    | Asked
    | DirectoryGiven
    | Commanded
    | CommandsRefused
    | SiblingSaid
    | TimerElapsed
    | Started
)
