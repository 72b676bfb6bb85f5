"""A guard signs in at the real daemon's panel and moves a real (simulated) boom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.system.gate import PLATE, Gate, lane, site
from tests.system.guard import Guard


@pytest.mark.rule("R28")
@pytest.mark.rule("R26")
def test_a_guard_opens_may_not_close_on_a_car_and_stops(gates: Callable[..., Gate]) -> None:
    # given a gate at its first start, and a guard with the password that it printed
    gate = gates(site(lane("entry-1"), panel={"port": 0}), driven=True).start()
    guard = Guard(gate)
    assert guard.signs_in("guard")[0] == 401
    assert guard.signs_in(guard.one_time_password)[0] == 200
    assert "修改密码" in guard.get("/")[1], "nothing may be done with a one-time password"
    assert guard.replaces_the_password()[0] == 200

    # when a car stands in front of the boom, the guard must say why it is opened
    gate.fact("boom_moved", boom="down")
    gate.do("arrive", "entry-1", PLATE, "blue")
    assert guard.asks("entry-1", "open", reason=" ")[0] == 422
    assert not gate.facts("boom_raise_ordered")
    assert guard.asks("entry-1", "open", reason="送货")[0] == 200
    raised = gate.fact("boom_raise_ordered")
    assert (raised["by"]["name"], raised["note"]) == ("guard", "送货")
    gate.fact("boom_moved", boom="up", after=raised["seq"])
    gate.fact("boom_moved", boom="down", after=gate.fact("passage_closed", outcome="passed")["seq"])

    # when a car stands under it, closing is refused with that reason, and stopping is not
    before = gate.last_seq
    gate.do("stand", "entry-1", "京A8K27F")
    gate.fact("loop_reported", loop="safety", state="occupied", after=before)
    status, page = guard.asks("entry-1", "close", reason="收杆")
    assert status == 409
    assert "杆下有车" in page
    assert gate.fact("action_refused", after=before)["reason"] == "safety_loop_occupied"
    assert guard.asks("entry-1", "stop", reason="小孩")[0] == 200
    assert gate.fact("boom_stop_ordered", after=before)["note"] == "小孩"
    assert not gate.facts("boom_lower_ordered", after=before)

    # then the car drives on, and the boom may be closed
    gate.do("drive", "entry-1")
    gate.fact("loop_reported", loop="safety", state="free", after=before)
    assert guard.asks("entry-1", "close", reason="收杆")[0] == 200
    gate.fact("boom_lower_ordered", after=before)
    assert gate.stop() == 0
    assert gate.printed[-1] == "struck 0"
    assert not [line for line in gate.said if "杆下有车-4711" in line], "a password in the log"
