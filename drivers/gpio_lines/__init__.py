"""The wires of the gate: relays out, dry contacts in, each claimed once and at rest.

The law of this file: an output is claimed with its idle level in the very request that makes it an output,
and nothing is claimed before a driver opens. Every failure to claim a line comes out as `DeviceUnusable`.

A dry contact is wired between the line and ground with the pull up (the usual way), between the line and
3.3 V with the pull down, or comes through an opto-coupler board with resistors of its own (`pull: none`, and
then `active_high` says which level a closed contact makes).

`normally_closed` is for contacts that open when there is something to report. For anything that keeps a boom
from coming down, choose it: a cut wire then reads as occupied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from drivers.errors import DeviceUnusable
from drivers.protocols import Options, PinUse

BcmPin = Annotated[int, Field(ge=0, le=27)]
"""A line of the 40-pin header by its BCM number, not by its place on the header."""

PinFactory = Callable[[], Any]
"""Gives the gpiozero pin factory whose lines a driver claims."""

BOUNCE_S = 0.05
"""How long a contact must rest before its new state counts."""


class ContactWiring(Options):
    """One dry contact and how it is wired."""

    pin: BcmPin
    pull: Literal["up", "down", "none"] = "up"
    normally_closed: bool = False
    """True where the contact opens to report."""
    active_high: bool | None = None
    """The level of a closed contact. It follows from `pull`, and is needed where `pull` is none."""

    @model_validator(mode="after")
    def _level_is_known(self) -> ContactWiring:
        if self.pull == "none" and self.active_high is None:
            raise ValueError("with pull: none, active_high must say which level a closed contact makes")
        if self.pull != "none" and self.active_high is not None:
            raise ValueError(
                f"active_high follows from pull: {self.pull} (a contact closes against the pull): leave it "
                "out, or for a contact that reports by opening give normally_closed: true"
            )
        return self

    @property
    def closed_level_is_high(self) -> bool:
        """The level on the line while the contact is closed."""
        return self.pull == "down" if self.active_high is None else self.active_high

    def use(self, purpose: str) -> PinUse:
        """The line as the configuration check wants it; active means that the contact reports."""
        reports_high = self.closed_level_is_high != self.normally_closed
        return PinUse(pin=self.pin, purpose=purpose, direction="in", active_high=reports_high)


class RelayWiring(Options):
    """One relay, how its board is switched, and how long it is held for one order."""

    pin: BcmPin
    active_high: bool = True
    """False for relay boards that energise on a low level."""
    pulse_s: float = Field(default=0.5, ge=0.05, le=5)
    """Barrier inputs take 0.5 to 5 s (camera relay outputs of the same use: 500 to 5000 ms)."""

    def use(self, purpose: str, *, moves_boom: bool = False) -> PinUse:
        """The line as the configuration check wants it."""
        return PinUse(
            pin=self.pin,
            purpose=purpose,
            direction="out",
            active_high=self.active_high,
            moves_boom=moves_boom,
        )


class DryContact:
    """A claimed input: does the contact report?"""

    def __init__(
        self, factory: Any, wiring: ContactWiring, purpose: str, bounce_s: float, changed: Callable[[], None]
    ) -> None:
        from gpiozero import DigitalInputDevice

        self._normally_closed = wiring.normally_closed
        with _claiming(wiring.pin, purpose):
            self._device = DigitalInputDevice(
                wiring.pin,
                pull_up={"up": True, "down": False, "none": None}[wiring.pull],
                active_state=wiring.active_high,
                bounce_time=bounce_s or None,
                pin_factory=factory,
            )
        self._device.when_activated = changed
        self._device.when_deactivated = changed

    def reports(self) -> bool:
        """The level now, debounced where the kernel does that. Raises OSError where the chip has gone."""
        return bool(self._device.is_active) != self._normally_closed

    def release(self) -> None:
        self._device.close()


class Relay:
    """A claimed output, idle from the first moment."""

    def __init__(self, factory: Any, wiring: RelayWiring, purpose: str) -> None:
        from gpiozero import OutputDevice

        self.pulse_s = wiring.pulse_s
        with _claiming(wiring.pin, purpose):
            self._device = OutputDevice(
                wiring.pin, active_high=wiring.active_high, initial_value=False, pin_factory=factory
            )

    def energise(self) -> None:
        self._device.on()

    def rest(self) -> None:
        self._device.off()

    def release(self) -> None:
        """Give the line back, idle, even where the chip no longer listens."""
        with suppress(OSError):
            self._device.off()
        self._device.close()


@cache
def pin_factory() -> Any:
    """The one pin factory of this process, on the GPIO chip of this Raspberry Pi.

    Raises DeviceUnusable where there is none; asked again, it looks again.
    """
    from drivers.gpio_lines.chip import GpiodFactory

    return GpiodFactory()


@contextmanager
def _claiming(pin: int, purpose: str) -> Iterator[None]:
    from gpiozero import GPIOZeroError

    try:
        yield
    except (GPIOZeroError, OSError) as problem:
        raise DeviceUnusable(
            f"GPIO{pin} 不可用 cannot claim GPIO{pin} for {purpose}: {problem}; give this device a line of "
            "its own, and see `gpioinfo` for who holds it"
        ) from problem
