"""What the gate holds to be so from now on: past tense, one frozen value each.

The law of this file: a fact carries everything that `evolve` and the tables need, so that the ledger alone
rebuilds both. A fact is never changed after it shipped: a new need is a new fact or an optional field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from daemon.core import (
    alarms,
    alerts,
    bays,
    cards,
    commands,
    contractors,
    findings,
    fire,
    goods,
    hold_open,
    identity,
    logbook,
    lot,
    money,
    posted,
    printing,
    register,
    rounds,
    shifts,
    siblings,
    special,
    substitution,
    till,
    visits,
    wall_clock,
)
from daemon.core.fact import Fact as Fact
from daemon.core.presence import AccessGranted as AccessGranted
from daemon.core.presence import LeftUnheard as LeftUnheard
from daemon.core.presence import StayClosed as StayClosed
from daemon.core.presence import StayOpened as StayOpened
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, Boom, Char, Instant, Loop, LoopState, Permit

# ---------------------------------------------------------------- the gate and its devices


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStarted(Fact):
    version: str
    note: str = ""
    kind: Literal["gate_started"] = "gate_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLost(Fact):
    """Stands for a row that a damaged disk took: the numbers stay unbroken, and the loss stays visible."""

    why: str
    kind: Literal["fact_lost"] = "fact_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopReported(Fact):
    loop: Loop
    state: LoopState
    kind: Literal["loop_reported"] = "loop_reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoomMoved(Fact):
    """The limit switches say something new. Never inferred from an order."""

    boom: Boom
    kind: Literal["boom_moved"] = "boom_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailed(Fact):
    device: str
    role: str
    why: str
    kind: Literal["device_failed"] = "device_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecovered(Fact):
    device: str
    role: str
    kind: Literal["device_recovered"] = "device_recovered"


# ---------------------------------------------------------------- who may pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitGranted(Fact):
    permit: Permit
    by: Actor
    kind: Literal["permit_granted"] = "permit_granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitWithdrawn(Fact):
    permit_id: str
    by: Actor
    kind: Literal["permit_withdrawn"] = "permit_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitRejected(Fact):
    """A permit that would give a car a second card, or a card a second car (R01)."""

    permit: Permit
    by: Actor
    binds: Literal["card", "plate", "id"]
    existing_id: str
    existing_holder: str
    kind: Literal["permit_rejected"] = "permit_rejected"


# ---------------------------------------------------------------- one car at one lane


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageOpened(Fact):
    """A car is here: `passage` names it until it has gone."""

    direction: Literal["entry", "exit"]
    cause: Literal["loop", "card", "plate", "guard", "safety_loop"]
    kind: Literal["passage_opened"] = "passage_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPresented(Fact):
    card: str
    bits: int
    permit_id: str | None
    kind: Literal["card_presented"] = "card_presented"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateSeen(Fact):
    plate: str
    valid: bool
    confidence: float
    chars: tuple[Char, ...]
    colour: str
    track: str
    permit_id: str | None
    picture: str | None
    crop: str | None
    kind: Literal["plate_seen"] = "plate_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKept(Fact):
    """What the lane looked like when something was done there (R28, R29)."""

    picture: str
    alert_id: str | None = None
    """The alert that it was taken for."""
    kind: Literal["picture_kept"] = "picture_kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateCorrected(Fact):
    """The card names the permit, and the read differs from its plate by one confusable character (R02)."""

    read: str
    plate: str
    permit_id: str
    kind: Literal["plate_corrected"] = "plate_corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRefused(Fact):
    """The car is sent away: by a guard, or by a rule that leaves nobody a choice."""

    reason: Reason
    permit_id: str | None = None
    card: str | None = None
    plate: str | None = None
    picture: str | None = None
    by: Actor | None = None
    note: str = ""
    trace: tuple[str, ...] = ()
    kind: Literal["access_refused"] = "access_refused"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open stay that might be the car at the exit: how many characters differ (a
    confusable one counts less than 1), and since when it is in."""

    stay_id: str
    plate: str
    distance: float
    entered: Instant
    picture: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarHeld(Fact):
    """The boom stays down and the guard decides."""

    reason: Reason
    card: str | None = None
    card_permit_id: str | None = None
    plate: str | None = None
    plate_permit_id: str | None = None
    picture: str | None = None
    candidates: tuple[Candidate, ...] = ()
    advice: str = ""
    """What the guard is to do, where somebody has written that down (R08)."""
    trace: tuple[str, ...] = ()
    kind: Literal["car_held"] = "car_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarUnderBoom(Fact):
    """The safety loop is occupied by the car that was let through."""

    kind: Literal["car_under_boom"] = "car_under_boom"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarForcedIn(Fact):
    """The safety loop is occupied by a car that nobody let through, and the boom is not down (R25)."""

    after: str | None
    """The passage on whose grant it follows; None where the boom was up for nobody."""
    kind: Literal["car_forced_in"] = "car_forced_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageClosed(Fact):
    outcome: Literal["passed", "left", "refused", "interrupted", "unconfirmed", "forced"]
    """`left`: backed away. `interrupted`: the daemon was restarted before a decision, or the car that was let
    through had gone by then. `unconfirmed`: let through, but no loop ever saw the car go. `forced`: driven
    through, and nobody had let it."""
    kind: Literal["passage_closed"] = "passage_closed"


# ---------------------------------------------------------------- orders: performed after they are durable


@dataclass(frozen=True, slots=True, kw_only=True)
class BoomRaiseOrdered(Fact):
    reason: Reason
    by: Actor | None = None
    note: str = ""
    kind: Literal["boom_raise_ordered"] = "boom_raise_ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoomLowerOrdered(Fact):
    reason: Reason
    by: Actor | None = None
    note: str = ""
    kind: Literal["boom_lower_ordered"] = "boom_lower_ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoomStopOrdered(Fact):
    reason: Reason
    by: Actor | None = None
    note: str = ""
    kind: Literal["boom_stop_ordered"] = "boom_stop_ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRefused(Fact):
    """Somebody asked for what may not be done now; nothing was moved."""

    action: str
    reason: Reason
    by: Actor
    note: str = ""
    kind: Literal["action_refused"] = "action_refused"


# ---------------------------------------------------------------- alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Fact):
    alert_id: str
    alert: AlertKind
    severity: Severity
    subject: str
    """What it is about: a device, a passage, a card."""
    detail: str
    picture: str | None = None
    other_picture: str | None = None
    """What to compare the first one with: the other car of the same card, or the one that is inside."""
    kind: Literal["alert_raised"] = "alert_raised"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCleared(Fact):
    """Its cause is over, or a person has closed it."""

    alert_id: str
    by: Actor | None = None
    outcome: str = ""
    kind: Literal["alert_cleared"] = "alert_cleared"


Order = BoomRaiseOrdered | BoomLowerOrdered | BoomStopOrdered

AnyFact = (
    GateStarted | FactLost | LoopReported | BoomMoved | DeviceFailed | DeviceRecovered
    | PermitGranted | PermitWithdrawn | PermitRejected
    | PassageOpened | CardPresented | PlateSeen | PictureKept | PlateCorrected
    | AccessGranted | AccessRefused | CarHeld | CarUnderBoom | CarForcedIn | PassageClosed
    | StayOpened | StayClosed | LeftUnheard
    | BoomRaiseOrdered | BoomLowerOrdered | BoomStopOrdered | ActionRefused
    | AlertRaised | AlertCleared
    | goods.AnyFact
    | special.AnyFact
    | register.AnyFact
    | bays.AnyFact
    | cards.AnyFact
    | identity.AnyFact
    | findings.AnyFact
    | substitution.AnyFact
    | visits.AnyFact
    | contractors.AnyFact
    | shifts.AnyFact
    | wall_clock.AnyFact
    | hold_open.AnyFact
    | fire.AnyFact
    | lot.AnyFact
    | logbook.AnyFact
    | alerts.AnyFact
    | alarms.AnyFact
    | money.AnyFact
    | printing.AnyFact
    | till.AnyFact
    | rounds.AnyFact
    | commands.AnyFact
    | posted.AnyFact
    | siblings.AnyFact
)  # fmt: skip

FACT_TYPES: tuple[type[Fact], ...] = get_args(AnyFact)
