"""Readers that are unplugged or talk nonsense, and a GPIO chip that is not there: the rest goes on."""

from __future__ import annotations

import os
import random
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.readers.framing import FORMATS
from tests.system.gate import CARD, Gate, lane, site
from tests.system.guard import Guard

FRAME = FORMATS["rdm6300"].encode(CARD)


class Plug:
    """A card reader on a pseudo-terminal, under a lasting name as udev gives it."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._ends: tuple[int, int] | None = None
        self.plug_in()

    def plug_in(self) -> None:
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self.port.symlink_to(os.ttyname(theirs))
        self._ends = ours, theirs

    def pull_out(self) -> None:
        if self._ends is not None:
            self.port.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def send(self, data: bytes) -> None:
        """Wait until the terminal has taken all of it."""
        assert self._ends is not None
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self._ends[0], data) :]


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    found = Plug(tmp_path / "reader")
    yield found
    found.pull_out()


def serial_lane(plug: Plug) -> dict[str, object]:
    reader = {"driver": "serial", "port": str(plug.port), "format": "rdm6300", "hold_off_s": 0}
    loops = {"safety": {"driver": "simulated", "loop": "safety"}}
    return lane("entry-1", reader=reader, loops=loops)


@pytest.mark.rule("R31")
def test_a_reader_that_is_unplugged_and_plugged_in_is_one_alert_raised_and_cleared(
    gates: Callable[..., Gate], plug: Plug
) -> None:
    gate = gates(site(serial_lane(plug))).start()
    gate.fact("loop_reported")
    # when it is pulled out
    plug.pull_out()
    alert = gate.fact("alert_raised", subject="entry-1.reader")
    assert "has gone" in alert["detail"]
    # and plugged in again
    plug.plug_in()
    gate.fact("alert_cleared", alert_id="device_failed:entry-1.reader")
    # then cards are read, and it was said once each
    plug.send(FRAME)
    gate.fact("card_presented", card=CARD)
    assert len(gate.facts("alert_raised")) == len(gate.facts("alert_cleared")) == 1
    assert len([line for line in gate.said if "entry-1.reader is lost" in line]) == 1
    assert gate.stop() == 0


def test_noise_is_no_card_and_the_card_after_it_is_one(gates: Callable[..., Gate], plug: Plug) -> None:
    """Half a frame, one with a wrong checksum, 10 kB of noise; then a card."""
    gate = gates(site(serial_lane(plug))).start()
    gate.fact("loop_reported")
    noise = bytes(random.Random(8).choices(range(256), k=10_000))
    plug.send(FRAME[: len(FRAME) // 2])
    plug.send(FRAME[:11] + b"FF" + FRAME[13:])
    plug.send(noise)
    plug.send(FRAME)
    gate.fact("boom_raise_ordered")
    presented = gate.facts("card_presented")
    assert [fact["card"] for fact in presented] == [CARD]
    assert not gate.facts("device_failed")
    assert gate.stop() == 0


@pytest.mark.rule("R28")
@pytest.mark.rule("R31")
def test_without_a_gpio_chip_the_lane_says_so_and_the_other_lane_and_the_panel_work(
    gates: Callable[..., Gate],
) -> None:
    if list(Path("/dev").glob("gpiochip*")):
        pytest.skip("this machine has a GPIO chip")
    wired = lane(
        "exit-1",
        barrier={"driver": "gpio", "open": {"pin": 17}, "close": {"pin": 27}},
        loops={"safety": {"driver": "gpio", "pin": 19}},
    )
    gate = gates(site(lane("entry-1"), wired, panel={"port": 0}), driven=True).start()

    alert = gate.fact("alert_raised", subject="exit-1.barrier")
    assert "gpiochip" in alert["detail"] or "GPIO" in alert["detail"]
    gate.fact("alert_raised", subject="exit-1.loop.safety")
    gate.drive_through("entry-1")

    # the guard sees it, may not close a boom whose loop nobody reads, and opening is an honest attempt
    guard = Guard(gate).starts_work()
    assert "exit-1" in guard.get("/")[1]
    status, page = guard.asks("exit-1", "close")
    assert status == 409
    assert "地感" in page
    assert guard.asks("exit-1", "open")[0] == 200
    gate.hears("was not carried out")
    assert gate.stop() == 0
