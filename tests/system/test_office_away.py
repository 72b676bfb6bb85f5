"""A broker comes late, is killed and comes back while cars pass; then the office holds it all, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.office import tables
from daemon.office.database import Place
from tests.office.rig import rows_of
from tests.rigs.broker import Mosquitto
from tests.system.gate import PLATE, Gate, an_office, lane, site


@pytest.mark.rule("R31")
@pytest.mark.rule("R42")
def test_cars_pass_without_a_broker_and_the_office_hears_of_all_of_them_once(
    gates: Callable[..., Gate], broker: Mosquitto, tmp_path: Path
) -> None:
    # given a gate whose broker has never been there, and a car that passes
    reached = {"host": "127.0.0.1", "port": broker.port}
    gate = gates(site(lane("entry-1"), lane("exit-1"), office=reached), driven=True).start()
    gate.drive_through("entry-1")

    with an_office(gate, tmp_path / "office"):
        # when it comes, everything from the first fact on is told
        broker.start()
        everything_is_acknowledged(gate)

        # when it is killed, cars go on passing and the loss is an alert
        before = gate.last_seq
        broker.kill()
        gate.drive_through("exit-1")
        gate.fact("alert_raised", subject="broker", after=before)

        # when it comes back, having forgotten everything, all is told and the alert is over
        broker.start()
        gate.fact("alert_cleared", alert_id="device_failed:broker", after=before)
        everything_is_acknowledged(gate)
    assert gate.stop() == 0

    # then nothing is lost, doubled or out of order: what the office holds is the ledger
    held = rows_of(Place(folder=tmp_path / "office"), tables.facts)
    assert [(row.seq, row.hash) for row in held] == gate.seals()[: len(held)]
    assert [json.loads(row.body)["plate"] for row in held if row.kind == "stay_opened"] == [PLATE]
    assert len([row for row in held if row.kind == "stay_closed"]) == 1
    assert len([row for row in held if row.kind == "alert_cleared"]) >= 1


def everything_is_acknowledged(gate: Gate) -> None:
    def is_so() -> bool:
        status = json.loads(gate.gatepost("status", "--json").stdout)
        return bool(status["acknowledged"] == status["facts"])

    gate.until("the office to hold everything", is_so)
