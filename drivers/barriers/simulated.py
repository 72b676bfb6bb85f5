"""The barrier of a simulated lane: the real GPIO driver on the lane's own pins.

    barrier:
      driver: simulated
      travel_s: 1.5

The law of this file: nothing but the pins differs from drivers/barriers/gpio.py. The boom itself, its travel
time and its limit switches are in drivers/simulated/lane.py.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from drivers import protocols
from drivers.barriers.gpio import GpioBarrier, GpioBarrierOptions
from drivers.gpio_lines import ContactWiring, RelayWiring
from drivers.protocols import Context
from drivers.simulated.lane import Pins, lane_named


class SimulatedBarrierOptions(protocols.Options):
    travel_s: float = Field(default=1.5, gt=0, le=30)
    """How long the boom takes from one end to the other (1.4 s or less is the fast class of GB/T 24973)."""


class SimulatedBarrier(GpioBarrier):
    """See `GpioBarrier`."""

    Options: ClassVar[type[protocols.Options]] = SimulatedBarrierOptions

    def __init__(self, options: SimulatedBarrierOptions, context: Context) -> None:
        wired = GpioBarrierOptions(
            open=RelayWiring(pin=Pins.RAISE),
            close=RelayWiring(pin=Pins.LOWER),
            stop=RelayWiring(pin=Pins.STOP),
            up_limit=ContactWiring(pin=Pins.UP_LIMIT),
            down_limit=ContactWiring(pin=Pins.DOWN_LIMIT),
        )

        def pins_of_the_lane() -> Any:
            lane = lane_named(context.run_dir, context.lane, context.call_later)
            lane.travel_s = options.travel_s
            return lane.factory

        super().__init__(wired, context, factory=pins_of_the_lane)
