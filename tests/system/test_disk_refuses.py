"""A disk that takes nothing more: nothing moves without its fact, and all goes on once there is room.

The limit on file sizes (RLIMIT_FSIZE, setrlimit(2)) stands in for the disk: it refuses the same calls.
"""

from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from tests.system.gate import CARD, PLATE, Gate, lane, site
from tests.system.guard import Guard


def let_files_grow(gate: Gate, *, to: int) -> None:
    _, most = resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (to, most))


@pytest.mark.rule("R26")
def test_a_full_disk_keeps_the_boom_where_it_is_and_says_so_to_the_guard(gates: Callable[..., Gate]) -> None:
    eager = {"driver": "simulated", "hold_off_s": 0}
    gate = gates(site(lane("entry-1", reader=eager), panel={"port": 0}), driven=True).start()
    guard = Guard(gate).starts_work()
    gate.drive_through("entry-1")
    orders = len(gate.facts("boom_raise_ordered"))

    # when nothing can be written any more
    let_files_grow(gate, to=4096)
    gate.do("arrive", "entry-1", "粤BD12345", "green")
    gate.do("card", "entry-1", "01026F6C3A")
    gate.hears("the ledger takes nothing")
    status, page = guard.asks("entry-1", "open", reason="访客")

    # then nobody is told that the boom was opened, and it was not
    assert status == 503
    assert "账本写不进去" in page
    assert len(gate.facts("boom_raise_ordered")) == orders
    assert len([line for line in gate.said if "the ledger takes nothing" in line]) == 1

    # and when there is room again, the card is good again
    let_files_grow(gate, to=resource.RLIM_INFINITY)
    before = gate.last_seq
    gate.do("card", "entry-1", "01026F6C3A")
    gate.fact("passage_closed", outcome="passed", after=before)
    assert gate.stop() == 0
    assert gate.printed[-1] == "struck 0"
    assert gate.ledger_is_whole()
    assert [fact["plate"] for fact in gate.facts("stay_opened")] == [PLATE, "粤BD12345"]


@pytest.mark.rule("R26")
def test_a_car_that_came_under_the_boom_while_the_disk_was_full_is_not_forgotten(
    gates: Callable[..., Gate],
) -> None:
    gate = gates(site(lane("entry-1"), panel={"port": 0}), driven=True).start()
    guard = Guard(gate).starts_work()
    gate.fact("loop_reported", loop="safety", state="free")

    # given a car under the boom whose arrival could not be written down
    let_files_grow(gate, to=4096)
    gate.do("stand", "entry-1", PLATE)
    gate.hears("the ledger takes nothing")

    # when there is room again and the guard wants the boom down
    let_files_grow(gate, to=resource.RLIM_INFINITY)
    status, _ = guard.asks("entry-1", "close", reason="收杆")

    # then the loop comes first
    assert status == 409
    assert not gate.facts("boom_lower_ordered")
    gate.fact("loop_reported", loop="safety", state="occupied")
    assert gate.stop() == 0


def test_a_disk_that_is_full_at_the_start_is_named(gates: Callable[..., Gate]) -> None:
    many = [{"id": f"Q{n}", "card": f"{n:010X}", "plate": f"粤C{n}"} for n in range(10_000, 11_000)]
    gate = gates(site(lane("entry-1"), permits=[{"id": "P001", "card": CARD, "plate": PLATE}]))
    gate.start("--for", "0.5").wait()
    fuller = Gate(
        gate.folder, site(lane("entry-1"), permits=many), ("prlimit", "--fsize=200000", *gate.program, "run")
    )
    assert fuller.start().wait() == 1
    assert "cannot run" in fuller.said[-1]
    assert "gatepost.db" in fuller.said[-1]
    assert not [line for line in fuller.said if "Traceback" in line]
    assert gate.ledger_is_whole()
