"""The sign of a simulated lane: the real LED driver on a pseudo-terminal, with a board behind it.

    sign:
      driver: simulated
      lines: 2

The law of this file: nothing but the port differs from drivers/signs/led_voice.py; the board itself is in
drivers/simulated/sign.py.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from drivers import protocols
from drivers.protocols import Context
from drivers.signs.frames import MOST_LINES
from drivers.signs.led_voice import LedVoiceOptions, LedVoiceSign
from drivers.simulated.sign import sign_at, sign_port


class SimulatedSignOptions(protocols.Options):
    lines: int = Field(default=2, ge=1, le=MOST_LINES)


class SimulatedSign(LedVoiceSign):
    """See `LedVoiceSign`."""

    Options: ClassVar[type[protocols.Options]] = SimulatedSignOptions

    def __init__(self, options: SimulatedSignOptions, context: Context) -> None:
        port = str(sign_port(context.run_dir, context.lane))
        super().__init__(LedVoiceOptions(port=port, lines=options.lines), context)

    def open(self) -> None:
        self._board = sign_at(self._context.run_dir, self._context.lane)
        super().open()

    def work(self) -> bool:
        is_sent = super().work()
        self._board.terminal.look()
        return is_sent
