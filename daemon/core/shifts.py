"""Who is on duty, and how one guard hands over to the next (R37).

The law of this file: from the first sign-on there is always somebody on duty. Whoever comes is written down
with how late he is; he is on duty once he has signed for the list of what is open, and not before is the one
before him free to go. A shift leader can take over at once, and signs for it with a reason. What follows from
asking is in `daemon.core.duty`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from daemon.core.fact import Fact
from daemon.core.handover import OpenItem
from daemon.core.signals import Actor, Instant, Request
from daemon.core.table import Table
from daemon.core.wall_clock import LONG_AGO, ClockSet

How = Literal["card", "pin"]


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn(Request):
    """Somebody has come for his shift: by his staff card, or in his own name where a PIN has proved it."""

    card: str | None = None
    kind: Literal["sign_on"] = "sign_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff(Request):
    """Somebody goes; refused to whoever is on duty until a successor has signed."""

    kind: Literal["sign_off"] = "sign_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEquipment(Request):
    """One line of the equipment list: it is there and in order, or what is wrong with it."""

    item: str
    ok: bool = True
    note: str = ""
    kind: Literal["check_equipment"] = "check_equipment"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareHandover(Request):
    """The guard on duty has the list of what is open made, with the cash counted and what he has to say."""

    cash_fen: int | None = None
    note: str = ""
    kind: Literal["prepare_handover"] = "prepare_handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHandover(Request):
    """The successor signs for the list, and is on duty."""

    remark: str = ""
    kind: Literal["sign_handover"] = "sign_handover"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn(Request):
    """A shift leader takes the post at once, with what is open."""

    reason: str
    kind: Literal["stand_in"] = "stand_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShift(Request):
    """Who is to come for the shift that begins at this moment."""

    starts: datetime
    guard: str
    kind: Literal["plan_shift"] = "plan_shift"


AnyRequest = SignOn | SignOff | CheckEquipment | PrepareHandover | SignHandover | StandIn | PlanShift


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True)
class Equipment:
    item: str
    ok: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardArrived(Fact):
    """Attendance: somebody has come."""

    guard: Actor
    how: How
    shift: datetime | None
    """The start of the shift that he comes for; None where somebody has already, or no clock is right."""
    planned: str | None
    """Who was to come."""
    late_s: int
    """How long after he was due, which is before the shift begins; 0 for in time."""
    kind: Literal["guard_arrived"] = "guard_arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorOverdue(Fact):
    """The shift begins and nobody has come for it."""

    shift: datetime
    planned: str | None
    kind: Literal["successor_overdue"] = "successor_overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardAbsent(Fact):
    """Attendance: nobody has come for this shift."""

    shift: datetime
    planned: str | None
    kind: Literal["guard_absent"] = "guard_absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLeft(Fact):
    """Attendance: somebody who was relieved, or was not needed, has gone."""

    guard: Actor
    kind: Literal["guard_left"] = "guard_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentChecked(Fact):
    equipment: Equipment
    by: Actor
    kind: Literal["equipment_checked"] = "equipment_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverListed(Fact):
    """What is open, for the successor to sign for."""

    number: int
    items: tuple[OpenItem, ...]
    equipment: tuple[Equipment, ...]
    cash_fen: int | None
    note: str
    by: Actor
    kind: Literal["handover_listed"] = "handover_listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverSigned(Fact):
    """The shift is over: the one has given, the other has taken what was open."""

    number: int
    leaving: Actor
    taking: Actor
    items: tuple[OpenItem, ...]
    equipment: tuple[Equipment, ...]
    cash_fen: int | None
    note: str
    remark: str
    kind: Literal["handover_signed"] = "handover_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftStarted(Fact):
    """From now on everything done at this gate is done in this guard's shift."""

    number: int
    guard: Actor
    stands_in: bool = False
    kind: Literal["shift_started"] = "shift_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlanned(Fact):
    shift: datetime
    guard: str
    by: Actor
    kind: Literal["shift_planned"] = "shift_planned"


AnyFact = (
    GuardArrived | SuccessorOverdue | GuardAbsent | GuardLeft | EquipmentChecked
    | HandoverListed | HandoverSigned | ShiftStarted | ShiftPlanned
)  # fmt: skip


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class OnDuty:
    guard: Actor
    number: int
    since: Instant


@dataclass(frozen=True, slots=True)
class Shifts:
    number: int = 0
    """How many shifts have begun."""
    on_duty: OnDuty | None = None
    arrived: tuple[Actor, ...] = ()
    """Who has come and has not signed yet."""
    relieved: tuple[str, ...] = ()
    """Who has handed over, or was not needed, and has not gone yet."""
    listed: HandoverListed | None = None
    equipment: Table[Equipment] = field(default_factory=Table)
    """What was looked at in this shift."""
    planned: Table[str] = field(default_factory=Table)
    """Who is to come, by the start of the shift."""
    settled: datetime | None = None
    """The last shift that somebody came for, or was missed."""
    overdue: datetime | None = None
    """The shift whose successor is known to be late."""


def evolve(shifts: Shifts, fact: Fact) -> Shifts:
    match fact:
        case GuardArrived():
            return replace(
                shifts,
                arrived=(*shifts.arrived, fact.guard),
                relieved=tuple(name for name in shifts.relieved if name != fact.guard.name),
                overdue=None if fact.shift == shifts.overdue else shifts.overdue,
                **_settled(shifts, fact.shift),
            )
        case SuccessorOverdue():
            return replace(shifts, overdue=fact.shift)
        case GuardAbsent():
            return replace(shifts, **_settled(shifts, fact.shift))
        case GuardLeft():
            arrived = tuple(guard for guard in shifts.arrived if guard.name != fact.guard.name)
            relieved = tuple(name for name in shifts.relieved if name != fact.guard.name)
            return replace(shifts, arrived=arrived, relieved=relieved)
        case EquipmentChecked():
            checked = shifts.equipment.put(fact.equipment.item, fact.equipment)
            return replace(shifts, equipment=checked)
        case HandoverListed():
            return replace(shifts, listed=fact)
        case HandoverSigned():
            return replace(shifts, relieved=(*shifts.relieved, fact.leaving.name))
        case ShiftStarted():
            # Whoever else had come for this shift is not needed, and free to go.
            free = (*shifts.relieved, *(guard.name for guard in shifts.arrived))
            return replace(
                shifts,
                number=fact.number,
                on_duty=OnDuty(fact.guard, fact.number, fact.at),
                arrived=(),
                relieved=tuple(name for name in dict.fromkeys(free) if name != fact.guard.name),
                listed=None,
                equipment=Table(),
            )
        case ClockSet(reckoned=datetime() as reckoned) if reckoned - fact.at.wall > LONG_AGO:
            return replace(shifts, settled=None, overdue=None)
        case ShiftPlanned():
            return replace(shifts, planned=shifts.planned.put(_key(fact.shift), fact.guard))
        case _:
            return shifts


def _settled(shifts: Shifts, shift: datetime | None) -> dict[str, Any]:
    """Whoever came or was missed for this shift: it is settled, and what was planned for it is over."""
    if shift is None:
        return {}
    planned = shifts.planned
    for key in [key for key in planned if key <= _key(shift)]:
        planned = planned.without(key)
    return {"settled": shift, "planned": planned}


def _key(shift: datetime) -> str:
    return shift.astimezone(UTC).isoformat()


def planned_for(shifts: Shifts, shift: datetime | None) -> str | None:
    """Who is to come for the shift that begins then; None where nobody is named."""
    return shifts.planned.get(_key(shift)) if shift is not None else None
