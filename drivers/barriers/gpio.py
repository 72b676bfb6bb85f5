"""A barrier controller behind relays, with its limit switches on GPIO lines.

    barrier:
      driver: gpio
      open: {pin: 17, pulse_s: 0.5}        # BCM numbers; active_high: false for low-switched relay boards
      close: {pin: 27}                     # leave out where the controller closes by itself
      stop: {pin: 22}                      # optional
      up_limit: {pin: 5}                   # contact to ground; wiring as in drivers/gpio_lines
      down_limit: {pin: 6}
      bounce_s: 0.05

The law of this file: an order is one pulse on one relay. Never are two relays energised, and between two
different ones all rest for `INTERLOCK_S`; the newest order wins. Every line is claimed idle and given back
idle. Position comes from the limit switches alone, never from an order.

A pulse is enough: controllers open fully on a momentary contact, and a lasting one would block their own
closing (Linear RSX-1000 p. 19, LiftMaster SW-2000 p. 40). The stop input of many controllers is normally
closed: wire it through the relay's resting contact, so that an energised relay stops the boom and an
unpowered board does not.

Choose relay pins whose level at power-up is the idle one: GPIO 9 to 27 (pulled down) for relay boards that
energise on high, GPIO 4 to 8 (pulled up) for those that energise on low (BCM2835 ARM Peripherals p. 102).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from drivers import protocols
from drivers.errors import DeviceLost, DeviceUnusable
from drivers.gpio_lines import (
    BOUNCE_S,
    ContactWiring,
    DryContact,
    PinFactory,
    Relay,
    RelayWiring,
    pin_factory,
)
from drivers.protocols import BoomPosition, Context, PinUse, Timer

INTERLOCK_S = 0.04
"""Rest between two different relays: four times what a signal relay needs to let go (10 ms), yet so short
that a boom which is still being told to close is told to open within 100 ms of the loop's edge; its debounce
takes 50 ms of them. ESPHome's garage door cookbook rests 0.1 s."""


class GpioBarrierOptions(protocols.Options):
    open: RelayWiring
    close: RelayWiring | None = None
    stop: RelayWiring | None = None
    up_limit: ContactWiring | None = None
    down_limit: ContactWiring | None = None
    bounce_s: float = Field(default=BOUNCE_S, ge=0, le=1)
    """How long a limit switch must rest before its new state counts."""

    def pins(self) -> Sequence[PinUse]:
        outputs = (("open relay", self.open), ("close relay", self.close), ("stop relay", self.stop))
        inputs = (("up limit", self.up_limit), ("down limit", self.down_limit))
        return (
            *(relay.use(what, moves_boom=what != "stop relay") for what, relay in outputs if relay),
            *(limit.use(what) for what, limit in inputs if limit is not None),
        )


class _Order(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    STOP = "stop"


class GpioBarrier:
    """See the module's docstring for the law, `drivers.protocols.Barrier` for the contract."""

    Options: ClassVar[type[protocols.Options]] = GpioBarrierOptions

    def __init__(
        self, options: GpioBarrierOptions, context: Context, *, factory: PinFactory = pin_factory
    ) -> None:
        self._options = options
        self._context = context
        self._factory = factory
        self._relays: dict[_Order, Relay] = {}
        self._up: DryContact | None = None
        self._down: DryContact | None = None
        self._lines = ExitStack()
        """Gives back whatever is claimed."""
        self._pulsed: _Order | None = None
        """The order whose relay is energised or was last."""
        self._pulse: Timer | None = None
        self._interlock: Timer | None = None
        self._waiting: _Order | None = None

    def open(self, changed: Callable[[], None]) -> None:
        self.close()
        factory = self._factory()
        wired = {
            _Order.OPEN: self._options.open,
            _Order.CLOSE: self._options.close,
            _Order.STOP: self._options.stop,
        }
        with ExitStack() as claimed:
            relays: dict[_Order, Relay] = {}
            for order, wiring in wired.items():
                if wiring is not None:
                    relays[order] = Relay(factory, wiring, f"{self._context.name} {order} relay")
                    claimed.callback(relays[order].release)
            up = self._limit(factory, self._options.up_limit, "up", changed, claimed)
            down = self._limit(factory, self._options.down_limit, "down", changed, claimed)
            self._relays, self._up, self._down = relays, up, down
            self._lines = claimed.pop_all()

    def raise_boom(self) -> None:
        self._order(_Order.OPEN)

    def lower_boom(self) -> None:
        """Pulse the close relay.

        Without a `close` relay this does nothing, on purpose: such a barrier is lowered by its controller's
        own timer or loop, so the order is not wrong, only not ours to carry out. Where the boom then stays
        up, the missing down limit tells.
        """
        if self._options.close is not None:
            self._order(_Order.CLOSE)

    def stop_boom(self) -> None:
        """Pulse the stop relay. Raises DeviceUnusable without one: the caller must know."""
        if self._options.stop is None:
            raise DeviceUnusable(
                f"道闸没有接停止 barrier {self._context.name} has no `stop` relay, so the boom cannot be "
                "stopped from here: use the stop button at the barrier, or wire the relay and name its pin"
            )
        self._order(_Order.STOP)

    def position(self) -> BoomPosition:
        """What the limit switches say; with one of them missing, only the end that it sees is known."""
        try:
            is_up = self._up is not None and self._up.reports()
            is_down = self._down is not None and self._down.reports()
        except OSError as problem:
            raise DeviceLost(
                f"限位读不到 cannot read the limit switches of {self._context.name}: {problem}"
            ) from problem
        both_ends_are_seen = self._up is not None and self._down is not None
        match is_up, is_down:
            case True, False:
                return BoomPosition.UP
            case False, True:
                return BoomPosition.DOWN
            case False, False if both_ends_are_seen:
                return BoomPosition.MOVING
            case _:
                return BoomPosition.UNKNOWN

    def close(self) -> None:
        for timer in (self._pulse, self._interlock):
            if timer is not None:
                timer.cancel()
        self._pulse = self._interlock = self._waiting = self._pulsed = None
        self._relays = {}
        self._up = self._down = None
        self._lines.close()

    def _limit(
        self,
        factory: Any,
        wiring: ContactWiring | None,
        end: str,
        changed: Callable[[], None],
        claimed: ExitStack,
    ) -> DryContact | None:
        if wiring is None:
            return None
        purpose = f"{self._context.name} {end} limit"
        limit = DryContact(factory, wiring, purpose, self._options.bounce_s, changed)
        claimed.callback(limit.release)
        return limit

    def _order(self, order: _Order) -> None:
        if order not in self._relays:
            raise DeviceLost(f"道闸未打开 barrier {self._context.name} is not open: no order can be given")
        self._waiting = None
        if self._pulse is not None and self._pulsed is not order:
            self._end_pulse()
        if self._interlock is not None and self._pulsed is not order:
            self._waiting = order
        else:
            self._begin_pulse(order)

    def _begin_pulse(self, order: _Order) -> None:
        for timer in (self._pulse, self._interlock):
            if timer is not None:
                timer.cancel()
        self._interlock = None
        relay = self._relays[order]
        self._pulsed = order
        self._switch(relay.energise)
        self._pulse = self._context.call_later(relay.pulse_s, self._end_pulse)

    def _end_pulse(self) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
        if self._pulsed is not None:
            self._switch(self._relays[self._pulsed].rest)
        self._interlock = self._context.call_later(INTERLOCK_S, self._end_interlock)

    def _end_interlock(self) -> None:
        self._interlock = None
        order, self._waiting = self._waiting, None
        if order is not None:
            self._begin_pulse(order)

    def _switch(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as problem:
            raise DeviceLost(f"继电器不动作 a relay of {self._context.name} failed: {problem}") from problem
