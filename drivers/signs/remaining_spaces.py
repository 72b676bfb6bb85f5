"""A sign that shows how many bays are free, and nothing else.

    sign:
      driver: remaining_spaces
      port: /dev/serial/by-id/…  # RS-485 converter, or tcp://192.168.1.91:8888
      baud: 9600
      few: 10                    # 少于几个显示黄色 / below that it is yellow; none is red

The law of this file: as in drivers/signs/written.py. It needs a site that counts its bays.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from drivers import protocols
from drivers.port_names import reachable
from drivers.protocols import Context, SignText
from drivers.signs.frames import Colour, spaces
from drivers.signs.written import WrittenSign


class RemainingSpacesOptions(protocols.Options):
    port: str
    baud: int = Field(default=9600, ge=1200, le=921600)
    few: int = Field(default=10, ge=0)

    @field_validator("port")
    @classmethod
    def _is_reachable(cls, port: str) -> str:
        return reachable(port)


class RemainingSpacesSign(WrittenSign):
    """See `WrittenSign`."""

    Options: ClassVar[type[protocols.Options]] = RemainingSpacesOptions

    def __init__(self, options: RemainingSpacesOptions, context: Context) -> None:
        super().__init__(options.port, context, baud=options.baud)
        self._few = options.few

    def frame(self, text: SignText) -> bytes:
        free = text.free or 0
        colour: Colour = "red" if free == 0 else "yellow" if free < self._few else "green"
        return spaces(free, colour)
