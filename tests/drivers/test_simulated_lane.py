"""The simulated lane behaves like metal: relays move the boom, the boom and the car move the contacts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from drivers.barriers.simulated import SimulatedBarrier, SimulatedBarrierOptions
from drivers.inputs.simulated import SimulatedContact, SimulatedContactOptions
from drivers.protocols import BoomPosition, ContactState, Context
from drivers.readers.simulated import SimulatedReader, SimulatedReaderOptions
from drivers.simulated.lane import Place, SimulatedLane, lane_named
from drivers.simulated.scene import read_scene
from drivers.simulated.traffic import PATIENCE_S, Traffic
from tests.rigs.hand_timers import HandTimers
from tests.rigs.virtual_loop import run_virtual

TRAVEL_S = 1.5


class Gate:
    """The real drivers of one lane, and as much of a gate as a test wants."""

    def __init__(self, folder: Path, lane: str, call_later: object) -> None:
        context = Context(
            name=lane,
            lane=lane,
            run_dir=folder,
            config_dir=folder,
            call_later=call_later,  # type: ignore[arg-type]
        )
        self.lane: SimulatedLane = lane_named(folder, lane, context.call_later)
        self.barrier = SimulatedBarrier(SimulatedBarrierOptions(travel_s=TRAVEL_S), context)
        self.approach = SimulatedContact(SimulatedContactOptions(loop="approach"), context)
        self.safety = SimulatedContact(SimulatedContactOptions(loop="safety"), context)
        self.reader = SimulatedReader(SimulatedReaderOptions(), context)

    def open(self, changed: object = None) -> None:
        tell = changed if callable(changed) else (lambda: None)
        self.barrier.open(tell)
        self.approach.open(tell)
        self.safety.open(tell)
        self.reader.open()

    def loops(self) -> tuple[ContactState, ContactState]:
        return self.approach.state(), self.safety.state()

    def close(self) -> None:
        for device in (self.barrier, self.approach, self.safety, self.reader):
            device.close()
        self.lane.unplug_reader()


ON, OFF = ContactState.ON, ContactState.OFF


@pytest.fixture
def timers() -> HandTimers:
    return HandTimers()


@pytest.fixture
def gate(tmp_path: Path, timers: HandTimers) -> Gate:
    made = Gate(tmp_path, "entry-1", timers.call_later)
    made.open()
    return made


def test_the_boom_takes_its_travel_time_and_the_limits_follow(gate: Gate, timers: HandTimers) -> None:
    assert gate.barrier.position() is BoomPosition.DOWN
    gate.barrier.raise_boom()
    timers.pass_time(TRAVEL_S / 2)
    assert gate.barrier.position() is BoomPosition.MOVING
    timers.pass_time(TRAVEL_S / 2 + 0.1)
    assert gate.barrier.position() is BoomPosition.UP
    gate.barrier.lower_boom()
    timers.pass_time(TRAVEL_S + 0.1)
    assert gate.barrier.position() is BoomPosition.DOWN
    assert gate.lane.boom_cycles == 1


def test_stopped_on_its_way_it_stays_there_and_reversed_it_comes_back_as_fast(
    gate: Gate, timers: HandTimers
) -> None:
    gate.barrier.raise_boom()
    timers.pass_time(TRAVEL_S / 3)
    gate.barrier.stop_boom()
    timers.pass_time(60)
    assert gate.barrier.position() is BoomPosition.MOVING
    gate.barrier.lower_boom()
    timers.pass_time(TRAVEL_S / 2 + 0.1)
    assert gate.barrier.position() is BoomPosition.DOWN
    assert gate.lane.boom_cycles == 0


def test_a_car_waits_for_the_boom_and_drives_over_both_loops(gate: Gate, timers: HandTimers) -> None:
    car = gate.lane.arrive("粤B12345", "blue")
    timers.pass_time(60)
    assert gate.loops() == (ON, OFF)
    gate.barrier.raise_boom()
    seen = []
    while not car.has_left:
        timers.pass_time(0.1)
        if not seen or seen[-1] != gate.loops():
            seen.append(gate.loops())
    assert seen == [(ON, OFF), (ON, ON), (OFF, ON), (OFF, OFF)]
    assert car.place is Place.THROUGH
    assert gate.lane.struck == 0


def test_the_camera_sees_the_car_while_it_stands_at_the_boom_and_no_longer(
    gate: Gate, timers: HandTimers, tmp_path: Path
) -> None:
    assert read_scene(tmp_path, "entry-1").plate is None
    gate.lane.arrive("粤BD12345", "green")
    scene = read_scene(tmp_path, "entry-1")
    assert (scene.plate, scene.colour) == ("粤BD12345", "green")
    gate.barrier.raise_boom()
    timers.pass_time(10)
    assert read_scene(tmp_path, "entry-1").plate is None


@pytest.mark.rule("R26")
def test_a_boom_lowered_on_a_car_is_counted_once_and_rests_on_it(gate: Gate, timers: HandTimers) -> None:
    car = gate.lane.arrive("粤B12345", "blue")
    gate.barrier.raise_boom()
    while car.place is not Place.NOSE_UNDER:
        timers.pass_time(0.1)
    gate.barrier.lower_boom()
    timers.pass_time(10)
    assert gate.lane.struck == 1
    assert gate.barrier.position() is BoomPosition.MOVING


def test_a_car_that_has_turned_round_is_gone_and_a_rolling_one_cannot(gate: Gate, timers: HandTimers) -> None:
    assert not gate.lane.back_off()
    first = gate.lane.arrive("粤B12345", "blue")
    assert gate.lane.back_off()
    assert first.place is Place.BACKED_OFF
    assert gate.loops() == (OFF, OFF)
    second = gate.lane.arrive("粤B12346", "blue")
    gate.barrier.raise_boom()
    while second.place is Place.AT_BOOM:
        timers.pass_time(0.1)
    assert not gate.lane.back_off()


def test_there_is_room_for_one_car_at_a_boom(gate: Gate) -> None:
    gate.lane.arrive("粤B12345", "blue")
    with pytest.raises(ValueError, match="粤B12345 is still at the boom"):
        gate.lane.arrive("粤B12346", "blue")


def test_the_world_outlives_the_daemon(gate: Gate, timers: HandTimers, tmp_path: Path) -> None:
    # given a boom that is up when the drivers are closed
    gate.barrier.raise_boom()
    timers.pass_time(10)
    gate.close()
    # when new drivers start on the same lane, then it is still up, and nothing moves it
    again = Gate(tmp_path, "entry-1", timers.call_later)
    again.lane.plug_reader_in()
    again.open()
    timers.pass_time(10)
    assert again.barrier.position() is BoomPosition.UP
    again.close()


RESIDENTS = [(f"62E3086C{n:02X}", f"粤B1234{n}") for n in range(5)] + [("0801161DD6", "粤BD12345")]


class OpenGate(Gate):
    """A gate that opens for every car and closes behind it."""

    def start(self) -> None:
        self.open(self.look)

    def look(self) -> None:
        if self.safety.state() is ON:
            self.was_under = True
        elif self.approach.state() is ON:
            self.barrier.raise_boom()
        elif getattr(self, "was_under", False):
            self.was_under = False
            self.barrier.lower_boom()


def drive(
    folder: Path, *, minutes: float, seed: int, gate: type[Gate] = OpenGate, **more: Any
) -> tuple[Traffic, list[Gate]]:
    """Traffic for so many virtual minutes through one entry and one exit."""

    async def main() -> tuple[Traffic, list[Gate]]:
        later = asyncio.get_running_loop().call_later
        gates = [gate(folder / str(seed), lane, later) for lane in ("entry-1", "exit-1")]
        for each in gates:
            each.start() if isinstance(each, OpenGate) else each.open()
        traffic = Traffic(
            entries=[gates[0].lane],
            exits=[gates[1].lane],
            residents=RESIDENTS,
            cars_per_minute=4,
            visitors=0.4,
            stay_s=30,
            seed=seed,
            **more,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(traffic.run(stop))
        await asyncio.sleep(minutes * 60)
        stop.set()
        await running
        return traffic, gates

    traffic, gates = run_virtual(main())
    for each in gates:
        each.close()
    return traffic, gates


def test_an_hour_of_traffic_goes_in_and_out_and_nobody_is_struck(tmp_path: Path) -> None:
    traffic, gates = drive(tmp_path, minutes=60, seed=7)
    ins = [arrival for arrival in traffic.log if arrival.lane == "entry-1"]
    outs = [arrival for arrival in traffic.log if arrival.lane == "exit-1"]
    assert len(ins) > 100
    assert traffic.gave_up == 0
    assert traffic.let_through >= len(traffic.log) - 2
    assert sum(gate.lane.struck for gate in gates) == 0
    assert sum(gate.lane.boom_cycles for gate in gates) >= traffic.let_through - 2
    # every car that leaves came in before, residents with their own card
    assert {arrival.plate for arrival in outs} <= {arrival.plate for arrival in ins}
    cards = {plate: card for card, plate in RESIDENTS}
    assert all(arrival.card == cards.get(arrival.plate) for arrival in traffic.log)
    # and there are visitors and new energy cars among them
    assert 0.2 < sum(arrival.card is None for arrival in ins) / len(ins) < 0.6
    assert any(len(arrival.plate) == 8 and arrival.card is None for arrival in ins)


def test_cars_that_were_inside_from_the_start_leave_and_residents_come_back(tmp_path: Path) -> None:
    resident = ("62E3086C77", "粤B77777")
    traffic, _ = drive(tmp_path, minutes=30, seed=9, inside=[resident, (None, "粤B88888")])
    lanes = {
        plate: [arrival.lane for arrival in traffic.log if arrival.plate == plate]
        for _, plate in (resident, (None, "粤B88888"))
    }
    assert lanes["粤B88888"] == ["exit-1"]
    assert lanes[resident[1]][:2] == ["exit-1", "entry-1"]


def test_the_same_seed_is_the_same_traffic(tmp_path: Path) -> None:
    def story(seed: int, folder: Path) -> list[tuple[str, str, str | None]]:
        traffic, _ = drive(folder, minutes=10, seed=seed)
        return [(arrival.lane, arrival.plate, arrival.card) for arrival in traffic.log]

    assert story(3, tmp_path / "a") == story(3, tmp_path / "b")
    assert story(3, tmp_path / "c") != story(4, tmp_path / "d")


def test_before_a_boom_that_stays_down_drivers_turn_round_and_are_counted(tmp_path: Path) -> None:
    traffic, gates = drive(tmp_path, minutes=10, seed=5, gate=Gate)
    assert traffic.let_through == 0
    assert traffic.gave_up in (len(traffic.log), len(traffic.log) - 1)
    assert 0 < traffic.gave_up <= 600 / PATIENCE_S
    assert gates[0].lane.boom_is_down
