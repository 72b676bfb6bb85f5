"""The ONVIF camera against a device of our own making; streams are tried in the contract suite."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.cameras.onvif import OnvifCamera, OnvifOptions
from drivers.cameras.onvif_device import wsdl_folder
from drivers.errors import DeviceLost, DeviceUnusable
from tests.rigs.camera_site import PASSWORD, PASSWORD_FILE, USERNAME, camera_site
from tests.rigs.onvif_device import OnvifDevice

QUESTIONS = ["GetSystemDateAndTime", "GetCapabilities", "GetProfiles", "GetStreamUri", "GetSnapshotUri"]


@pytest.fixture
def device_with() -> Iterator[Callable[..., OnvifDevice]]:
    made: list[OnvifDevice] = []

    def make(**traits: object) -> OnvifDevice:
        made.append(OnvifDevice(username=USERNAME, password=PASSWORD, **traits))
        return made[-1]

    yield make
    for device in made:
        device.stop()


@pytest.fixture
def camera_at(tmp_path: Path) -> Iterator[Callable[..., OnvifCamera]]:
    made: list[OnvifCamera] = []

    def make(port: int, **options: object) -> OnvifCamera:
        keys = {
            "host": "127.0.0.1",
            "port": port,
            "username": USERNAME,
            "password_file": PASSWORD_FILE,
            "source": "snapshot",
            "open_timeout_s": 10.0,
            "read_timeout_s": 5.0,
        }
        made.append(OnvifCamera(OnvifOptions.model_validate(keys | options), camera_site(tmp_path)))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def test_the_addresses_are_asked_for_once_and_only_at_the_host_we_know(device_with, camera_at) -> None:
    device = device_with()  # which claims to live at 0.0.0.0
    camera = camera_at(device.port)
    for _ in range(2):
        camera.open()
        camera.read()
    assert [question for question in device.asked if question in QUESTIONS] == QUESTIONS


def test_a_camera_whose_clock_is_hours_off_still_accepts_the_login(device_with, camera_at) -> None:
    camera = camera_at(device_with(clock_ahead=timedelta(hours=-9)).port)
    camera.open()
    camera.read()


def test_the_first_profile_with_video_is_taken_or_the_one_named(device_with, camera_at) -> None:
    device = device_with()
    for profile in (None, "p2", "SubStream"):
        camera_at(device.port, profile=profile).open()
    with pytest.raises(DeviceUnusable, match=r"it has: p1 \(MainStream\), p2 \(SubStream\)"):
        camera_at(device.port, profile="SoundOnly").open()


def test_a_device_without_snapshots_says_so_and_names_the_way_out(device_with, camera_at) -> None:
    with pytest.raises(DeviceUnusable, match="set source: stream"):
        camera_at(device_with(offers_snapshots=False).port).open()


def test_a_stream_that_fails_makes_it_ask_for_the_address_again(device_with, camera_at) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    device = device_with(stream_port=port)
    camera = camera_at(device.port, source="stream")
    for _ in range(2):
        with pytest.raises(DeviceLost, match="connection refused"):
            camera.open()
    assert device.asked == QUESTIONS * 2


def test_two_refused_logins_and_the_device_is_left_alone(device_with, camera_at, tmp_path) -> None:
    device = device_with()
    camera = camera_at(device.port)
    (tmp_path / PASSWORD_FILE).write_text("wr0ng-one")
    with pytest.raises(DeviceLost, match="one more try") as first:
        camera.open()
    with pytest.raises(DeviceUnusable, match="2 times") as second:
        camera.open()
    asked = list(device.asked)
    with pytest.raises(DeviceUnusable, match="not tried again"):
        camera.open()
    assert device.asked == asked
    assert "wr0ng-one" not in f"{first.value}{second.value}"


@pytest.mark.parametrize(
    ("shows", "why"),
    [("junk", "that are no picture"), ("slow", "no snapshot within"), ("frozen", "画面冻结")],
)
def test_a_snapshot_that_is_broken_late_or_frozen_is_lost(device_with, camera_at, shows, why) -> None:
    device = device_with()
    camera = camera_at(device.port, frozen_after_s=0.2, read_timeout_s=0.5 if shows == "slow" else 5.0)
    camera.open()
    device.snapshots = shows
    with pytest.raises(DeviceLost, match=why) as raised:
        read_many(camera)
    assert "auth=abc" not in str(raised.value), "an address may hold a secret in its query"


def read_many(camera: OnvifCamera) -> None:
    for _ in range(2000):
        camera.read()


def test_nobody_listening_and_nobody_answering_are_told_apart(camera_at) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DeviceLost, match="stays silent"):
            camera_at(port, open_timeout_s=0.3).open()
    with pytest.raises(DeviceLost, match="connection refused"):
        camera_at(port).open()


def test_the_service_descriptions_are_found_where_pip_put_them() -> None:
    assert {"devicemgmt.wsdl", "media.wsdl"} <= {file.name for file in wsdl_folder().iterdir()}


def test_the_library_is_loaded_late_and_leaves_logging_alone() -> None:
    # A process of its own: in this one the library has been loaded before.
    program = (
        "import logging, sys, drivers.cameras.onvif as driver\n"
        "assert not {'onvif', 'zeep', 'requests'} & set(sys.modules), 'loaded before it was needed'\n"
        "driver.pictures.__globals__['wsdl_folder']()\n"
        "assert 'onvif' in sys.modules\n"
        "assert logging.getLogger().handlers == [], logging.getLogger().handlers\n"
        "assert logging.getLogger().level == logging.WARNING\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
