"""Cars that nobody let through (R25): seen, told, and counted by what they have shown."""

from __future__ import annotations

import pytest

from daemon.core.facts import AlertRaised, CarForcedIn, PassageClosed, StayOpened
from daemon.core.reasons import AlertKind
from daemon.core.signals import Boom, BoomReported
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GateRig, entry, exit_


def let_through(gate: GateRig, lane: str | None = None) -> None:
    gate.car_arrives(lane)
    gate.plate(WANG.plate, lane)
    gate.card(WANG.card, lane)
    gate.time(3)


def moved(gate: GateRig, boom: Boom) -> None:
    """Somebody moves it by hand: the limit switches tell."""
    gate.booms["entry-1"].at = gate.booms["entry-1"].goal = boom
    gate.send(BoomReported(at=gate.now, lane="entry-1", boom=boom))


@pytest.mark.rule("R25")
def test_a_second_car_on_one_grant_is_an_alert_and_counts_as_inside(gate: GateRig) -> None:
    let_through(gate)
    gate.drives_through()
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.car_under_boom()
    (alert,) = [alert for alert in gate.all(AlertRaised) if alert.alert is AlertKind.TAILGATING]
    assert alert.picture == f"{LIU.plate}.jpg"
    gate.car_backs_off()
    assert gate.last(CarForcedIn).after == "entry-1-0000001"
    gate.time(1)
    gate.car_clears()
    assert gate.inside == {WANG.plate, LIU.plate}
    assert gate.last(StayOpened).permit_id == LIU.id
    assert [closed.outcome for closed in gate.all(PassageClosed)] == ["passed", "forced"]
    gate.time(10)
    assert (gate.lane().boom, gate.alerts) == (Boom.DOWN, set())


@pytest.mark.rule("R25")
def test_a_follower_that_shows_nothing_is_inside_without_a_plate(gate: GateRig) -> None:
    let_through(gate)
    gate.drives_through()
    gate.drives_through()
    assert gate.inside == {WANG.plate, "无牌-2"}
    assert gate.all(AlertRaised)[-1].alert is AlertKind.TAILGATING


@pytest.mark.rule("R25")
def test_a_follower_that_shows_card_and_plate_under_the_boom_is_let_through_like_any_other(
    gate: GateRig,
) -> None:
    let_through(gate)
    gate.drives_through()
    gate.car_arrives()
    gate.car_under_boom()
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    assert gate.lane().phase is Phase.PASSING
    gate.car_backs_off()
    gate.car_clears()
    assert gate.all(CarForcedIn) == []
    assert gate.all(PassageClosed)[-1].outcome == "passed"


@pytest.mark.rule("R25")
def test_a_follower_that_backs_off_has_not_gone_in(gate: GateRig) -> None:
    let_through(gate)
    gate.drives_through()
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.car_under_boom()
    gate.car_clears()
    assert gate.inside == {WANG.plate}
    assert gate.lane().phase is Phase.IDENTIFYING
    assert gate.all(CarForcedIn) == []


@pytest.mark.rule("R25")
def test_what_the_car_behind_shows_is_not_taken_for_the_follower_s(gate: GateRig) -> None:
    let_through(gate)
    gate.drives_through()
    gate.car_arrives()
    gate.plate("粤B00001")
    gate.car_under_boom()
    gate.car_backs_off()
    gate.car_arrives()
    gate.plate(LIU.plate)
    gate.car_clears()
    assert gate.inside == {WANG.plate, "粤B00001"}
    front = gate.lane().passage
    assert front is not None
    assert front.plate == LIU.plate


@pytest.mark.rule("R25")
def test_a_car_that_follows_another_out_ends_its_own_stay(site: Site) -> None:
    gate = site(entry("entry-1"), exit_("exit-1"))
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.comes_and_goes(LIU.card, LIU.plate)
    let_through(gate, "exit-1")
    gate.drives_through("exit-1")
    gate.car_arrives("exit-1")
    gate.plate(LIU.plate, "exit-1")
    gate.drives_through("exit-1")
    assert gate.inside == set()
    assert AlertKind.TAILGATING in {alert.alert for alert in gate.all(AlertRaised)}


@pytest.mark.rule("R25")
def test_a_boom_raised_by_hand_is_told_and_so_is_who_drives_through(gate: GateRig) -> None:
    moved(gate, Boom.MOVING)
    assert gate.alerts == {AlertKind.BOOM_MOVED_BY_HAND}
    moved(gate, Boom.UP)
    gate.car_arrives()
    gate.plate("粤B00001")
    gate.drives_through()
    assert AlertKind.PASSED_WITHOUT_GRANT in {alert.alert for alert in gate.all(AlertRaised)}
    assert gate.inside == {"粤B00001"}
    gate.time(10)
    assert (gate.lane().boom, gate.alerts) == (Boom.DOWN, set())


@pytest.mark.rule("R25")
def test_without_limit_switches_the_orders_tell_that_the_boom_was_open(site: Site) -> None:
    gate = site(entry("entry-1", has_limit_switches=False, has_approach_loop=False))
    let_through(gate)
    gate.car_under_boom()
    gate.car_clears()
    gate.car_under_boom()
    assert gate.alerts == {AlertKind.TAILGATING}
    gate.car_clears()
    assert len(gate.inside) == 2
    gate.time(20)
    gate.car_under_boom()
    gate.car_clears()
    assert len(gate.inside) == 2, "in front of a closed boom nobody drives through"


def test_a_boom_that_obeys_an_order_was_not_moved_by_hand(gate: GateRig) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.guard("open", reason="检修")
    gate.guard("stop", reason="检修")
    gate.time(1)
    gate.guard("open", reason="检修")
    gate.time(40)
    gate.restart()
    gate.time(10)
    assert AlertKind.BOOM_MOVED_BY_HAND not in {alert.alert for alert in gate.all(AlertRaised)}


def test_a_barrier_that_closes_by_itself_was_not_moved_by_hand(site: Site) -> None:
    gate = site(entry("entry-1", closes_by_itself=True))
    let_through(gate)
    moved(gate, Boom.MOVING)
    assert gate.alerts == set()
    moved(gate, Boom.DOWN)
    moved(gate, Boom.UP)
    assert gate.alerts == {AlertKind.BOOM_MOVED_BY_HAND}
