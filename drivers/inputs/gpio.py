"""One dry contact on a GPIO line: a loop detector, a photocell, a button, a fire panel.

    safety:
      driver: gpio
      pin: 19                  # BCM number
      normally_closed: true    # a cut wire reads as occupied
      pull: up                 # up: contact to ground; down: contact to 3.3 V; none: see below
      bounce_s: 0.05

With `pull: none` (a board with resistors of its own) give `active_high` too: the level of a closed contact.

The law of this file: ON means that the contact reports (loop occupied, button pressed), however it is wired;
what cannot be read is UNKNOWN and never OFF.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from pydantic import Field

from drivers import protocols
from drivers.gpio_lines import BOUNCE_S, ContactWiring, DryContact, PinFactory, pin_factory
from drivers.protocols import ContactState, Context, PinUse


class GpioContactOptions(ContactWiring):
    bounce_s: float = Field(default=BOUNCE_S, ge=0, le=1)
    """How long the contact must rest before its new state counts."""

    def pins(self) -> Sequence[PinUse]:
        return (self.use("contact"),)


class GpioContact:
    """See the module's docstring for the law, `drivers.protocols.Contact` for the contract."""

    Options: ClassVar[type[protocols.Options]] = GpioContactOptions

    def __init__(
        self, options: GpioContactOptions, context: Context, *, factory: PinFactory = pin_factory
    ) -> None:
        self._options = options
        self._name = context.name
        self._factory = factory
        self._contact: DryContact | None = None

    def open(self, changed: Callable[[], None]) -> None:
        self.close()
        self._contact = DryContact(
            self._factory(), self._options, self._name, self._options.bounce_s, changed
        )

    def state(self) -> ContactState:
        """UNKNOWN before `open()`, after `close()`, and where the line cannot be read."""
        if self._contact is None:
            return ContactState.UNKNOWN
        try:
            return ContactState.ON if self._contact.reports() else ContactState.OFF
        except OSError:
            return ContactState.UNKNOWN

    def close(self) -> None:
        contact, self._contact = self._contact, None
        if contact is not None:
            contact.release()
