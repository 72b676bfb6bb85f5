"""The same card has many numbers: what people read off a card or a list, and what the reader sends.

The law of this file: a presentation is declared, never guessed. Eight digits mean one card as `6H8D` and
another as `3D5D`, and nothing in the digits tells which.

A 125 kHz card carries 40 bits: a version byte and 32 bits of number. Some presentations keep only the lower
32 or 24 of them; then `CardNumber.bits` says so, and `found` takes a longer number for it only where exactly
one fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Presentation(StrEnum):
    """How a card number is written, named by hexadecimal digits in and decimal digits out."""

    HEX = "10H"
    """`1122334455`: all 40 bits, as the readers send them."""
    D10 = "8H10D"
    """`0573785173`: the lower 32 bits, usually on the left of the card."""
    D8 = "6H8D"
    """`03359829`: the lower 24 bits as ONE number."""
    WIEGAND = "3D5D"
    """`051,17493`: 8 and 16 bits as two numbers, usually on the right of the card; or `05117493`."""
    D5D5 = "5D5D"
    """`08755,17493`: 16 and 16 bits as two numbers."""
    D14 = "14D"
    """`00073588229205`: all 40 bits as one number."""


@dataclass(frozen=True, slots=True)
class CardNumber:
    """Upper-case hexadecimal, and how many of the card's bits it holds."""

    hex: str
    bits: int


class NotThatPresentation(ValueError):
    """The text is no card number of the declared presentation."""


class SeveralCards(LookupError):
    """A short number fits more than one card."""


def canonical(text: str, presentation: Presentation) -> CardNumber:
    """The number as the readers send it. Raises NotThatPresentation, with what is allowed."""
    example, pattern, bits, value = _READ[presentation]
    found = pattern.fullmatch(text.strip())
    number = value(found.groups()) if found is not None else -1
    if not 0 <= number < 1 << bits:
        raise NotThatPresentation(
            f"卡号格式不符 not a {presentation} card number: {text!r}; 应如 written like {example}"
        )
    return CardNumber(f"{number:0{bits // 4}X}", bits)


def found(number: CardNumber, known: Iterable[str]) -> str | None:
    """The known card of that number: itself, or the only one that ends in it.

    Raises SeveralCards where a short number fits more than one.
    """
    alike = sorted({card for card in known if card.endswith(number.hex) or number.hex.endswith(card)})
    if number.hex in alike:
        return number.hex
    if len(alike) > 1:
        raise SeveralCards(f"卡号不唯一 {number.hex} fits several cards: {', '.join(alike)}")
    return alike[0] if alike else None


DIGITS = (10, 8, 6)
"""Hexadecimal digits of all 40 bits, and of the 32 or 24 that some readers and lists keep."""


def shown_as(read: str, known: Sequence[Mapping[str, object]]) -> str:
    """The known card that a reader has seen, where the reader or the list has only a part of its number.

    The card as it was read where none is known by it, or several are: a part that fits two is neither's.
    """
    if any(read in cards for cards in known):
        return read
    if len(read) not in DIGITS:
        return read
    ends = (read[-digits:] for digits in DIGITS if digits < len(read))
    part = next((end for end in ends if any(end in cards for cards in known)), None)
    if part is not None or len(read) == DIGITS[0]:
        return part or read
    alike = {card for cards in known for card in cards if len(read) < len(card) and card.endswith(read)}
    return alike.pop() if len(alike) == 1 else read


def _hexadecimal(groups: tuple[str, ...]) -> int:
    return int(groups[0], 16)


def _decimal(groups: tuple[str, ...]) -> int:
    return int(groups[0])


def _two_numbers(upper_bits: int) -> Callable[[tuple[str, ...]], int]:
    def value(groups: tuple[str, ...]) -> int:
        upper, lower = int(groups[0]), int(groups[1])
        return upper << 16 | lower if upper < 1 << upper_bits and lower < 1 << 16 else -1

    return value


_READ: dict[Presentation, tuple[str, re.Pattern[str], int, Callable[[tuple[str, ...]], int]]] = {
    Presentation.HEX: ("1122334455", re.compile(r"([0-9A-Fa-f]{10})"), 40, _hexadecimal),
    Presentation.D10: ("0573785173", re.compile(r"([0-9]{10})"), 32, _decimal),
    Presentation.D8: ("03359829", re.compile(r"([0-9]{8})"), 24, _decimal),
    Presentation.WIEGAND: ("051,17493", re.compile(r"([0-9]{3})[,，]?([0-9]{5})"), 24, _two_numbers(8)),
    Presentation.D5D5: ("08755,17493", re.compile(r"([0-9]{5})[,，]?([0-9]{5})"), 32, _two_numbers(16)),
    Presentation.D14: ("00073588229205", re.compile(r"([0-9]{14})"), 40, _decimal),
}
"""An example, the pattern, how many bits it keeps, and what its digits come to."""
