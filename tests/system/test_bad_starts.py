"""What the gate is given at its start is wrong: it says what, and where it can it starts all the same."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.system.gate import Gate, lane, site

EX_CONFIG = 78

BROKEN_IN_FIVE_PLACES = """
site: {id: garden, name: 花园, timezone: Asia/Shenzen}
gate: {id: east, name: 东门}
lanes:
  - id: entry-1
    name: 入口
    direction: inwards
    mode: card_only
    close_delay: 1
    reader: {driver: serial, port: /dev/ttyUSB0, format: rdm6300}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
permits:
  - {id: P001, card: "62E3", plate: 粤B12345}
panel: null
"""


def test_a_configuration_broken_in_five_places_names_all_five(gates: Callable[..., Gate]) -> None:
    gate = gates(BROKEN_IN_FIVE_PLACES)
    assert gate.start().wait() == EX_CONFIG
    said = "\n".join(gate.said)
    assert "5 problems" in said
    for place in (
        "config.yaml:2   site.timezone",
        "config.yaml:7   lanes[0].direction",
        "config.yaml:9   lanes[0].close_delay",
        "config.yaml:10  lanes[0].reader.port",
        "config.yaml:14  permits[0].card",
    ):
        assert place in said, said
    assert not gate.database.exists()


def test_a_ledger_from_a_newer_gatepost_is_left_alone(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1")))
    gate.start("--for", "0.5").wait()
    with closing(sqlite3.connect(gate.database)) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = gate.database.read_bytes()

    assert gate.start().wait() == EX_CONFIG
    assert "99" in gate.said[-1]
    assert gate.database.read_bytes() == before
    assert not list(gate.database.parent.glob("*.damaged*"))


def test_a_corrupt_page_starts_the_gate_from_its_copy_and_says_so(gates: Callable[..., Gate]) -> None:
    # given a gate that has let a car in, was stopped, and whose disk then spoils the ledger
    gate = gates(site(lane("entry-1"), lane("exit-1")), driven=True)
    gate.start().drive_through("entry-1")
    assert gate.stop() == 0
    told = gate.seals()
    content = bytearray(gate.database.read_bytes())
    page = 4096
    for number in range(1, len(content) // page):
        if number % 2:
            content[number * page : (number + 1) * page] = os.urandom(page)
    gate.database.write_bytes(content)
    damaged = bytes(content)

    # when it is started again
    gate.start()

    # then everything it had told is there, an alert says what happened, the damaged file is kept
    alert = gate.fact("alert_raised", alert="ledger_restored")
    assert "gatepost.db.damaged-1" in alert["detail"]
    assert gate.seals()[: len(told)] == told
    assert gate.database.with_name("gatepost.db.damaged-1").read_bytes() == damaged
    gate.hears("gatepost.db.damaged-1")

    # and the car that was in goes out
    gate.drive_through("exit-1")
    assert gate.stop() == 0
    assert gate.ledger_is_whole()


def test_a_data_folder_that_cannot_be_made_is_named(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1"), storage={"folder": "occupied/var"}))
    (gate.folder / "occupied").write_text("a file where the folder should be", encoding="utf-8")
    assert gate.start().wait() == 1
    assert "cannot run" in gate.said[-1]
    assert str(gate.folder / "occupied") in gate.said[-1]
    assert not [line for line in gate.said if "Traceback" in line]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_ledger_that_may_not_be_written_is_named_and_kept(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1")))
    gate.start("--for", "0.5").wait()
    gate.database.chmod(0o444)
    gate.database.parent.chmod(0o555)
    try:
        assert gate.start().wait() == 1
    finally:
        gate.database.parent.chmod(0o755)
    assert "cannot run" in gate.said[-1]
    assert str(gate.database.parent) in gate.said[-1]


def test_a_second_gate_on_the_same_ledger_is_refused(gates: Callable[..., Gate]) -> None:
    gate = gates(site(lane("entry-1"))).start()
    gate.fact("boom_moved")
    second = Gate(gate.folder, site(lane("entry-1")))
    try:
        assert second.start("--for", "5").wait() == 1
    finally:
        second.end()
    assert "cannot run" in second.said[-1]
    assert gate.stop() == 0
    assert gate.ledger_is_whole()
    assert len(gate.facts("gate_started")) == 1
