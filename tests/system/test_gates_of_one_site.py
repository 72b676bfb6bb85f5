"""R45 with everything real: three gate processes on a cable each, one broker, a cable pulled and put back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.rigs import networks
from tests.rigs.broker import Mosquitto
from tests.system.gate import DRIVEN, PLATE, Gate, lane, site

NAMES = ("east", "west", "north")


@pytest.fixture
def switch() -> Iterator[networks.Switch]:
    if shutil.which("mosquitto") is None or not networks.can_be_made():
        pytest.skip("needs mosquitto, and the right to make network namespaces")
    made = networks.Switch()
    yield made
    made.remove()


class Machine(Gate):
    """A gate on a machine of its own."""

    def __init__(self, folder: Path, name: str, switch: networks.Switch, port: int) -> None:
        self.cable = switch.plug()
        gate = {"id": name, "name": name, "siblings": [other for other in NAMES if other != name]}
        config = site(lane("entry-1"), lane("exit-1"), office={"host": switch.address, "port": port})
        super().__init__(folder / name, config | {"gate": gate}, ("ip", "netns", "exec", self.cable, *DRIVEN))

    def inside(self) -> list[str]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return [plate for (plate,) in db.execute("SELECT plate FROM stays WHERE left_at IS NULL")]


@pytest.mark.rule("R45")
@pytest.mark.rule("R42")
def test_a_gate_whose_cable_is_pulled_goes_on_and_all_settle_up_after(
    switch: networks.Switch, tmp_path: Path
) -> None:
    broker = Mosquitto(tmp_path, host=switch.address)
    broker.start()
    east, west, north = machines = [Machine(tmp_path, name, switch, broker.port) for name in NAMES]
    try:
        # given a car that came in at one gate, known at all
        for gate in machines:
            gate.start()
        west.drive_through("entry-1")
        for gate in (east, north):
            gate.until("the car is inside there as well", lambda gate=gate: gate.inside() == [PLATE])

        # when that gate's cable is pulled, both sides say so
        switch.pull(west.cable)
        east.fact("alert_raised", alert="sibling_cut_off", subject="sibling.west")
        west.fact("alert_raised", alert="sibling_cut_off", subject="sibling.east")
        # and the car leaves there, unheard, and comes in again here, believed
        west.drive_through("exit-1")
        east.drive_through("entry-1")
        assert east.facts("access_granted")[-1]["unheard"] == ["west"]

        # then, with the cable back, all agree, and what is explained is no alert any more
        switch.push(west.cable)
        east.fact("alert_cleared", alert_id="sibling_cut_off:sibling.west")
        west.fact("alert_cleared", alert_id="sibling_cut_off:sibling.east")
        for gate in machines:
            gate.until("all agree", lambda gate=gate: gate.inside() == [PLATE])
        [stay] = west.facts("sibling_told", after=west.facts("stay_closed")[-1]["seq"])[-1:]
        assert stay["said"]["stay_id"].startswith("east.")
        assert [fact for fact in east.facts("alert_cleared") if "entered_unheard" in fact["alert_id"]]

        # and it leaves by the third
        north.drive_through("exit-1")
        for gate in machines:
            gate.until("it is out for all", lambda gate=gate: gate.inside() == [])
        assert [gate.stop() for gate in machines] == [0, 0, 0]
        assert all(gate.ledger_is_whole() for gate in machines)
    finally:
        for gate in machines:
            gate.end()
        broker.kill()
