"""What every card reader keeps, on a plain serial port and on the simulated lane alike."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.errors import DeviceLost
from drivers.protocols import BadFrame, Card, Context
from drivers.readers.framing import FORMATS
from drivers.readers.serial_reader import HALF_FRAME_S, SerialReader, SerialReaderOptions
from drivers.readers.simulated import SimulatedReader, SimulatedReaderOptions
from drivers.simulated.lane import lane_named
from tests.rigs.hand_timers import HandTimers

CARD = Card("62E3086CED", 40)
OTHER = Card("0801161DD6", 40)
FRAME = FORMATS["rdm6300"].encode(CARD.number)
HOLD_OFF_S = 2.0


def context(timers: HandTimers, folder: Path) -> Context:
    return Context(
        name="entry-1.reader",
        lane="entry-1",
        run_dir=folder,
        config_dir=folder,
        call_later=timers.call_later,
    )


def wait_for_bytes(terminal: int) -> None:
    assert select.select([terminal], [], [], 10)[0], "nothing arrived within 10 s"


class SerialRig:
    """The serial driver on a pseudo-terminal of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.timers = HandTimers()
        self._port = folder / "by-id"
        self._context = context(self.timers, folder)
        self._ends: tuple[int, int] | None = None
        self.plug_in()
        self.reader: Any = self.another()

    def another(self) -> SerialReader:
        options = SerialReaderOptions(port=str(self._port), format="rdm6300", hold_off_s=HOLD_OFF_S)
        return SerialReader(options, self._context)

    def plug_in(self) -> None:
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self._port.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        if self._ends is not None:
            self._port.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def send(self, data: bytes) -> None:
        assert self._ends is not None
        os.write(self._ends[0], data)
        wait_for_bytes(self._ends[1])


class SimulatedRig:
    """The simulated driver, with the lane's own hand holding the cards."""

    def __init__(self, folder: Path) -> None:
        self.timers = HandTimers()
        self._context = context(self.timers, folder)
        self.lane = lane_named(folder, "entry-1", self.timers.call_later)
        self.reader: Any = self.another()

    def another(self) -> SimulatedReader:
        return SimulatedReader(SimulatedReaderOptions(hold_off_s=HOLD_OFF_S), self._context)

    def plug_in(self) -> None:
        self.lane.plug_reader_in()

    def unplug(self) -> None:
        self.lane.unplug_reader()

    def send(self, data: bytes) -> None:
        self.lane._send(data)
        assert self.lane._terminal is not None
        wait_for_bytes(self.lane._terminal[1])


Rig = SerialRig | SimulatedRig


@pytest.fixture(params=[SerialRig, SimulatedRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = request.param(tmp_path)
    yield made
    made.reader.close()
    made.unplug()


def receive(rig: Rig, data: bytes) -> Sequence[Card | BadFrame]:
    """Send `data` and return what the reader makes of it."""
    rig.send(data)
    found: list[Card | BadFrame] = list(rig.reader.read())
    while select.select([rig.reader.fileno()], [], [], 0.02)[0]:
        found += rig.reader.read()
    return found


def test_nothing_sent_is_nothing_read(rig: Rig) -> None:
    rig.reader.open()
    assert rig.reader.read() == []


def test_a_card_is_read(rig: Rig) -> None:
    rig.reader.open()
    assert receive(rig, FRAME) == [CARD]


def test_a_card_held_in_front_of_the_reader_is_one_presentation(rig: Rig) -> None:
    # given a card that is sent again every half second, for longer than the hold-off
    rig.reader.open()
    found = list(receive(rig, FRAME))
    for _ in range(8):
        rig.timers.pass_time(0.5)
        found += receive(rig, FRAME)
    assert found == [CARD]
    # when it is taken away and presented again later, then that is a second presentation
    rig.timers.pass_time(HOLD_OFF_S)
    assert receive(rig, FRAME) == [CARD]


def test_two_cards_are_held_off_each_on_its_own(rig: Rig) -> None:
    rig.reader.open()
    both = FRAME + FORMATS["rdm6300"].encode(OTHER.number)
    assert receive(rig, both + both) == [CARD, OTHER]


def test_a_frame_in_two_halves_is_one_card(rig: Rig) -> None:
    rig.reader.open()
    assert receive(rig, FRAME[:6]) == []
    rig.timers.pass_time(HALF_FRAME_S / 2)
    assert receive(rig, FRAME[6:]) == [CARD]


def test_a_half_frame_times_out_and_does_not_spoil_the_next(rig: Rig) -> None:
    rig.reader.open()
    assert receive(rig, FRAME[:6]) == []
    rig.timers.pass_time(HALF_FRAME_S)
    assert receive(rig, FRAME) == [BadFrame("timeout", FRAME[:6]), CARD]


def test_a_broken_frame_is_reported_and_is_no_card(rig: Rig) -> None:
    rig.reader.open()
    broken = FRAME.replace(b"62E3", b"63E3")
    assert receive(rig, broken) == [BadFrame("checksum", broken)]


def test_an_unplugged_reader_is_lost_and_works_again_once_plugged_in(rig: Rig) -> None:
    rig.reader.open()
    assert receive(rig, FRAME) == [CARD]
    # when the plug is pulled
    rig.unplug()
    with pytest.raises(DeviceLost):
        rig.reader.read()
    rig.reader.close()
    # then opening says what is missing, until it is back
    with pytest.raises(DeviceLost, match="there is no port"):
        rig.reader.open()
    rig.plug_in()
    rig.reader.open()
    assert receive(rig, FRAME) == [CARD]


def test_what_was_sent_before_opening_is_not_a_card(rig: Rig) -> None:
    rig.send(FRAME)
    rig.reader.open()
    assert receive(rig, FORMATS["rdm6300"].encode(OTHER.number)) == [OTHER]


def test_a_port_belongs_to_one_reader(rig: Rig) -> None:
    rig.reader.open()
    second = rig.another()
    with pytest.raises(DeviceLost, match="cannot open"):
        second.open()
    rig.reader.close()
    second.open()
    second.close()


def test_closing_is_safe_before_opening_and_twice_and_forgets_the_hold_off(rig: Rig) -> None:
    rig.reader.close()
    rig.reader.open()
    assert receive(rig, FRAME) == [CARD]
    rig.reader.close()
    rig.reader.close()
    rig.reader.open()
    assert receive(rig, FRAME) == [CARD]


@pytest.mark.parametrize("ask", [lambda reader: reader.read(), lambda reader: reader.fileno()])
def test_a_closed_reader_is_lost_not_silent(rig: Rig, ask: Callable[[Any], object]) -> None:
    with pytest.raises(DeviceLost):
        ask(rig.reader)


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "/dev/ttyACM3"])
def test_a_port_that_is_numbered_by_chance_is_refused(port: str) -> None:
    with pytest.raises(ValidationError, match="by-path"):
        SerialReaderOptions(port=port, format="rdm6300")
