"""The vision process hangs, is killed, or its camera is of no use: cards and guards go on, and it is said."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tests.rigs.broker import free_port
from tests.system.gate import CARD, PLATE, Gate, eventually, lane, lives, site
from tests.system.guard import Guard

SEEN = {"camera": {"driver": "simulated"}}


@pytest.mark.rule("R28")
@pytest.mark.rule("R31")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_vision_process_that_fails_is_replaced_and_cars_pass_meanwhile(
    gates: Callable[..., Gate], how: signal.Signals
) -> None:
    # given a gate whose entry goes by card, its exit by card and plate
    both = {**SEEN, "mode": "card_and_plate", "match_window_s": 1}
    gate = gates(
        site(lane("entry-1", **SEEN), lane("exit-1", **both), panel={"port": 0}), driven=True
    ).start()
    guard = Guard(gate).starts_work()
    (vision,) = gate.until("the vision process", gate.children)
    before = gate.last_seq
    gate.drive_through("entry-1")

    # when its eyes fail, the guard opens for a car with a card, and it goes out
    os.kill(vision, how)
    gate.do("arrive", "exit-1", PLATE, "blue")
    gate.do("card", "exit-1", CARD)
    gate.fact("card_presented", lane="exit-1")
    assert guard.asks("exit-1", "open", reason="识别坏了")[0] == 200
    gate.fact("stay_closed", how="exit")

    # then there is one alert, another process, and the alert is over
    gate.fact("alert_raised", subject="vision", after=before)
    eventually("the process that failed to be gone", lambda: not lives(vision))
    gate.fact("alert_cleared", alert_id="device_failed:vision", after=before)
    (another,) = gate.children()
    assert another != vision
    assert len(gate.facts("alert_raised", subject="vision")) == 1

    # and plates are read again
    seen = gate.last_seq
    gate.fact("boom_moved", lane="entry-1", boom="down")
    gate.do("arrive", "entry-1", PLATE, "blue")
    assert gate.fact("plate_seen", after=seen)["plate"] == PLATE
    assert gate.stop() == 0
    assert not lives(another)


@pytest.mark.rule("R31")
def test_a_camera_of_no_use_is_an_alert_of_its_own_lane(gates: Callable[..., Gate]) -> None:
    """One folder with a picture that does not decode, one address that refuses, one that stays silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lanes = {
            "entry-1": {"driver": "folder", "path": "pictures"},
            "entry-2": {"driver": "rtsp", "url": f"rtsp://127.0.0.1:{free_port()}/live"},
            "entry-3": {
                "driver": "rtsp",
                "url": f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live",
                "open_timeout_s": 1,
            },
        }
        gate = gates(site(*(lane(name, camera=camera) for name, camera in lanes.items())), driven=True)
        pictures = gate.folder / "pictures"
        pictures.mkdir()
        (pictures / "1.jpg").write_bytes(b"\xff\xd8 not a picture")
        cv2.imwrite(str(pictures / "2.jpg"), np.zeros((720, 1280, 3), np.uint8))

        gate.start()
        for name in lanes:
            alert = gate.fact("alert_raised", subject=f"{name}.camera")
            assert alert["lane"] == name
            assert alert["detail"]
        # the folder has a good picture as well
        gate.fact("alert_cleared", alert_id="device_failed:entry-1.camera")
        gate.drive_through("entry-3")
        assert gate.stop() == 0
    assert not [line for line in gate.said if "Traceback" in line]
