"""A receipt is found by its number with the price that it was asked for, also in a file from before."""

from __future__ import annotations

from pathlib import Path

from daemon.core.money import TakePayment
from daemon.store import Store
from tests.core.rig import GUARD
from tests.desk.till_rig import CAR, TollGate, waits_unpaid


def test_a_file_from_before_there_were_prints_has_the_quotes_of_its_receipts(tmp_path: Path) -> None:
    # given a gate that has charged, and its file as the version before left it
    gate = TollGate(tmp_path)
    told = waits_unpaid(gate)
    gate.ask(GUARD, TakePayment(plate=CAR, fen=1500))
    before = gate.store.receipt(1)
    for statement in (
        "DROP TABLE quotes",
        "DROP TABLE prints",
        "DELETE FROM _sqlite_migrations WHERE name = 'm006_prints'",
        "PRAGMA user_version = 5",
    ):
        gate.store.db.execute(statement)
    folder = gate.store.folder
    gate.store.close()
    # when this version opens it
    store = Store(folder, ballast_bytes=0)
    store.open()
    # then the receipt still says line by line what it was for
    found = store.receipt(1)
    assert found is not None
    assert found.quoted == told
    assert found == before
    assert store.prints(1) == []
    store.close()
