"""Visitors against the register (R13), contractors on dated passes (R12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.core.contractors import CheckPass, IssuePass, PassChecked, WithdrawPass
from daemon.core.facts import AccessGranted, AccessRefused, ActionRefused
from daemon.core.reasons import Reason
from daemon.core.signals import Actor
from daemon.core.state import Phase
from daemon.core.visits import (
    AdmitByCode,
    AdmitVisitor,
    AnnounceVisit,
    CancelVisit,
    RegisterResident,
    RemoveResident,
    VisitAnnounced,
    VisitorAdmitted,
)
from tests.core.rig import GUARD, GateRig, entry, exit_, permit

OFFICE = Actor(name="前台", role="office")
VISITOR, CREW = "粤B77777", "粤B55555"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    """A site that lets nobody in whom the guard has not asked; 张三 lives in 3-1201."""
    lanes = [entry(temporary="guard"), exit_()]
    gate = GateRig(tmp_path / "gate", lanes, [permit("王", "62E3086CED", "粤B12345")])
    gate.ask(OFFICE, RegisterResident(unit="3-1201", name="张三"))
    yield gate
    gate.finish()


def why_not(gate: GateRig, actor: Actor, request: Any) -> Reason:
    (fact,) = gate.ask(actor, request)
    assert isinstance(fact, ActionRefused), fact
    return fact.reason


def waits(gate: GateRig, plate: str = VISITOR) -> None:
    """A car nobody knows stands at the entry, and is the guard's."""
    gate.car_arrives()
    gate.plate(plate)
    gate.time(5)


def announcement(gate: GateRig, **other: Any) -> AnnounceVisit:
    until = gate.now.wall + timedelta(hours=12)
    words: dict[str, Any] = {"unit": "3-1201", "name": "张三", "visitor": "赵六", "valid_until": until}
    return AnnounceVisit(**words | other)


@pytest.mark.rule("R13")
def test_whom_the_visitor_sees_is_checked_and_written_down_before_he_is_let_in(gate: GateRig) -> None:
    waits(gate)
    assert gate.lane().phase is Phase.HELD
    wrong = AdmitVisitor(lane="entry-1", unit="3-1201", name="李四", visitor="赵六")
    assert why_not(gate, GUARD, wrong) is Reason.HOUSEHOLD_UNKNOWN
    assert gate.lane().phase is Phase.HELD
    admitted, granted, *_ = gate.ask(
        GUARD, AdmitVisitor(lane="entry-1", unit="3-1201", name="张三", visitor="赵六")
    )
    assert isinstance(admitted, VisitorAdmitted)
    assert (admitted.unit, admitted.name, admitted.visitor, admitted.by) == ("3-1201", "张三", "赵六", GUARD)
    assert isinstance(granted, AccessGranted)
    assert granted.reason is Reason.VISITOR_ADMITTED
    assert admitted.passage == granted.passage
    gate.drives_through()
    assert gate.inside == {VISITOR}


@pytest.mark.rule("R13")
def test_who_has_moved_out_is_visited_no_more(gate: GateRig) -> None:
    gate.ask(OFFICE, RemoveResident(unit="3-1201", name="张三"))
    assert why_not(gate, GUARD, AdmitVisitor(unit="3-1201", name="张三", visitor="赵六")) is (
        Reason.HOUSEHOLD_UNKNOWN
    )


@pytest.mark.rule("R13")
def test_an_announced_plate_is_let_in_until_its_time_is_over(gate: GateRig) -> None:
    gate.ask(OFFICE, announcement(gate, plate="粤B·77777"))
    waits(gate)
    assert gate.last(AccessGranted).reason is Reason.VISITOR_EXPECTED
    gate.drives_through()
    gate.time(10)
    gate.comes_and_goes(None, VISITOR, "exit-1")
    gate.time(13 * 3600)
    waits(gate)
    assert gate.lane().phase is Phase.HELD


@pytest.mark.rule("R13")
def test_a_code_works_once(gate: GateRig) -> None:
    gate.ask(OFFICE, announcement(gate, code="481516"))
    assert why_not(gate, GUARD, AdmitByCode(code="481516", lane="entry-1")) is Reason.NO_CAR_HELD
    waits(gate)
    assert why_not(gate, GUARD, AdmitByCode(code="999999", lane="entry-1")) is Reason.CODE_UNKNOWN
    gate.ask(GUARD, AdmitByCode(code="481516", lane="entry-1"))
    assert gate.last(AccessGranted).reason is Reason.VISITOR_ADMITTED
    gate.drives_through()
    gate.time(10)
    waits(gate, "粤B88888")
    assert why_not(gate, GUARD, AdmitByCode(code="481516", lane="entry-1")) is Reason.CODE_USED
    assert why_not(gate, OFFICE, announcement(gate, code="481516")) is Reason.CODE_TAKEN


@pytest.mark.rule("R13")
def test_a_code_that_is_over_or_cancelled_says_which(gate: GateRig) -> None:
    gate.ask(OFFICE, announcement(gate, code="481516"))
    (second,) = gate.ask(OFFICE, announcement(gate, code="234242"))
    assert isinstance(second, VisitAnnounced)
    gate.ask(OFFICE, CancelVisit(number=second.visit.number, reason="不来了"))
    assert why_not(gate, GUARD, AdmitByCode(code="234242")) is Reason.VISIT_CANCELLED
    gate.time(13 * 3600)
    assert why_not(gate, GUARD, AdmitByCode(code="481516")) is Reason.VISIT_EXPIRED


@pytest.mark.rule("R13")
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"name": "李四", "code": "481516"}, Reason.HOUSEHOLD_UNKNOWN),
        ({}, Reason.VISIT_OF_NOBODY),
        ({"plate": "moped"}, Reason.PLATE_WRONG),
        ({"code": "12345"}, Reason.CODE_TOO_SHORT),
    ],
)
def test_what_is_no_visit_is_not_announced(gate: GateRig, other: dict[str, str], why: Reason) -> None:
    assert why_not(gate, OFFICE, announcement(gate, **other)) is why


def crew_pass(gate: GateRig, **other: Any) -> IssuePass:
    begins = gate.now.wall + timedelta(hours=1)
    words: dict[str, Any] = {
        "number": "S1",
        "person": "孙师傅",
        "household_or_job": "3-1201 装修",
        "plate": CREW,
        "valid_from": begins,
        "valid_until": begins + timedelta(days=3),
    }
    return IssuePass(**words | other)


def refused(gate: GateRig) -> Reason:
    waits(gate, CREW)
    reason: Reason = gate.last(AccessRefused).reason
    gate.car_backs_off()
    gate.time(5)
    return reason


@pytest.mark.rule("R12")
def test_a_crew_is_let_in_on_the_days_of_its_pass_and_refused_on_others(gate: GateRig) -> None:
    gate.ask(OFFICE, crew_pass(gate))
    assert refused(gate) is Reason.PASS_NOT_YET_VALID
    gate.time(2 * 3600)
    waits(gate, CREW)
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.permit_id) == (Reason.CONTRACTOR_PASS, "pass:S1")
    gate.drives_through()
    gate.time(10)
    (stay,) = gate.engine.state.stays.values()
    assert stay.kind == "permit", "it comes and goes as a permit, not as a temporary car"
    gate.time(4 * 24 * 3600)
    gate.comes_and_goes(None, CREW, "exit-1")
    assert not gate.inside, "who is inside may leave, expired or not"
    assert refused(gate) is Reason.PASS_EXPIRED


@pytest.mark.rule("R12")
def test_a_person_on_foot_shows_the_pass_to_the_guard(gate: GateRig) -> None:
    gate.ask(OFFICE, crew_pass(gate, plate=None, valid_from=gate.now.wall))
    assert why_not(gate, GUARD, CheckPass(number="S1", person="别人")) is Reason.PASS_OF_ANOTHER
    assert why_not(gate, GUARD, CheckPass(number="S9", person="孙师傅")) is Reason.PASS_UNKNOWN
    (checked,) = gate.ask(GUARD, CheckPass(number="S1", person="孙师傅"))
    assert isinstance(checked, PassChecked)
    assert checked.household_or_job == "3-1201 装修"
    gate.time(4 * 24 * 3600)
    assert why_not(gate, GUARD, CheckPass(number="S1", person="孙师傅")) is Reason.PASS_EXPIRED


@pytest.mark.rule("R12")
def test_a_withdrawn_pass_is_nobodys_and_its_car_any_other(gate: GateRig) -> None:
    gate.ask(OFFICE, crew_pass(gate, valid_from=gate.now.wall))
    gate.ask(GUARD, WithdrawPass(number="S1", reason="完工"))
    assert why_not(gate, GUARD, CheckPass(number="S1", person="孙师傅")) is Reason.PASS_WITHDRAWN
    assert why_not(gate, GUARD, WithdrawPass(number="S1", reason="再收")) is Reason.PASS_WITHDRAWN
    waits(gate, CREW)
    assert gate.lane().phase is Phase.HELD, "the guard decides, as about any car that nobody knows"


@pytest.mark.rule("R12")
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"person": " "}, Reason.PASS_FOR_NOBODY),
        ({"household_or_job": ""}, Reason.PASS_FOR_NOBODY),
        ({"plate": "粤B12345"}, Reason.PLATE_TAKEN),
        ({"plate": "moped"}, Reason.PLATE_WRONG),
    ],
)
def test_what_is_no_pass_is_not_issued(gate: GateRig, other: dict[str, str], why: Reason) -> None:
    assert why_not(gate, OFFICE, crew_pass(gate, **other)) is why


@pytest.mark.rule("R12")
def test_a_pass_has_a_number_of_its_own_and_an_end_after_its_beginning(gate: GateRig) -> None:
    gate.ask(OFFICE, crew_pass(gate))
    assert why_not(gate, OFFICE, crew_pass(gate)) is Reason.PASS_NUMBER_TAKEN
    upside_down = crew_pass(gate, number="S2", valid_until=gate.now.wall)
    assert why_not(gate, OFFICE, upside_down) is Reason.PERIOD_IS_OVER
