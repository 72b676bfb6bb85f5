"""R09 to R11: exempt vehicles, large ones on an approval, dangerous goods."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from daemon.core.facts import AccessGranted, AccessRefused, ActionRefused, AlertRaised, PassageClosed
from daemon.core.hold_open import LockLane
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.special import (
    ApproveLarge,
    ClassifyCar,
    DeclareCar,
    ExemptCar,
    ListWatched,
    UnclassifyCar,
    UnlistWatched,
    WithdrawApproval,
)
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG
from tests.core.rig import GUARD, LEADER, OFFICE, SUPERVISOR, GateRig, said

LORRY = "粤B88888"


def approval(gate: GateRig, number: str = "7", *, starts: int = 0, ends: int = 2, **who: Any) -> ApproveLarge:
    now = gate.now.wall
    return ApproveLarge(
        number=number,
        valid_from=now + timedelta(hours=starts),
        valid_until=now + timedelta(hours=ends),
        area="3 号楼北侧",
        posts="北岗、巡逻岗",
        **(who or {"plate": LORRY}),
    )


def lorry_comes(gate: GateRig, plate: str = LORRY, lane: str = "entry-1") -> None:
    gate.car_arrives(lane)
    gate.plate(plate, lane)


def why_held(gate: GateRig) -> Reason | None:
    assert gate.lane().phase is Phase.HELD
    reason: Reason | None = gate.lane().passage.reason
    return reason


def why_not(facts: tuple[Any, ...]) -> Reason:
    (refused,) = facts
    assert isinstance(refused, ActionRefused), refused
    return refused.reason


# ---------------------------------------------------------------- R09


@pytest.mark.rule("R09")
@pytest.mark.parametrize("plate", ["粤B1234警", "WJ粤12345", "VA12345"])
def test_police_and_military_plates_pass_without_a_card_in_and_out(gate: GateRig, plate: str) -> None:
    """Given a police plate, it passes at once, with its picture on record, and leaves without a charge."""
    lorry_comes(gate, plate)
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.picture) == (Reason.EXEMPT_VEHICLE, f"{plate}.jpg")
    gate.drives_through()
    (stay,) = gate.engine.state.stays.values()
    assert stay.kind == "exempt"
    lorry_comes(gate, plate, "exit-1")
    assert gate.last(AccessGranted).reason is Reason.EXEMPT_VEHICLE
    gate.drives_through("exit-1")
    assert gate.inside == set()


@pytest.mark.rule("R09")
def test_an_ambulance_passes_on_the_guards_button_and_leaves_by_its_plate(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate("粤B77777")
    facts = gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="ambulance"))
    assert said(facts)[:3] == ["car_exempted", "access_granted", "boom_raise_ordered"]
    granted = gate.last(AccessGranted)
    assert (granted.by, granted.note, granted.picture) == (GUARD, "ambulance", "粤B77777.jpg")
    gate.drives_through()
    lorry_comes(gate, "粤B77777", "exit-1")
    assert gate.last(AccessGranted).reason is Reason.EXEMPT_VEHICLE


@pytest.mark.rule("R09")
def test_the_button_works_before_anything_was_seen_and_only_once(gate: GateRig) -> None:
    gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="fire"))
    assert gate.orders == [("entry-1", "raise")]
    again = gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="fire"))
    assert why_not(again) is Reason.CAR_BEING_LET_THROUGH


@pytest.mark.rule("R09")
def test_the_car_behind_is_exempt_when_its_turn_comes(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.car_backs_off()
    gate.car_under_boom()
    gate.car_arrives()
    gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="rescue"))
    assert gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="rescue")) == ()
    gate.car_clears()
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.passage) == (Reason.EXEMPT_VEHICLE, gate.lane().passage.id)


@pytest.mark.rule("R09")
def test_a_police_car_that_was_not_seen_leaving_comes_in_again(gate: GateRig) -> None:
    for _ in range(2):
        lorry_comes(gate, "粤B1234警")
        gate.drives_through()
        gate.time(10)
    assert gate.inside == {"粤B1234警"}


# ---------------------------------------------------------------- R10


@pytest.mark.rule("R10")
def test_a_lorry_on_the_list_waits_for_its_approval_and_the_posts_hear_of_it(gate: GateRig) -> None:
    gate.ask(OFFICE, ClassifyCar(plate="粤b88888", car_class="large", company="环卫公司"))
    lorry_comes(gate)
    assert why_held(gate) is Reason.LARGE_NEEDS_APPROVAL
    gate.ask(OFFICE, approval(gate))
    assert gate.last(AccessGranted).reason is Reason.LARGE_APPROVED
    notice = gate.last(AlertRaised)
    assert (notice.alert, notice.severity) == (AlertKind.LARGE_VEHICLE_ENTERS, Severity.NOTICE)
    assert notice.detail == f"北岗、巡逻岗: {LORRY} → 3 号楼北侧"
    gate.drives_through()
    assert gate.inside == {LORRY}


@pytest.mark.rule("R10")
@pytest.mark.parametrize(
    "who",
    [{"company": "环卫公司"}, {"plate": LORRY, "company": "环卫公司"}],
)
def test_an_approval_by_company_fits_what_the_guard_declares(gate: GateRig, who: dict[str, str]) -> None:
    gate.ask(OFFICE, approval(gate, **who))
    lorry_comes(gate)
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="large", company="环卫公司"))
    assert gate.last(AccessGranted).reason is Reason.LARGE_APPROVED


@pytest.mark.rule("R10")
@pytest.mark.parametrize(
    "given",
    [
        {"plate": "粤B99999"},
        {"company": "别的公司"},
        {"plate": LORRY, "company": "别的公司"},
        {"plate": LORRY, "starts": 1},
        {"plate": LORRY, "starts": -2, "ends": -1},
    ],
)
def test_an_approval_for_another_car_or_time_lets_nobody_in(gate: GateRig, given: dict[str, Any]) -> None:
    gate.ask(OFFICE, approval(gate, **given))
    lorry_comes(gate)
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="large", company="环卫公司"))
    assert why_held(gate) is Reason.LARGE_NEEDS_APPROVAL
    assert why_not(gate.guard("release")) is Reason.SUPERVISOR_DECIDES


@pytest.mark.rule("R10")
def test_a_withdrawn_approval_lets_nobody_in_and_its_number_is_not_used_again(gate: GateRig) -> None:
    gate.ask(OFFICE, approval(gate))
    assert gate.ask(OFFICE, approval(gate)) == (), "asked twice is said once"
    gate.ask(OFFICE, WithdrawApproval(number="7", reason="改期"))
    assert why_not(gate.ask(OFFICE, approval(gate))) is Reason.APPROVAL_NUMBER_TAKEN
    assert why_not(gate.ask(OFFICE, WithdrawApproval(number="7", reason="x"))) is Reason.NOT_LISTED
    gate.ask(OFFICE, ClassifyCar(plate=LORRY, car_class="large"))
    lorry_comes(gate)
    assert why_held(gate) is Reason.LARGE_NEEDS_APPROVAL


@pytest.mark.rule("R10")
def test_an_approval_says_for_whom_when_and_where(gate: GateRig) -> None:
    assert why_not(gate.ask(GUARD, approval(gate))) is Reason.ROLE_NOT_ALLOWED
    assert why_not(gate.ask(OFFICE, approval(gate, plate=None))) is Reason.APPROVAL_FOR_NOBODY
    backwards = approval(gate, plate=LORRY, starts=2, ends=1)
    assert why_not(gate.ask(OFFICE, backwards)) is Reason.APPROVAL_INCOMPLETE


@pytest.mark.rule("R10")
def test_a_large_vehicle_leaves_as_any_other_car(gate: GateRig) -> None:
    gate.ask(OFFICE, ClassifyCar(plate=LORRY, car_class="large"))
    gate.ask(OFFICE, approval(gate))
    gate.comes_and_goes(None, LORRY)
    gate.ask(OFFICE, WithdrawApproval(number="7", reason="完工"))
    gate.comes_and_goes(None, LORRY, "exit-1")
    assert gate.inside == set()


def test_a_list_that_changes_answers_nobody_who_is_held_for_something_else(gate: GateRig) -> None:
    """The guard has closed in front of Liu; that a lorry is listed is no reason to let him in."""
    for car in (WANG, LIU):
        gate.car_backs_off()
        gate.car_arrives()
        gate.plate(car.plate)
        gate.card(car.card)
    gate.guard("close", reason="停车检查")
    gate.ask(OFFICE, ClassifyCar(plate=LORRY, car_class="large"))
    assert why_held(gate) is Reason.CLOSED_BY_GUARD


# ---------------------------------------------------------------- R11


@pytest.mark.rule("R11")
@pytest.mark.parametrize("declared", [True, False])
def test_dangerous_goods_are_refused_recorded_and_reported(gate: GateRig, declared: bool) -> None:
    """Given a resident's car, listed or declared so, it is refused; record and alert say so."""
    if not declared:
        gate.ask(OFFICE, ClassifyCar(plate=WANG.plate, car_class="dangerous"))
    lorry_comes(gate, WANG.plate)
    if declared:
        gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="dangerous"))
    gate.card(WANG.card)
    assert why_held(gate) is Reason.DANGEROUS_GOODS
    assert gate.last(AccessRefused).reason is Reason.DANGEROUS_GOODS
    alert = gate.last(AlertRaised)
    assert (alert.alert, alert.severity) == (AlertKind.DANGEROUS_GOODS, Severity.URGENT)
    (row,) = gate.store.recent_passages(1)
    assert (row.decision, row.reason) == ("refused", "dangerous_goods")
    gate.car_backs_off()
    gate.time(5)
    assert gate.last(PassageClosed).outcome == "left"
    assert gate.orders == []
    assert gate.alerts == set()


@pytest.mark.rule("R11")
@pytest.mark.parametrize("actor", [GUARD, LEADER])
@pytest.mark.parametrize("action", ["release", "open", "refuse"])
def test_no_role_below_supervisor_overrides_it(gate: GateRig, actor, action) -> None:
    lorry_comes(gate)
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="dangerous"))
    assert why_not(gate.guard(action, actor=actor)) is Reason.SUPERVISOR_DECIDES
    other_class = DeclareCar(lane="entry-1", car_class="large")
    assert why_not(gate.ask(actor, other_class)) is Reason.SUPERVISOR_DECIDES
    exempt = ExemptCar(lane="entry-1", exempt_class="military")
    assert why_not(gate.ask(actor, exempt)) is Reason.SUPERVISOR_DECIDES
    assert gate.orders == []


@pytest.mark.rule("R08")
@pytest.mark.rule("R11")
@pytest.mark.parametrize("action", ["release", "open"])
def test_a_leader_who_decides_about_a_watched_car_does_not_decide_about_what_it_carries(
    gate: GateRig, action: Any
) -> None:
    """Given a watched car that carries dangerous goods, it takes who may override both."""
    gate.ask(OFFICE, ListWatched(sign="plate", value=LORRY, why="警方通报", what_to_do="拦下"))
    gate.ask(OFFICE, ClassifyCar(plate=LORRY, car_class="dangerous"))
    lorry_comes(gate)
    assert why_not(gate.guard(action, actor=LEADER)) is Reason.SUPERVISOR_DECIDES
    gate.guard(action, actor=SUPERVISOR)
    assert gate.last(AccessGranted).by == SUPERVISOR


@pytest.mark.rule("R11")
def test_a_locked_lane_makes_it_nobody_elses(gate: GateRig) -> None:
    """A leader may open a locked lane, but not to dangerous goods."""
    lorry_comes(gate)
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="dangerous"))
    gate.ask(LEADER, LockLane(lane="entry-1", reason="检修"))
    assert why_not(gate.guard("release", actor=LEADER)) is Reason.SUPERVISOR_DECIDES
    assert why_held(gate) is Reason.DANGEROUS_GOODS
    assert gate.orders == []


@pytest.mark.rule("R09")
def test_the_button_opens_no_locked_lane_but_a_leaders_does(gate: GateRig) -> None:
    gate.ask(LEADER, LockLane(lane="entry-1", reason="检修"))
    fire = ExemptCar(lane="entry-1", exempt_class="fire")
    assert why_not(gate.ask(GUARD, fire)) is Reason.LANE_LOCKED
    gate.ask(LEADER, fire)
    assert gate.orders == [("entry-1", "raise")]


@pytest.mark.rule("R11")
def test_a_supervisor_may(gate: GateRig) -> None:
    lorry_comes(gate)
    gate.ask(GUARD, DeclareCar(lane="entry-1", car_class="dangerous"))
    gate.guard("release", actor=SUPERVISOR, reason="燃气抢修")
    assert gate.lane().phase is Phase.GRANTED


@pytest.mark.rule("R11")
def test_a_car_that_was_listed_by_mistake_is_the_guards_again(gate: GateRig) -> None:
    gate.ask(OFFICE, ClassifyCar(plate=LORRY, car_class="dangerous"))
    lorry_comes(gate)
    gate.ask(SUPERVISOR, UnclassifyCar(plate=LORRY, reason="车牌看错"))
    gate.guard("release")
    assert gate.lane().phase is Phase.GRANTED


@pytest.mark.rule("R11")
def test_a_resident_who_was_listed_by_mistake_needs_not_show_his_card_again(gate: GateRig) -> None:
    gate.ask(OFFICE, ClassifyCar(plate=WANG.plate, car_class="dangerous"))
    lorry_comes(gate, WANG.plate)
    gate.card(WANG.card)
    gate.ask(OFFICE, UnclassifyCar(plate=WANG.plate, reason="车牌看错"))
    assert gate.last(AccessGranted).permit_id == WANG.id


@pytest.mark.rule("R11")
def test_a_declaration_is_about_the_car_that_stands_there(gate: GateRig) -> None:
    declare = DeclareCar(lane="entry-1", car_class="dangerous")
    assert why_not(gate.ask(GUARD, declare)) is Reason.NO_CAR_HELD
    assert why_not(gate.ask(GUARD, DeclareCar(lane="north", car_class="large"))) is Reason.NO_SUCH_LANE
    lorry_comes(gate)
    gate.ask(GUARD, declare)
    assert gate.ask(GUARD, declare) == ()
    gate.car_backs_off()
    gate.time(5)
    lorry_comes(gate)
    gate.time(5)
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_PASS


# ---------------------------------------------------------------- which comes first


@pytest.mark.rule("R08")
@pytest.mark.rule("R11")
def test_the_watch_list_goes_first_then_dangerous_goods_then_the_exempt(gate: GateRig) -> None:
    """One plate that is all of it: what is taken away one after the other shows what comes next."""
    police = "粤B1234警"
    gate.ask(OFFICE, ListWatched(sign="plate", value=police, why="套牌", what_to_do="报警"))
    gate.ask(OFFICE, ClassifyCar(plate=police, car_class="dangerous"))
    answers = []
    for undo in (
        UnlistWatched(sign="plate", value=police, reason="查清"),
        ClassifyCar(plate=police, car_class="large"),
        None,
    ):
        lorry_comes(gate, police)
        answers.append(gate.lane().passage.reason)
        gate.car_backs_off()
        gate.time(5)
        if undo is not None:
            gate.ask(OFFICE, undo)
    assert answers == [Reason.WATCH_LISTED, Reason.DANGEROUS_GOODS, Reason.EXEMPT_VEHICLE]
    trace = gate.last(AccessGranted).trace
    assert trace[:3] == ("presence", "watch_list", "dangerous_goods")
    assert trace[-1] == "exempt"
