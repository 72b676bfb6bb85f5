"""The simulated camera: scenes cross between processes whole, and their pictures show what they say."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from drivers.cameras.simulated import SimulatedCamera, SimulatedOptions
from drivers.errors import DeviceLost
from drivers.simulated.scene import (
    EMPTY_LANE,
    Scene,
    read_scene,
    render,
    render_plate,
    scene_path,
    write_scene,
)
from tests.rigs.camera_site import camera_site

CAR = Scene(since_ns=7, plate="琼AD12345", colour="green", distance=0.25, seed=3)
VALID = dataclasses.asdict(CAR)


def test_a_scene_is_read_as_it_was_written(tmp_path) -> None:
    write_scene(tmp_path, "entry-1", CAR)
    assert read_scene(tmp_path, "entry-1") == CAR
    assert [path.name for path in tmp_path.iterdir()] == ["scene-entry-1.json"], "no draft is left behind"


def test_a_lane_nobody_wrote_about_is_empty(tmp_path) -> None:
    assert read_scene(tmp_path, "exit-1") == EMPTY_LANE


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps(VALID | {"plate": "短"}),
        json.dumps(VALID | {"distance": 1.5}),
        json.dumps(VALID | {"seed": True}),
        json.dumps(VALID | {"colour": "pink"}),
        json.dumps(VALID | {"weather": "rain"}),
    ],
)
def test_a_broken_scene_file_is_a_lost_camera_never_an_empty_lane(tmp_path, content) -> None:
    camera = SimulatedCamera(SimulatedOptions(), camera_site(tmp_path))
    camera.open()
    scene_path(tmp_path, "entry-1").write_text(content)
    with pytest.raises(DeviceLost, match=r"scene-entry-1\.json"):
        camera.read()
    with pytest.raises(DeviceLost):
        camera.open()


def test_one_scene_at_one_instant_is_one_picture_and_the_next_instant_another() -> None:
    assert np.array_equal(render(CAR, 10**12), render(CAR, 10**12))
    assert not np.array_equal(render(CAR, 10**12), render(CAR, 10**12 + 2 * 10**8))


def test_a_car_comes_nearer_and_an_empty_lane_has_none() -> None:
    empty = render(dataclasses.replace(CAR, plate=None), 0).astype(int)

    def changed(distance: float) -> float:
        picture = render(dataclasses.replace(CAR, distance=distance), 0)
        return float((np.abs(picture.astype(int) - empty).max(axis=2) > 60).mean())

    assert changed(0.0) > changed(0.5) > changed(1.0) > 0


@pytest.mark.parametrize(
    ("text", "colour", "width"),
    [
        ("粤B12345", "blue", 880),
        ("粤AD12345", "green", 960),
        ("京A0001警", "white", 880),
        ("沪A12345", "black", 880),
    ],
)
def test_a_plate_face_has_the_size_of_its_kind(text, colour, width) -> None:
    face = render_plate(text, colour)
    assert face.shape == (280, width, 3)
    face[:] = 0
    assert render_plate(text, colour).any(), "a caller may draw on its face without spoiling the next"
