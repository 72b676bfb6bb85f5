"""A folder of pictures as a camera: order, pace, and pictures that are none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.cameras import folder as folder_driver
from drivers.cameras.folder import FolderCamera, FolderOptions
from drivers.errors import DeviceLost, DeviceUnusable
from tests.rigs.camera_site import camera_site


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.ns = 5_000_000_000

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    hand = HandClock()
    monkeypatch.setattr(folder_driver, "boottime_ns", hand)
    return hand


def grey(path: Path, value: int) -> None:
    cv2.imwrite(str(path), np.full((8, 8, 3), value, np.uint8))


def camera(folder: Path, path: str = ".") -> FolderCamera:
    return FolderCamera(FolderOptions(path=Path(path), frames_per_second=5), camera_site(folder))


def test_pictures_come_in_name_order_at_the_set_pace_and_start_again(tmp_path, clock) -> None:
    for value, name in ((30, "c.png"), (10, "a.png"), (20, "b.PNG")):
        grey(tmp_path / name, value)
    watching = camera(tmp_path)
    watching.open()
    seen = []
    for _ in range(8):
        seen.append(int(watching.read().image[0, 0, 0]))
        clock.ns += 100_000_000
    assert seen == [10, 10, 20, 20, 30, 30, 10, 10]


def test_one_picture_is_a_camera_too(tmp_path, clock) -> None:
    grey(tmp_path / "a.png", 10)
    watching = camera(tmp_path, "a.png")
    watching.open()
    first = watching.read()
    clock.ns += 1_000_000_000
    assert watching.read().taken_ns == first.taken_ns + 1_000_000_000


def test_a_picture_that_does_not_decode_is_named_once_and_left_out(tmp_path, clock, capfd) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    grey(tmp_path / "b.png", 20)
    watching = camera(tmp_path)
    watching.open()
    with pytest.raises(DeviceLost, match=r"a\.png"):
        watching.read()
    for _ in range(3):
        watching.close()
        watching.open()
        assert watching.read().image[0, 0, 0] == 20
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["missing", "empty"])
def test_a_folder_without_pictures_needs_a_person(tmp_path, path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing to see")
    with pytest.raises(DeviceUnusable, match=path):
        camera(tmp_path, path).open()
