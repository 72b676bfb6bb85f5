"""The card reader of a simulated lane: the real serial driver on the lane's own pseudo-terminal.

    reader:
      driver: simulated

The law of this file: nothing but the port differs from drivers/readers/serial_reader.py. The cars of the lane
hold their cards in front of it; for a card by hand, call the lane's `present_card`.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from drivers import protocols
from drivers.protocols import Context
from drivers.readers.serial_reader import SerialReader, SerialReaderOptions
from drivers.simulated.lane import lane_named, reader_port


class SimulatedReaderOptions(protocols.Options):
    hold_off_s: float = Field(default=2.0, ge=0, le=60)
    """For how long after its last sight a card is still the same presentation."""


class SimulatedReader(SerialReader):
    """See `SerialReader`."""

    Options: ClassVar[type[protocols.Options]] = SimulatedReaderOptions

    def __init__(self, options: SimulatedReaderOptions, context: Context) -> None:
        port = str(reader_port(context.run_dir, context.lane))
        wired = SerialReaderOptions(port=port, format="rdm6300", hold_off_s=options.hold_off_s)
        super().__init__(wired, context)

    def open(self) -> None:
        lane_named(self._context.run_dir, self._context.lane, self._context.call_later)
        super().open()
