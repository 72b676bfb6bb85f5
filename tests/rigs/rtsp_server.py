"""A real RTSP camera on loopback: Debian's gst-rtsp-server with pictures of rendered lanes.

Needs the Debian packages in `PACKAGES`; tests that use it skip, and say so, where these are missing.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from drivers.simulated.scene import Scene, render

if TYPE_CHECKING:
    from drivers.protocols import Image

PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-ugly"
SYSTEM_PYTHON = "/usr/bin/python3"
WIDTH, HEIGHT = 640, 360
STAMP_BITS, STAMP_ROWS = 40, 16
PLATE = "粤B12345"

_CHECK = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(Gst.ElementFactory.find(n) for n in ("appsrc", "x264enc", "rtph264pay")), "elements"
"""


def require_packages() -> None:
    """Skip the calling test where the server cannot be had."""
    try:
        subprocess.run([SYSTEM_PYTHON, "-c", _CHECK], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"no RTSP server here: apt-get install {PACKAGES}")


class RtspServer:
    def __init__(self, folder: Path, *, username: str = "", password: str = "", digest: bool = True) -> None:
        pictures = folder / "pictures.i420"
        with pictures.open("wb") as file:
            for step in range(6):
                scene = Scene(since_ns=0, plate=PLATE, distance=0.1 - step * 0.02, seed=4)
                small = cv2.resize(render(scene, step), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
                file.write(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420).tobytes())
        setup = {
            "width": WIDTH,
            "height": HEIGHT,
            "fps": 20,
            "pictures": str(pictures),
            "username": username,
            "password": password,
            "digest": digest,
        }
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(Path(__file__).with_name("rtsp_server_process.py")), json.dumps(setup)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.strip().isdecimal(), "the RTSP server did not start"
        self.port = int(line)

    def show(self, mode: str) -> None:
        """live, frozen or black."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{mode}\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def stamp_ns(image: Image) -> int:
    """The instant that the server wrote into the picture, to the millisecond."""
    row = cv2.cvtColor(image[4 : STAMP_ROWS - 4], cv2.COLOR_BGR2GRAY).mean(axis=0)
    blocks = row.reshape(STAMP_BITS, WIDTH // STAMP_BITS)[:, 4:-4].mean(axis=1)
    bits = (blocks > 127).astype(np.int64)
    return int("".join(map(str, bits)), 2) * 1_000_000
