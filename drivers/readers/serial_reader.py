"""A card reader on a serial port.

    reader:
      driver: serial
      port: /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10KZP4D-if00-port0
      format: rdm6300          # rdm6300, id12la or wiegand26_hex: see drivers/readers/framing.py
      baud: 9600
      hold_off_s: 2.0

The law of this file: the port is ours alone, nothing here waits, and whatever the port does wrong (gone,
unplugged, taken) comes out as `DeviceLost`. Readers of the RDM6300 family send a card again and again while
it is held in front of them (arduino12/rdm6300 takes silence for removal): a card seen again within
`hold_off_s` of its last sight is the same presentation and is not reported twice.

Which name to give a port says drivers/port_names.py.
"""

from __future__ import annotations

import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator

from drivers import protocols
from drivers.errors import DeviceLost
from drivers.port_names import stable
from drivers.protocols import BadFrame, Card, Context, Timer
from drivers.readers.framing import FormatName, Framer

HALF_FRAME_S = 0.25
"""A frame is broken off when nothing follows for this long: 16 bytes take 17 ms at 9600 baud, and USB
converters pass bytes on every 16 ms (FTDI's default latency timer)."""

_READ_BYTES = 4096
_NAMED_PORTS = Path("/dev/serial")


class SerialReaderOptions(protocols.Options):
    port: str
    """A by-id or by-path name, or a fixed port such as /dev/ttyAMA0."""
    format: FormatName
    baud: int = Field(default=9600, ge=1200, le=921600)
    hold_off_s: float = Field(default=2.0, ge=0, le=60)
    """For how long after its last sight a card is still the same presentation."""

    @field_validator("port")
    @classmethod
    def _is_stable(cls, port: str) -> str:
        return stable(port)


class SerialReader:
    """See the module's docstring for the law, `drivers.protocols.Reader` for the contract."""

    Options: ClassVar[type[protocols.Options]] = SerialReaderOptions

    def __init__(self, options: SerialReaderOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._port: Any = None
        self._framer = Framer(options.format)
        self._half_frame: Timer | None = None
        self._broken_off: list[Card | BadFrame] = []
        self._in_front: dict[Card, Timer] = {}
        """The cards seen within the hold-off, each with the timer that forgets it."""

    def open(self) -> None:
        """Take the port for ourselves. What arrived before counts as never sent."""
        import serial

        self.close()
        try:
            self._port = serial.Serial(self._options.port, self._options.baud, timeout=0, exclusive=True)
        except (serial.SerialException, OSError, termios.error) as problem:
            raise DeviceLost(self._cannot_open(problem)) from problem

    def fileno(self) -> int:
        if self._port is None:
            raise DeviceLost(f"读卡器未打开 {self._context.name}: the port is not open")
        return int(self._port.fileno())

    def read(self) -> Sequence[Card | BadFrame]:
        """Cards and bad frames that have come in whole. Raises DeviceLost where the port has gone."""
        data = self._received()
        self._cancel_half_frame()
        found, self._broken_off = [*self._broken_off, *self._framer.feed(data)], []
        if self._framer.holds_part_of_a_frame:
            self._half_frame = self._context.call_later(HALF_FRAME_S, self._break_off)
        return [each for each in found if isinstance(each, BadFrame) or self._is_presented_now(each)]

    def close(self) -> None:
        port, self._port = self._port, None
        self._cancel_half_frame()
        for timer in self._in_front.values():
            timer.cancel()
        self._in_front.clear()
        self._broken_off.clear()
        self._framer = Framer(self._options.format)
        if port is not None:
            # An unplugged port cannot be closed politely, and need not be.
            with suppress(OSError, termios.error):
                port.close()

    def _received(self) -> bytes:
        import serial

        if self._port is None:
            raise DeviceLost(f"读卡器未打开 {self._context.name}: the port is not open")
        try:
            # pyserial raises SerialException for a port that is readable and gives no byte: unplugged.
            return bytes(self._port.read(_READ_BYTES))
        except (serial.SerialException, OSError, termios.error) as problem:
            raise DeviceLost(
                f"读卡器断开 card reader {self._context.name} at {self._options.port} has gone: {problem}; "
                "check the plug and the power of the reader"
            ) from problem

    def _is_presented_now(self, card: Card) -> bool:
        seen = self._in_front.pop(card, None)
        if seen is not None:
            seen.cancel()
        if self._options.hold_off_s > 0:
            forget = _forgetting(self._in_front, card)
            self._in_front[card] = self._context.call_later(self._options.hold_off_s, forget)
        return seen is None

    def _break_off(self) -> None:
        self._half_frame = None
        self._broken_off += self._framer.gap()

    def _cancel_half_frame(self) -> None:
        if self._half_frame is not None:
            self._half_frame.cancel()
            self._half_frame = None

    def _cannot_open(self, problem: Exception) -> str:
        port = Path(self._options.port)
        if port.exists():
            return (
                f"读卡器串口打不开 card reader {self._context.name}: cannot open {port}: {problem}; "
                "is another program using it, and is this user in the group dialout?"
            )
        present = sorted(str(path) for path in _NAMED_PORTS.glob("by-*/*"))
        return (
            f"找不到读卡器串口 card reader {self._context.name}: there is no port {port}; "
            f"present now: {', '.join(present) or 'none'}; plug the reader in or correct `port`"
        )


def _forgetting(cards: dict[Card, Timer], card: Card) -> Callable[[], None]:
    def forget() -> None:
        cards.pop(card, None)

    return forget
