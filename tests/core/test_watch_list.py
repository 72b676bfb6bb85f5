"""R08: a plate or card of the watch list keeps the boom down, and only a shift leader or above decides."""

from __future__ import annotations

import pytest

from daemon.core.facts import AccessGranted, ActionRefused, AlertRaised, CarHeld
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor
from daemon.core.special import ExemptCar, ListWatched, Sign, UnlistWatched, WatchListed
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GUARD, LEADER, OFFICE, SUPERVISOR, GateRig, entry, said

DO = "扣留并报警"


def watch(gate: GateRig, value: str, sign: Sign = "plate") -> None:
    gate.ask(OFFICE, ListWatched(sign=sign, value=value, why="肇事逃逸", what_to_do=DO))


def wang_comes(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(WANG.card)


@pytest.mark.rule("R08")
@pytest.mark.parametrize(("sign", "value"), [("plate", WANG.plate), ("card", WANG.card)])
def test_a_watched_car_stays_outside_and_everybody_hears_of_it(gate: GateRig, sign: Sign, value: str) -> None:
    """Given a resident's plate or card on the list, the boom stays down, and the guard reads what to do."""
    watch(gate, value, sign)
    wang_comes(gate)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, Reason.WATCH_LISTED)
    assert gate.orders == []
    assert gate.last(CarHeld).advice == DO
    alert = gate.last(AlertRaised)
    assert (alert.alert, alert.severity) == (AlertKind.WATCH_LISTED, Severity.URGENT)
    assert DO in alert.detail
    assert alert.picture == f"{WANG.plate}.jpg"


@pytest.mark.rule("R08")
def test_nothing_that_the_car_shows_next_lifts_the_hold(gate: GateRig) -> None:
    watch(gate, WANG.card, "card")
    gate.car_arrives()
    gate.card(WANG.card)
    gate.plate(LIU.plate)
    gate.card(LIU.card)
    gate.time(60)
    assert gate.lane().passage.reason is Reason.WATCH_LISTED
    assert gate.orders == []


@pytest.mark.rule("R08")
def test_without_an_approach_loop_another_plate_makes_it_no_other_car(site: Site) -> None:
    gate = site(entry(mode="plate_only", has_approach_loop=False))
    watch(gate, WANG.plate)
    gate.plate(WANG.plate)
    gate.time(12)
    gate.plate(LIU.plate)
    assert gate.lane().passage.reason is Reason.WATCH_LISTED
    assert gate.orders == []


@pytest.mark.rule("R08")
@pytest.mark.rule("R44")
@pytest.mark.parametrize("action", ["release", "open", "refuse"])
def test_a_guard_ends_it_in_no_way_and_is_told_why(gate: GateRig, action) -> None:
    """He does not send it away either: it would come again with another card."""
    watch(gate, WANG.plate)
    wang_comes(gate)
    (refused,) = gate.guard(action)
    assert isinstance(refused, ActionRefused)
    assert refused.reason is Reason.LEADER_DECIDES
    assert gate.orders == []


@pytest.mark.rule("R08")
@pytest.mark.parametrize("actor", [LEADER, SUPERVISOR])
def test_a_leader_or_above_releases_and_the_alert_is_over(gate: GateRig, actor: Actor) -> None:
    watch(gate, WANG.plate)
    wang_comes(gate)
    gate.guard("release", actor=actor, reason="已核实")
    assert gate.last(AccessGranted).by == actor
    assert gate.alerts == set()
    gate.drives_through()
    assert gate.inside == {WANG.plate}


@pytest.mark.rule("R08")
def test_no_button_gets_past_the_list(gate: GateRig) -> None:
    watch(gate, WANG.plate)
    wang_comes(gate)
    (refused,) = gate.ask(GUARD, ExemptCar(lane="entry-1", exempt_class="police"))
    assert isinstance(refused, ActionRefused)
    assert refused.reason is Reason.LEADER_DECIDES


@pytest.mark.rule("R08")
def test_a_car_that_waits_already_is_held_the_moment_it_is_listed(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    watch(gate, "粤b·12345")
    assert gate.lane().passage.reason is Reason.WATCH_LISTED


@pytest.mark.rule("R08")
def test_the_alert_outlives_the_car_and_is_raised_anew_when_it_is_back(gate: GateRig) -> None:
    watch(gate, WANG.plate)
    for _ in range(2):
        wang_comes(gate)
        gate.car_backs_off()
        gate.time(5)
        assert gate.lane().phase is Phase.IDLE
        assert gate.alerts == {AlertKind.WATCH_LISTED}
    raised = [fact for fact in gate.all(AlertRaised) if fact.alert is AlertKind.WATCH_LISTED]
    assert len(raised) == 2
    gate.ask(LEADER, UnlistWatched(sign="plate", value=WANG.plate, reason="已处理"))
    assert gate.alerts == set()


@pytest.mark.rule("R08")
def test_taken_off_the_list_it_comes_in_as_before(gate: GateRig) -> None:
    watch(gate, WANG.plate)
    gate.ask(LEADER, UnlistWatched(sign="plate", value=WANG.plate, reason="误列"))
    wang_comes(gate)
    assert gate.lane().phase is Phase.GRANTED


@pytest.mark.rule("R08")
def test_the_list_is_kept_by_leaders_and_says_a_thing_once(gate: GateRig) -> None:
    line = ListWatched(sign="plate", value=WANG.plate, why="欠费", what_to_do=DO)
    (refused,) = gate.ask(GUARD, line)
    assert refused.reason is Reason.ROLE_NOT_ALLOWED  # type: ignore[attr-defined]  # an ActionRefused
    assert said(gate.ask(LEADER, line)) == ["watch_listed"]
    assert gate.ask(LEADER, line) == ()
    assert len(gate.all(WatchListed)) == 1
    for wrong in (
        ListWatched(sign="plate", value=" · ", why="", what_to_do=DO),
        ListWatched(sign="card", value="A1", why="", what_to_do=" "),
    ):
        (refused,) = gate.ask(LEADER, wrong)
        assert refused.reason is Reason.WATCH_INCOMPLETE  # type: ignore[attr-defined]  # an ActionRefused
    (refused,) = gate.ask(LEADER, UnlistWatched(sign="card", value="A1", reason="x"))
    assert refused.reason is Reason.NOT_LISTED  # type: ignore[attr-defined]  # an ActionRefused
