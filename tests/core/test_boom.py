"""R26: the boom never comes down on a car, and a restart never moves it blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.decide import next_deadline
from daemon.core.facts import BoomLowerOrdered, BoomRaiseOrdered, PassageClosed
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import Boom, Loop, LoopState
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GateRig, entry, said

pytestmark = pytest.mark.rule("R26")


def let_in(gate: GateRig, who=WANG) -> None:
    gate.car_arrives()
    gate.plate(who.plate)
    gate.card(who.card)
    gate.time(3)
    assert gate.lane().phase is Phase.GRANTED


def test_the_boom_comes_down_only_after_the_car_has_cleared(gate: GateRig) -> None:
    let_in(gate)
    gate.car_under_boom()
    gate.car_backs_off()
    gate.time(600)
    assert gate.orders == [("entry-1", "raise")]
    gate.car_clears()
    gate.time(0.9)
    assert gate.orders == [("entry-1", "raise")]
    gate.time(0.2)
    assert gate.orders == [("entry-1", "raise"), ("entry-1", "lower")]
    assert gate.last(BoomLowerOrdered).reason is Reason.CAR_CLEARED


def test_a_car_under_the_lowering_boom_sends_it_up_in_the_same_decision(gate: GateRig) -> None:
    let_in(gate)
    gate.drives_through()
    gate.time(1.5)
    assert gate.orders_of()[-1] == "lower"
    facts = gate.car_under_boom()
    assert "boom_raise_ordered" in said(facts)
    assert gate.last(BoomRaiseOrdered).reason is Reason.LOOP_OCCUPIED_WHILE_LOWERING
    assert AlertKind.TAILGATING in gate.alerts
    gate.car_clears()
    gate.time(5)
    assert gate.lane().boom is Boom.DOWN
    assert gate.alerts == set()


def test_without_limit_switches_the_boom_counts_as_lowering_for_its_travel_time(site: Site) -> None:
    gate = site(entry(has_limit_switches=False, boom_travel=timedelta(seconds=6)))
    let_in(gate)
    gate.drives_through()
    gate.time(5)
    assert gate.orders_of()[-1] == "lower"
    gate.car_under_boom()
    assert gate.orders_of()[-1] == "raise"
    gate.car_clears()
    gate.time(20)
    assert gate.orders_of()[-1] == "lower"
    gate.car_under_boom()
    assert gate.orders_of()[-1] == "lower"


@pytest.mark.parametrize("when", ["idle", "granted", "passing", "cleared"])
def test_a_safety_loop_that_cannot_be_read_keeps_the_boom_up(gate: GateRig, when: str) -> None:
    if when == "idle":
        gate.loop_fails()
    let_in(gate)
    if when == "granted":
        gate.loop_fails()
    else:
        gate.car_under_boom()
    gate.car_backs_off()
    if when == "passing":
        gate.loop_fails()
    if when in ("cleared", "idle"):
        gate.car_clears()
        gate.loop_fails()
    gate.time(600)
    assert "lower" not in gate.orders_of()
    assert gate.lane().phase is Phase.IDLE
    refused = gate.guard("close", reason="下班")
    assert said(refused) == ["action_refused"]


def test_a_loop_that_fails_and_mends_under_a_car_still_sees_it_gone(gate: GateRig) -> None:
    let_in(gate)
    gate.car_under_boom()
    gate.car_backs_off()
    gate.loop_fails()
    gate.time(5)
    gate.car_clears()
    gate.time(5)
    assert gate.lane().phase is Phase.IDLE
    assert gate.inside == {WANG.plate}
    assert gate.lane().boom is Boom.DOWN


def test_cars_let_through_over_a_dead_safety_loop_are_still_counted_in(gate: GateRig) -> None:
    """The loop is blind for days; in and out must go on alternating, with an alert that says so."""
    gate.loop_fails()
    let_in(gate)
    gate.car_backs_off()
    gate.time(60)
    assert gate.last(PassageClosed).outcome == "unconfirmed"
    assert gate.inside == {WANG.plate}
    assert AlertKind.PASSAGE_UNCONFIRMED in gate.alerts


def test_a_nose_over_the_safety_loop_when_let_through_counts_as_under_the_boom(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.car_under_boom()
    gate.card(WANG.card)
    assert gate.lane().phase is Phase.PASSING
    gate.time(600)
    assert "lower" not in gate.orders_of()
    gate.car_backs_off()
    gate.car_clears()
    assert gate.inside == {WANG.plate}


def test_who_was_let_through_and_does_not_go_loses_the_grant(gate: GateRig) -> None:
    let_in(gate)
    gate.car_backs_off()
    gate.time(26)
    assert gate.lane().phase is Phase.GRANTED
    gate.time(10)
    assert gate.lane().phase is Phase.IDLE
    assert gate.orders_of() == ["raise", "lower"]
    assert gate.inside == set()
    assert gate.alerts == {AlertKind.PASSAGE_UNCONFIRMED}


def test_unconfirmed_passages_leave_one_alert_which_ends_when_a_car_is_seen_again(gate: GateRig) -> None:
    for _ in range(5):
        let_in(gate)
        gate.car_backs_off()
        gate.time(60)
    assert len(gate.engine.state.alerts) == 1
    gate.comes_and_goes(LIU.card, LIU.plate)
    assert gate.alerts == set()


# ---------------------------------------------------------------- limit switches


def test_a_boom_that_does_not_answer_is_an_alert_until_it_does(gate: GateRig) -> None:
    gate.boom_stuck()
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.time(5.9)
    assert gate.alerts == set()
    gate.time(0.2)
    assert gate.alerts == {AlertKind.BOOM_DID_NOT_RISE}
    gate.boom_mended()
    gate.guard("open", reason="再抬一次")
    gate.time(3)
    assert gate.alerts == set()


def test_a_second_order_unanswered_under_the_same_alert_does_not_spin(gate: GateRig) -> None:
    gate.boom_stuck()
    for _ in range(3):
        gate.car_arrives()
        gate.plate(WANG.plate)
        gate.card(WANG.card)
        gate.car_backs_off()
        gate.time(60)
    assert AlertKind.BOOM_DID_NOT_RISE in gate.alerts
    due = next_deadline(gate.engine.state, gate.clock.mono)
    assert due is None or due > gate.clock.mono


def test_an_order_to_a_boom_that_is_there_already_awaits_no_answer(gate: GateRig) -> None:
    gate.guard("close", reason="确认落杆")
    gate.time(20)
    assert gate.alerts == set()
    let_in(gate)
    gate.time(1)
    gate.guard("open", reason="再抬一次")
    gate.time(20)
    assert gate.alerts == set()


# ---------------------------------------------------------------- restarts


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("how", ["restart", "reboot"])
def test_a_start_in_any_phase_moves_nothing(gate: GateRig, phase: Phase, how: str) -> None:
    if phase is not Phase.IDLE:
        gate.car_arrives()
        gate.plate(WANG.plate)
    if phase is Phase.HELD:
        gate.card(LIU.card)
    if phase in (Phase.GRANTED, Phase.PASSING):
        gate.card(WANG.card)
        gate.time(3)
    if phase is Phase.PASSING:
        gate.car_under_boom()
    assert gate.lane().phase is phase
    before = list(gate.orders)
    gate.restart() if how == "restart" else gate.reboot()
    gate.time(5)
    assert gate.orders == before
    assert gate.alerts == set()
    if phase in (Phase.IDENTIFYING, Phase.HELD):
        assert gate.lane().passage is not None, "the car on the loop is seen anew"
        assert gate.lane().passage.plate is None
    if phase in (Phase.GRANTED, Phase.PASSING):
        gate.drives_through()
        assert gate.inside == {WANG.plate}
        gate.time(10)
        assert gate.lane().boom is Boom.DOWN


def test_a_boom_found_up_at_the_start_is_told_and_left_alone(gate: GateRig) -> None:
    let_in(gate)
    gate.drives_through()
    gate.restart()
    gate.time(600)
    assert gate.orders == [("entry-1", "raise")]
    assert gate.alerts == {AlertKind.BOOM_LEFT_UP, AlertKind.BOOM_OPEN_TOO_LONG}
    gate.guard("close", reason="无车")
    gate.time(5)
    assert gate.alerts == set()


def test_killed_while_lowering_a_car_under_the_boom_still_sends_it_up(gate: GateRig) -> None:
    """The order is forgotten with the process, the boom is still coming down."""
    let_in(gate)
    gate.drives_through()
    gate.time(1.5)
    assert gate.orders_of()[-1] == "lower"
    assert gate.lane().boom is Boom.MOVING
    gate.loops["entry-1", Loop.SAFETY] = LoopState.OCCUPIED
    gate.restart()
    assert gate.orders_of()[-1] == "raise"
    gate.car_clears()
    gate.time(10)
    assert gate.lane().boom is Boom.DOWN


def test_a_car_that_went_while_the_daemon_was_down_is_in(gate: GateRig) -> None:
    let_in(gate)
    gate.car_under_boom()
    gate.car_backs_off()
    gate.loops["entry-1", Loop.SAFETY] = LoopState.FREE
    gate.restart()
    assert gate.inside == {WANG.plate}
    assert gate.lane().phase is Phase.IDLE


def test_the_card_shown_again_after_a_restart_raises_a_boom_that_never_rose(gate: GateRig) -> None:
    gate.boom_stuck()
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.restart()
    gate.boom_mended()
    assert gate.lane().boom is Boom.DOWN
    gate.card(WANG.card)
    gate.time(3)
    assert gate.lane().boom is Boom.UP


def test_a_grant_whose_car_is_gone_after_a_start_does_not_keep_the_next_car_waiting(gate: GateRig) -> None:
    """Let through, killed before the boom rose; when the gate is back, nobody is there any more."""
    gate.boom_stuck()
    let_in(gate, WANG)
    gate.loops["entry-1", Loop.APPROACH] = LoopState.FREE
    gate.restart()
    gate.time(1)
    assert gate.lane().phase is Phase.IDLE
    assert gate.alerts == {AlertKind.PASSAGE_UNCONFIRMED}
    assert "lower" not in gate.orders_of()
    gate.boom_mended()
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    gate.time(3)
    assert gate.lane().boom is Boom.UP
