"""How well plates are read, through the product's own pipeline. The figures are printed: run with -s."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from random import Random

import cv2
import numpy as np
import pytest

from daemon.core.plates import DIGITS, LETTERS, PROVINCES
from daemon.vision.still import read_stills
from daemon.vision.tracks import SECOND_NS, Tracker, TrackRules
from drivers.recognisers.onnx import OnnxRecogniser
from drivers.simulated.scene import PlateColour, Scene, render
from tests.vision.measured import labelled

CROPS_EXACT = 0.98
FRAMES_EXACT = 11
COLOURS_RIGHT = 0.95


def test_real_crops_are_read(engine: OnnxRecogniser) -> None:
    crops = labelled("crops")
    readings = [(crop, engine.read_crop(crop.image)) for crop in crops]
    right = sum(reading.text == crop.plate for crop, reading in readings)
    coloured = sum(reading.colour == crop.colour for crop, reading in readings)
    print(f"crops: {right} of {len(crops)} exact, colour right on {coloured}")
    assert right >= CROPS_EXACT * len(crops)
    assert coloured >= COLOURS_RIGHT * len(crops)


def test_real_frames_are_read_one_at_a_time() -> None:
    frames = labelled("frames")
    stills = read_stills([frame.path for frame in frames])
    texts = [still.plates[0].text if still.plates else "" for still in stills]
    right = sum(text == frame.plate for text, frame in zip(texts, frames, strict=True))
    milliseconds = float(np.median([still.milliseconds for still in stills]))
    print(f"frames: {right} of {len(frames)} exact, median {milliseconds:.0f} ms a frame")
    assert right >= FRAMES_EXACT


def test_five_shaken_frames_and_a_vote_read_no_worse_than_one(engine: OnnxRecogniser) -> None:
    """The real frames as a camera would repeat them: each time a little other noise, size and light."""
    frames = labelled("frames")
    settled = [_settled_text(engine, [_shaken(frame.image, seed) for seed in range(5)]) for frame in frames]
    right = sum(text == frame.plate for text, frame in zip(settled, frames, strict=True))
    wrong = [
        frame.plate for text, frame in zip(settled, frames, strict=True) if text not in ("", frame.plate)
    ]
    print(f"five frames and a vote: {right} of {len(frames)} exact, wrong {wrong}")
    assert right >= FRAMES_EXACT


def _settled_text(engine: OnnxRecogniser, images: Sequence[np.ndarray]) -> str:
    names = count(1)
    tracker = Tracker(TrackRules(settle_after_ns=SECOND_NS // 2, agree=3), lambda: str(next(names)))
    text = ""
    for number, image in enumerate(images):
        at_ns = number * SECOND_NS // 5
        settled = tracker.see(engine.read(image), taken_ns=at_ns, now_ns=at_ns, held=True)
        text = text if settled is None else settled.vote.text
    return text


def _shaken(image: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    scale = random.uniform(0.9, 1.1)
    scaled = cv2.resize(image, None, fx=scale, fy=scale)
    noisy = scaled * random.uniform(0.8, 1.2) + random.normal(0, 4, scaled.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("province", list(PROVINCES))
def test_every_province_is_read(engine: OnnxRecogniser, province: str) -> None:
    """Rendered cars: the real pictures are nearly all of one province and would hide a blind spot."""
    random = Random(province)
    kinds: list[tuple[PlateColour, str]] = [
        ("blue", _letter(random) + _digits(random, 5)),
        ("yellow", _letter(random) + _digits(random, 4) + _letter(random)),
        ("green", _letter(random) + random.choice("DF") + _digits(random, 5)),
    ]
    for seed, (colour, rest) in enumerate(kinds):
        plate = province + rest
        scene = Scene(since_ns=0, plate=plate, colour=colour, distance=0.1, seed=seed)
        readings = engine.read(render(scene, SECOND_NS))
        assert [reading.text for reading in readings] == [plate]
        assert readings[0].colour == colour


def _letter(random: Random) -> str:
    return random.choice(LETTERS)


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice(DIGITS) for _ in range(count))
