"""The whole gate with an LED sign on a wire: what drivers read, and a sign that dies and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.simulated.sign import SimulatedSignOnPort
from tests.rigs.beside import Beside
from tests.system.gate import CARD, DRIVEN, PLATE, Gate, lane, site

LANE = "entry-1"


class SignAtWire:
    """An LED board beside the gate."""

    def __init__(self, port: Path) -> None:
        self._behind = SimulatedSignOnPort(port)
        self._beside = Beside(lambda _seconds: self._behind.terminal.look())

    @property
    def lines(self) -> tuple[str, ...]:
        return self._beside.do(lambda: self._behind.model.lines)

    @property
    def said(self) -> list[str]:
        return self._beside.do(lambda: list(self._behind.model.said))

    @property
    def rubbish(self) -> list[bytes]:
        return self._beside.do(lambda: list(self._behind.model.rubbish))

    def unplug(self) -> None:
        self._beside.do(self._behind.unplug)

    def plug_in(self) -> None:
        self._beside.do(self._behind.terminal.plug_in)

    def finish(self) -> None:
        self._beside.finish()
        self._behind.unplug()


@pytest.fixture
def sign(tmp_path: Path) -> Iterator[SignAtWire]:
    found = SignAtWire(tmp_path / "sign")
    yield found
    found.finish()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = lane(LANE, sign={"driver": "led_voice", "port": str(tmp_path / "sign")})
    found = Gate(tmp_path, site(made, lot={"permit": 40}), DRIVEN)
    yield found
    found.end()


def shows(gate: Gate, sign: SignAtWire, *lines: str) -> None:
    gate.until(f"the sign to show {lines}", lambda: sign.lines == lines)


@pytest.mark.rule("R36")
@pytest.mark.rule("R31")
def test_a_dead_sign_costs_an_alert_and_no_car_and_shows_what_holds_when_it_is_back(
    gate: Gate, sign: SignAtWire
) -> None:
    gate.start()
    gate.fact("loop_reported", loop="safety", state="free")
    shows(gate, sign, "固定车位余40")
    # given a car that reads and hears what it should
    gate.do("arrive", LANE, PLATE, "blue")
    shows(gate, sign, "请刷卡")
    gate.do("card", LANE, CARD)
    gate.until("a welcome", lambda: sign.said == ["欢迎光临"])
    gate.fact("passage_closed", outcome="passed")
    shows(gate, sign, "固定车位余39")
    # when the sign dies, it is an alert, and the next car passes all the same
    sign.unplug()
    gate.drive_through(LANE, "01026F6C3A", "粤BD12345")
    failed = gate.fact("device_failed", device=f"{LANE}.sign", role="sign")
    gate.fact("alert_raised", subject=f"{LANE}.sign", after=failed["seq"] - 1)
    # then, back again, it shows the bays as they are by now, and greets nobody
    sign.plug_in()
    gate.fact("device_recovered", device=f"{LANE}.sign")
    shows(gate, sign, "固定车位余38")
    assert sign.said == ["欢迎光临"]
    assert sign.rubbish == []
