"""The pictures that plate reading is measured on: real ones kept outside the project, and rendered ones."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from daemon.vision.wiring import make_recogniser
from drivers.recognisers.onnx import OnnxRecogniser

if TYPE_CHECKING:
    from drivers.protocols import Image

PLATES = Path(os.environ.get("GATEPOST_PLATES") or Path(__file__).resolve().parents[3] / "shared" / "plates")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture and the plate that is on it."""

    name: str
    plate: str
    colour: str
    path: Path

    @property
    def image(self) -> Image:
        return np.asarray(cv2.imread(str(self.path)), np.uint8)


def labelled(kind: str) -> list[Labelled]:
    """The pictures of `crops` or `frames`. Skips the test where they are not on this machine."""
    table = PLATES / f"{kind}.csv"
    if not table.is_file():
        pytest.skip(f"no measured plates: {table} is missing (set GATEPOST_PLATES)")
    with table.open(encoding="utf-8-sig", newline="") as rows:
        return [
            Labelled(row["file"], row["plate"], row["colour"], PLATES / row["file"])
            for row in csv.DictReader(rows)
        ]


def opened_engine() -> OnnxRecogniser:
    """The engine that ships, made as the vision process makes it."""
    engine = make_recogniser("onnx", {}, Path(), Path())
    assert isinstance(engine, OnnxRecogniser)
    engine.open()
    return engine
