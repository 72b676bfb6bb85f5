"""What follows when a guard comes, hands over, signs or wants to go (R37); and who answers for a button.

The law of this file: nobody is written down as late or absent by a clock that cannot be believed; whatever is
asked twice is done once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from daemon.core.handover import open_items
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.rota import Staff, last_start, next_start, shift_of_arrival
from daemon.core.shifts import (
    AnyRequest,
    CheckEquipment,
    Equipment,
    EquipmentChecked,
    GuardAbsent,
    GuardArrived,
    GuardLeft,
    HandoverListed,
    HandoverSigned,
    How,
    PlanShift,
    PrepareHandover,
    ShiftPlanned,
    ShiftStarted,
    SignHandover,
    SignOff,
    SignOn,
    StandIn,
    SuccessorOverdue,
    planned_for,
)
from daemon.core.signals import Actor, Asked, CardRead, GuardAsked
from daemon.core.wall_clock import mono_at, time_of_day

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

AT_THE_BUTTON = Actor(name="岗亭按钮 push button", role="guard")
"""Who pressed it, the button cannot say; the guard on duty answers for it."""

POST = "post"
"""What an alert about the guard's place is about: there is one at each gate."""

MOST_CASH_FEN = 100_000_000
"""A million yuan in a drawer is a slip of the finger."""


def answered_for(state: State, signal: GuardAsked) -> GuardAsked:
    """The same signal with the guard on duty in the button's place."""
    on_duty = state.shifts.on_duty
    if signal.actor != AT_THE_BUTTON or on_duty is None:
        return signal
    return replace(signal, actor=on_duty.guard)


def is_staff_card(draft: Draft, signal: CardRead) -> bool:
    """True where the card shown is somebody's of the staff: he has come, and there is no car."""
    person = _staff_of(draft, signal.card)
    if person is None:
        return False
    _arrive(draft, Actor(name=person.name, role=person.role), "card")
    return True


def _staff_of(draft: Draft, card: str) -> Staff | None:
    return draft.state.register.staff_of_card(card, draft.state.rules.shifts)


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    objection = _answer(draft, asked.actor, request)
    if objection is not None:
        draft.refuse(asked, objection)


def _answer(draft: Draft, actor: Actor, request: AnyRequest) -> Reason | None:
    """Do it, or say why not."""
    match request:
        case SignOn(card=None):
            return _arrive(draft, actor, "pin")
        case SignOn():
            person = _staff_of(draft, request.card or "")
            if person is None:
                return Reason.STAFF_CARD_UNKNOWN
            return _arrive(draft, Actor(name=person.name, role=person.role), "card")
        case SignOff():
            return _leave(draft, actor)
        case CheckEquipment():
            return _check_equipment(draft, actor, request)
        case PrepareHandover():
            return _prepare(draft, actor, request)
        case SignHandover():
            return _sign(draft, actor, request)
        case StandIn():
            return _stand_in(draft, actor, request)
        case PlanShift():
            return _plan(draft, actor, request)
        case _:
            assert_never(request)


def _arrive(draft: Draft, guard: Actor, how: How) -> Reason | None:
    shifts, rules = draft.state.shifts, draft.state.rules.shifts
    if shifts.on_duty is not None and shifts.on_duty.guard.name == guard.name:
        return Reason.ALREADY_ON_DUTY
    if any(guard.name == other.name for other in shifts.arrived):
        return Reason.ALREADY_ARRIVED
    now = time_of_day(draft.state.clock, draft.at.mono)
    shift = shift_of_arrival(rules.starts, draft.state.rules.timezone, now) if now is not None else None
    if shift is not None and shifts.settled is not None and shift <= shifts.settled and now is not None:
        # Somebody came for it already, or nobody came in time: then this is the one who was missed.
        shift = shift if shift == shifts.overdue else None
    late = now - (shift - rules.early) if now is not None and shift is not None else timedelta(0)
    draft.say(
        GuardArrived(
            at=draft.at,
            guard=guard,
            how=how,
            shift=shift,
            planned=planned_for(shifts, shift),
            late_s=max(0, int(late.total_seconds())),
        )
    )
    draft.clear_alerts([AlertKind.SUCCESSOR_OVERDUE], POST)
    if shifts.on_duty is None:
        draft.say(ShiftStarted(at=draft.at, number=shifts.number + 1, guard=guard))
    return None


def _leave(draft: Draft, guard: Actor) -> Reason | None:
    shifts = draft.state.shifts
    if shifts.on_duty is not None and shifts.on_duty.guard.name == guard.name:
        return Reason.SUCCESSOR_NOT_SIGNED
    if guard.name not in shifts.relieved and all(guard.name != other.name for other in shifts.arrived):
        return Reason.NOT_ON_DUTY
    draft.say(GuardLeft(at=draft.at, guard=guard))
    return None


def _check_equipment(draft: Draft, guard: Actor, request: CheckEquipment) -> Reason | None:
    if request.item not in draft.state.rules.shifts.equipment:
        return Reason.EQUIPMENT_UNKNOWN
    if not request.ok and not request.note.strip():
        return Reason.REASON_NEEDED
    equipment = Equipment(request.item, request.ok, request.note.strip())
    if draft.state.shifts.equipment.get(request.item) != equipment:
        draft.say(EquipmentChecked(at=draft.at, equipment=equipment, by=guard))
    return None


def _prepare(draft: Draft, guard: Actor, request: PrepareHandover) -> Reason | None:
    shifts, rules = draft.state.shifts, draft.state.rules.shifts
    if shifts.on_duty is None or shifts.on_duty.guard.name != guard.name:
        return Reason.NOT_ON_DUTY
    if any(item not in shifts.equipment for item in rules.equipment):
        return Reason.EQUIPMENT_UNCHECKED
    if request.cash_fen is not None and not 0 <= request.cash_fen <= MOST_CASH_FEN:
        return Reason.CASH_WRONG
    draft.say(
        HandoverListed(
            at=draft.at,
            number=shifts.number,
            items=open_items(draft.state),
            equipment=_equipment(draft.state),
            cash_fen=request.cash_fen,
            note=request.note.strip(),
            by=guard,
        )
    )
    return None


def _sign(draft: Draft, guard: Actor, request: SignHandover) -> Reason | None:
    shifts = draft.state.shifts
    if shifts.on_duty is None or all(guard.name != other.name for other in shifts.arrived):
        return Reason.NOT_ARRIVED
    listed = shifts.listed
    if listed is None:
        return Reason.HANDOVER_NOT_LISTED
    items = open_items(draft.state)
    if not {(item.what, item.ref) for item in items} <= {(item.what, item.ref) for item in listed.items}:
        # He signs for what he has read: whatever came up since is shown to him first.
        draft.say(replace(listed, at=draft.at, items=items))
        return Reason.HANDOVER_CHANGED
    draft.say(
        HandoverSigned(
            at=draft.at,
            number=shifts.number,
            leaving=shifts.on_duty.guard,
            taking=guard,
            items=items,
            equipment=listed.equipment,
            cash_fen=listed.cash_fen,
            note=listed.note,
            remark=request.remark.strip(),
        ),
        ShiftStarted(at=draft.at, number=shifts.number + 1, guard=guard),
    )
    return None


def _stand_in(draft: Draft, leader: Actor, request: StandIn) -> Reason | None:
    """The leader takes the post with everything open, whether or not the one before is there to give it."""
    shifts = draft.state.shifts
    if not request.reason.strip():
        return Reason.REASON_NEEDED
    if shifts.on_duty is not None and shifts.on_duty.guard.name == leader.name:
        return Reason.ALREADY_ON_DUTY
    if shifts.on_duty is not None:
        listed = shifts.listed
        draft.say(
            HandoverSigned(
                at=draft.at,
                number=shifts.number,
                leaving=shifts.on_duty.guard,
                taking=leader,
                items=open_items(draft.state),
                equipment=_equipment(draft.state),
                cash_fen=listed.cash_fen if listed is not None else None,
                note=listed.note if listed is not None else "",
                remark=request.reason.strip(),
            )
        )
    draft.say(ShiftStarted(at=draft.at, number=shifts.number + 1, guard=leader, stands_in=True))
    return None


def _equipment(state: State) -> tuple[Equipment, ...]:
    checked = state.shifts.equipment
    return tuple(checked[item] for item in state.rules.shifts.equipment if item in checked)


def _plan(draft: Draft, actor: Actor, request: PlanShift) -> Reason | None:
    rules = draft.state.rules
    shift = request.starts.astimezone(UTC)
    if last_start(rules.shifts.starts, rules.timezone, shift) != shift:
        return Reason.SHIFT_UNKNOWN
    if planned_for(draft.state.shifts, shift) != request.guard:
        draft.say(ShiftPlanned(at=draft.at, shift=shift, guard=request.guard, by=actor))
    return None


# ---------------------------------------------------------------- time


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    """When somebody is missed, on the clock of the running boot."""
    shift = _awaited(state)
    if shift is not None and state.clock is not None:
        is_overdue = state.shifts.overdue == shift
        yield mono_at(state.clock, shift + state.rules.shifts.absent_after if is_overdue else shift)


def time_passed(draft: Draft) -> None:
    """Miss whoever should have come by now."""
    now = time_of_day(draft.state.clock, draft.at.mono)
    shift = _awaited(draft.state)
    if now is None or shift is None or now < shift:
        return
    rules = draft.state.rules
    planned = planned_for(draft.state.shifts, shift)
    if draft.state.shifts.overdue != shift:
        draft.say(SuccessorOverdue(at=draft.at, shift=shift, planned=planned))
        draft.raise_alert(
            AlertKind.SUCCESSOR_OVERDUE,
            POST,
            f"{shift.astimezone(rules.timezone):%m-%d %H:%M} {planned or ''}".strip(),
            severity=Severity.WARNING,
        )
    if now >= shift + rules.shifts.absent_after:
        # After days without power one absence is said, that of the last shift, and not one for each.
        latest = last_start(rules.shifts.starts, rules.timezone, now - rules.shifts.absent_after) or shift
        missed = max(shift, latest)
        draft.say(
            GuardAbsent(at=draft.at, shift=missed, planned=planned_for(draft.state.shifts, missed)),
        )
        time_passed(draft)


def _awaited(state: State) -> datetime | None:
    """The shift that somebody is to come for; None where the site has no shifts, or nobody knows the time."""
    clock, settled = state.clock, state.shifts.settled
    if clock is None or not clock.trusted:
        return None
    since = clock.wall
    if settled is not None:
        since = settled
    return next_start(state.rules.shifts.starts, state.rules.timezone, since)
