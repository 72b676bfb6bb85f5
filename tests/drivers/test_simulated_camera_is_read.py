"""What the simulated camera draws, the engine that ships reads, or the simulated gate proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from drivers import registry
from drivers.protocols import Recogniser
from drivers.simulated.scene import PlateColour, Scene, render
from tests.rigs.camera_site import camera_site

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recogniser]:
    driver = registry.driver("recogniser", "onnx")
    made: Recogniser = driver(driver.Options(), camera_site(tmp_path_factory.mktemp("engine")))
    made.open()
    yield made
    made.close()


def plates_in(engine: Recogniser, scene: Scene) -> list[str]:
    return [reading.text for reading in engine.read(render(scene, 0))]


@pytest.mark.parametrize(("at", "province"), list(enumerate(PROVINCES)))
def test_a_car_of_every_province_is_read_at_the_stop_line(engine: Recogniser, at: int, province: str) -> None:
    plate = f"{province}A{72 + at}68" + "KPT"[at % 3]
    assert plates_in(engine, Scene(since_ns=0, plate=plate, seed=at)) == [plate]


@pytest.mark.parametrize(
    ("plate", "colour"),
    [("粤AD12345", "green"), ("皖B08Z28", "yellow"), ("沪A12347", "black"), ("京A4321警", "white")],
)
def test_a_car_of_every_kind_is_read_at_the_stop_line(
    engine: Recogniser, plate: str, colour: PlateColour
) -> None:
    assert plates_in(engine, Scene(since_ns=0, plate=plate, colour=colour, seed=5)) == [plate]


def test_an_empty_lane_and_a_black_picture_have_no_plate(engine: Recogniser) -> None:
    for seed in range(5):
        assert plates_in(engine, Scene(since_ns=0, seed=seed)) == []
    assert list(engine.read(np.zeros((720, 1280, 3), np.uint8))) == []
