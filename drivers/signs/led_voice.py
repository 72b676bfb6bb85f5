"""An LED sign with a voice, on the control board of the OLM (方控) family.

    sign:
      driver: led_voice
      port: /dev/serial/by-id/…  # RS-485 converter, or tcp://192.168.1.90:8888
      baud: 9600
      address: 0                 # 屏地址 / of the board on its line
      lines: 2                   # 屏有几行 / how many lines it has
      colour: red                # red | green | yellow

The law of this file: as in drivers/signs/written.py; what the bytes mean is in drivers/signs/frames.py. A
text stays for `STAYS_S` and has to be shown again before that: a gate that has died leaves nothing written.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from drivers import protocols
from drivers.port_names import reachable
from drivers.protocols import Context, SignText
from drivers.signs.frames import MOST_LINES, Colour, lines_and_voice
from drivers.signs.written import WrittenSign

STAYS_S = 60


class LedVoiceOptions(protocols.Options):
    port: str
    baud: int = Field(default=9600, ge=1200, le=921600)
    address: int = Field(default=0, ge=0, le=255)
    lines: int = Field(default=2, ge=1, le=MOST_LINES)
    colour: Colour = "red"

    @field_validator("port")
    @classmethod
    def _is_reachable(cls, port: str) -> str:
        return reachable(port)


class LedVoiceSign(WrittenSign):
    """See `WrittenSign`."""

    Options: ClassVar[type[protocols.Options]] = LedVoiceOptions

    def __init__(self, options: LedVoiceOptions, context: Context) -> None:
        super().__init__(options.port, context, baud=options.baud)
        self._options = options

    def frame(self, text: SignText) -> bytes:
        options = self._options
        return lines_and_voice(
            text.lines[: options.lines],
            text.voice,
            stays_s=STAYS_S,
            colour=options.colour,
            address=options.address,
        )
