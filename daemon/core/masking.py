"""Plates and cards as those are told them who need not know which car it was.

The law of this file: pure, and rather too much is hidden than too little: a number that merely looks like a
plate or a card goes as well. Enough stays to tell two cars apart at one gate.
"""

from __future__ import annotations

import re

from daemon.core.plates import PROVINCES

HIDDEN = "•"


def masked_card(card: str) -> str:
    """All but the last four characters hidden; a card of four or fewer is hidden whole."""
    return HIDDEN * 4 + card[-4:] if len(card) > 4 else HIDDEN * 4


def masked_plate(plate: str) -> str:
    """The first two and the last two characters of a plate; a shorter text is hidden whole."""
    if len(plate) < 6:
        return HIDDEN * len(plate)
    return plate[:2] + HIDDEN * (len(plate) - 4) + plate[-2:]


def masked_text(text: str) -> str:
    """A text for people, with every plate and card in it masked, however it is written there."""
    return _NUMBER.sub(_masked, _PLATE.sub(_masked_written, text))


_DOT = r"[\s.\-_·•・‧∙●]?"
_HERE = "(?![A-Za-z0-9_])"
_PLATE = re.compile(
    rf"[{PROVINCES}使]{_DOT}[A-Z]?{_DOT}[A-Z0-9]{{4,6}}[挂学警领港澳使]?{_HERE}"
    rf"|(?<![A-Z0-9])WJ{_DOT}[{PROVINCES}]?{_DOT}[A-Z0-9]{{4,5}}{_HERE}"
    r"|(?<![A-Za-z0-9_])[0-9]{6}使",
    re.IGNORECASE,
)
_NUMBER = re.compile(rf"(?<![A-Za-z0-9_•])(?<![a-z0-9]-)(?=[A-Z]*[0-9])[A-Z0-9]{{5,}}{_HERE}")
"""Capital letters and digits, a digit among them: a card, a plate of the forces, a telephone number; not the
count in the name of a passage, `entry-1-0000012`."""


def _masked_written(found: re.Match[str]) -> str:
    return masked_plate(re.sub(_DOT.rstrip("?"), "", found[0]))


def _masked(found: re.Match[str]) -> str:
    text = found[0]
    is_forces = re.fullmatch("[A-Z]{2}[0-9]{5}", text) is not None
    return masked_plate(text) if is_forces else masked_card(text)
