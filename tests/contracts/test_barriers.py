"""What every barrier keeps, on wired relays of either polarity and on the simulated lane alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.barriers.gpio import INTERLOCK_S, GpioBarrier, GpioBarrierOptions
from drivers.barriers.simulated import SimulatedBarrier, SimulatedBarrierOptions
from drivers.errors import DeviceLost, DeviceUnusable
from drivers.gpio_lines import ContactWiring, RelayWiring
from drivers.protocols import BoomPosition, Context, PinUse
from drivers.simulated.lane import Pins, lane_named
from drivers.simulated.pins import ContactPin, RelayPin, mock_factory
from tests.rigs.hand_timers import HandTimers

PULSE_S = 0.5
OPEN, CLOSE, STOP = 17, 27, 22
UP, DOWN = 5, 6


def context(timers: HandTimers, folder: Path) -> Context:
    return Context(
        name="entry-1.barrier",
        lane="entry-1",
        run_dir=folder,
        config_dir=folder,
        call_later=timers.call_later,
    )


class WiredRig:
    """The GPIO driver on mock lines; limit switches close to ground."""

    active_high = True
    normally_closed = False

    def __init__(self, folder: Path) -> None:
        self.timers = HandTimers()
        self.changes: list[BoomPosition] = []
        self._folder = folder
        self.factory = mock_factory()
        for pin in (OPEN, CLOSE, STOP):
            line = self.factory.pin(pin, pin_class=RelayPin)
            line._state = not self.active_high  # what the pull of a well-chosen line makes of it
        for pin in (UP, DOWN):
            self.factory.pin(pin, pin_class=ContactPin)
        self.place_boom(up=False, down=True)
        self.barrier: Any = self.make()

    def make(self, **wiring: Any) -> GpioBarrier:
        def relay(pin: int) -> RelayWiring:
            return RelayWiring(pin=pin, active_high=self.active_high, pulse_s=PULSE_S)

        def limit(pin: int) -> ContactWiring:
            return ContactWiring(pin=pin, normally_closed=self.normally_closed)

        usual: dict[str, Any] = {
            "open": relay(OPEN),
            "close": relay(CLOSE),
            "stop": relay(STOP),
            "up_limit": limit(UP),
            "down_limit": limit(DOWN),
        }
        options = GpioBarrierOptions(**{**usual, **wiring})
        return GpioBarrier(options, context(self.timers, self._folder), factory=lambda: self.factory)

    def place_boom(self, *, up: bool, down: bool) -> None:
        for pin, is_reached in ((UP, up), (DOWN, down)):
            is_closed = is_reached != self.normally_closed
            line = self.factory.pin(pin)
            line.drive_low() if is_closed else line.drive_high()

    def energised(self) -> list[int]:
        """The relays that pull now, by their lines' levels alone."""
        return [pin for pin in (OPEN, CLOSE, STOP) if self.factory.pin(pin).state == self.active_high]

    def driven(self, pin: int) -> list[bool]:
        """Every level that line was driven at since the start; True is the relay pulling."""
        return [level == self.active_high for level in self.factory.pin(pin).driven]

    def open(self) -> None:
        self.barrier.open(lambda: self.changes.append(self.barrier.position()))


class LowSwitchedRig(WiredRig):
    """Relay boards that energise on low, and limit switches that open at the end."""

    active_high = False
    normally_closed = True


class SimulatedRig(WiredRig):
    """The simulated driver; the boom is put where a test wants it by holding the lane's switches."""

    def __init__(self, folder: Path) -> None:
        self.timers = HandTimers()
        self.changes = []
        self._folder = folder
        assert (Pins.RAISE, Pins.LOWER, Pins.STOP) == (OPEN, CLOSE, STOP)
        assert (Pins.UP_LIMIT, Pins.DOWN_LIMIT) == (UP, DOWN)
        self.lane = lane_named(folder, "entry-1", self.timers.call_later)
        self.factory = self.lane.factory
        self.barrier = SimulatedBarrier(SimulatedBarrierOptions(), context(self.timers, folder))


@pytest.fixture(params=[WiredRig, LowSwitchedRig, SimulatedRig])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WiredRig]:
    made = request.param(tmp_path)
    yield made
    made.barrier.close()


@pytest.fixture
def wired(tmp_path: Path) -> WiredRig:
    return WiredRig(tmp_path)


def test_starting_a_thousand_times_never_energises_a_relay(rig: WiredRig) -> None:
    for _ in range(1000):
        rig.open()
        rig.barrier.close()
    for pin in (OPEN, CLOSE, STOP):
        assert rig.driven(pin)
        assert not any(rig.driven(pin))


def test_the_first_request_of_an_output_is_direction_and_idle_level_in_one(rig: WiredRig) -> None:
    rig.open()
    for pin in (OPEN, CLOSE, STOP):
        assert rig.driven(pin) == [False]


@pytest.mark.parametrize(("order", "pin"), [("raise_boom", OPEN), ("lower_boom", CLOSE), ("stop_boom", STOP)])
def test_an_order_is_one_pulse_on_its_own_relay(rig: WiredRig, order: str, pin: int) -> None:
    rig.open()
    getattr(rig.barrier, order)()
    assert rig.energised() == [pin]
    rig.timers.pass_time(PULSE_S - 0.01)
    assert rig.energised() == [pin]
    rig.timers.pass_time(0.02)
    assert rig.energised() == []
    assert rig.driven(pin) == [False, True, False]


def test_the_same_order_again_is_one_longer_pulse(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.raise_boom()
    rig.timers.pass_time(PULSE_S / 2)
    rig.barrier.raise_boom()
    rig.timers.pass_time(PULSE_S * 0.9)
    assert rig.energised() == [OPEN]
    rig.timers.pass_time(PULSE_S)
    assert rig.driven(OPEN) == [False, True, False]


@pytest.mark.rule("R26")
def test_a_raise_during_the_lowering_pulse_drops_that_first_and_follows_at_once(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.lower_boom()
    rig.timers.pass_time(0.2)
    rig.barrier.raise_boom()
    assert rig.energised() == []
    rig.timers.pass_time(INTERLOCK_S - 0.01)
    assert rig.energised() == []
    rig.timers.pass_time(0.01)
    assert rig.energised() == [OPEN]


def test_relays_also_rest_between_a_finished_pulse_and_a_different_one(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.raise_boom()
    rig.timers.pass_time(PULSE_S)
    rig.barrier.lower_boom()
    assert rig.energised() == []
    rig.timers.pass_time(INTERLOCK_S)
    assert rig.energised() == [CLOSE]


def test_the_newest_order_wins_over_one_that_still_waits(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.raise_boom()
    rig.barrier.lower_boom()
    rig.barrier.stop_boom()
    rig.timers.pass_time(10)
    assert not any(rig.driven(CLOSE))
    assert rig.driven(STOP) == [False, True, False]


def test_whatever_is_ordered_whenever_never_two_relays_pull(rig: WiredRig) -> None:
    rig.open()
    orders = [rig.barrier.raise_boom, rig.barrier.lower_boom, rig.barrier.stop_boom]
    for step in range(300):
        orders[step * 7 % 3 if step % 5 else 0]()
        assert len(rig.energised()) <= 1
        for _ in range(step % 4):
            rig.timers.pass_time(0.07)
            assert len(rig.energised()) <= 1
    rig.timers.pass_time(10)
    assert rig.energised() == []


def test_closing_in_the_middle_of_a_pulse_leaves_the_lines_idle(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.raise_boom()
    rig.barrier.close()
    assert rig.energised() == []
    rig.timers.pass_time(10)
    assert rig.driven(OPEN) == [False, True, False]
    assert not any(rig.driven(CLOSE))


def test_closing_drops_an_order_that_waits(rig: WiredRig) -> None:
    rig.open()
    rig.barrier.raise_boom()
    rig.barrier.lower_boom()
    rig.barrier.close()
    rig.timers.pass_time(10)
    assert not any(rig.driven(CLOSE))
    # and opened again, the next order has nothing to wait for
    rig.open()
    rig.barrier.lower_boom()
    assert rig.energised() == [CLOSE]


def test_it_opens_again_after_closing_and_closing_twice_is_safe(rig: WiredRig) -> None:
    rig.barrier.close()
    rig.open()
    rig.barrier.close()
    rig.barrier.close()
    rig.open()
    rig.barrier.raise_boom()
    assert rig.energised() == [OPEN]


def test_a_closed_barrier_refuses_orders_and_knows_no_position(rig: WiredRig) -> None:
    for order in (rig.barrier.raise_boom, rig.barrier.lower_boom, rig.barrier.stop_boom):
        with pytest.raises(DeviceLost):
            order()
    assert rig.barrier.position() is BoomPosition.UNKNOWN
    assert not any(any(rig.driven(pin)) for pin in (OPEN, CLOSE, STOP))


@pytest.mark.parametrize(
    ("up", "down", "position"),
    [
        (True, False, BoomPosition.UP),
        (False, True, BoomPosition.DOWN),
        (False, False, BoomPosition.MOVING),
        (True, True, BoomPosition.UNKNOWN),
    ],
)
def test_position_is_what_the_limit_switches_say(
    rig: WiredRig, up: bool, down: bool, position: BoomPosition
) -> None:
    rig.open()
    rig.place_boom(up=up, down=down)
    assert rig.barrier.position() is position


def test_every_change_of_a_limit_switch_is_told(rig: WiredRig) -> None:
    rig.open()
    rig.place_boom(up=False, down=False)
    rig.place_boom(up=True, down=False)
    assert rig.changes == [BoomPosition.MOVING, BoomPosition.UP]
    rig.barrier.close()
    rig.place_boom(up=False, down=True)
    assert len(rig.changes) == 2


@pytest.mark.parametrize(
    ("missing", "at_up", "at_down"),
    [
        (("up_limit", "down_limit"), BoomPosition.UNKNOWN, BoomPosition.UNKNOWN),
        (("up_limit",), BoomPosition.UNKNOWN, BoomPosition.DOWN),
        (("down_limit",), BoomPosition.UP, BoomPosition.UNKNOWN),
    ],
)
def test_without_a_limit_switch_that_end_is_never_guessed(
    wired: WiredRig, missing: tuple[str, ...], at_up: BoomPosition, at_down: BoomPosition
) -> None:
    wired.barrier = wired.make(**dict.fromkeys(missing))
    wired.open()
    wired.place_boom(up=True, down=False)
    assert wired.barrier.position() is at_up
    wired.place_boom(up=False, down=True)
    assert wired.barrier.position() is at_down
    wired.place_boom(up=False, down=False)
    assert wired.barrier.position() is BoomPosition.UNKNOWN
    wired.barrier.close()


def test_without_a_close_relay_lowering_is_left_to_the_controller(wired: WiredRig) -> None:
    wired.barrier = wired.make(close=None)
    wired.open()
    wired.barrier.raise_boom()
    wired.barrier.lower_boom()
    assert wired.energised() == [OPEN]
    wired.timers.pass_time(10)
    assert wired.driven(OPEN) == [False, True, False]
    wired.barrier.close()


def test_without_a_stop_relay_whoever_stops_the_boom_is_told_that_it_goes_on(wired: WiredRig) -> None:
    wired.barrier = wired.make(stop=None)
    wired.open()
    with pytest.raises(DeviceUnusable, match="no `stop` relay"):
        wired.barrier.stop_boom()
    wired.barrier.close()


def test_a_line_that_is_taken_gives_back_those_already_claimed(wired: WiredRig) -> None:
    other = wired.make(close=None, stop=None, up_limit=None, open=RelayWiring(pin=23))
    other.open(lambda: None)
    with pytest.raises(DeviceUnusable, match="GPIO6"):
        wired.open()
    other.close()
    wired.open()
    wired.barrier.close()


def test_the_configuration_check_sees_every_line() -> None:
    options = GpioBarrierOptions.model_validate(
        {
            "open": {"pin": 17},
            "close": {"pin": 5, "active_high": False},
            "up_limit": {"pin": 6, "normally_closed": True},
            "down_limit": {"pin": 13, "pull": "none", "active_high": True},
        }
    )
    assert list(options.pins()) == [
        PinUse(pin=17, purpose="open relay", direction="out", active_high=True, moves_boom=True),
        PinUse(pin=5, purpose="close relay", direction="out", active_high=False, moves_boom=True),
        PinUse(pin=6, purpose="up limit", direction="in", active_high=True),
        PinUse(pin=13, purpose="down limit", direction="in", active_high=True),
    ]


@pytest.mark.parametrize(
    ("wiring", "said"),
    [
        ({"pin": 28}, "less than or equal to 27"),
        ({"pin": 6, "pull": "none"}, "active_high must say"),
        ({"pin": 6, "pull": "up", "active_high": True}, "normally_closed"),
    ],
)
def test_a_limit_switch_that_cannot_be_wired_so_is_refused(wiring: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        GpioBarrierOptions.model_validate({"open": {"pin": 17}, "up_limit": wiring})
