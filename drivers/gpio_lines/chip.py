"""gpiozero's pins over libgpiod 2: the lines of the 40-pin header of a Raspberry Pi.

The law of this file: a line becomes an output in one request to the kernel that carries its direction and its
level together. gpiozero's own lgpio factory sets them one after the other (gpiozero pull request 1177), which
can close a relay for a moment and so open a gate at every start. A line that is only named is not touched.

The chip is found by its label, since its number depends on the kernel (on a Pi 5 gpiochip4 before Linux
6.6.45, gpiochip0 after). On each of these chips line N of the chip is GPIO N of the header. Contacts are
debounced by the kernel, which does it in software where the chip cannot. Not verified on a device: only
against the interfaces of gpiod 2.5 and gpiozero 2.0.1.
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock, Thread, current_thread
from typing import Any, Literal

import gpiod
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinSetInput, PinUnknownPi
from gpiozero.pins.local import LocalPiFactory, LocalPiPin

from drivers.errors import DeviceUnusable

log = logging.getLogger(__name__)

HEADER_LABELS = frozenset({"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"})
"""Pi 5, Pi 4, and all before."""

Pull = Literal["up", "down", "floating"]
Edges = Literal["both", "rising", "falling", "none"]

_BIAS: dict[Pull, Bias] = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_EDGES: dict[Edges, Edge] = {
    "both": Edge.BOTH,
    "rising": Edge.RISING,
    "falling": Edge.FALLING,
    "none": Edge.NONE,
}


def header_chip(folder: Path = Path("/dev"), open_chip: Callable[[str], Any] = gpiod.Chip) -> Any:
    """The opened chip behind the 40-pin header. Raises DeviceUnusable where none can be had."""
    seen: list[str] = []
    for path in sorted(folder.glob("gpiochip*")):
        try:
            chip = open_chip(str(path))
        except OSError as problem:
            seen.append(f"{path.name} ({problem.strerror})")
            continue
        label = chip.get_info().label
        if label in HEADER_LABELS:
            return chip
        chip.close()
        seen.append(f"{path.name} ({label})")
    raise DeviceUnusable(
        f"没有树莓派 GPIO no Raspberry Pi GPIO chip ({', '.join(sorted(HEADER_LABELS))}); found: "
        f"{', '.join(seen) or 'no ' + str(folder / 'gpiochip*')}; on a Pi, put this user into the group "
        "gpio; elsewhere, use `driver: simulated`"
    )


class GpiodFactory(LocalPiFactory):  # type: ignore[misc]  # gpiozero ships no types
    """The pin factory of one chip; `close()` gives every line back."""

    def __init__(self, chip: Any = None) -> None:
        super().__init__()
        self.chip = chip or header_chip()
        self.edges = _EdgeThread()
        self.pin_class = GpiodPin
        try:
            self._get_board_info()
        except PinUnknownPi as problem:
            self.close()
            raise DeviceUnusable(f"不是树莓派 this machine is no Raspberry Pi: {problem}") from problem

    def close(self) -> None:
        super().close()
        self.edges.close()
        self.chip.close()


class GpiodPin(LocalPiPin):  # type: ignore[misc]  # gpiozero ships no types
    """One line of the header, claimed from the kernel when it first becomes an input or an output."""

    def __init__(self, factory: GpiodFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._chip = factory.chip
        self._edge_thread = factory.edges
        self._request: Any = None
        self._lock = Lock()
        """gpiod wants a request shared between threads to be locked."""
        self._settings = gpiod.LineSettings()
        self._wanted_edges: Edges = "both"

    def close(self) -> None:
        self.when_changed = None
        with self._lock:
            request, self._request = self._request, None
            self._settings = gpiod.LineSettings()
        if request is not None:
            request.release()

    def output_with_state(self, state: bool) -> None:
        """Drive the line at that level from its first moment as an output."""
        self._apply(gpiod.LineSettings(direction=Direction.OUTPUT, output_value=_level(state)))

    def _apply(self, settings: gpiod.LineSettings) -> None:
        with self._lock:
            if self._request is None:
                self._request = self._chip.request_lines({self._number: settings}, consumer="gatepost")
            else:
                self._request.reconfigure_lines({self._number: settings})
            self._settings = settings

    def _get_function(self) -> str:
        return "output" if self._settings.direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value != "input":
            raise PinInvalidFunction(
                f"{self!r} cannot become {value!r}: an output is claimed together with its level, by "
                "output_with_state()"
            )
        self._apply(gpiod.LineSettings(direction=Direction.INPUT, bias=Bias.DISABLED))

    def _get_state(self) -> bool:
        with self._lock:
            return bool(self._request.get_value(self._number) is Value.ACTIVE)

    def _set_state(self, value: bool) -> None:
        if self._settings.direction is not Direction.OUTPUT:
            raise PinSetInput(f"cannot set the level of {self!r}: it is not an output")
        with self._lock:
            self._request.set_value(self._number, _level(value))

    def _get_pull(self) -> Pull:
        return next((pull for pull, bias in _BIAS.items() if bias is self._settings.bias), "floating")

    def _set_pull(self, value: Pull) -> None:
        if self._settings.direction is not Direction.INPUT:
            raise PinFixedPull(f"cannot set the pull of {self!r}: it is not an input")
        if self.info.pull not in (value, ""):
            raise PinFixedPull(f"{self!r} has a resistor on the board that pulls it {self.info.pull}")
        self._apply(replace(self._settings, bias=_BIAS[value]))

    def _get_bounce(self) -> float | None:
        return self._settings.debounce_period.total_seconds() or None

    def _set_bounce(self, value: float | None) -> None:
        self._apply(replace(self._settings, debounce_period=timedelta(seconds=value or 0)))

    def _get_edges(self) -> Edges:
        return self._wanted_edges

    def _set_edges(self, value: Edges) -> None:
        self._wanted_edges = value
        if self._when_changed is not None:
            self._apply(replace(self._settings, edge_detection=_EDGES[value]))

    def _enable_event_detect(self) -> None:
        self._apply(replace(self._settings, edge_detection=_EDGES[self._wanted_edges]))
        self._edge_thread.watch(self._request.fd, self._pass_edges_on)

    def _disable_event_detect(self) -> None:
        if self._request is not None:
            self._edge_thread.forget(self._request.fd)
            self._apply(replace(self._settings, edge_detection=Edge.NONE))

    def _pass_edges_on(self) -> None:
        with self._lock:
            # Reading blocks where the event was dropped meanwhile (the line was reconfigured).
            is_ready = self._request is not None and self._request.wait_edge_events(0)
            events = self._request.read_edge_events() if is_ready else []
        for event in events:
            # gpiozero keeps the listener weakly; it may be gone between one edge and the next.
            with self._when_changed_lock:
                if self._when_changed is not None:
                    self._call_when_changed(
                        event.timestamp_ns / 1e9, event.event_type is event.Type.RISING_EDGE
                    )


def _level(value: bool) -> Value:
    return Value.ACTIVE if value else Value.INACTIVE


class _EdgeThread:
    """One thread that waits for the edges of all lines, from the first line until `close()`."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._stop_fd = os.eventfd(0)
        self._poll.register(self._stop_fd, select.EPOLLIN)
        self._watched: dict[int, Callable[[], None]] = {}
        self._thread: Thread | None = None

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready`, on the thread, whenever `fd` has something to read."""
        self._watched[fd] = ready
        self._poll.register(fd, select.EPOLLIN)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="gpio-edges", daemon=True)
            self._thread.start()

    def forget(self, fd: int) -> None:
        if self._watched.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def close(self) -> None:
        if self._poll.closed:
            return
        if self._thread is not None and self._thread is not current_thread():
            os.eventfd_write(self._stop_fd, 1)
            self._thread.join()
        self._poll.close()
        os.close(self._stop_fd)

    def _run(self) -> None:
        while True:
            for fd, _events in self._poll.poll():
                if fd == self._stop_fd:
                    return
                ready = self._watched.get(fd)
                if ready is None:
                    continue
                try:
                    ready()
                except OSError:
                    # A line whose chip has gone would be ready for ever.
                    log.exception("GPIO edges of one line can no longer be read")
                    self.forget(fd)
                except Exception:
                    # One listener's mistake must not deafen the gate.
                    log.exception("listener to a GPIO line failed")
