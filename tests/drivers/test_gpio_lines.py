"""The pin factory asks the kernel for a line once, with direction and level together, and hears its edges.

No GPIO chip is needed: `FakeChip` stands where `gpiod.Chip` does and keeps what it was asked for. Everything
above it is real: gpiozero, the factory, the thread, gpiod's own settings.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpiod
import pytest
from gpiod.line import Bias, Direction, Edge, Value

from drivers.errors import DeviceUnusable
from drivers.gpio_lines import ContactWiring, DryContact, Relay, RelayWiring
from drivers.gpio_lines.chip import GpiodFactory, header_chip

PI_4 = 0xC03111


class FakeRequest:
    """One claimed line; its edges come through a pipe, as they do through the kernel's descriptor."""

    def __init__(self, offset: int, settings: gpiod.LineSettings) -> None:
        self.history = [settings]
        self.levels = [settings.output_value]
        self.is_released = False
        self._offset = offset
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self.fd = self._read_end

    def reconfigure_lines(self, config: dict[int, gpiod.LineSettings]) -> None:
        self.history.append(config[self._offset])

    def set_value(self, offset: int, value: Value) -> None:
        assert offset == self._offset
        self.levels.append(value)

    def get_value(self, offset: int) -> Value:
        assert offset == self._offset
        return self.levels[-1]

    def wait_edge_events(self, _timeout_s: float) -> bool:
        return True

    def read_edge_events(self) -> list[gpiod.EdgeEvent]:
        return [gpiod.EdgeEvent(kind, 0, self._offset, 0, 0) for kind in os.read(self._read_end, 16)]

    def edge(self, *, rising: bool) -> None:
        """The contact changes: first the level, then the news of it."""
        kind = gpiod.EdgeEvent.Type.RISING_EDGE if rising else gpiod.EdgeEvent.Type.FALLING_EDGE
        self.levels.append(Value.ACTIVE if rising else Value.INACTIVE)
        os.write(self._write_end, bytes([kind.value]))

    def release(self) -> None:
        assert not self.is_released
        self.is_released = True
        os.close(self._read_end)
        os.close(self._write_end)


class FakeChip:
    def __init__(self, label: str = "pinctrl-bcm2711") -> None:
        self.label = label
        self.requests: dict[int, FakeRequest] = {}
        self.is_closed = False

    def get_info(self) -> Any:
        return SimpleNamespace(label=self.label)

    def request_lines(self, config: dict[int, gpiod.LineSettings], consumer: str) -> FakeRequest:
        assert consumer == "gatepost"
        ((offset, settings),) = config.items()
        self.requests[offset] = FakeRequest(offset, settings)
        return self.requests[offset]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def chip() -> FakeChip:
    return FakeChip()


@pytest.fixture
def factory(chip: FakeChip, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpiodFactory]:
    monkeypatch.setattr(GpiodFactory, "_get_revision", lambda _self: PI_4)
    made = GpiodFactory(chip)
    yield made
    made.close()
    assert chip.is_closed


@pytest.mark.parametrize(("active_high", "idle"), [(True, Value.INACTIVE), (False, Value.ACTIVE)])
def test_a_relay_is_claimed_with_direction_and_idle_level_in_the_first_request(
    factory: GpiodFactory, chip: FakeChip, active_high: bool, idle: Value
) -> None:
    relay = Relay(factory, RelayWiring(pin=17, active_high=active_high), "open relay")
    request = chip.requests[17]
    assert request.history == [gpiod.LineSettings(direction=Direction.OUTPUT, output_value=idle)]
    relay.energise()
    relay.rest()
    energised = Value.ACTIVE if active_high else Value.INACTIVE
    assert request.levels == [idle, energised, idle]
    relay.energise()
    relay.release()
    assert request.levels[-1] is idle
    assert request.is_released


def test_an_output_without_a_level_is_refused(factory: GpiodFactory, chip: FakeChip) -> None:
    from gpiozero import OutputDevice, PinInvalidFunction

    with pytest.raises(PinInvalidFunction):
        OutputDevice(17, initial_value=None, pin_factory=factory)
    assert chip.requests == {}


def test_a_contact_is_pulled_debounced_and_watched_by_the_kernel(
    factory: GpiodFactory, chip: FakeChip
) -> None:
    contact = DryContact(factory, ContactWiring(pin=19), "safety loop", 0.05, lambda: None)
    settings = chip.requests[19].history
    assert all(each.direction is Direction.INPUT for each in settings)
    assert settings[-1] == gpiod.LineSettings(
        direction=Direction.INPUT,
        bias=Bias.PULL_UP,
        edge_detection=Edge.BOTH,
        debounce_period=timedelta(milliseconds=50),
    )
    contact.release()
    assert chip.requests[19].is_released


def test_an_edge_is_told_from_the_one_edge_thread(factory: GpiodFactory, chip: FakeChip) -> None:
    heard: list[tuple[str, bool]] = []
    news = threading.Semaphore(0)

    def changed() -> None:
        heard.append((threading.current_thread().name, contact.reports()))
        news.release()

    contact = DryContact(factory, ContactWiring(pin=19), "safety loop", 0.05, changed)
    other = DryContact(factory, ContactWiring(pin=13), "approach loop", 0.05, changed)
    chip.requests[19].edge(rising=True)
    assert news.acquire(timeout=10)
    chip.requests[19].edge(rising=False)
    assert news.acquire(timeout=10)
    assert heard == [("gpio-edges", False), ("gpio-edges", True)]
    contact.release()
    other.release()


def test_a_listener_that_fails_is_logged_and_hears_the_next_edge(
    factory: GpiodFactory, chip: FakeChip, caplog: pytest.LogCaptureFixture
) -> None:
    news = threading.Semaphore(0)

    def fail() -> None:
        news.release()
        raise RuntimeError("the loop is closed")

    contact = DryContact(factory, ContactWiring(pin=19), "safety loop", 0.05, fail)
    for rising in (True, False):
        chip.requests[19].edge(rising=rising)
        assert news.acquire(timeout=10)
    contact.release()
    factory.close()
    assert caplog.text.count("RuntimeError: the loop is closed") == 2


def test_a_line_that_can_no_longer_be_read_does_not_silence_the_others(
    factory: GpiodFactory, chip: FakeChip, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone() -> None:
        raise OSError("no such device")

    news = threading.Semaphore(0)
    broken = DryContact(factory, ContactWiring(pin=13), "approach loop", 0.05, news.release)
    healthy = DryContact(factory, ContactWiring(pin=19), "safety loop", 0.05, news.release)
    monkeypatch.setattr(chip.requests[13], "read_edge_events", gone)
    chip.requests[13].edge(rising=True)
    chip.requests[19].edge(rising=True)
    assert news.acquire(timeout=10)
    broken.release()
    healthy.release()
    factory.close()
    assert caplog.text.count("can no longer be read") == 1


def test_the_chip_is_found_by_label_whatever_its_number(tmp_path: Path) -> None:
    labels = {
        "gpiochip0": "gpio-brcmstb@107d508500",
        "gpiochip4": "pinctrl-rp1",
        "gpiochip9": "raspberrypi-exp",
    }
    for name in labels:
        (tmp_path / name).touch()
    opened: list[FakeChip] = []

    def open_chip(path: str) -> FakeChip:
        opened.append(FakeChip(labels[Path(path).name]))
        return opened[-1]

    assert header_chip(tmp_path, open_chip).label == "pinctrl-rp1"
    assert [each.is_closed for each in opened] == [True, False]


def test_without_a_header_chip_the_error_names_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    for name in ("gpiochip0", "gpiochip1"):
        (tmp_path / name).touch()

    def open_chip(path: str) -> FakeChip:
        if path.endswith("1"):
            raise PermissionError(13, "Permission denied")
        return FakeChip("INT34C6:00")

    with pytest.raises(
        DeviceUnusable, match=r"gpiochip0 \(INT34C6:00\), gpiochip1 \(Permission denied\).*group"
    ):
        header_chip(tmp_path, open_chip)
    with pytest.raises(DeviceUnusable, match="driver: simulated"):
        header_chip(tmp_path / "nowhere", open_chip)
