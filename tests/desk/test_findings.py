"""What is wrong with a car: damage at the entry, findings on parked cars, owners told or not (R23)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.core.facts import ActionRefused
from daemon.core.findings import (
    DamageRegistered,
    FindingRegistered,
    OwnerInformed,
    OwnerNotReached,
    OwnerTold,
    RegisterDamage,
    RegisterFinding,
)
from daemon.core.handover import open_items
from daemon.core.reasons import Reason
from daemon.core.signals import Actor
from daemon.core.visits import AnnounceVisit, RegisterResident
from tests.core.rig import GUARD, GateRig, entry, exit_, permit

OFFICE = Actor(name="前台", role="office")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    wang = permit("王", "62E3086CED", "粤B12345", household="1-101")
    gate = GateRig(tmp_path / "gate", [entry(), exit_()], [wang])
    yield gate
    gate.finish()


def finding(plate: str = "粤B·12345", picture: str = "f.jpg") -> RegisterFinding:
    return RegisterFinding(plate=plate, what="leaking", place="地下二层 17", picture=picture, note="漏油")


def why_not(gate: GateRig, request: Any) -> Reason:
    (fact,) = gate.ask(GUARD, request)
    assert isinstance(fact, ActionRefused), fact
    return fact.reason


@pytest.mark.rule("R23")
def test_damage_at_the_entry_is_the_passages_and_says_what_the_driver_said(gate: GateRig) -> None:
    gate.car_arrives()
    gate.plate("粤B12345")
    damage = RegisterDamage(
        lane="entry-1", plate="粤B12345", what="右前门凹陷", picture="d.jpg", driver="acknowledged"
    )
    (fact,) = gate.ask(GUARD, damage)
    assert isinstance(fact, DamageRegistered)
    passage = gate.lane().passage
    assert passage is not None
    assert (fact.passage, fact.plate, fact.driver, fact.by) == (
        passage.id,
        "粤B12345",
        "acknowledged",
        GUARD,
    )


@pytest.mark.rule("R23")
def test_a_finding_stays_open_until_the_owner_was_told(gate: GateRig) -> None:
    """Given an oil leak, the owner is looked up; not reached, it is handed over; told, it is closed."""
    (fact,) = gate.ask(GUARD, finding())
    assert isinstance(fact, FindingRegistered)
    assert (fact.finding.owner, fact.finding.household) == ("王", "1-101")
    number = fact.finding.number
    (missed,) = gate.ask(GUARD, OwnerInformed(number=number, was_told=False, how="电话无人接"))
    assert isinstance(missed, OwnerNotReached)
    assert gate.engine.state.findings.open[number].tried == 1
    assert [item.ref for item in open_items(gate.engine.state)] == [number]
    (told,) = gate.ask(GUARD, OwnerInformed(number=number, was_told=True, how="电话"))
    assert isinstance(told, OwnerTold)
    assert not open_items(gate.engine.state)
    assert why_not(gate, OwnerInformed(number=number, was_told=True, how="电话")) is Reason.NO_SUCH_FINDING


@pytest.mark.rule("R23")
def test_whoever_is_visited_is_told_of_the_visitors_car(gate: GateRig) -> None:
    gate.ask(OFFICE, RegisterResident(unit="3-1201", name="张三"))
    until = gate.now.wall + timedelta(hours=8)
    visit = AnnounceVisit(unit="3-1201", name="张三", visitor="赵六", plate="粤B77777", valid_until=until)
    gate.ask(OFFICE, visit)
    (known,) = gate.ask(GUARD, finding("粤B77777"))
    (unknown,) = gate.ask(GUARD, finding("粤B00001"))
    assert isinstance(known, FindingRegistered)
    assert isinstance(unknown, FindingRegistered)
    assert (known.finding.owner, known.finding.household) == ("张三", "3-1201")
    assert unknown.finding.owner is None


@pytest.mark.rule("R23")
def test_without_a_picture_nothing_is_registered(gate: GateRig) -> None:
    assert why_not(gate, finding(picture=" ")) is Reason.PICTURE_NEEDED
    damage = RegisterDamage(plate="粤B12345", what="凹陷", picture="", driver="absent")
    assert why_not(gate, damage) is Reason.PICTURE_NEEDED
