"""Plates in picture files, as the command line reads them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from daemon.vision.still import read_stills
from drivers.simulated.scene import Scene, render


def test_each_file_has_its_result_and_a_bad_one_stops_none(tmp_path: Path) -> None:
    """Given a car, a text file, a missing file, an empty file and an empty lane, each gets its own answer."""
    car, text, missing, empty, lane = (
        tmp_path / name for name in ("车.png", "notes.jpg", "gone.jpg", "zero.png", "lane.png")
    )
    _write(car, render(Scene(since_ns=0, plate="粤B12345"), 1))
    text.write_text("not a picture")
    empty.touch()
    _write(lane, np.zeros((360, 640, 3), np.uint8))

    stills = read_stills([car, text, missing, empty, lane])

    assert [still.path for still in stills] == [car, text, missing, empty, lane]
    (plate,) = stills[0].plates
    assert (plate.text, plate.is_valid, plate.colour) == ("粤B12345", True, "blue")
    left, top, right, bottom = plate.box
    assert 0 <= left < right <= 1280
    assert 0 <= top < bottom <= 720
    assert stills[0].milliseconds > 0
    assert stills[0].error is None
    assert "does not decode" in (stills[1].error or "")
    assert "cannot read" in (stills[2].error or "")
    assert "gone.jpg" in (stills[2].error or "")
    assert "does not decode" in (stills[3].error or "")
    assert (stills[4].error, stills[4].plates) == (None, ())


def test_a_folder_is_named_as_what_cannot_be_read(tmp_path: Path) -> None:
    (still,) = read_stills([tmp_path])
    assert "cannot read" in (still.error or "")


def _write(path: Path, image: np.ndarray) -> None:
    path.write_bytes(bytes(cv2.imencode(path.suffix, image)[1]))
