"""R31 and R42: a fault is told once and clears by itself; the gate decides on without what is down."""

from __future__ import annotations

import pytest

from daemon.core.facts import AccessGranted, AlertRaised
from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, AlertKind, Reason
from daemon.core.signals import Loop
from daemon.core.state import Phase
from tests.core.conftest import WANG
from tests.core.rig import GateRig, said

DEVICES = [
    ("entry-1.camera", "entry-1", "camera"),
    ("entry-1.reader", "entry-1", "reader"),
    ("entry-1.barrier", "entry-1", "barrier"),
    ("entry-1.loop.safety", "entry-1", "loop"),
    ("broker", None, "broker"),
]


@pytest.mark.rule("R31")
@pytest.mark.parametrize(("device", "lane", "role"), DEVICES)
def test_a_fault_is_an_alert_until_the_device_is_back(
    gate: GateRig, device: str, lane: str | None, role: str
) -> None:
    assert said(gate.loses(device, lane, role)) == ["device_failed", "alert_raised"]
    assert gate.loses(device, lane, role) == ()
    alert = gate.last(AlertRaised)
    assert (alert.alert, alert.subject, alert.lane) == (AlertKind.DEVICE_FAILED, device, lane)
    assert dict(gate.engine.state.failed) == {device: "unplugged"}
    assert said(gate.finds(device, lane, role)) == ["device_recovered", "alert_cleared"]
    assert gate.finds(device, lane, role) == ()
    assert (gate.alerts, dict(gate.engine.state.failed)) == (set(), {})


@pytest.mark.rule("R31")
def test_a_start_begins_without_the_faults_of_the_run_before(gate: GateRig) -> None:
    gate.loses("entry-1.reader", "entry-1")
    gate.restart()
    assert gate.alerts == set()
    assert said(gate.loses("entry-1.reader", "entry-1")) == ["device_failed", "alert_raised"]


@pytest.mark.rule("R42")
def test_cards_and_plates_decide_with_the_broker_gone(gate: GateRig) -> None:
    gate.loses("broker", None, "broker")
    gate.comes_and_goes(WANG.card, WANG.plate)
    gate.time(3 * 24 * 3600)
    gate.comes_and_goes(WANG.card, WANG.plate, "exit-1")
    assert [granted.permit_id for granted in gate.all(AccessGranted)] == [WANG.id, WANG.id]


@pytest.mark.rule("R31")
def test_a_dead_approach_loop_makes_the_lane_one_without(gate: GateRig) -> None:
    gate.loop_fails(Loop.APPROACH)
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    gate.drives_through()
    gate.time(10)
    assert gate.inside == {WANG.plate}
    assert gate.lane().phase is Phase.IDLE


@pytest.mark.rule("R31")
def test_an_approach_loop_that_dies_over_shown_signs_does_not_forget_them(gate: GateRig) -> None:
    gate.plate(WANG.plate)
    gate.card(WANG.card)
    assert gate.lane().phase is Phase.IDENTIFYING
    gate.loop_fails(Loop.APPROACH)
    gate.time(1)
    assert gate.lane().phase is Phase.GRANTED


def test_every_reason_and_alert_has_words_in_both_languages() -> None:
    for words, members in ((REASON_WORDS, Reason), (ALERT_WORDS, AlertKind)):
        assert set(words) == set(members)
        assert all(word.zh.strip() and word.en.strip() for word in words.values())
