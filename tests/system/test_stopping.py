"""SIGTERM at a busy gate: it ends by itself, in order, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

from tests.rigs.broker import Mosquitto
from tests.system.gate import Gate, eventually, lane, lives, site


def test_a_gate_that_is_told_to_stop_ends_and_leaves_nothing_behind(
    gates: Callable[..., Gate], broker: Mosquitto
) -> None:
    # given a gate with everything: traffic, eyes, panel, a broker without an office
    broker.start()
    gate = gates(
        site(
            lane("entry-1", camera={"driver": "simulated"}),
            office={"host": "127.0.0.1", "port": broker.port},
            panel={"port": 0},
            simulation={"cars_per_minute": 60},
        )
    ).start()
    (vision,) = gate.until("the vision process", gate.children)
    gate.fact("boom_raise_ordered")
    gate.hears("门岗面板")
    assert list(gate.scratch.glob("gatepost-*"))
    assert gate.database.with_name("gatepost.db-wal").exists()

    # when it is told to stop
    status = gate.stop()

    # then it ends well; no child is left, no port, no folder, and no part of the ledger outside of its file
    assert status == 0, gate.said[-20:]
    assert not lives(vision)
    assert not list(gate.scratch.glob("gatepost-*"))
    assert {path.name for path in gate.database.parent.iterdir()} >= {"gatepost.db", "gatepost.copy.db"}
    assert not gate.database.with_name("gatepost.db-wal").exists()
    assert gate.ledger_is_whole()
    assert not [line for line in gate.said if "Traceback" in line or "ERROR" in line]


def test_a_gate_that_is_killed_leaves_no_process_behind(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1", camera={"driver": "simulated"}))).start()
    (vision,) = gate.until("the vision process", gate.children)
    gate.fact("boom_moved")
    gate.process.kill()
    gate.wait()
    eventually("the vision process to end by itself", lambda: not lives(vision))
