"""What every camera promises, tried on each driver with the most real part that runs here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers import registry
from drivers.cameras.folder import FolderCamera, FolderOptions
from drivers.cameras.onvif import OnvifCamera, OnvifOptions
from drivers.cameras.rtsp import RtspCamera, RtspOptions
from drivers.cameras.simulated import SimulatedCamera, SimulatedOptions
from drivers.errors import DeviceError, DeviceLost
from drivers.protocols import Camera
from drivers.simulated.scene import Scene, render, scene_path, write_scene
from tests.rigs.camera_site import PASSWORD, PASSWORD_FILE, USERNAME, camera_site
from tests.rigs.onvif_device import OnvifDevice
from tests.rigs.rtsp_server import RtspServer, require_packages
from tests.rigs.tcp_proxy import TcpProxy

CAR = Scene(since_ns=0, plate="粤B12345", seed=4)


@dataclass(frozen=True)
class Stand:
    """A camera that works, and the means to break and mend what it looks at."""

    camera: Camera
    lose: Callable[[], None]
    mend: Callable[[], None]


@contextmanager
def simulated(folder: Path) -> Iterator[Stand]:
    write_scene(folder, "entry-1", CAR)
    yield Stand(
        SimulatedCamera(SimulatedOptions(), camera_site(folder)),
        lose=lambda: scene_path(folder, "entry-1").write_bytes(b"{") and None,
        mend=lambda: write_scene(folder, "entry-1", CAR),
    )


@contextmanager
def folder_of_pictures(folder: Path) -> Iterator[Stand]:
    pictures = folder / "pictures"
    pictures.mkdir()

    def fill(suffix: str) -> None:
        for number in range(3):
            cv2.imwrite(str(pictures / f"{number}{suffix}"), render(CAR, number))

    def spoil() -> None:
        for path in pictures.iterdir():
            path.write_bytes(b"no picture")

    fill(".jpg")
    camera = FolderCamera(FolderOptions(path=Path("pictures")), camera_site(folder))
    yield Stand(camera, lose=spoil, mend=lambda: fill(".png"))


@contextmanager
def rtsp(folder: Path) -> Iterator[Stand]:
    require_packages()
    server = RtspServer(folder, username=USERNAME, password=PASSWORD)
    proxy = TcpProxy(server.port)
    options = RtspOptions(
        url=f"rtsp://127.0.0.1:{proxy.port}/live",
        username=USERNAME,
        password_file=PASSWORD_FILE,
        open_timeout_s=10,
        read_timeout_s=2,
    )
    try:
        yield Stand(RtspCamera(options, camera_site(folder)), lose=proxy.cut, mend=proxy.resume)
    finally:
        proxy.stop()
        server.stop()


@contextmanager
def onvif_stream(folder: Path) -> Iterator[Stand]:
    require_packages()
    server = RtspServer(folder, username=USERNAME, password=PASSWORD)
    proxy = TcpProxy(server.port)
    device = OnvifDevice(stream_port=proxy.port, username=USERNAME, password=PASSWORD)
    options = OnvifOptions(
        host="127.0.0.1",
        port=device.port,
        username=USERNAME,
        password_file=PASSWORD_FILE,
        open_timeout_s=10,
        read_timeout_s=2,
    )
    try:
        yield Stand(OnvifCamera(options, camera_site(folder)), lose=proxy.cut, mend=proxy.resume)
    finally:
        device.stop()
        proxy.stop()
        server.stop()


@contextmanager
def onvif_snapshot(folder: Path) -> Iterator[Stand]:
    device = OnvifDevice(username=USERNAME, password=PASSWORD)
    options = OnvifOptions(
        host="127.0.0.1",
        port=device.port,
        username=USERNAME,
        password_file=PASSWORD_FILE,
        source="snapshot",
        open_timeout_s=10,
        read_timeout_s=5,
    )

    def show(what: str) -> Callable[[], None]:
        return lambda: setattr(device, "snapshots", what)

    try:
        yield Stand(OnvifCamera(options, camera_site(folder)), lose=show("junk"), mend=show("pictures"))
    finally:
        device.stop()


STANDS = [simulated, folder_of_pictures, rtsp, onvif_stream, onvif_snapshot]


@pytest.fixture(params=STANDS, ids=lambda make: make.__name__)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    with request.param(tmp_path) as made:
        yield made
        made.camera.close()


def boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def error_of(call: Callable[[], object], *, tries: int) -> DeviceError | None:
    for _ in range(tries):
        try:
            call()
        except DeviceError as problem:
            return problem
    return None


def test_an_open_camera_gives_colour_pictures_taken_after_they_were_asked_for(stand: Stand) -> None:
    stand.camera.open()
    for _ in range(3):
        asked_ns = boottime_ns()
        frame = stand.camera.read()
        assert asked_ns <= frame.taken_ns <= boottime_ns()
        assert frame.image.dtype == np.uint8
        assert frame.image.shape[2] == 3
        assert frame.image.mean() > 20, "the car and the lane are lit"


def test_a_camera_that_is_not_open_gives_no_picture(stand: Stand) -> None:
    with pytest.raises(DeviceLost):
        stand.camera.read()
    stand.camera.open()
    stand.camera.close()
    with pytest.raises(DeviceLost):
        stand.camera.read()


def test_closing_twice_and_opening_again_is_allowed(stand: Stand) -> None:
    stand.camera.close()
    stand.camera.open()
    first = stand.camera.read()
    stand.camera.close()
    stand.camera.close()
    stand.camera.open()
    assert stand.camera.read().taken_ns > first.taken_ns


def test_what_is_lost_is_said_to_be_lost_and_comes_back(stand: Stand) -> None:
    stand.camera.open()
    stand.camera.read()

    stand.lose()
    # What was on its way when the camera went may still arrive.
    lost = error_of(stand.camera.read, tries=50)
    assert isinstance(lost, DeviceLost)
    assert PASSWORD not in str(lost)

    stand.mend()
    stand.camera.close()
    stand.camera.open()
    asked_ns = boottime_ns()
    assert stand.camera.read().taken_ns >= asked_ns


def test_every_camera_that_config_may_name_stands_here() -> None:
    tried = {SimulatedCamera, FolderCamera, RtspCamera, OnvifCamera}
    assert {registry.driver("camera", name) for name in registry.names("camera")} == tried


@pytest.mark.parametrize("name", registry.names("camera"))
def test_an_unknown_key_is_refused(name: str) -> None:
    options = registry.driver("camera", name).Options
    with pytest.raises(ValueError, match="colour_of_the_sky"):
        options.model_validate({"colour_of_the_sky": "blue"})
