"""R28: the guard opens, closes and stops, always with who, why and the picture, whatever else is down."""

from __future__ import annotations

import pytest

from daemon.core.facts import AccessGranted, ActionRefused, BoomRaiseOrdered, PassageClosed, PictureKept
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Boom, Loop, PictureTaken
from daemon.core.state import Phase
from tests.core.conftest import LIU, WANG
from tests.core.rig import GateRig, said

pytestmark = pytest.mark.rule("R28")


def shows(gate: GateRig, who) -> None:
    gate.plate(who.plate)
    gate.card(who.card)


def test_open_is_on_record_with_who_why_and_picture(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate("粤B99999")
    gate.guard("open", reason="送水车")
    granted, order = gate.last(AccessGranted), gate.last(BoomRaiseOrdered)
    assert (granted.by.name, granted.note, granted.picture) == ("李门岗", "送水车", "粤B99999.jpg")
    assert (order.by.name, order.note, order.passage) == ("李门岗", "送水车", granted.passage)
    gate.send(PictureTaken(at=gate.now, lane="entry-1", passage=granted.passage, picture="now.jpg"))
    assert gate.last(PictureKept).picture == "now.jpg"


@pytest.mark.parametrize("action", ["open", "close", "stop", "release", "refuse"])
def test_nothing_without_a_reason(gate: GateRig, action: str) -> None:
    assert said(gate.guard(action, reason="  ")) == ["action_refused"]
    assert gate.last(ActionRefused).reason is Reason.REASON_NEEDED
    assert gate.orders == []


@pytest.mark.rule("R44")
@pytest.mark.parametrize(("role", "may"), [("office", set()), ("installer", {"open", "close", "stop"})])
def test_who_may_not_move_a_boom_or_judge_a_car_is_refused_on_record(
    gate: GateRig, role, may: set[str]
) -> None:
    """Given a car that waits, the office lets nobody through, and an installer only moves the boom."""
    somebody = Actor(name="某人", role=role)
    for action in ("release", "refuse", "close", "stop", "open"):
        gate.car_arrives()
        gate.plate("粤B99999")
        gate.guard(action, actor=somebody, reason="试一试")
    refused = [fact for fact in gate.all(ActionRefused) if fact.reason is Reason.ROLE_NOT_ALLOWED]
    assert {fact.action for fact in refused} == {"open", "close", "stop", "release", "refuse"} - may
    assert {(fact.by, fact.note, fact.lane) for fact in refused} == {(somebody, "试一试", "entry-1")}
    assert ("entry-1", "raise") in gate.orders or role == "office"


def test_the_button_works_with_everything_else_down(gate: GateRig) -> None:
    for device in ("broker", "vision", "entry-1.reader", "entry-1.camera", "entry-1.loop.safety"):
        gate.loses(device)
    gate.loop_fails(Loop.APPROACH)
    gate.loop_fails(Loop.SAFETY)
    gate.guard("open")
    gate.time(3)
    assert gate.lane().boom is Boom.UP
    gate.guard("stop")
    assert gate.orders_of() == ["raise", "stop"]


def test_close_is_refused_over_a_car_and_over_a_loop_that_cannot_be_read(gate: GateRig) -> None:
    gate.guard("open")
    gate.car_under_boom()
    gate.guard("close")
    assert gate.last(ActionRefused).reason is Reason.SAFETY_LOOP_OCCUPIED
    gate.loop_fails()
    gate.guard("close")
    assert gate.last(ActionRefused).reason is Reason.SAFETY_LOOP_UNKNOWN
    assert gate.orders_of() == ["raise"]


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.IDENTIFYING, Phase.HELD, Phase.GRANTED])
def test_close_brings_the_boom_down_whenever_nobody_is_under_it(gate: GateRig, phase: Phase) -> None:
    gate.guard("open", reason="试杆")
    gate.time(3)
    gate.guard("close", reason="试杆")
    gate.guard("stop", reason="试杆")
    if phase is not Phase.IDLE:
        gate.car_arrives()
        gate.plate(WANG.plate)
    if phase is Phase.HELD:
        gate.card(LIU.card)
    if phase is Phase.GRANTED:
        gate.card(WANG.card)
    assert gate.lane().phase is phase
    gate.guard("close", reason="落杆")
    gate.time(3)
    assert gate.orders_of()[-1] == "lower"
    assert gate.lane().boom is Boom.DOWN


def test_closing_before_a_car_that_was_let_through_takes_the_grant_back(gate: GateRig) -> None:
    gate.car_arrives()
    shows(gate, WANG)
    gate.time(3)
    gate.guard("close", reason="停车检查")
    assert gate.last(PassageClosed).outcome == "refused"
    gate.time(60)
    assert (gate.orders_of(), gate.inside) == (["raise", "lower"], set())


def test_closing_leaves_the_boom_down_even_with_a_car_ready_behind(gate: GateRig) -> None:
    """The car in front still stands there: the one behind gets its boom when it has rolled up."""
    gate.car_arrives()
    shows(gate, WANG)
    gate.time(3)
    gate.car_backs_off()
    gate.car_arrives()
    shows(gate, LIU)
    gate.guard("close", reason="停车检查")
    gate.time(5)
    assert gate.lane().boom is Boom.DOWN
    assert (gate.lane().phase, gate.lane().passage.reason) == (Phase.HELD, Reason.CLOSED_BY_GUARD)
    gate.car_backs_off()
    gate.time(1)
    gate.car_arrives()
    assert (gate.lane().phase, gate.lane().passage.permit_id) == (Phase.GRANTED, LIU.id)


def test_a_double_click_decides_one_car(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate(WANG.plate)
    gate.card(LIU.card)
    seen = gate.lane().passage.id
    gate.guard("release", passage=seen)
    assert said(gate.guard("release", passage=seen)) == ["action_refused"]
    gate.drives_through()
    gate.time(5)
    gate.car_arrives()
    gate.plate("粤B99999")
    assert said(gate.guard("release", passage=seen)) == ["action_refused"]
    assert gate.last(ActionRefused).reason is Reason.OTHER_CAR_HELD
    assert gate.orders_of() == ["raise", "lower"]


def test_a_double_click_on_open_lets_one_car_through(gate: GateRig) -> None:
    gate.guard("open")
    gate.guard("open")
    assert len(gate.all(AccessGranted)) == 1
    assert gate.orders_of() == ["raise", "raise"]


def test_there_is_nothing_to_decide_where_no_car_is(gate: GateRig) -> None:
    for action in ("release", "refuse"):
        gate.guard(action)
        assert gate.last(ActionRefused).reason is Reason.NO_CAR_HELD
    assert gate.orders == []


def test_open_before_any_sign_takes_the_car_that_waits(gate: GateRig) -> None:
    gate.car_arrives()
    waiting = gate.lane().passage.id
    gate.guard("open")
    assert gate.last(AccessGranted).passage == waiting
