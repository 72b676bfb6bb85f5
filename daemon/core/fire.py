"""Fire (R32): every barrier up and held up, until a person of the right role says that it is over.

The law of this file: the alarm is latched. An input that falls quiet, is lost, or a daemon that starts again
ends nothing; only `ResetFire` does, and only while the input is quiet. The boom may have been raised before
these facts are on the disk (`daemon.edges.fire`): a fire waits for no disk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, Asked, FireInput, FireReported, Request

if TYPE_CHECKING:
    from daemon.core.draft import Draft

SITE = "fire"
"""What its alert is about: a site has one fire input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetFire(Request):
    """The fire is over; the booms come down again when their lanes are clear."""

    reason: str
    kind: Literal["reset_fire"] = "reset_fire"


AnyRequest = ResetFire


@dataclass(frozen=True, slots=True, kw_only=True)
class FireInputChanged(Fact):
    input: FireInput
    kind: Literal["fire_input_changed"] = "fire_input_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireAlarmed(Fact):
    """From now on every boom stays up."""

    kind: Literal["fire_alarmed"] = "fire_alarmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FireWasReset(Fact):
    why: str
    by: Actor
    kind: Literal["fire_was_reset"] = "fire_was_reset"


AnyFact = FireInputChanged | FireAlarmed | FireWasReset


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    input: FireInput = FireInput.UNKNOWN
    is_alarmed: bool = False


def evolve(fire: Fire, fact: Fact) -> Fire:
    match fact:
        case FireInputChanged():
            return replace(fire, input=fact.input)
        case FireAlarmed():
            return replace(fire, is_alarmed=True)
        case FireWasReset():
            return replace(fire, is_alarmed=False)
        case _:
            return fire


def restarted(fire: Fire) -> Fire:
    """What the input said before the start says nothing now; the alarm stands."""
    return replace(fire, input=FireInput.UNKNOWN)


def reported(draft: Draft, signal: FireReported) -> bool:
    """Write down what the input says; True where every boom is to be ordered up because of it."""
    if signal.input is not draft.state.fire.input:
        draft.say(FireInputChanged(at=draft.at, input=signal.input))
    if signal.input is not FireInput.ALARM or draft.state.fire.is_alarmed:
        return False
    draft.say(FireAlarmed(at=draft.at))
    draft.raise_alert(AlertKind.FIRE, SITE, "every barrier is ordered up", severity=Severity.URGENT)
    return True


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    fire = draft.state.fire
    if not fire.is_alarmed:
        draft.refuse(asked, Reason.NO_FIRE)
    elif not request.reason.strip():
        draft.refuse(asked, Reason.REASON_NEEDED)
    elif draft.state.rules.has_fire_input and fire.input is not FireInput.QUIET:
        draft.refuse(asked, Reason.FIRE_INPUT_NOT_QUIET)
    else:
        draft.say(FireWasReset(at=draft.at, why=request.reason.strip(), by=asked.actor))
        draft.clear_alerts([AlertKind.FIRE], SITE)
