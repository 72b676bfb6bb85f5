"""The table of moves is the whole of it: every phase is reached, and nothing else moves a car."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import MappingProxyType
from typing import Any

import pytest

from daemon.core.evolve import evolve
from daemon.core.facts import FACT_TYPES, AccessGranted, CarHeld, CarUnderBoom, Fact, PassageClosed
from daemon.core.lane import DECIDED, MOVES, table_text
from daemon.core.reasons import Reason
from daemon.core.signals import LoopState
from daemon.core.state import LaneState, Passage, Phase, State, empty_state
from tests.core.rig import entry
from tests.core.samples import AT, name_of, sample

ABOUT_THE_CAR = [kind for kind in FACT_TYPES if name_of(kind) in {fact for _, fact in MOVES}]


def lane_in(phase: Phase) -> State:
    """One lane with one car in `phase`."""
    state = empty_state((entry("entry-1"),))
    car = None if phase is Phase.IDLE else Passage(id="car", opened=AT)
    lane = replace(state.lanes["entry-1"], phase=phase, passage=car, safety=LoopState.FREE)
    return replace(state, lanes=MappingProxyType({"entry-1": lane}))


def after(phase: Phase, fact: Fact) -> LaneState:
    return evolve(lane_in(phase), fact).lanes["entry-1"]


@pytest.mark.parametrize(("phase", "kind"), list(product(Phase, FACT_TYPES)))
def test_only_what_is_listed_moves(phase: Phase, kind: type[Fact]) -> None:
    fact = sample(kind, lane="entry-1", passage="car")
    expected = MOVES.get((phase, name_of(kind)), phase)
    assert after(phase, fact).phase is expected


@pytest.mark.parametrize(("phase", "kind"), list(product(Phase, ABOUT_THE_CAR)))
def test_a_fact_about_another_car_moves_nobody(phase: Phase, kind: type[Fact]) -> None:
    if phase is not Phase.IDLE and kind.__name__ != "PassageOpened":
        assert after(phase, sample(kind, lane="entry-1", passage="other")).phase is phase


@pytest.mark.parametrize("phase", sorted(DECIDED))
def test_the_car_behind_steps_up_when_the_one_in_front_has_gone(phase: Phase) -> None:
    state = lane_in(phase)
    behind = replace(state.lanes["entry-1"], behind=Passage(id="next", opened=AT))
    state = replace(state, lanes=MappingProxyType({"entry-1": behind}))
    lane = evolve(state, PassageClosed(at=AT, lane="entry-1", passage="car", outcome="passed")).lanes[
        "entry-1"
    ]
    assert (lane.phase, lane.passage.id if lane.passage else None, lane.behind) == (
        Phase.IDENTIFYING,
        "next",
        None,
    )


def test_every_phase_is_reached_from_idle_and_leads_back() -> None:
    def reach(start: Phase, moves: set[tuple[Phase, Phase]]) -> set[Phase]:
        found, new = {start}, {start}
        while new:
            new = {then for one, then in moves if one in new} - found
            found |= new
        return found

    moves = {(phase, then) for (phase, _), then in MOVES.items()}
    assert reach(Phase.IDLE, moves) == set(Phase)
    assert reach(Phase.IDLE, {(then, phase) for phase, then in moves}) == set(Phase)


@pytest.mark.parametrize("phase", list(Phase))
def test_nobody_goes_under_the_boom_without_having_been_let_through(phase: Phase) -> None:
    under = CarUnderBoom(at=AT, lane="entry-1", passage="car")
    if phase not in DECIDED:
        assert after(phase, under).phase is phase


def test_the_printed_table_shows_every_move() -> None:
    shown = {tuple(line.split()) for line in table_text().splitlines()[2:]}
    assert shown == {(phase.value, fact, then.value) for (phase, fact), then in MOVES.items()}


def test_a_fact_about_a_lane_that_is_gone_from_the_config_is_passed_over() -> None:
    facts: list[Any] = [
        CarHeld(at=AT, lane="old", passage="car", reason=Reason.CARD_MISSING),
        AccessGranted(at=AT, lane="old", passage="car", reason=Reason.GUARD),
    ]
    for fact in facts:
        assert evolve(lane_in(Phase.HELD), fact) == lane_in(Phase.HELD)
