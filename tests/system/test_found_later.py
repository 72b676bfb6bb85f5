"""Damage that no start reads any more: the gate finds it while it works, and the next start mends it."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from daemon import wiring
from daemon.config import load
from daemon.store import doubt, snapshot, upkeep
from tests.system.gate import CARD, PLATE, Gate, lane, site

PAGE = 4096


def keep_a_snapshot(gate: Gate) -> None:
    """As the housekeeping of a gate with a long ledger does."""
    name = wiring.site_rules(load(gate.config)).gate
    upkeep.copy(gate.database.parent, upkeep.nameplate(name, ("entry-1", "exit-1")), long=1)
    assert (gate.database.parent / snapshot.FILE).exists()


def spoil_the_first_rows(gate: Gate) -> None:
    content = bytearray(gate.database.read_bytes())
    start = content.index(b'"kind":"gate_started"') // PAGE * PAGE
    content[start + PAGE // 2 : start + PAGE] = os.urandom(PAGE // 2)
    gate.database.write_bytes(content)


@pytest.mark.rule("R26")
def test_old_damage_ends_the_gate_in_order_and_the_next_start_restores(gates: Callable[..., Gate]) -> None:
    # given a gate with a car inside and a snapshot, whose disk then spoils rows that no start will read
    gate = gates(site(lane("entry-1"), lane("exit-1")), driven=True)
    gate.start().drive_through("entry-1")
    assert gate.stop() == 0
    told = gate.seals()
    keep_a_snapshot(gate)
    spoil_the_first_rows(gate)

    # when it is started, then it works all the same, and the car is known to be inside
    gate.start()
    gate.hears("the state as of row")
    before_the_end = gate.hears("the next start goes through all of it")

    # then it ends with a failure, in order: systemd starts it again, and nothing has closed because of it
    assert gate.wait() == 1
    assert "damaged" in before_the_end
    assert doubt.left(gate.database.parent) is not None
    assert not [line for line in gate.said if "struck" in line and line != "struck 0"]

    # and the next start restores, says so, and keeps what the gate has told
    gate.start()
    alert = gate.fact("alert_raised", alert="ledger_restored")
    assert "gatepost.db.damaged-1" in alert["detail"]
    assert gate.seals()[: len(told)] == told
    assert doubt.left(gate.database.parent) is None
    assert not gate.facts("boom_lower_ordered", after=len(told))
    gate.drive_through("exit-1", CARD, PLATE)
    assert gate.stop() == 0
    assert gate.ledger_is_whole()


def test_a_start_by_the_snapshot_knows_who_is_inside(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1"), lane("exit-1")), driven=True)
    gate.start().drive_through("entry-1")
    gate.process.kill()
    gate.wait()
    keep_a_snapshot(gate)
    gate.start()
    gate.hears("the state as of row")
    gate.drive_through("exit-1", CARD, PLATE)
    gate.hears("all of it fits")
    assert gate.stop() == 0
    assert gate.facts("stay_closed", how="exit")
    assert gate.ledger_is_whole()
