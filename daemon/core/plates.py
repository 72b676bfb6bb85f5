"""What is a Chinese number plate, which characters are taken for one another, how reads become one.

The law of this file: pure, and nothing is made up. `normalise` changes how a text is written, never what it
says; a vote chooses among the texts that frames really read; a confusion is only what was measured.

Sources of the grammar, standard GA 36-2018: [v] checked against a public page, [m] from memory, unverified.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daemon.core.signals import Char

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which plates do not use beside 1 and 0 [v: yuyouke.com 16263515]."""
DIGITS: Final = "0123456789"


class PlateKind(StrEnum):
    """What the shape of a plate says about its car."""

    ORDINARY = "ordinary"
    NEW_ENERGY_SMALL = "new_energy_small"
    NEW_ENERGY_LARGE = "new_energy_large"
    TRAILER = "trailer"
    LEARNER = "learner"
    POLICE = "police"
    HONG_KONG = "hong_kong"
    MACAO = "macao"
    CONSULATE = "consulate"
    EMBASSY = "embassy"
    MILITARY = "military"
    ARMED_POLICE = "armed_police"


_P = f"[{PROVINCES}]"
_L = f"[{LETTERS}]"
_S = f"[{LETTERS}{DIGITS}]"
_NEW_ENERGY = "[A-HJK]"
"""D and F first [v: yuyouke.com 16263515]; A B C E G H J K added as those ran out [m]."""

GRAMMAR: Final[tuple[tuple[PlateKind, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        # O in second place: police and government cars before 2018, some still on the road [m].
        (PlateKind.ORDINARY, f"{_P}[A-HJ-Z]{_S}{{5}}"),
        # Small: letter, letter or digit, four digits. Large: five digits, letter [v: yuyouke.com 16263515].
        (PlateKind.NEW_ENERGY_SMALL, f"{_P}{_L}{_NEW_ENERGY}{_S}[0-9]{{4}}"),
        (PlateKind.NEW_ENERGY_LARGE, f"{_P}{_L}[0-9]{{5}}{_NEW_ENERGY}"),
        # The words at the end: seen in public repositories' patterns [v]; 港 and 澳 only as 粤Z [m].
        (PlateKind.TRAILER, f"{_P}{_L}{_S}{{4}}挂"),
        (PlateKind.LEARNER, f"{_P}{_L}{_S}{{4}}学"),
        (PlateKind.POLICE, f"{_P}[A-HJ-Z]{_S}{{4}}警"),
        (PlateKind.HONG_KONG, f"粤Z{_S}{{4}}港"),
        (PlateKind.MACAO, f"粤Z{_S}{{4}}澳"),
        (PlateKind.CONSULATE, f"{_P}{_L}{_S}{{4}}领"),
        # 使 stood before the number until 2018 and stands after it since [m].
        (PlateKind.EMBASSY, "使[0-9]{6}|[0-9]{6}使"),
        # WJ, the province (none for the headquarters), four digits, a digit or letter
        # [v: juke.outofmemory.cn 2877146].
        (PlateKind.ARMED_POLICE, f"WJ{_P}?[0-9]{{4}}{_S}"),
        # Two letters, five digits [v: juke.outofmemory.cn 2877146].
        (PlateKind.MILITARY, f"{_L}{{2}}[0-9]{{5}}"),
    )
)

CONFUSED: Final[frozenset[frozenset[str]]] = frozenset(
    frozenset(pair)
    for pair in ("皖闽", "皖藏", "皖湘", "皖川", "D0", "G6", "Z2", "S8", "C0")
)  # fmt: skip
"""Characters that the shipped engines took for one another on real plates. No pair without a measurement."""

LOSES_ITS_LAST: Final = frozenset(
    {PlateKind.NEW_ENERGY_SMALL, PlateKind.NEW_ENERGY_LARGE, PlateKind.LEARNER, PlateKind.POLICE}
)
"""Kinds whose last character was measured to go missing: the eighth of a green plate, 学 and 警."""

CONFUSED_COST: Final = 0.3
"""What a confusable character counts in `distance`, where any other difference counts 1."""

_NOT_PART_OF_A_PLATE = re.compile(r"[\s.\-_·•・‧∙●—–]+")


def normalise(text: str) -> str:
    """One way of writing a plate: upper case, half width, without dots, spaces and dashes. Idempotent."""
    bare = _NOT_PART_OF_A_PLATE.sub("", unicodedata.normalize("NFKC", text)).upper()
    # Once more: without what stood between them, two characters may be one.
    return unicodedata.normalize("NFKC", bare)


def plate_kind(text: str) -> PlateKind | None:
    """The kind of a normalised plate; None for anything that is no plate."""
    return next((kind for kind, pattern in GRAMMAR if pattern.fullmatch(text)), None)


def is_plate(text: str) -> bool:
    """True where this normalised text is a Chinese plate by its shape."""
    return plate_kind(text) is not None


def are_confusable(a: str, b: str) -> bool:
    """True for two different characters that engines were measured to take for one another."""
    return frozenset((a, b)) in CONFUSED


def one_confusable_apart(read: str, plate: str) -> bool:
    """True where `read` is `plate` but for one measured confusion: a character swapped, or a lost last one.

    This completes a read where the card already names the permit (R02); alone it never opens a boom.
    """
    if len(read) == len(plate):
        differing = [(a, b) for a, b in zip(read, plate, strict=True) if a != b]
        return len(differing) == 1 and are_confusable(*differing[0])
    return read == plate[:-1] and plate_kind(plate) in LOSES_ITS_LAST


def distance(a: str, b: str) -> float:
    """Edit distance in characters, a confusable character counting 0.3: to offer the nearest stays.

    Symmetric, 0 only for equal texts, at most the length of the longer one.
    """
    before = [float(column) for column in range(len(b) + 1)]
    for row, char in enumerate(a, start=1):
        current = [float(row)]
        for column, other in enumerate(b, start=1):
            swapped = before[column - 1] + _swap_cost(char, other)
            current.append(min(swapped, before[column] + 1, current[-1] + 1))
        before = current
    return before[-1]


def _swap_cost(a: str, b: str) -> float:
    if a == b:
        return 0.0
    return CONFUSED_COST if are_confusable(a, b) else 1.0


# ---------------------------------------------------------------- several reads of one car


@dataclass(frozen=True, slots=True)
class Reading:
    """What one frame showed: single, normalised characters. `confidence` (0 to 1) weighs all of them."""

    chars: tuple[Char, ...]
    confidence: float

    @property
    def text(self) -> str:
        return "".join(char.char for char in self.chars)


@dataclass(frozen=True, slots=True)
class Vote:
    """What several frames of one car say together."""

    text: str
    """A text that at least one frame read; "" where none read anything."""
    is_valid: bool
    chars: tuple[Char, ...]
    """For each character of `text` how much of the vote it has (0 to 1), and who else got votes."""
    confidence: float
    """The belief in the least sure character."""
    agreeing: int
    """How many frames read exactly `text`."""


UNREADABLE: Final = Vote(text="", is_valid=False, chars=(), confidence=0.0, agreeing=0)
RUNNERS_UP: Final = 3


def vote(readings: Iterable[Reading]) -> Vote:
    """Let frames vote on each character position, weighted by confidence, and take the text that gets most.

    Texts that are plates go before texts that are none, and among them the length that was read with the
    most confidence. The order of the readings does not matter, except that of two equal texts the one that
    sorts first wins.
    """
    # In one order: sums of fractions come out the same, whichever frame came first.
    legible = sorted((reading for reading in readings if reading.text), key=_rank)
    lawful = [reading for reading in legible if is_plate(reading.text)]
    voters = _of_one_length(lawful or legible)
    if not voters:
        return UNREADABLE
    tallies = _tallies(voters)
    texts = sorted({reading.text for reading in voters})
    text = max(texts, key=lambda each: sum(tally[char] for tally, char in zip(tallies, each, strict=True)))
    chars = tuple(_elected(char, tally) for char, tally in zip(text, tallies, strict=True))
    return Vote(
        text=text,
        is_valid=bool(lawful),
        chars=chars,
        confidence=min(char.belief for char in chars),
        agreeing=sum(reading.text == text for reading in voters),
    )


def _rank(reading: Reading) -> tuple[str, float, tuple[float, ...]]:
    return reading.text, reading.confidence, tuple(char.belief for char in reading.chars)


def _of_one_length(readings: Sequence[Reading]) -> list[Reading]:
    """The readings of the length that has the most confidence behind it."""
    weights: dict[int, float] = defaultdict(float)
    for reading in readings:
        weights[len(reading.text)] += reading.confidence
    if not weights:
        return []
    length = max(sorted(weights), key=lambda each: weights[each])
    return [reading for reading in readings if len(reading.text) == length]


def _tallies(voters: Sequence[Reading]) -> list[dict[str, float]]:
    """For each position the part of the vote that each character has got."""
    # A floor: a frame that is sure of nothing still counts, or a dark night would have no vote at all.
    weights = [max(reading.confidence, 0.01) for reading in voters]
    total = sum(weights)
    tallies: list[dict[str, float]] = [defaultdict(float) for _ in voters[0].text]
    for reading, weight in zip(voters, weights, strict=True):
        for tally, char in zip(tallies, reading.chars, strict=True):
            for name, belief in ((char.char, char.belief), *char.others):
                tally[name] += belief * weight / total
    return tallies


def _elected(char: str, tally: dict[str, float]) -> Char:
    others = sorted(
        ((name, share) for name, share in tally.items() if name != char), key=lambda pair: (-pair[1], pair[0])
    )
    rounded = tuple((name, round(share, 4)) for name, share in others[:RUNNERS_UP])
    return Char(char, round(min(tally[char], 1.0), 4), rounded)
