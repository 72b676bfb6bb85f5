"""Bytes of a card reader become cards, without waiting and without a port.

The law of this file: every byte that goes in belongs to exactly one `Card` or `BadFrame` that comes out (the
latter shows the first 64). A card is only ever a frame that is whole, of the declared format and, where the
format has one, of the right checksum. Where a frame starts with STX, no amount of garbage before it can hide
it. Less than one frame is ever held back. Formats share start and end bytes, so the format is declared and
never guessed.

The formats, all 9600 8N1:

    rdm6300        02, 10 hex digits, 2 hex digits XOR of the five bytes, 03
                   (RDM6300, EM-18, Seeed 125 kHz; Seeed data sheet: 02 36 32 45 33 30 38 36 43 45 44 30 38 03
                   is card 62E3086CED)
    id12la         02, 10 hex digits, 2 hex digits XOR, 0D 0A 03
                   (ID-12LA, ID-20LA in ASCII mode; from general knowledge, not verified on a device)
    wiegand26_hex  6 hex digits, 0D: 24 bits, their parity checked by the converter
                   (Priority 1 Design WIE232). It has no start byte and no checksum: after a lost byte only
                   the next 0D is a clean boundary, and two torn lines that add up to six digits look like a
                   card
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Literal

from drivers.protocols import BadFrame, Card

FormatName = Literal["rdm6300", "id12la", "wiegand26_hex"]
Why = Literal["checksum", "format", "noise", "timeout"]

SHOWN_BYTES = 64
"""How much of a bad frame is kept to be looked at."""

_HEX = frozenset(b"0123456789ABCDEFabcdef")


@dataclass(frozen=True, slots=True)
class Format:
    """How one family of readers writes a card: `start`, `digits` of number, a checksum or none, `end`."""

    start: bytes
    digits: int
    has_checksum: bool
    end: bytes
    bits: Literal[24, 32, 40]

    @property
    def length(self) -> int:
        """Bytes in a whole frame."""
        return len(self.start) + self.digits + 2 * self.has_checksum + len(self.end)

    def encode(self, number: str) -> bytes:
        """The frame a reader sends for that card. Raises ValueError for a number of the wrong length."""
        if len(number) != self.digits:
            raise ValueError(f"card {number!r}: this format carries {self.digits} hexadecimal digits")
        check = f"{_checksum(number):02X}" if self.has_checksum else ""
        return self.start + f"{number.upper()}{check}".encode("ascii") + self.end

    def decode(self, frame: bytes) -> Card | Why:
        """The card in `frame`, which must be exactly one frame, or why it holds none."""
        body = frame[len(self.start) : len(frame) - len(self.end)]
        is_framed = frame.startswith(self.start) and frame.endswith(self.end)
        if len(frame) != self.length or not is_framed or not _HEX.issuperset(body):
            return "format"
        text = body.decode("ascii").upper()
        number, check = text[: self.digits], text[self.digits :]
        if check and int(check, 16) != _checksum(number):
            return "checksum"
        return Card(number, self.bits)


def _checksum(number: str) -> int:
    return reduce(xor, bytes.fromhex(number))


FORMATS: dict[FormatName, Format] = {
    "rdm6300": Format(b"\x02", 10, True, b"\x03", 40),
    "id12la": Format(b"\x02", 10, True, b"\r\n\x03", 40),
    "wiegand26_hex": Format(b"", 6, False, b"\r", 24),
}


class Framer:
    """Cuts the byte stream of one reader into cards.

    A run of bytes that make no card comes out as one `BadFrame` a call, however long it is.
    """

    def __init__(self, name: FormatName) -> None:
        self._format = FORMATS[name]
        self._held = b""
        self._is_overlong = False
        """The line being received can no longer be a card; its bytes have been reported as they came."""

    @property
    def holds_part_of_a_frame(self) -> bool:
        """True while a frame has begun and not ended: time for `gap()` where nothing more comes."""
        return bool(self._held) or self._is_overlong

    def feed(self, data: bytes) -> list[Card | BadFrame]:
        """What `data` completes, in the order of the wire. Raises nothing, whatever the bytes."""
        out = _Outcome()
        stream = self._held + data
        if self._format.start:
            self._held = self._cut_at_start(stream, out)
        else:
            self._held = self._cut_at_end(stream, out)
        return out.finish()

    def gap(self) -> list[Card | BadFrame]:
        """Say that nothing has come for longer than a frame takes: what is held will not be whole."""
        out = _Outcome()
        if self._held:
            out.bad("timeout", self._held)
        self._held = b""
        self._is_overlong = False
        return out.finish()

    def _cut_at_start(self, stream: bytes, out: _Outcome) -> bytes:
        length, start = self._format.length, self._format.start
        at = 0
        while at < len(stream):
            begin = stream.find(start, at)
            if begin < 0:
                out.bad("noise", stream[at:])
                return b""
            if begin > at:
                out.bad("noise", stream[at:begin])
            frame = stream[begin : begin + length]
            if len(frame) < length:
                return frame
            found = self._format.decode(frame)
            if isinstance(found, Card):
                out.card(found)
                at = begin + length
            else:
                # A frame torn short is followed by a whole one: begin again at the next start byte inside it.
                inner = frame.find(start, 1)
                at = begin + (inner if inner > 0 else length)
                out.bad(found, stream[begin:at])
        return b""

    def _cut_at_end(self, stream: bytes, out: _Outcome) -> bytes:
        end = self._format.end
        *lines, rest = stream.split(end)
        for line in lines:
            frame = line + end
            found = "format" if self._is_overlong else self._format.decode(frame)
            self._is_overlong = False
            if isinstance(found, Card):
                out.card(found)
            else:
                out.bad(found, frame)
        if len(rest) < self._format.length:
            return rest
        out.bad("format", rest)
        self._is_overlong = True
        return b""


class _Outcome:
    """The results of one call: neighbouring bad bytes run together into one `BadFrame`."""

    def __init__(self) -> None:
        self._results: list[Card | BadFrame] = []
        self._why: Why | None = None
        self._bytes = bytearray()

    def card(self, card: Card) -> None:
        self._end_run()
        self._results.append(card)

    def bad(self, why: Why, data: bytes) -> None:
        # A broken frame tells more than the noise around it.
        if self._why is None or self._why == "noise":
            self._why = why
        self._bytes += data[: SHOWN_BYTES - len(self._bytes)]

    def finish(self) -> list[Card | BadFrame]:
        self._end_run()
        return self._results

    def _end_run(self) -> None:
        if self._why is not None:
            self._results.append(BadFrame(self._why, bytes(self._bytes)))
        self._why = None
        self._bytes.clear()
