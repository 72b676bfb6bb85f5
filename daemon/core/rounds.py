"""Rounds, roll calls, checks, inspections and drills (R38): done by check-in, missed by the clock.

The law of this file: what is due follows from the site's data and the time of day alone; a check-in counts
for the slot that it falls into. Without a clock that can be believed nothing is due and nothing is missed, as
an alert says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from daemon.core import logbook
from daemon.core.fact import Fact
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.schedule import Duty, Slot, next_slot
from daemon.core.signals import Actor, Asked, CardRead, Instant, Request
from daemon.core.table import Table
from daemon.core.wall_clock import LONG_AGO, ClockSet, mono_at, time_of_day

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

ONE_SHOWING = timedelta(seconds=60)
"""The same check-in by the same person within this time is the same one."""

NOBODY = Actor(name="巡更卡 patrol card", role="guard")
"""Who showed a patrol card that names nobody while nobody is on duty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolCard:
    """One line of the `patrol_cards:` section of config.yaml: shown at a reader it is a check-in."""

    card: str
    duty: str
    holder: Actor | None = None
    """Whose it is; None: that of the guard on duty."""


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Request):
    """A scheduled duty was done, and what was found."""

    duty: str
    place: str = ""
    finding: str = ""
    kind: Literal["check_in"] = "check_in"


AnyRequest = CheckIn


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyDone(Fact):
    duty: str
    by: Actor
    how: Literal["request", "card"]
    place: str
    finding: str
    slot_from: datetime | None
    """The stretch of time it counts for; None where none is open: it is done, and was not due."""
    slot_until: datetime | None
    count: int
    """How many there are in the slot, this one with them."""
    wanted: int
    kind: Literal["duty_done"] = "duty_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyMissed(Fact):
    """A slot is over with too few check-ins."""

    duty: str
    slot_from: datetime
    slot_until: datetime
    """When that was noticed, not before the slot was over: after a time without power, one says it all."""
    count: int
    wanted: int
    kind: Literal["duty_missed"] = "duty_missed"


AnyFact = DutyDone | DutyMissed


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Progress:
    """The check-ins of one duty in the slot that is open."""

    slot_until: datetime | None
    count: int
    by: Actor
    at: Instant


@dataclass(frozen=True, slots=True)
class Rounds:
    progress: Table[Progress] = field(default_factory=Table)
    settled: Table[datetime] = field(default_factory=Table)
    """Up to when a duty is done or was missed."""


def evolve(rounds: Rounds, fact: Fact) -> Rounds:
    match fact:
        case DutyDone():
            progress = Progress(fact.slot_until, fact.count, fact.by, fact.at)
            rounds = replace(rounds, progress=rounds.progress.put(fact.duty, progress))
            if fact.slot_until is not None and fact.count >= fact.wanted:
                return replace(rounds, settled=rounds.settled.put(fact.duty, fact.slot_until))
            return rounds
        case DutyMissed():
            return replace(rounds, settled=rounds.settled.put(fact.duty, fact.slot_until))
        case ClockSet(reckoned=datetime() as reckoned) if reckoned - fact.at.wall > LONG_AGO:
            return Rounds()
        case _:
            return rounds


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    duty = _duty(draft.state, request.duty)
    if duty is None:
        draft.refuse(asked, Reason.DUTY_UNKNOWN)
        return
    objection = _check_in(
        draft, duty, by=asked.actor, how="request", place=request.place, finding=request.finding
    )
    if objection is not None:
        draft.refuse(asked, objection)


def is_patrol_card(draft: Draft, signal: CardRead) -> bool:
    """True where the card shown is a patrol card: a check-in at that reader, and no car."""
    card = next((card for card in draft.state.rules.patrol_cards if card.card == signal.card), None)
    duty = _duty(draft.state, card.duty) if card is not None else None
    if card is None or duty is None:
        return False
    on_duty = draft.state.shifts.on_duty
    by = card.holder or (on_duty.guard if on_duty is not None else NOBODY)
    _check_in(draft, duty, by=by, how="card", place=signal.lane, finding="")
    return True


def _check_in(
    draft: Draft, duty: Duty, *, by: Actor, how: Literal["request", "card"], place: str, finding: str
) -> Reason | None:
    if duty.by_leader and by.role not in ("leader", "supervisor"):
        return Reason.DUTY_OF_A_LEADER
    before = draft.state.rounds.progress.get(duty.id)
    is_again = before is not None and before.by == by and before.at.boot == draft.at.boot
    if is_again and before is not None and draft.at.mono - before.at.mono < ONE_SHOWING and not finding:
        return Reason.CHECKED_IN_ALREADY
    time_passed(draft)
    now = time_of_day(draft.state.clock, draft.at.mono)
    slot = _awaited(draft.state, duty)
    is_due = now is not None and slot is not None and slot.starts <= now
    draft.say(
        DutyDone(
            at=draft.at,
            duty=duty.id,
            by=by,
            how=how,
            place=place,
            finding=finding.strip(),
            slot_from=slot.starts if is_due and slot is not None else None,
            slot_until=slot.ends if is_due and slot is not None else None,
            count=_count(draft.state, duty, slot) + 1 if is_due and slot is not None else 1,
            wanted=duty.times,
        )
    )
    draft.clear_alerts([AlertKind.DUTY_MISSED], duty.id)
    if finding.strip():
        logbook.write(
            draft,
            logbook.EntryKind.PATROL_FINDING,
            " ".join(filter(None, (duty.name, place, finding.strip()))),
            by=by,
        )
    return None


# ---------------------------------------------------------------- time


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    """When a duty will have been missed, on the clock of the running boot."""
    if state.clock is None or not state.clock.trusted:
        return
    for duty in state.rules.duties:
        slot = _awaited(state, duty)
        if slot is not None:
            yield mono_at(state.clock, slot.ends)


def time_passed(draft: Draft) -> None:
    """Miss what should have been done by now."""
    duties = draft.state.rules.duties
    now = time_of_day(draft.state.clock, draft.at.mono)
    if now is None:
        if duties and draft.state.clock is not None:
            draft.raise_alert(AlertKind.ROUNDS_PAUSED, "clock", "no clock to go by", severity=Severity.NOTICE)
        return
    draft.clear_alerts([AlertKind.ROUNDS_PAUSED], "clock")
    for duty in duties:
        slot = _awaited(draft.state, duty)
        if slot is None or now < slot.ends:
            continue
        count = _count(draft.state, duty, slot)
        draft.say(
            DutyMissed(
                at=draft.at,
                duty=duty.id,
                slot_from=slot.starts,
                slot_until=max(slot.ends, now),
                count=count,
                wanted=duty.times,
            )
        )
        zone = draft.state.rules.timezone
        begins, ends = slot.starts.astimezone(zone), slot.ends.astimezone(zone)
        draft.raise_alert(
            AlertKind.DUTY_MISSED,
            duty.id,
            f"{duty.name} {begins:%m-%d %H:%M} - {ends:%m-%d %H:%M}: {count}/{duty.times}",
            severity=Severity.WARNING,
        )


def _duty(state: State, key: str) -> Duty | None:
    return next((duty for duty in state.rules.duties if duty.id == key), None)


def _awaited(state: State, duty: Duty) -> Slot | None:
    """The slot that is open, or the next one; None while nobody knows the time."""
    if state.clock is None or not state.clock.trusted:
        return None
    since = state.rounds.settled.get(duty.id, state.clock.wall)
    return next_slot(duty, state.rules.shifts.starts, state.rules.timezone, since)


def _count(state: State, duty: Duty, slot: Slot) -> int:
    progress = state.rounds.progress.get(duty.id)
    return progress.count if progress is not None and progress.slot_until == slot.ends else 0
