"""ESC/POS as bytes: a paper to what the printer is sent, and what it says of itself to words.

The law of this file: sans-IO, pure. Nothing that comes from outside can become a command: what is no
printable character is printed as a question mark.

Sources: the manuals of Epson's TM-U220 and Samsung's SRP-350 for the bits of DLE EOT; Better's BT-532C for
GS r: out of paper a printer "goes offline and does not execute this command", so that its answer comes when
all that was sent before it is printed; HPRT's TP809 for one question at a time. SPRT's SP series and POS76,
Birch's BP-002 for Chinese text: FS & switches it on, a character is two bytes of GB code, letters stay ASCII,
FS W is double size. Characters of four bytes (GB18030) come out as digits on a printer that does not know
them (lsongdev/node-escpos #332, the sign of the yuan): hence GBK unless somebody says otherwise.

Not verified on a device: whether large Chinese text takes GS ! or FS W (both are sent; a printer that adds
them up would print it four times as large); how many of the cheap printers answer GS r as Epson's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal

from drivers.protocols import PaperLine, PrinterAnswer

Encoding = Literal["gbk", "gb18030"]
Cut = Literal["none", "partial", "full"]

INITIALISE = b"\x1b@"
CHINESE_ON = b"\x1c&"
BIG = {False: b"\x1d!\x00\x1cW\x00", True: b"\x1d!\x11\x1cW\x01"}
FEED = b"\x1bd"
CUT: dict[Cut, bytes] = {"none": b"", "partial": b"\x1dV\x01", "full": b"\x1dV\x00"}
NO_REPORTS_UNASKED = b"\x1da\x00"

FEED_LINES = 5
"""From the head to the knife or the tear bar: 15 to 20 mm on the usual mechanisms, 3.75 mm a line."""

SUBSTITUTE = "〓"
"""What stands where the printer has no such character: as wide as one."""


class Question(Enum):
    """What a printer can be asked; the first two are answered at once, also out of paper."""

    OFFLINE_CAUSE = b"\x10\x04\x02"
    PAPER = b"\x10\x04\x04"
    DONE = b"\x1dr\x01"
    """Answered when everything before it is on paper."""


def paper_bytes(lines: Sequence[PaperLine], *, encoding: Encoding, cut: Cut) -> bytes:
    """The whole paper, from a clean start to the cut."""
    sent = [INITIALISE, CHINESE_ON]
    is_big = False
    for line in lines:
        if line.is_big is not is_big:
            is_big = line.is_big
            sent.append(BIG[is_big])
        sent += [text_bytes(line.text, encoding), b"\n"]
    if is_big:
        sent.append(BIG[False])
    return b"".join([*sent, FEED, bytes([FEED_LINES]), CUT[cut]])


def text_bytes(text: str, encoding: Encoding) -> bytes:
    return b"".join(_char(char if char.isprintable() else "?", encoding) for char in text)


def _char(char: str, encoding: Encoding) -> bytes:
    try:
        return char.encode(encoding)
    except UnicodeEncodeError:
        return SUBSTITUTE.encode(encoding)


def answers_at_once(byte: int) -> bool:
    """True for an answer to DLE EOT: bits 1 and 4 are fixed on, 0 and 7 off."""
    return byte & 0b1001_0011 == 0b0001_0010


def answers_when_done(byte: int) -> bool:
    """True for an answer to GS r: bits 4 and 7 are fixed off."""
    return byte & 0b1001_0000 == 0


_TROUBLE: dict[Question, tuple[tuple[int, PrinterAnswer], ...]] = {
    Question.OFFLINE_CAUSE: (
        (0b0000_0100, PrinterAnswer.COVER_OPEN),
        (0b0010_0000, PrinterAnswer.PAPER_OUT),
        (0b0100_0000, PrinterAnswer.ERROR),
    ),
    Question.PAPER: ((0b0110_0000, PrinterAnswer.PAPER_OUT),),
}


def trouble_in(question: Question, byte: int) -> PrinterAnswer | None:
    """Why the printer cannot print, by its answer to that question; None where it can."""
    return next((trouble for bits, trouble in _TROUBLE.get(question, ()) if byte & bits), None)
