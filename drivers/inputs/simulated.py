"""A loop of a simulated lane: the real GPIO driver on the lane's own pins.

    safety:
      driver: simulated
      loop: safety             # or approach

The law of this file: nothing but the pins differs from drivers/inputs/gpio.py. The cars that lie on the loop
are in drivers/simulated/lane.py.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from drivers import protocols
from drivers.inputs.gpio import GpioContact, GpioContactOptions
from drivers.protocols import Context
from drivers.simulated.lane import Pins, lane_named


class SimulatedContactOptions(protocols.Options):
    loop: Literal["approach", "safety"]


class SimulatedContact(GpioContact):
    """See `GpioContact`."""

    Options: ClassVar[type[protocols.Options]] = SimulatedContactOptions

    def __init__(self, options: SimulatedContactOptions, context: Context) -> None:
        pin = {"approach": Pins.APPROACH, "safety": Pins.SAFETY}[options.loop]
        super().__init__(
            GpioContactOptions(pin=pin, normally_closed=True),
            context,
            factory=lambda: lane_named(context.run_dir, context.lane, context.call_later).factory,
        )
