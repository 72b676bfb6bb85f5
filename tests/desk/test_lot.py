"""How full the car park is, and who has put the count right (R36)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from daemon.core.facts import ActionRefused
from daemon.core.lot import LotChanged, LotRecounted, Recount
from daemon.core.reasons import Reason
from daemon.core.state import SiteRules
from daemon.store import reading
from tests.core.rig import GUARD, GateRig, entry, exit_, permit
from tests.desk.rig import OFFICE

WANG = permit("P-wang", "A1", "粤B12345")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    site = replace(SiteRules(), bays=MappingProxyType({"permit": 2, "temporary": 1}))
    lanes = (entry("entry-1", mode="plate_only"), exit_("exit-1", mode="plate_only"))
    rig = GateRig(tmp_path, lanes, (WANG,), site)
    yield rig
    rig.finish()


def told(gate: GateRig) -> list[tuple[str, int, int]]:
    return [(fact.of, fact.inside, fact.free) for fact in gate.all(LotChanged)]


@pytest.mark.rule("R36")
def test_cars_inside_are_those_that_came_less_those_that_went(gate: GateRig) -> None:
    gate.comes_and_goes(None, WANG.plate)
    gate.comes_and_goes(None, "粤B00001")
    gate.comes_and_goes(None, WANG.plate, "exit-1")
    assert told(gate) == [("permit", 1, 1), ("temporary", 1, 0), ("permit", 0, 2)]
    assert gate.engine.state.lot.inside == 1


@pytest.mark.rule("R36")
def test_a_recount_sets_it_right_and_stays_beside_the_ins_and_outs(gate: GateRig) -> None:
    gate.comes_and_goes(None, "粤B00001")
    gate.ask(GUARD, Recount(of="temporary", count=3, reason="夜间清点"))
    fact = gate.last(LotRecounted)
    assert (fact.counted, fact.correction, fact.by) == (3, 2, GUARD)
    assert told(gate)[-1] == ("temporary", 3, 0)
    gate.comes_and_goes(None, "粤B00001", "exit-1")
    tally = gate.engine.state.lot.of("temporary")
    assert (tally.ins, tally.outs, tally.corrections, tally.inside) == (1, 1, 2, 2)
    gate.restart()
    assert gate.engine.state.lot.of("temporary") == tally


@pytest.mark.rule("R36")
def test_a_count_that_is_right_is_written_down_and_changes_nothing(gate: GateRig) -> None:
    gate.ask(GUARD, Recount(of="permit", count=0, reason="每日清点"))
    assert gate.last(LotRecounted).correction == 0
    assert told(gate) == []


@pytest.mark.rule("R36")
def test_no_count_without_a_reason_nor_below_nothing_nor_beyond_all_measure(gate: GateRig) -> None:
    gate.ask(GUARD, Recount(of="permit", count=5, reason=" "))
    assert gate.last(ActionRefused).reason is Reason.REASON_NEEDED
    for count in (-1, 100_001, 2**63 - 1, 10**30):
        gate.ask(GUARD, Recount(of="permit", count=count, reason="清点"))
        assert gate.last(ActionRefused).reason is Reason.COUNT_WRONG
    gate.ask(OFFICE, Recount(of="permit", count=5, reason="清点"))
    assert gate.last(ActionRefused).reason is Reason.ROLE_NOT_ALLOWED
    assert gate.all(LotRecounted) == []


@pytest.mark.rule("R36")
def test_the_figures_of_the_gate_count_as_the_gate_does(gate: GateRig) -> None:
    gate.comes_and_goes(None, WANG.plate)
    gate.comes_and_goes(None, "粤B00001")
    gate.ask(GUARD, Recount(of="temporary", count=4, reason="夜间清点"))
    figures = reading.figures(gate.store.path)
    assert (figures.inside, figures.inside_of) == (5, {"permit": 1, "temporary": 4})
    assert gate.engine.state.lot.inside == 5
