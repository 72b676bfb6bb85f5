"""Who is on duty, and how one guard hands over to the next (R37)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from daemon.core.duty import AT_THE_BUTTON, answered_for
from daemon.core.facts import ActionRefused, AlertCleared, AlertRaised, Fact
from daemon.core.handover import open_items
from daemon.core.money import Share
from daemon.core.reasons import AlertKind, Reason
from daemon.core.rota import ShiftRules, Staff
from daemon.core.shifts import (
    CheckEquipment,
    GuardAbsent,
    GuardArrived,
    GuardLeft,
    HandoverListed,
    HandoverSigned,
    PlanShift,
    PrepareHandover,
    ShiftStarted,
    SignHandover,
    SignOff,
    SignOn,
    StandIn,
    SuccessorOverdue,
)
from daemon.core.signals import Actor, CardRead, DeviceLost, GuardAsked
from daemon.core.state import SiteRules
from daemon.core.table import Table
from daemon.core.wall_clock import ClockSet
from tests.desk.rig import GUARD, LEADER, OFFICE, Desk

NEXT = Actor(name="赵门岗", role="guard")
THIRD = Actor(name="孙门岗", role="guard")

SITE = SiteRules(
    shifts=ShiftRules(
        starts=(time(7), time(15), time(23)),
        equipment=("对讲机", "手电"),
        staff=(Staff(name="赵门岗", role="guard", card="00AA11"),),
    )
)

AT_15 = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)
"""15:00 at the site."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Monday, 14:00 at the site."""
    desk = Desk(tmp_path, SITE)
    desk.clock.wall = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
    desk.start()
    yield desk
    desk.finish()


def kinds(facts: tuple[Fact, ...] | list[Fact]) -> list[type[Fact]]:
    return [type(fact) for fact in facts]


def equipment_checked(desk: Desk, guard: Actor = GUARD) -> None:
    desk.ask(guard, CheckEquipment(item="对讲机"))
    desk.ask(guard, CheckEquipment(item="手电", ok=False, note="电池没电"))


@pytest.mark.rule("R37")
def test_the_first_to_come_is_on_duty_at_once(desk: Desk) -> None:
    arrived, started = desk.ask(GUARD, SignOn())
    assert isinstance(arrived, GuardArrived)
    assert (arrived.how, arrived.shift, arrived.late_s) == ("pin", AT_15, 0)
    assert isinstance(started, ShiftStarted)
    assert (started.number, started.guard) == (1, GUARD)
    assert desk.why_not(GUARD, SignOn()) is Reason.ALREADY_ON_DUTY


@pytest.mark.rule("R37")
def test_nobody_leaves_before_the_successor_has_signed_for_what_is_open(desk: Desk) -> None:
    """Given a broken reader, the next guard signs for it, and only then the first one may go."""
    desk.ask(GUARD, SignOn())
    desk.send(DeviceLost(at=desk.clock.now(), device="entry-1.reader", lane=None, role="reader", why="断线"))
    assert desk.why_not(GUARD, SignOff()) is Reason.SUCCESSOR_NOT_SIGNED
    assert desk.why_not(NEXT, SignHandover()) is Reason.NOT_ARRIVED

    assert kinds(desk.ask(NEXT, SignOn())) == [GuardArrived]
    assert desk.why_not(NEXT, SignHandover()) is Reason.HANDOVER_NOT_LISTED
    assert desk.why_not(GUARD, PrepareHandover()) is Reason.EQUIPMENT_UNCHECKED
    equipment_checked(desk)
    assert desk.why_not(GUARD, PrepareHandover(cash_fen=-1)) is Reason.CASH_WRONG
    assert desk.why_not(GUARD, PrepareHandover(cash_fen=10**30)) is Reason.CASH_WRONG
    (listed,) = desk.ask(GUARD, PrepareHandover(cash_fen=12_300, note="3 栋漏水，已报修"))
    assert isinstance(listed, HandoverListed)
    assert [(item.what, item.ref) for item in listed.items] == [("alert", "device_failed:entry-1.reader")]
    assert [(item.item, item.ok) for item in listed.equipment] == [("对讲机", True), ("手电", False)]
    assert desk.why_not(GUARD, SignOff()) is Reason.SUCCESSOR_NOT_SIGNED

    signed, started = desk.ask(NEXT, SignHandover(remark="手电已换电池"))
    assert isinstance(signed, HandoverSigned)
    assert (signed.leaving, signed.taking, signed.cash_fen) == (GUARD, NEXT, 12_300)
    assert (signed.items, signed.note) == (listed.items, "3 栋漏水，已报修")
    assert isinstance(started, ShiftStarted)
    assert started.guard == NEXT
    assert kinds(desk.ask(GUARD, SignOff())) == [GuardLeft]
    assert desk.why_not(GUARD, SignOff()) is Reason.NOT_ON_DUTY


@pytest.mark.rule("R37")
def test_what_came_up_since_the_list_was_made_is_shown_before_it_is_signed_for(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    desk.ask(NEXT, SignOn())
    equipment_checked(desk)
    desk.ask(GUARD, PrepareHandover())
    desk.send(DeviceLost(at=desk.clock.now(), device="broker", lane=None, role="broker", why="断线"))
    listed, refused = desk.ask(NEXT, SignHandover())
    assert isinstance(listed, HandoverListed)
    assert [item.ref for item in listed.items] == ["device_failed:broker"]
    assert isinstance(refused, ActionRefused)
    assert refused.reason is Reason.HANDOVER_CHANGED
    assert kinds(desk.ask(NEXT, SignHandover())) == [HandoverSigned, ShiftStarted]


@pytest.mark.rule("R37")
def test_the_list_is_made_by_the_guard_on_duty_and_what_is_wrong_is_described(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    assert desk.why_not(NEXT, PrepareHandover()) is Reason.NOT_ON_DUTY
    assert desk.why_not(GUARD, CheckEquipment(item="雨伞")) is Reason.EQUIPMENT_UNKNOWN
    assert desk.why_not(GUARD, CheckEquipment(item="手电", ok=False)) is Reason.REASON_NEEDED
    desk.ask(GUARD, CheckEquipment(item="手电"))
    assert desk.ask(GUARD, CheckEquipment(item="手电")) == (), "the same again says nothing new"


@pytest.mark.rule("R37")
@pytest.mark.parametrize(("minutes", "late_s"), [(49, 0), (50, 0), (53, 180), (65, 900)])
def test_the_successor_is_due_ten_minutes_early(desk: Desk, minutes: int, late_s: int) -> None:
    desk.ask(GUARD, SignOn())
    desk.time(hours=8)  # 22:00: the shift of 23:00 is the next
    desk.ask(NEXT, SignOn())
    equipment_checked(desk)
    desk.ask(GUARD, PrepareHandover())
    desk.ask(NEXT, SignHandover())
    desk.time(hours=8)  # 06:00
    desk.time(minutes=minutes)
    arrived = desk.ask(THIRD, SignOn())[0]
    assert isinstance(arrived, GuardArrived)
    assert (arrived.shift, arrived.late_s) == (datetime(2026, 6, 1, 23, 0, tzinfo=UTC), late_s)


@pytest.mark.rule("R37")
def test_nobody_comes_and_that_is_said_when_the_shift_begins_and_recorded_half_an_hour_later(
    desk: Desk,
) -> None:
    desk.ask(GUARD, SignOn())  # he came for the shift of 15:00
    desk.ask(LEADER, PlanShift(starts=datetime.fromisoformat("2026-06-01T23:00"), guard="赵门岗"))
    said = desk.time(hours=9)
    assert kinds(said) == [SuccessorOverdue, AlertRaised]
    assert isinstance(said[0], SuccessorOverdue)
    assert (said[0].shift, said[0].planned) == (AT_15 + timedelta(hours=8), "赵门岗")
    (absent,) = desk.time(minutes=30)
    assert isinstance(absent, GuardAbsent)
    assert (absent.shift, absent.planned) == (AT_15 + timedelta(hours=8), "赵门岗")

    desk.time(minutes=30)
    late, cleared = desk.ask(NEXT, SignOn())
    assert isinstance(late, GuardArrived)
    assert late.late_s == (60 + 10) * 60
    assert isinstance(cleared, AlertCleared)


@pytest.mark.rule("R37")
def test_a_week_without_power_is_one_absence_and_not_twenty_one(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    desk.reboot(off_for=timedelta(days=7))
    said = desk.time(minutes=1)
    assert kinds(said).count(GuardAbsent) == 1


@pytest.mark.rule("R37")
@pytest.mark.rule("R43")
def test_a_clock_that_nobody_can_believe_makes_nobody_late(desk: Desk) -> None:
    desk.clock.trusted = False
    desk.reboot()
    (arrived, _) = desk.ask(GUARD, SignOn())
    assert isinstance(arrived, GuardArrived)
    assert (arrived.shift, arrived.late_s) == (None, 0)
    assert desk.time(days=3) == []

    desk.clock.trusted = True
    said = desk.beat()
    assert isinstance(said[0], ClockSet)
    assert said[0].reckoned is None
    assert kinds(desk.time(days=1))[:2] == [SuccessorOverdue, AlertRaised]


@pytest.mark.rule("R37")
@pytest.mark.rule("R43")
def test_a_clock_set_back_by_a_day_misses_nobody_twice(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    assert kinds(desk.time(hours=10)).count(GuardAbsent) == 1
    desk.clock.step_wall(-timedelta(days=1))
    assert kinds(desk.beat()) == [ClockSet]
    assert desk.time(hours=20) == []


@pytest.mark.rule("R37")
def test_a_shift_leader_takes_over_at_once_with_a_reason(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    assert desk.why_not(GUARD, StandIn(reason="替班")) is Reason.ROLE_NOT_ALLOWED
    assert desk.why_not(LEADER, StandIn(reason=" ")) is Reason.REASON_NEEDED
    signed, started = desk.ask(LEADER, StandIn(reason="李门岗身体不适"))
    assert isinstance(signed, HandoverSigned)
    assert (signed.leaving, signed.taking, signed.remark) == (GUARD, LEADER, "李门岗身体不适")
    assert isinstance(started, ShiftStarted)
    assert started.stands_in
    assert desk.why_not(LEADER, SignOff()) is Reason.SUCCESSOR_NOT_SIGNED
    assert kinds(desk.ask(GUARD, SignOff())) == [GuardLeft]


@pytest.mark.rule("R37")
def test_a_staff_card_signs_on_at_the_desk_and_one_of_nobody_does_not(desk: Desk) -> None:
    assert desk.why_not(GUARD, SignOn(card="FFFFFF")) is Reason.STAFF_CARD_UNKNOWN
    arrived = desk.ask(GUARD, SignOn(card="00AA11"))[0]
    assert isinstance(arrived, GuardArrived)
    assert (arrived.guard, arrived.how) == (NEXT, "card")


@pytest.mark.rule("R37")
def test_a_staff_card_at_a_reader_is_an_arrival_and_no_car(desk: Desk) -> None:
    said = desk.send(CardRead(at=desk.clock.now(), lane="entry-1", card="00AA11", bits=24))
    assert kinds(said) == [GuardArrived, ShiftStarted]
    again = desk.send(CardRead(at=desk.clock.now(), lane="entry-1", card="00AA11", bits=24))
    assert again == (), "a card held to the reader twice has come once"


@pytest.mark.rule("R37")
@pytest.mark.rule("R28")
def test_the_push_button_is_the_guard_on_duty(desk: Desk) -> None:
    pressed = GuardAsked(
        at=desk.clock.now(), actor=AT_THE_BUTTON, lane="entry-1", action="open", reason="按钮"
    )
    assert answered_for(desk.state, pressed).actor == AT_THE_BUTTON
    desk.ask(GUARD, SignOn())
    (refused,) = desk.send(pressed)
    assert isinstance(refused, ActionRefused)
    assert refused.by == GUARD
    asked = GuardAsked(at=desk.clock.now(), actor=NEXT, lane="entry-1", action="open", reason="搬家")
    assert answered_for(desk.state, asked).actor == NEXT, "who is known answers for himself"


@pytest.mark.rule("R37")
def test_a_shift_is_planned_for_when_one_begins(desk: Desk) -> None:
    plan = PlanShift(starts=datetime.fromisoformat("2026-06-02T07:30"), guard="赵门岗")
    assert desk.why_not(OFFICE, plan) is Reason.SHIFT_UNKNOWN
    assert desk.why_not(GUARD, plan) is Reason.ROLE_NOT_ALLOWED


@pytest.mark.rule("R37")
def test_who_is_on_duty_is_still_so_after_a_restart(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    desk.restart()
    assert desk.why_not(GUARD, SignOn()) is Reason.ALREADY_ON_DUTY
    assert AlertKind.SUCCESSOR_OVERDUE not in {alert.alert for alert in desk.state.alerts.values()}


@pytest.mark.rule("R37")
def test_what_left_without_paying_is_handed_over_with_the_sum_still_owed(desk: Desk) -> None:
    still_owed = tuple(
        Share(stay_id=stay, fen=fen, owed="arrears") for stay, fen in (("S1", 1_500), ("S7", 1_000))
    )
    money = replace(desk.state.money, arrears=Table([("粤B12345", still_owed)]))
    (item,) = open_items(replace(desk.state, money=money))
    assert (item.what, item.ref, item.text) == ("unpaid", "粤B12345", "粤B12345 欠费 25.00 元")


@pytest.mark.rule("R37")
def test_two_come_for_one_shift_one_signs_and_the_other_may_go_and_come_again(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    desk.time(hours=8, minutes=45)
    came = [desk.ask(one, SignOn())[0] for one in (NEXT, THIRD)]
    shifts = [fact.shift for fact in came if isinstance(fact, GuardArrived)]
    assert shifts == [AT_15 + timedelta(hours=8), None], "the shift is settled by the first"
    equipment_checked(desk)
    desk.ask(GUARD, PrepareHandover())
    desk.ask(NEXT, SignHandover())
    assert desk.why_not(THIRD, SignHandover()) is Reason.NOT_ARRIVED
    assert kinds(desk.ask(THIRD, SignOff())) == [GuardLeft]
    assert kinds(desk.ask(THIRD, SignOn())) == [GuardArrived]


@pytest.mark.rule("R37")
def test_only_the_first_who_comes_after_an_absence_is_late_for_it(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    desk.time(hours=10)  # 00:00: nobody came for 23:00
    late = [desk.ask(one, SignOn())[0] for one in (NEXT, THIRD)]
    assert [fact.late_s for fact in late if isinstance(fact, GuardArrived)] == [70 * 60, 0]


@pytest.mark.rule("R37")
def test_guards_who_never_say_that_they_go_do_not_pile_up(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    leaving = GUARD
    for taking in (NEXT, GUARD, NEXT, GUARD, NEXT):
        desk.ask(taking, SignOn())
        equipment_checked(desk, leaving)
        desk.ask(leaving, PrepareHandover())
        assert kinds(desk.ask(taking, SignHandover())) == [HandoverSigned, ShiftStarted]
        leaving = taking
    assert desk.state.shifts.relieved == ("李门岗",)
