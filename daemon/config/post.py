"""The guards' post in config.yaml: shifts, staff, alerts, alarms, duties, patrol cards.

The law of this file: no I/O; each section says itself what it comes to in the core. What one section alone
cannot say is checked in `check_post`, on what was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from daemon.config.problems import Problem, Source, both
from daemon.config.section import DeviceConfig, Name, Section
from daemon.core.alarms import AlarmKind, AlarmRules
from daemon.core.alerts import AlertRules
from daemon.core.reasons import Severity
from daemon.core.rota import ShiftRules, Staff
from daemon.core.rounds import PatrolCard
from daemon.core.schedule import Duty, Per
from daemon.core.signals import Actor
from daemon.core.validity import HOURS

TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"
STAFF_CARD = r"^([0-9A-Fa-f]{6}|[0-9A-Fa-f]{8}|[0-9A-Fa-f]{10})$"

TimeOfDay = Annotated[str, Field(pattern=TIME_OF_DAY)]
StaffCard = Annotated[str, Field(pattern=STAFF_CARD)]
OnDuty = Literal["guard", "leader", "supervisor"]


class StaffConfig(Section):
    """Somebody who may be on duty."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    role: OnDuty = "guard"
    card: StaffCard | None = None
    """Shown at a reader it says that he has come, and lets no car in."""


class ShiftsConfig(Section):
    starts: Annotated[list[TimeOfDay], Field(min_length=1, max_length=12)]
    """When shifts begin, in the site's own time."""
    early_min: int = Field(default=10, ge=0, le=120)
    """How long before the start the successor is due."""
    absent_after_min: int = Field(default=30, ge=1, le=240)
    """How long after the start somebody who has not come counts as absent."""
    equipment: list[str] = Field(default=[])
    """What is looked at before it is handed over."""


class AlertsConfig(Section):
    """How long an alert may wait to be acknowledged before it goes up a level; none: for ever."""

    urgent_s: float | None = Field(default=None, gt=0)
    warning_s: float | None = Field(default=None, gt=0)
    notice_s: float | None = Field(default=None, gt=0)

    def rules(self) -> AlertRules:
        written = {
            Severity.URGENT: self.urgent_s,
            Severity.WARNING: self.warning_s,
            Severity.NOTICE: self.notice_s,
        }
        within = {severity: timedelta(seconds=wait) for severity, wait in written.items() if wait is not None}
        return AlertRules(acknowledge_within=within)


class AlarmConfig(Section):
    """A named contact: perimeter, panic button, cabinet tamper (R33)."""

    id: Name
    name: str
    alarm: AlarmKind
    severity: Severity = Severity.URGENT
    input: DeviceConfig

    def rules(self) -> AlarmRules:
        return AlarmRules(id=self.id, name=self.name, alarm=self.alarm, severity=self.severity)


class DutyConfig(Section):
    """One scheduled duty of the post (R38): either `every_min` or `per`."""

    id: Name
    name: str
    every_min: int | None = Field(default=None, ge=5, le=1440)
    """So many minutes long is each stretch of the day that wants a check-in."""
    per: Literal["shift", "day", "week", "month", "quarter", "year"] | None = None
    times: int = Field(default=1, ge=1, le=100)
    """How many check-ins each stretch wants."""
    between: str | None = Field(default=None, pattern=f"^({HOURS})?$")
    """Only in this part of the day, with `every_min` or `per: day`."""
    by: Literal["guard", "leader"] = "guard"

    def duty(self) -> Duty:
        per: Per = self.per or "minutes"
        begins, _, ends = (self.between or "").partition("-")
        return Duty(
            id=self.id,
            name=self.name,
            per=per,
            every=timedelta(minutes=self.every_min or 60),
            times=self.times,
            between=(_time(begins), _time(ends)) if self.between else None,
            by_leader=self.by == "leader",
        )


class PatrolCardConfig(Section):
    """A card that, shown at a reader, is a check-in and no car."""

    card: StaffCard
    duty: Name
    holder: str | None = None
    """Whose check-in it is; without one that of the guard on duty."""
    role: OnDuty = "guard"

    def rules(self) -> PatrolCard:
        holder = Actor(name=self.holder, role=self.role) if self.holder is not None else None
        return PatrolCard(card=self.card.upper(), duty=self.duty, holder=holder)


def shift_rules(shifts: ShiftsConfig | None, staff: Iterable[StaffConfig]) -> ShiftRules:
    people = tuple(
        Staff(name=one.name, role=one.role, card=one.card.upper() if one.card is not None else None)
        for one in staff
    )
    if shifts is None:
        return ShiftRules(staff=people)
    return ShiftRules(
        starts=tuple(sorted({_time(start) for start in shifts.starts})),
        early=timedelta(minutes=shifts.early_min),
        absent_after=timedelta(minutes=shifts.absent_after_min),
        equipment=tuple(dict.fromkeys(shifts.equipment)),
        staff=people,
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


# ---------------------------------------------------------------- what no section alone can say


def check_post(data: dict[str, Any], source: Source, permit_cards: Iterable[str]) -> Iterator[Problem]:
    """Problems between the sections of the post; `data` as written, right or wrong."""
    yield from _twice(data, source)
    yield from _cards(data, source, frozenset(permit_cards))
    duties = {duty.get("id") for _, duty in _rows(data, "duties")}
    for at, card in _rows(data, "patrol_cards"):
        if isinstance(duty := card.get("duty"), str) and duty not in duties:
            hint = both("duties 里没有这一项", "there is no such duty under duties")
            yield source.problem(("patrol_cards", at, "duty"), value=duty, hint=hint)
    for at, duty in _rows(data, "duties"):
        yield from _schedule(duty, source.under("duties", at), has_shifts=data.get("shifts") is not None)


def _twice(data: dict[str, Any], source: Source) -> Iterator[Problem]:
    for section in ("duties", "alarms"):
        seen: set[str] = set()
        for at, row in _rows(data, section):
            if isinstance(key := row.get("id"), str):
                if key in seen:
                    hint = both("编号重复", "stands there twice")
                    yield source.problem((section, at, "id"), value=key, hint=hint)
                seen.add(key)


def _cards(data: dict[str, Any], source: Source, permit_cards: frozenset[str]) -> Iterator[Problem]:
    """A card means one thing: somebody of the staff, a round, or a car."""
    seen: set[str] = set()
    for section in ("staff", "patrol_cards"):
        for at, row in _rows(data, section):
            if not isinstance(card := row.get("card"), str):
                continue
            if card.upper() in permit_cards or card.upper() in seen:
                hint = both("这张卡已有别的用途", "this card is somebody else's, or a car's")
                yield source.problem((section, at, "card"), value=card, hint=hint)
            seen.add(card.upper())


def _schedule(duty: dict[str, Any], where: Source, *, has_shifts: bool) -> Iterator[Problem]:
    every, per = duty.get("every_min"), duty.get("per")
    if (every is None) == (per is None):
        allowed = both("every_min 与 per 二选一", "either every_min or per")
        yield where.problem(("id",), value=duty.get("id"), allowed=allowed)
    if per == "shift" and not has_shifts:
        hint = both("没有 shifts 一节", "there is no section shifts")
        yield where.problem(("per",), value=per, hint=hint)
    if duty.get("between") is not None and per not in (None, "day"):
        allowed = both("与 every_min 或 per: day 同用", "with every_min or per: day")
        yield where.problem(("between",), value=duty["between"], allowed=allowed)


def _rows(data: dict[str, Any], section: str) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = data.get(section)
    for at, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict):
            yield at, row
