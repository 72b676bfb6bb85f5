"""Commands from outside at the core: taken up once, answered by the limit switch, never lowering unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from daemon.core.alerts import AcknowledgeAlert
from daemon.core.commands import (
    KEPT,
    CommandAnswered,
    CommandRefused,
    OfferTime,
    PictureAsked,
    ResendFacts,
    TakePicture,
    TimeGiven,
)
from daemon.core.facts import ActionRefused, AlertRaised, BoomRaiseOrdered, Fact
from daemon.core.hold_open import HoldOpen, LaneLocked, LockLane
from daemon.core.reasons import Reason
from daemon.core.signals import (
    Actor,
    Asked,
    Boom,
    Command,
    Commanded,
    CommandsRefused,
    Fault,
    GuardAsked,
    Loop,
    Request,
)
from tests.core.rig import GUARD, LEADER, OFFICE, GateRig, entry, said

Action = Literal["open", "close", "stop", "release", "refuse"]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    gate = GateRig(tmp_path, [entry()])
    yield gate
    gate.finish()


def command(number: int, operation: str) -> Command:
    return Command(
        id=f"command-{number:08}",
        nonce=f"{number:024x}",
        key_id="office-2026",
        operation=operation,
        digest=f"digest-{number}",
        lasts=timedelta(seconds=12),
    )


def orders(
    gate: GateRig, number: int, action: Action, *, who: Actor = LEADER, reason: str = "救护车"
) -> tuple[Fact, ...]:
    asks = GuardAsked(at=gate.now, actor=who, lane="entry-1", action=action, reason=reason)
    return gate.send(Commanded(at=gate.now, command=command(number, action), asks=asks))


def asks(gate: GateRig, number: int, request: Request, who: Actor = LEADER) -> tuple[Fact, ...]:
    kind: Any = request
    asked = Asked(at=gate.now, actor=who, request=request)
    return gate.send(Commanded(at=gate.now, command=command(number, kind.kind), asks=asked))


def answers(gate: GateRig) -> list[tuple[str, Reason | None]]:
    return [(fact.answer, fact.why) for fact in gate.all(CommandAnswered)]


@pytest.mark.rule("R28")
def test_open_is_done_when_the_limit_switch_says_so(gate: GateRig) -> None:
    facts = orders(gate, 1, "open")
    assert said(facts)[:2] == ["command_received", "passage_opened"]
    assert gate.last(BoomRaiseOrdered).by == LEADER
    assert answers(gate) == [("accepted", None)]
    gate.time(1.9)
    assert answers(gate) == [("accepted", None)]
    gate.time(0.2)
    assert gate.lane().boom is Boom.UP
    assert answers(gate) == [("accepted", None), ("done", None)]


def test_a_boom_that_does_not_arrive_in_its_time_has_failed(gate: GateRig) -> None:
    gate.boom_stuck()
    orders(gate, 1, "open")
    gate.time(5.9)
    assert answers(gate)[-1] == ("accepted", None)
    gate.time(0.2)
    assert answers(gate)[-1] == ("failed", Reason.BOOM_NOT_THERE)


def test_a_boom_that_is_there_already_is_done_at_once(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.time(3)
    orders(gate, 2, "open")
    assert answers(gate)[-1] == ("done", None)


def test_a_boom_that_turns_round_before_its_switch_let_go_is_done_when_its_time_is_over(
    gate: GateRig,
) -> None:
    # given a boom that is up, stuck, and told to come down: the switch still says up
    orders(gate, 1, "open")
    gate.time(3)
    gate.boom_stuck()
    orders(gate, 2, "close")
    # when it is told to rise, nobody yet knows that it did not move
    orders(gate, 3, "open")
    assert answers(gate)[-1] == ("accepted", None)
    gate.time(6.1)
    by_id = {fact.command_id[-1]: fact.answer for fact in gate.all(CommandAnswered)}
    assert by_id == {"1": "done", "2": "failed", "3": "done"}


def test_without_limit_switches_nothing_is_ever_said_to_be_done(tmp_path: Path) -> None:
    gate = GateRig(tmp_path / "blind", [entry(has_limit_switches=False)])
    orders(gate, 1, "open")
    gate.time(60)
    assert answers(gate) == [("accepted", Reason.NO_SWITCH_TELLS)]
    orders(gate, 2, "close")
    assert answers(gate)[-1] == ("rejected", Reason.LIMIT_SWITCHES_UNKNOWN)
    gate.finish()


@pytest.mark.rule("R26")
def test_nobody_lowers_unseen_unless_switches_and_loop_say_that_nothing_is_in_its_way(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.time(3)

    gate.car_under_boom()
    orders(gate, 2, "close")
    assert answers(gate)[-1] == ("rejected", Reason.SAFETY_LOOP_OCCUPIED)
    gate.loop_fails()
    orders(gate, 3, "close")
    assert answers(gate)[-1] == ("rejected", Reason.SAFETY_LOOP_UNKNOWN)
    assert "lower" not in gate.orders_of()


@pytest.mark.rule("R26")
def test_a_car_that_was_let_through_and_waits_is_not_closed_on_from_afar(gate: GateRig) -> None:
    gate.car_arrives()
    orders(gate, 1, "open")
    gate.time(3)
    orders(gate, 2, "close")
    assert answers(gate)[-1] == ("rejected", Reason.CAR_BEING_LET_THROUGH)
    gate.loop_fails(Loop.APPROACH)
    orders(gate, 3, "close")
    assert answers(gate)[-1] == ("rejected", Reason.CAR_BEING_LET_THROUGH)
    # when it has backed off, nobody is in the way
    gate.car_backs_off()
    orders(gate, 4, "close")
    gate.time(3)
    assert answers(gate)[-1] == ("done", None)
    assert gate.lane().boom is Boom.DOWN


@pytest.mark.rule("R26")
def test_nobody_lowers_a_boom_unseen_that_no_switch_has_reported(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.time(3)
    gate.loses("entry-1.barrier", "entry-1", "barrier")
    orders(gate, 2, "close")
    assert answers(gate)[-1] == ("rejected", Reason.LIMIT_SWITCHES_UNKNOWN)


@pytest.mark.rule("R44")
def test_a_key_moves_booms_only_as_its_role_may(gate: GateRig) -> None:
    orders(gate, 1, "open", who=OFFICE)
    gate.time(3)
    orders(gate, 2, "close", who=OFFICE)
    assert answers(gate)[-1] == ("rejected", Reason.ROLE_NOT_ALLOWED)
    orders(gate, 3, "stop", who=Actor(name="安装", role="installer"))
    assert answers(gate)[-1] == ("rejected", Reason.ROLE_NOT_ALLOWED)
    assert gate.orders_of() == ["raise"]


def test_stop_is_ordered_and_no_switch_confirms_it(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.time(1)
    orders(gate, 2, "stop")
    assert gate.orders_of() == ["raise", "stop"]
    assert answers(gate)[-1] == ("accepted", Reason.NO_SWITCH_TELLS)


def test_the_same_command_again_does_nothing(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.time(3)
    before = len(gate.facts)
    orders(gate, 1, "open")
    gate.restart()
    orders(gate, 1, "open")
    assert said(gate.facts[before:]).count("command_received") == 0
    assert gate.orders_of() == ["raise"]


def test_a_request_is_done_at_once_and_one_that_may_not_be_is_rejected(gate: GateRig) -> None:
    asks(gate, 1, LockLane(lane="entry-1", reason="施工"))
    assert gate.last(LaneLocked).by == LEADER
    assert answers(gate) == [("done", None)]
    asks(gate, 2, LockLane(lane="entry-1", reason=" "))
    assert answers(gate)[-1] == ("rejected", Reason.REASON_NEEDED)
    asks(gate, 3, AcknowledgeAlert(alert_id="nothing:here"))
    assert answers(gate)[-1] == ("rejected", Reason.ALERT_NOT_OPEN)
    assert gate.last(ActionRefused).by == LEADER


def test_a_lane_held_open_is_done_when_its_boom_is_up(gate: GateRig) -> None:
    asks(gate, 1, HoldOpen(lane="entry-1", until=gate.now.wall + timedelta(hours=1), reason="婚车"))
    assert answers(gate) == [("accepted", None)]
    gate.time(3)
    assert answers(gate)[-1] == ("done", None)


def test_a_gate_that_restarts_says_that_it_never_saw_the_end(gate: GateRig) -> None:
    orders(gate, 1, "open")
    gate.restart()
    assert answers(gate)[-1] == ("failed", Reason.GATE_RESTARTED)
    gate.time(10)
    assert len(answers(gate)) == 2


def test_what_is_remembered_is_bounded_but_never_shorter_than_a_command_lasts(gate: GateRig) -> None:
    for number in range(KEPT + 200):
        asks(gate, number, TakePicture(lane="entry-1", reason="看一眼"))
    assert len(gate.engine.state.commands.taken) == KEPT + 200
    gate.time(20)
    asks(gate, KEPT + 200, TakePicture(lane="entry-1", reason="看一眼"))
    assert len(gate.engine.state.commands.taken) == KEPT
    assert len(gate.engine.state.commands.order) == KEPT
    before = len(gate.facts)
    asks(gate, KEPT + 100, TakePicture(lane="entry-1", reason="看一眼"))
    assert len(gate.facts) == before


def test_what_was_not_obeyed_is_one_fact_for_many_and_forging_is_an_alert(gate: GateRig) -> None:
    def refused(why: Fault, times: int) -> None:
        gate.send(CommandsRefused(at=gate.now, why=why, key_id="office-2026", times=times, since=gate.now))

    refused(Fault.EXPIRED, 1000)
    refused(Fault.SIGNATURE_WRONG, 1)
    assert not gate.alerts
    refused(Fault.SIGNATURE_WRONG, 99_999)
    assert gate.alerts == {"commands_forged"}
    refused(Fault.SIGNATURE_WRONG, 99_999)
    assert len(gate.all(AlertRaised)) == 1
    assert sum(fact.times for fact in gate.all(CommandRefused)) == 200_999


def test_a_picture_and_a_resend_are_asked_for(gate: GateRig) -> None:
    asks(gate, 1, TakePicture(lane="entry-1", reason="看一眼"))
    assert gate.last(PictureAsked).lane == "entry-1"
    asks(gate, 2, TakePicture(lane="exit-9", reason="看一眼"))
    assert answers(gate)[-1] == ("rejected", Reason.NO_SUCH_LANE)
    asks(gate, 3, ResendFacts(since=5), who=OFFICE)
    assert answers(gate)[-1] == ("done", None)
    asks(gate, 4, ResendFacts(since=5), who=LEADER)
    assert answers(gate)[-1] == ("rejected", Reason.ROLE_NOT_ALLOWED)


def test_a_time_is_taken_only_by_a_gate_that_has_none(gate: GateRig) -> None:
    offered = OfferTime(now=datetime.fromisoformat("2026-06-01T16:00:00+08:00"))
    asks(gate, 1, offered)
    assert answers(gate)[-1] == ("rejected", Reason.TIME_KNOWN)
    gate.set_wall(datetime.fromisoformat("1970-01-01T00:00:30+00:00"), trusted=False)
    asks(gate, 2, replace(offered, now=datetime.fromisoformat("2001-01-01T00:00:00+00:00")))
    assert answers(gate)[-1] == ("rejected", Reason.END_IS_PAST)
    asks(gate, 4, offered, who=GUARD)
    assert answers(gate)[-1] == ("rejected", Reason.ROLE_NOT_ALLOWED)
    asks(gate, 3, offered)
    assert gate.last(TimeGiven).now == datetime.fromisoformat("2026-06-01T08:00:00+00:00")
    assert gate.engine.state.commands.time == gate.last(TimeGiven)
