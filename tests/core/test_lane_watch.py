"""What lasts too long at a lane (R24): told once, and over by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.facts import AlertRaised
from daemon.core.hold_open import HoldOpen
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import Actor, Boom
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GateRig, entry

LEADER = Actor(name="周班长", role="leader")


@pytest.fixture
def gate(site: Site) -> GateRig:
    seconds = {"stand_limit": 60, "open_limit": 180, "queue_limit": 120}
    return site(entry("entry-1", **{key: timedelta(seconds=value) for key, value in seconds.items()}))


@pytest.mark.rule("R24")
def test_a_car_that_stands_under_the_boom_is_told_until_it_has_gone(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.car_under_boom()
    gate.car_backs_off()
    gate.time(59)
    assert gate.alerts == set()
    gate.time(2)
    assert gate.alerts == {AlertKind.LANE_BLOCKED}
    gate.time(600)
    gate.car_clears()
    assert gate.alerts == set()
    assert len(gate.all(AlertRaised)) == 1


@pytest.mark.rule("R24")
def test_a_boom_that_stays_open_for_nobody_is_told_until_it_is_down(gate: GateRig) -> None:
    gate.booms["entry-1"].at = gate.booms["entry-1"].goal = Boom.UP
    gate.restart()
    gate.time(179)
    assert gate.alerts == {AlertKind.BOOM_LEFT_UP}
    gate.time(2)
    assert gate.alerts == {AlertKind.BOOM_LEFT_UP, AlertKind.BOOM_OPEN_TOO_LONG}
    gate.guard("close", reason="检修完")
    gate.time(5)
    assert gate.alerts == set()


@pytest.mark.rule("R24")
def test_a_boom_that_is_open_for_one_car_after_another_is_not_open_too_long(gate: GateRig) -> None:
    for _ in range(10):
        for car in (WANG, LIU):
            gate.car_arrives()
            gate.plate(car.plate)
            gate.card(car.card)
            gate.guard("release", resync=True)
            gate.car_under_boom()
            gate.car_backs_off()
            gate.time(10)
            gate.car_clears()
    assert AlertKind.BOOM_OPEN_TOO_LONG not in {alert.alert for alert in gate.all(AlertRaised)}


@pytest.mark.rule("R24")
def test_a_boom_that_a_leader_holds_open_is_not_open_too_long(gate: GateRig) -> None:
    until = gate.clock.wall + timedelta(hours=1)
    gate.ask(LEADER, HoldOpen(lane="entry-1", until=until, reason="搬家"))
    gate.time(1800)
    assert gate.alerts == set()


@pytest.mark.rule("R24")
def test_a_queue_is_told_until_the_approach_loop_is_free(gate: GateRig) -> None:
    gate.car_arrives()
    gate.time(121)
    assert gate.alerts == {AlertKind.QUEUE_AT_LANE}
    gate.car_backs_off()
    assert gate.alerts == set()


@pytest.mark.rule("R24")
def test_without_limit_switches_the_last_order_tells_how_long_the_boom_is_open(site: Site) -> None:
    gate = site(entry("entry-1", has_limit_switches=False))
    gate.guard("open", reason="检修")
    gate.time(29)
    gate.loop_fails()
    gate.time(300)
    assert AlertKind.BOOM_OPEN_TOO_LONG in gate.alerts
    gate.car_clears()
    gate.time(20)
    assert gate.orders_of()[-1] == "lower"
    assert AlertKind.BOOM_OPEN_TOO_LONG not in gate.alerts


@pytest.mark.rule("R24")
def test_what_trips_the_loop_without_a_plate_opens_nothing_and_is_shown_to_the_guard(gate: GateRig) -> None:
    gate.car_arrives()
    gate.time(11)
    passage = gate.lane().passage
    assert passage is not None
    assert (gate.lane().phase, passage.reason) == (Phase.HELD, Reason.PLATE_MISSING)
    gate.car_backs_off()
    gate.time(5)
    assert gate.lane().phase is Phase.IDLE
    assert gate.orders == []


@pytest.mark.rule("R24")
def test_a_loop_that_falls_silent_ends_no_alert(gate: GateRig) -> None:
    gate.car_arrives()
    gate.time(121)
    gate.restart()
    assert AlertKind.QUEUE_AT_LANE in gate.alerts
    assert len([alert for alert in gate.all(AlertRaised) if alert.alert is AlertKind.QUEUE_AT_LANE]) == 1
