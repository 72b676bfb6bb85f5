"""gpiozero's mock pins, with what a physical lane needs of them.

The law of this file: a relay line tells whoever listens about every level it drives, from the moment it is an
output; a contact line has the level that the lane gives it, which no pull resistor overrules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPin


class RelayPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """An output line whose every driven level is kept in `driven`, and passed to `listener` as it changes."""

    def __init__(self, factory: Any, info: Any, listener: Callable[[bool], None] | None = None) -> None:
        self.driven: list[bool] = []
        self._listener = listener
        super().__init__(factory, info)

    def output_with_state(self, state: bool) -> None:
        """Direction and level in one step, as one request to the kernel does it."""
        self._state = bool(state)
        self._function = "output"
        self._drive(self._state)

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        if value == "output":
            self._drive(self._state)

    def _change_state(self, value: bool) -> bool:
        has_changed: bool = super()._change_state(value)
        if has_changed and self._function == "output":
            self._drive(value)
        return has_changed

    def _drive(self, level: bool) -> None:
        self.driven.append(level)
        if self._listener is not None:
            self._listener(level)


class ContactPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """An input line that a contact holds at its level: `drive_low()` and `drive_high()` are the contact."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


def mock_factory() -> Any:
    """A pin factory of one's own: lanes do not share lines."""
    return MockFactory(revision="c03111", pin_class=MockPin)
