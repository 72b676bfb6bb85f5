"""Commands from outside, by a person known by a key: what was taken up, what became of it, what was refused.

The law of this file: a command is taken up once, whatever comes again; the ledger says so before anything is
done, and in one transaction with what is done. What was not obeyed is written down in counts, so that a
hundred thousand hostile commands fill no disk. What follows from a command is in `daemon.core.command_desk`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Boom, Command, Fault, Instant, Request
from daemon.core.table import Table

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.signals import Asked

KEPT = 1000
"""Commands that are remembered, besides those that have not expired: one of them that is signed anew is
answered as the first time."""

LONG_PAST = datetime(2026, 1, 1, tzinfo=UTC)
"""Nobody who knows the time says an earlier one: this software did not exist."""

Answer = Literal["accepted", "rejected", "done", "failed"]


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePicture(Request):
    """Somebody who cannot see the lane wants to."""

    lane: str
    reason: str
    kind: Literal["take_picture"] = "take_picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendFacts(Request):
    """Say everything from this number on again, to whoever receives the facts."""

    since: int
    kind: Literal["resend_facts"] = "resend_facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTime(Request):
    """What time it is, for a gate that does not know; one that knows takes no other word for it."""

    now: datetime
    kind: Literal["offer_time"] = "offer_time"


AnyRequest = TakePicture | ResendFacts | OfferTime


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceived(Fact):
    """A genuine command is taken up; what follows from it stands next to it."""

    command: Command
    by: Actor
    kind: Literal["command_received"] = "command_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered(Fact):
    """What became of it so far: `accepted` waits for a limit switch, the others are final."""

    command_id: str
    operation: str
    answer: Answer
    why: Reason | None = None
    waits_for: Boom | None = None
    by: Actor
    kind: Literal["command_answered"] = "command_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Fact):
    """So many messages on the command topic were not obeyed, for that reason, since then."""

    why: Fault
    key_id: str
    """The key that they named, where the gate knows one of that name; else nobody's."""
    times: int
    since: Instant
    kind: Literal["command_refused"] = "command_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureAsked(Fact):
    why: str
    by: Actor
    kind: Literal["picture_asked"] = "picture_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsAskedAgain(Fact):
    since: int
    by: Actor
    kind: Literal["facts_asked_again"] = "facts_asked_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeGiven(Fact):
    """At `at`, by elapsed time, it was `now`: the gate believes it for as long as this boot lasts."""

    now: datetime
    by: Actor
    kind: Literal["time_given"] = "time_given"


AnyFact = CommandReceived | CommandAnswered | CommandRefused | PictureAsked | FactsAskedAgain | TimeGiven


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    match request:
        case TakePicture():
            if request.lane not in draft.state.lanes:
                draft.refuse(asked, Reason.NO_SUCH_LANE)
            elif not request.reason.strip():
                draft.refuse(asked, Reason.REASON_NEEDED)
            else:
                why = request.reason.strip()
                draft.say(PictureAsked(at=draft.at, lane=request.lane, why=why, by=asked.actor))
        case ResendFacts():
            if request.since < 1:
                draft.refuse(asked, Reason.COUNT_WRONG)
            else:
                draft.say(FactsAskedAgain(at=draft.at, since=request.since, by=asked.actor))
        case OfferTime():
            if draft.at.trusted:
                draft.refuse(asked, Reason.TIME_KNOWN)
            elif request.now < LONG_PAST:
                draft.refuse(asked, Reason.END_IS_PAST)
            else:
                draft.say(TimeGiven(at=draft.at, now=request.now.astimezone(UTC), by=asked.actor))


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One command, and what became of it so far."""

    command: Command
    by: Actor
    at: Instant
    answer: Answer | None = None
    """None only within the decision that takes it up."""
    why: Reason | None = None
    lane: str | None = None
    waits_for: Boom | None = None
    answered_at: timedelta = timedelta(0)

    @property
    def is_pending(self) -> bool:
        return self.answer == "accepted" and self.waits_for is not None

    def is_over(self, at: Instant) -> bool:
        """True where it could not be obeyed again anyhow: its time is up, or the gate has a new challenge."""
        return self.at.boot != at.boot or self.at.mono + self.command.lasts <= at.mono


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that were taken up last, by their ids, the oldest first in `order`."""

    taken: Table[Taken] = field(default_factory=Table)
    order: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    time: TimeGiven | None = None
    """The last time that somebody gave this gate."""


def evolve(commands: Commands, fact: Fact) -> Commands:
    match fact:
        case CommandReceived():
            return _with(commands, fact)
        case CommandAnswered() if (taken := commands.taken.get(fact.command_id)) is not None:
            answered = replace(
                taken,
                answer=fact.answer,
                why=fact.why,
                lane=fact.lane,
                waits_for=fact.waits_for,
                answered_at=fact.at.mono,
            )
            others = tuple(key for key in commands.pending if key != fact.command_id)
            pending = (*others, fact.command_id) if answered.is_pending else others
            return replace(commands, taken=commands.taken.put(fact.command_id, answered), pending=pending)
        case TimeGiven():
            return replace(commands, time=fact)
        case _:
            return commands


def _with(commands: Commands, fact: CommandReceived) -> Commands:
    taken = commands.taken.put(fact.command.id, Taken(command=fact.command, by=fact.by, at=fact.at))
    order = (*(key for key in commands.order if key != fact.command.id), fact.command.id)
    while len(order) > KEPT and taken[order[0]].is_over(fact.at) and order[0] not in commands.pending:
        taken, order = taken.without(order[0]), order[1:]
    return replace(commands, taken=taken, order=order)
