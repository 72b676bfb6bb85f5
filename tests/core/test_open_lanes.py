"""Lanes that stay open: held by a leader (R27), or in a fire (R32); and lanes that are locked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.core.facts import (
    AccessGranted,
    ActionRefused,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    PassageClosed,
    StayOpened,
)
from daemon.core.fire import FireAlarmed, FireInputChanged, ResetFire
from daemon.core.hold_open import (
    EndHoldOpen,
    HoldOpen,
    HoldOpenEnded,
    HoldOpenStarted,
    LaneLocked,
    LockLane,
    UnlockLane,
)
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import (
    Actor,
    Boom,
    BoomReported,
    FireInput,
    FireReported,
    Loop,
    LoopState,
    TimerElapsed,
)
from daemon.core.state import Phase, SiteRules
from tests.core.conftest import LIU, WANG, Site
from tests.core.rig import GUARD, GateRig, entry, exit_
from tests.core.rig import said as kinds

LEADER = Actor(name="周班长", role="leader")


def in_(gate: GateRig, **later: float) -> datetime:
    until: datetime = gate.clock.wall + timedelta(**later)
    return until


def hold(gate: GateRig, minutes: float = 10, reason: str = "婚车队", by: Actor = LEADER) -> list[str]:
    return kinds(gate.ask(by, HoldOpen(lane="entry-1", until=in_(gate, minutes=minutes), reason=reason)))


def fire(gate: GateRig, says: FireInput) -> list[str]:
    return kinds(gate.send(FireReported(at=gate.now, input=says)))


def why_not(gate: GateRig) -> Reason:
    reason: Reason = gate.last(ActionRefused).reason
    return reason


# ---------------------------------------------------------------- held open


@pytest.mark.rule("R27")
def test_a_held_lane_stays_up_until_its_time_and_then_comes_down(gate: GateRig) -> None:
    assert hold(gate)[:2] == ["hold_open_started", "boom_raise_ordered"]
    gate.time(10 * 60 - 1)
    assert gate.orders_of() == ["raise"]
    gate.time(5)
    assert gate.last(HoldOpenEnded).by is None
    assert gate.orders_of() == ["raise", "lower"]
    assert gate.lane().boom is Boom.DOWN
    assert gate.alerts == set()


@pytest.mark.rule("R27")
def test_cars_that_pass_a_held_lane_are_written_down_by_what_they_show(gate: GateRig) -> None:
    hold(gate)
    for plate in (WANG.plate, "粤B00001", None):
        gate.car_arrives()
        if plate is not None:
            gate.plate(plate)
        gate.drives_through()
    assert gate.inside == {WANG.plate, "粤B00001", "无牌-3"}
    assert [closed.outcome for closed in gate.all(PassageClosed)] == ["passed"] * 3
    assert {grant.reason for grant in gate.all(AccessGranted)} == {Reason.LANE_HELD_OPEN}
    assert [stay.permit_id for stay in gate.all(StayOpened)] == [WANG.id, None, None]
    assert gate.all(BoomLowerOrdered) == []
    assert gate.alerts == set()


@pytest.mark.rule("R27")
def test_a_convoy_without_an_approach_loop_is_counted_car_by_car(site: Site) -> None:
    gate = site(entry("entry-1", has_approach_loop=False))
    hold(gate)
    for plate in ("粤B00001", "粤B00002"):
        gate.plate(plate)
        gate.car_under_boom()
        gate.time(1)
        gate.car_clears()
        gate.time(1)
    assert gate.inside == {"粤B00001", "粤B00002"}


@pytest.mark.rule("R27")
def test_a_car_that_the_lane_would_refuse_is_not_lost_when_it_drives_on(site: Site) -> None:
    gate = site(entry("entry-1", mode="plate_only", temporary="refuse"))
    hold(gate)
    gate.car_arrives()
    gate.plate("粤B00001")
    assert gate.lane().phase is Phase.HELD
    gate.drives_through()
    assert gate.inside == {"粤B00001"}


@pytest.mark.rule("R27")
def test_a_hold_ends_only_over_a_free_loop(gate: GateRig) -> None:
    hold(gate, minutes=1)
    gate.car_arrives()
    gate.car_under_boom()
    gate.car_backs_off()
    gate.time(50)
    gate.time(30)
    assert gate.all(HoldOpenEnded)
    assert gate.orders_of()[-1] == "raise"
    gate.car_clears()
    gate.time(5)
    assert gate.orders_of()[-1] == "lower"


@pytest.mark.rule("R27")
@pytest.mark.parametrize("how", ["restart", "reboot"])
def test_a_hold_outlives_a_start_and_still_ends_in_time(gate: GateRig, how: str) -> None:
    hold(gate, minutes=10)
    gate.time(4 * 60)
    getattr(gate, how)()
    assert gate.lane().held_open is not None
    gate.time(5 * 60)
    assert gate.all(HoldOpenEnded) == []
    assert AlertKind.BOOM_LEFT_UP not in gate.alerts
    gate.time(70)
    assert len(gate.all(HoldOpenEnded)) == 1
    assert gate.lane().boom is Boom.DOWN


@pytest.mark.rule("R27")
def test_a_clock_that_is_set_meanwhile_neither_shortens_nor_lengthens_a_hold(gate: GateRig) -> None:
    hold(gate, minutes=10)
    gate.clock.step_wall(timedelta(hours=5))
    gate.time(9 * 60)
    assert gate.all(HoldOpenEnded) == []
    gate.clock.step_wall(timedelta(hours=-9))
    gate.time(70)
    assert len(gate.all(HoldOpenEnded)) == 1


@pytest.mark.rule("R27")
def test_after_a_reboot_without_a_clock_a_hold_ends_all_the_same(gate: GateRig) -> None:
    hold(gate, minutes=10)
    gate.time(60)
    gate.clock.trusted = False
    gate.reboot()
    gate.time(9 * 60)
    assert gate.all(HoldOpenEnded) == []
    gate.time(2 * 60)
    assert len(gate.all(HoldOpenEnded)) == 1


@pytest.mark.rule("R27")
@pytest.mark.parametrize("is_trusted_at_once", [True, False])
def test_a_hold_that_a_wrong_clock_began_is_no_longer_after_a_reboot(
    gate: GateRig, is_trusted_at_once: bool
) -> None:
    """Given a clock that was a year ahead when the hold began, and right after the power cut."""
    gate.clock.step_wall(timedelta(days=365))
    hold(gate, minutes=10)
    gate.time(60)
    gate.clock.step_wall(-timedelta(days=365))
    gate.clock.trusted = is_trusted_at_once
    gate.reboot()
    gate.clock.trusted = True
    gate.send(TimerElapsed(at=gate.now))
    gate.time(11 * 60)
    assert len(gate.all(HoldOpenEnded)) == 1
    assert gate.lane().boom is Boom.DOWN


@pytest.mark.rule("R27")
def test_a_held_boom_that_is_found_down_is_raised_again(gate: GateRig) -> None:
    hold(gate)
    gate.time(5)
    gate.booms["entry-1"].at = gate.booms["entry-1"].goal = Boom.DOWN
    gate.time(1)
    gate.send(BoomReported(at=gate.now, lane="entry-1", boom=Boom.DOWN))
    assert gate.orders_of() == ["raise", "raise"]
    gate.time(5)
    assert gate.lane().boom is Boom.UP


@pytest.mark.rule("R27")
def test_who_may_hold_what_and_until_when(gate: GateRig) -> None:
    hold(gate, by=GUARD)
    assert why_not(gate) is Reason.ROLE_NOT_ALLOWED
    hold(gate, reason=" ")
    assert why_not(gate) is Reason.REASON_NEEDED
    hold(gate, minutes=-1)
    assert why_not(gate) is Reason.END_IS_PAST
    gate.ask(LEADER, EndHoldOpen(lane="entry-1", reason="完"))
    assert why_not(gate) is Reason.LANE_NOT_HELD_OPEN
    gate.ask(LEADER, HoldOpen(lane="nowhere", until=in_(gate, hours=1), reason="搬家"))
    assert why_not(gate) is Reason.NO_SUCH_LANE
    gate.clock.trusted = False
    hold(gate)
    assert why_not(gate) is Reason.TIME_UNKNOWN
    assert gate.orders == []


@pytest.mark.rule("R27")
def test_asked_again_the_new_end_counts_and_the_same_end_says_nothing(gate: GateRig) -> None:
    until = in_(gate, minutes=10)
    for _ in range(2):
        gate.ask(LEADER, HoldOpen(lane="entry-1", until=until, reason="搬家"))
    local = (until + timedelta(minutes=5)).astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
    gate.ask(LEADER, HoldOpen(lane="entry-1", until=local, reason="搬家"))
    assert len(gate.all(HoldOpenStarted)) == 2
    assert gate.orders_of() == ["raise"]
    gate.time(14 * 60)
    assert gate.lane().held_open is not None
    gate.time(2 * 60)
    assert gate.lane().held_open is None


@pytest.mark.rule("R27")
def test_a_guard_cannot_close_a_held_lane_and_a_leader_can_end_the_hold(gate: GateRig) -> None:
    hold(gate)
    gate.time(5)
    gate.guard("close")
    assert why_not(gate) is Reason.LANE_HELD_OPEN
    gate.ask(LEADER, EndHoldOpen(lane="entry-1", reason="车队已过"))
    gate.time(5)
    assert gate.orders_of() == ["raise", "lower"]


# ---------------------------------------------------------------- fire


@pytest.fixture
def burning(site: Site) -> GateRig:
    """Two ways in and one out, with a fire input that has just closed."""
    gate = site(
        entry("entry-1"), entry("entry-2"), exit_("exit-1"), rules=replace(SiteRules(), has_fire_input=True)
    )
    fire(gate, FireInput.QUIET)
    fire(gate, FireInput.ALARM)
    return gate


@pytest.mark.rule("R32")
def test_fire_opens_every_barrier_and_holds_it_open(burning: GateRig) -> None:
    assert sorted(burning.orders) == [("entry-1", "raise"), ("entry-2", "raise"), ("exit-1", "raise")]
    assert burning.alerts == {AlertKind.FIRE}
    burning.comes_and_goes(WANG.card, WANG.plate)
    burning.time(3600)
    burning.guard("close")
    assert why_not(burning) is Reason.FIRE
    assert burning.all(BoomLowerOrdered) == []
    assert burning.inside == {WANG.plate}


@pytest.mark.rule("R32")
def test_fire_goes_on_when_its_input_falls_quiet_or_the_gate_starts_again(burning: GateRig) -> None:
    fire(burning, FireInput.QUIET)
    burning.reboot()
    fire(burning, FireInput.QUIET)
    burning.time(3600)
    assert burning.all(BoomLowerOrdered) == []
    assert burning.lane().boom is Boom.UP
    assert AlertKind.FIRE in burning.alerts
    assert len(burning.all(FireAlarmed)) == 1


@pytest.mark.rule("R32")
def test_only_a_leader_ends_a_fire_and_only_once_its_input_is_quiet(burning: GateRig) -> None:
    burning.ask(LEADER, ResetFire(reason="误报"))
    assert why_not(burning) is Reason.FIRE_INPUT_NOT_QUIET
    fire(burning, FireInput.UNKNOWN)
    burning.ask(LEADER, ResetFire(reason="误报"))
    assert why_not(burning) is Reason.FIRE_INPUT_NOT_QUIET
    fire(burning, FireInput.QUIET)
    burning.ask(GUARD, ResetFire(reason="误报"))
    assert why_not(burning) is Reason.ROLE_NOT_ALLOWED
    burning.ask(LEADER, ResetFire(reason=""))
    assert why_not(burning) is Reason.REASON_NEEDED
    assert burning.all(BoomLowerOrdered) == []
    burning.car_under_boom("entry-2")
    burning.ask(LEADER, ResetFire(reason="误报，已查"))
    burning.time(10)
    assert burning.alerts == set()
    lowered = [lane for lane, order in burning.orders if order == "lower"]
    assert sorted(lowered) == ["entry-1", "exit-1"], "the one with a car under it waits"
    burning.ask(LEADER, ResetFire(reason="误报"))
    assert why_not(burning) is Reason.NO_FIRE


@pytest.mark.rule("R32")
def test_a_fire_input_that_says_the_same_again_says_nothing_new(burning: GateRig) -> None:
    assert fire(burning, FireInput.ALARM) == []
    assert len(burning.all(FireInputChanged)) == 2


@pytest.mark.rule("R32")
def test_a_boom_whose_barrier_was_lost_in_the_fire_is_raised_when_it_is_back(burning: GateRig) -> None:
    before = len(burning.orders_of())
    burning.loses("entry-1.barrier", "entry-1", "barrier")
    burning.finds("entry-1.barrier", "entry-1", "barrier")
    assert burning.orders_of()[before:] == ["raise"]
    assert burning.last(BoomRaiseOrdered).reason is Reason.FIRE


@pytest.mark.rule("R32")
def test_a_barrier_that_opens_only_after_the_fire_began_is_raised_then(burning: GateRig) -> None:
    burning.booms["entry-1"].at = burning.booms["entry-1"].goal = Boom.DOWN
    before = len(burning.orders_of())
    burning.restart()
    assert burning.orders_of()[before:] == ["raise"]


@pytest.mark.rule("R32")
def test_fire_opens_a_locked_lane_too(site: Site) -> None:
    gate = site(entry("entry-1"))
    gate.ask(LEADER, LockLane(lane="entry-1", reason="路面施工"))
    fire(gate, FireInput.ALARM)
    assert gate.orders_of() == ["raise"]


# ---------------------------------------------------------------- locked


def test_a_locked_lane_opens_for_nobody_but_a_leader(gate: GateRig) -> None:
    gate.ask(LEADER, LockLane(lane="entry-1", reason="路面施工"))
    gate.ask(LEADER, LockLane(lane="entry-1", reason="路面施工"))
    assert len(gate.all(LaneLocked)) == 1
    gate.guard("open", reason="按钮")
    assert why_not(gate) is Reason.LANE_LOCKED
    gate.car_arrives()
    gate.card(WANG.card)
    gate.plate(WANG.plate)
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, Reason.LANE_LOCKED)  # type: ignore[union-attr]
    gate.guard("release")
    assert why_not(gate) is Reason.LANE_LOCKED
    assert gate.orders == []
    gate.guard("release", actor=LEADER)
    assert gate.orders_of() == ["raise"]


def test_a_car_that_waits_at_a_locked_lane_is_judged_when_it_is_unlocked(gate: GateRig) -> None:
    gate.ask(LEADER, UnlockLane(lane="entry-1", reason="完工"))
    assert why_not(gate) is Reason.LANE_NOT_LOCKED
    gate.ask(LEADER, LockLane(lane="entry-1", reason="路面施工"))
    gate.car_arrives()
    gate.card(LIU.card)
    gate.plate(LIU.plate)
    assert gate.orders == []
    gate.ask(LEADER, UnlockLane(lane="entry-1", reason="完工"))
    assert gate.orders_of() == ["raise"]


def test_a_lane_is_not_locked_and_held_open_at_once(gate: GateRig) -> None:
    hold(gate)
    gate.ask(LEADER, LockLane(lane="entry-1", reason="施工"))
    assert why_not(gate) is Reason.LANE_HELD_OPEN
    gate.ask(LEADER, LockLane(lane="entry-2", reason="施工"))
    gate.ask(LEADER, HoldOpen(lane="entry-2", until=in_(gate, hours=1), reason="搬家"))
    assert why_not(gate) is Reason.LANE_LOCKED


def test_a_locked_lane_still_goes_up_from_a_car_under_its_boom(gate: GateRig) -> None:
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.guard("open", reason="检修")
    gate.loop(LoopState.OCCUPIED, Loop.SAFETY)
    gate.loop(LoopState.FREE, Loop.SAFETY)
    gate.ask(LEADER, LockLane(lane="entry-1", reason="路面施工"))
    gate.time(1.5)
    assert gate.orders_of()[-1] == "lower"
    gate.car_under_boom()
    assert gate.orders_of()[-1] == "raise"
