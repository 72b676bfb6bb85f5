"""The daemon is killed by SIGKILL at every step between card and relay, and between loop and relay.

What must hold: a relay that raised has its order in the ledger on the disk; nothing is replayed by the next
start; the boom never comes down on a car or on a loop that nobody has read; the car gets through in the end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.mortal_gate import LANE, SEAMS
from tests.system.gate import CARD, PLATE, Gate, lane, site

MORTAL = (sys.executable, str(Path(__file__).with_name("mortal_gate.py")))
KILLED = -9

BETWEEN_CARD_AND_RELAY = [
    *((seam, "CardRead") for seam in SEAMS[:3]),
    *((seam, "boom_raise_ordered") for seam in SEAMS[3:]),
]
BETWEEN_LOOP_AND_RELAY = [
    ("before the commit", "car_under_boom"),
    ("after the commit", "car_under_boom"),
    ("before the commit", "stay_opened"),
    ("after the commit", "stay_opened"),
    ("before the commit", "boom_lower_ordered"),
    ("after the commit", "boom_lower_ordered"),
    ("after the relay", "boom_lower_ordered"),
]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    found = Gate(tmp_path, site(lane(LANE)), MORTAL)
    yield found
    found.end()


@pytest.mark.rule("R26")
@pytest.mark.parametrize(("seam", "about"), BETWEEN_CARD_AND_RELAY)
def test_killed_between_card_and_relay_the_car_is_let_through_by_its_card_again(
    gate: Gate, seam: str, about: str
) -> None:
    # given a gate that dies there when the card is shown
    gate.start("--at", seam, about)
    gate.fact("loop_reported", loop="safety", state="free")
    gate.do("arrive", LANE, PLATE, "blue")
    gate.fact("passage_opened")
    gate.do("card", LANE, CARD)
    assert gate.wait() == KILLED

    # when it is started again, the car still there
    dead_until = gate.last_seq
    gate.start()
    gate.fact("loop_reported", loop="safety", after=dead_until)
    gate.fact("boom_moved", after=dead_until)
    if seam != "after the relay":
        assert not gate.facts("boom_raise_ordered", after=dead_until), "a raise without a card"
        gate.do("card", LANE, CARD)

    # then it gets through, once
    gate.fact("passage_closed", outcome="passed", after=dead_until)
    gate.fact("boom_moved", boom="down", after=gate.fact("boom_lower_ordered")["seq"])
    everything_held(gate)


@pytest.mark.rule("R26")
@pytest.mark.parametrize(("seam", "about"), BETWEEN_LOOP_AND_RELAY)
def test_killed_while_a_car_passes_the_boom_waits_for_the_loop_and_comes_down_once_it_is_free(
    gate: Gate, seam: str, about: str
) -> None:
    # given a car that was let through, and a gate that dies at that step of its passing
    gate.start("--at", seam, about)
    gate.fact("loop_reported", loop="safety", state="free")
    gate.do("arrive", LANE, PLATE, "blue")
    gate.do("card", LANE, CARD)
    assert gate.wait() == KILLED

    # when it is started again, boom and car as they were
    dead_until = gate.last_seq
    gate.start()
    gate.fact("boom_moved", after=dead_until)

    # then the next car gets through as well, whatever the first has left behind
    gate.until(
        "the lane to be empty", lambda: gate.facts("loop_reported", state="free", after=dead_until)[1:]
    )
    gate.drive_through(LANE, card="01026F6C3A", plate="粤BD12345")
    everything_held(gate)
    stays = [fact["plate"] for fact in gate.facts("stay_opened")]
    assert stays[-1] == "粤BD12345"
    assert len(stays) == len(set(stays))


@pytest.mark.rule("R26")
@pytest.mark.skipif(any(Path("/dev").glob("gpiochip*")), reason="this machine has a GPIO chip")
def test_killed_over_a_car_and_started_again_without_its_loop_the_boom_stays_up(
    gate: Gate, tmp_path: Path
) -> None:
    # given a gate that died with a car under the boom
    gate.start("--at", "after the commit", "car_under_boom")
    gate.fact("loop_reported", loop="safety", state="free")
    gate.do("arrive", LANE, PLATE, "blue")
    gate.do("card", LANE, CARD)
    assert gate.wait() == KILLED

    # when it is started again and cannot read the safety loop any more
    dead_until = gate.last_seq
    blind = {"safety": {"driver": "gpio", "pin": 19}, "approach": {"driver": "simulated", "loop": "approach"}}
    again = Gate(tmp_path, site(lane(LANE, loops=blind, pass_timeout_s=0.5)), MORTAL)
    try:
        again.start()
        again.fact("alert_raised", subject=f"{LANE}.loop.safety")
        again.fact("boom_moved", boom="up", after=dead_until)

        # then whoever passes, and however long ago, no order to lower is given
        first = again.fact("passage_closed", outcome="unconfirmed", after=dead_until)
        again.do("arrive", LANE, "粤BD12345", "green")
        again.do("card", LANE, "01026F6C3A")
        again.fact("passage_closed", outcome="unconfirmed", after=first["seq"])
        assert not again.facts("boom_lower_ordered")
        everything_held(again)
    finally:
        again.end()


def everything_held(gate: Gate) -> None:
    """What must be true of every run, once it is over."""
    assert gate.stop() == 0
    assert gate.printed[-1] == "struck 0"
    assert gate.ledger_is_whole()
    pulses = [json.loads(line) for line in (gate.folder / "pulses.jsonl").read_text("utf-8").splitlines()]
    assert any(pulse["pulse"] == "raise" for pulse in pulses)
    for start in {pulse["start"] for pulse in pulses}:
        of_one_life = [pulse for pulse in pulses if pulse["start"] == start]
        for kind in ("raise", "lower"):
            each_is_ordered_by_a_durable_fact_of_the_same_life(kind, of_one_life)
    for pulse in pulses:
        if pulse["pulse"] == "lower":
            assert pulse["safety"] == "free", pulse
            assert pulse["place"] in (None, "at boom"), pulse


def each_is_ordered_by_a_durable_fact_of_the_same_life(kind: str, pulses: list[dict[str, Any]]) -> None:
    for count, pulse in enumerate((pulse for pulse in pulses if pulse["pulse"] == kind), start=1):
        assert pulse["orders"].count(f"boom_{kind}_ordered") >= count, pulse
