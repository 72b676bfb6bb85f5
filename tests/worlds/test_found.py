"""What worlds have found in the product, as small as it could be made, with the seed of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from daemon.core.facts import BoomLowerOrdered, BoomRaiseOrdered
from daemon.core.reasons import Reason
from daemon.core.signals import Instant, Loop, LoopChanged, LoopState
from daemon.core.state import LaneRules, empty_state
from daemon.engine import Engine
from daemon.perform import Performer
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from daemon.worlds.disk import Disk
from daemon.worlds.virtual_loop import virtual_loop
from drivers.protocols import ContactState

LANE = LaneRules(id="entry-1", name="入口", direction="entry", mode="card_and_plate")
AT = Instant("boot-1", timedelta(seconds=1), datetime(2026, 6, 1, tzinfo=UTC), True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path, Random(1))
    with disk.mounted():
        yield disk
    disk.close()


def test_a_loop_that_spoke_while_the_disk_refused_is_heard_when_it_takes_facts_again(disk: Disk) -> None:
    """Seed 41: a car had driven under an open boom meanwhile, and the boom was lowered on it."""
    clock = ManualClock()
    store = Store(disk.folder, ballast_bytes=0)
    store.open()
    engine = Engine(state=empty_state((LANE,)), store=store, clock=clock, perform=lambda _fact: None)

    def safety(state: LoopState) -> LoopChanged:
        return LoopChanged(at=clock.now(), lane=LANE.id, loop=Loop.SAFETY, state=state)

    with virtual_loop(clock) as loop:
        loop.create_task(engine.run())
        loop.run_until_complete(engine.ask(safety(LoopState.FREE)))
        disk.faults.is_read_only = True
        engine.post(safety(LoopState.OCCUPIED))
        loop.run_until_complete(asyncio.sleep(3))
        assert engine.state.lanes[LANE.id].safety is LoopState.FREE
        disk.faults.is_read_only = False
        loop.run_until_complete(asyncio.sleep(3))
    assert engine.state.lanes[LANE.id].safety is LoopState.OCCUPIED
    store.close()


class Pulses:
    def __init__(self) -> None:
        self.given: list[str] = []

    def raise_boom(self) -> None:
        self.given.append("raise")

    def lower_boom(self) -> None:
        self.given.append("lower")

    def stop_boom(self) -> None:
        self.given.append("stop")


class SafetyLoop:
    def __init__(self, says: ContactState) -> None:
        self.says = says

    def state(self) -> ContactState:
        return self.says


@pytest.mark.parametrize(
    ("says", "moves"), [(ContactState.OFF, ["lower"]), (ContactState.ON, []), (ContactState.UNKNOWN, [])]
)
def test_an_order_to_lower_that_was_long_on_its_way_to_the_disk_spares_the_car_that_came(
    says: ContactState, moves: list[str]
) -> None:
    """Seed 112: the sync took half a second, and the car was on the loop for a quarter of it."""
    boom = Pulses()
    perform = Performer(
        barriers={LANE.id: boom}, safety_loops={LANE.id: SafetyLoop(says)}, watch=lambda _lane, _there: None
    )
    perform(BoomLowerOrdered(at=AT, lane=LANE.id, reason=Reason.CAR_CLEARED))
    assert boom.given == moves
    perform(BoomRaiseOrdered(at=AT, lane=LANE.id, reason=Reason.GUARD))
    assert boom.given == [*moves, "raise"]


@pytest.mark.parametrize("seed", [12, 50, 61, 83, 93])
def test_a_power_cut_in_the_very_first_start_does_not_keep_the_gate_from_starting(
    tmp_path: Path, seed: int
) -> None:
    """A rollback journal was left behind by the switch to the log, and a peek that may only read failed."""
    rng = Random(seed)
    disk = Disk(tmp_path, rng)
    with disk.mounted():
        disk.cut_at = 1 + rng.randrange(170)
        first = Store(disk.folder, ballast_bytes=0)
        with suppress(Exception):
            first.open()
        first.close()
        assert disk.is_dead, "the power was cut"
        disk.power_on(was_cut=True)
        second = Store(disk.folder, ballast_bytes=0)
        second.open()
        assert second.last_seq() == 0
        second.close()
    disk.close()
