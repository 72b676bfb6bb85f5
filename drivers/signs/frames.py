"""The frames that signs are told with.

The law of this file: sans-IO, pure; a text that is too long for a board is cut at a whole character, and what
GBK has not is a question mark.

The LED and voice board (the OLM or 方控 family; field table of its document V2.6, sdlinka 2465):

    DA address  VR 0x64  PN packet, FF FF  CMD  DL length  DATA up to 255 bytes  CRC-16/Modbus, low byte first

    0x30  play a voice: 01 (queue it, and play now), GBK text
    0x6E  lines and voice in one: area, number of lines, and for each line its number, how it comes in,
          speed, seconds it stays, times it is shown, colour (4 bytes), length, GBK text, and 0D, or 00 after
          the last; then 0A, length of the voice, GBK text, 00
          (as grantz9527/freepark sends it: at most 4 lines of 32 bytes, 64 of voice)

Not verified on a board: 0x6F, which its document puts in the place of 0x6E since V2.0, and whose three
further parameters no source at hand lays out; 0x6E with a voice of no length, as sent here to keep a text
where it is; whether it answers, and so nothing is waited for. The words of a voice come from the board's own
library of phrases, separated by commas; what is not in there is left unsaid.

The board for remaining spaces (zhiliandun, 讯鹏): `3A colour low high info sum 0A`, the sum over all that is
before it, 9600 8N1; colour 0 is green, 1 yellow, 2 red.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Colour = Literal["red", "green", "yellow"]

VERSION = 0x64
NO_PACKET = b"\xff\xff"
PLAY_VOICE = 0x30
TEXT_AND_VOICE = 0x6E
AT_ONCE = b"\x01"

MOST_LINES = 4
LINE_BYTES = 32
VOICE_BYTES = 64

RGBA: dict[Colour, bytes] = {
    "red": b"\xff\x00\x00\x00",
    "green": b"\x00\xff\x00\x00",
    "yellow": b"\xff\xff\x00\x00",
}
SPACES_COLOUR: dict[Colour, int] = {"green": 0, "yellow": 1, "red": 2}
MOST_SPACES = 0xFFFF


def crc16(data: bytes) -> int:
    """CRC-16/Modbus: begins with 0xFFFF, polynomial 0xA001, reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def framed(address: int, command: int, data: bytes) -> bytes:
    head = bytes([address, VERSION]) + NO_PACKET + bytes([command, len(data)])
    return head + data + crc16(head + data).to_bytes(2, "little")


def voice(text: str, *, address: int = 0) -> bytes:
    """Have the board say it now."""
    return framed(address, PLAY_VOICE, AT_ONCE + gbk(text, 254))


def lines_and_voice(
    lines: Sequence[str], said: str, *, stays_s: int, colour: Colour = "red", address: int = 0
) -> bytes:
    """Have the board show the lines for so long, and say something with them; "" says nothing."""
    shown = lines[:MOST_LINES] or ("",)
    data = bytes([0, len(shown)])
    for number, line in enumerate(shown):
        text = gbk(line, LINE_BYTES)
        data += bytes([number, 0, 0, stays_s, 1]) + RGBA[colour] + bytes([len(text)]) + text
        data += b"\x00" if number == len(shown) - 1 else b"\x0d"
    spoken = gbk(said, VOICE_BYTES)
    return framed(address, TEXT_AND_VOICE, data + b"\x0a" + bytes([len(spoken)]) + spoken + b"\x00")


def spaces(free: int, colour: Colour) -> bytes:
    """Have a board for remaining spaces show that number."""
    count = min(max(free, 0), MOST_SPACES)
    body = b"\x3a" + bytes([SPACES_COLOUR[colour]]) + count.to_bytes(2, "little") + b"\x01"
    return body + bytes([sum(body) & 0xFF]) + b"\x0a"


def gbk(text: str, most: int) -> bytes:
    """As many whole characters as fit into so many bytes; nothing that could be a control character."""
    found = b""
    for char in text:
        encoded = (char if char.isprintable() else "?").encode("gbk", errors="replace")
        if len(found) + len(encoded) > most:
            break
        found += encoded
    return found
