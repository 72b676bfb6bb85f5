"""Cars for the simulated lanes, and what they really were, for scoring what the gate made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from daemon.config import Config
from daemon.config.model import LaneConfig, SimulationConfig
from daemon.core.facts import PlateSeen
from daemon.core.state import State
from drivers.simulated.lane import SimulatedLane, lane_named
from drivers.simulated.traffic import Arrival, Traffic


def traffic(config: Config, simulation: SimulationConfig, run_dir: Path, state: State) -> Traffic | None:
    """Traffic for the lanes whose barrier is simulated; None where no car could come in."""

    def lanes(direction: str) -> list[SimulatedLane]:
        return [_lane(lane, run_dir) for lane in config.lanes if _is_drivable(lane, direction)]

    entries = lanes("entry")
    if not entries:
        return None
    inside = [(stay.card, stay.plate) for stay in state.stays.values()]
    plates_inside = {plate for _, plate in inside}
    return Traffic(
        entries=entries,
        exits=lanes("exit"),
        residents=[(p.card, p.plate) for p in config.permits if p.plate not in plates_inside],
        inside=inside,
        cars_per_minute=simulation.cars_per_minute,
        visitors=simulation.visitors,
        stay_s=simulation.stay_s,
        seed=simulation.seed,
    )


def _is_drivable(lane: LaneConfig, direction: str) -> bool:
    return lane.direction == direction and lane.barrier.driver == "simulated"


def _lane(lane: LaneConfig, run_dir: Path) -> SimulatedLane:
    loop = asyncio.get_running_loop()
    return lane_named(run_dir, lane.id, loop.call_later)


def exact(reads: Sequence[PlateSeen], arrivals: Sequence[Arrival]) -> list[bool]:
    """Of each read at a simulated lane, whether it is the plate of the car that had last arrived there."""
    return [
        read.plate == truth.plate for read in reads if (truth := _who_was_there(read, arrivals)) is not None
    ]


def _who_was_there(read: PlateSeen, arrivals: Sequence[Arrival]) -> Arrival | None:
    seen_ns = round(read.at.mono.total_seconds() * 1e9)
    there = [car for car in arrivals if car.lane == read.lane and car.arrived_ns <= seen_ns]
    return max(there, key=lambda car: car.arrived_ns, default=None)
