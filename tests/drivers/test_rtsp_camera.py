"""The RTSP camera against a real server, through a network that stalls, stays silent and is cut."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.cameras.rtsp import RtspCamera, RtspOptions
from drivers.errors import DeviceLost, DeviceUnusable
from tests.rigs.camera_site import PASSWORD, PASSWORD_FILE, USERNAME, camera_site
from tests.rigs.rtsp_server import HEIGHT, STAMP_ROWS, WIDTH, RtspServer, require_packages, stamp_ns
from tests.rigs.tcp_proxy import TcpProxy

# A camera's own pipeline takes a frame or two; on a machine ten times slower still less than this.
ENCODER_NS = 500_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    require_packages()
    running = RtspServer(tmp_path_factory.mktemp("rtsp"), username=USERNAME, password=PASSWORD)
    yield running
    running.stop()


@pytest.fixture
def network(server: RtspServer) -> Iterator[TcpProxy]:
    proxy = TcpProxy(server.port)
    yield proxy
    proxy.stop()


@pytest.fixture
def camera_at(tmp_path: Path) -> Iterator[Callable[..., RtspCamera]]:
    made: list[RtspCamera] = []

    def make(port: int, path: str = "/live", userinfo: str = "", **options: object) -> RtspCamera:
        login = {} if userinfo else {"username": USERNAME, "password_file": PASSWORD_FILE}
        keys = {"open_timeout_s": 10.0, "read_timeout_s": 2.0} | login | options
        url = f"rtsp://{userinfo}127.0.0.1:{port}{path}"
        made.append(RtspCamera(RtspOptions.model_validate({"url": url} | keys), camera_site(tmp_path)))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def read_all(camera: RtspCamera, *, times: int) -> None:
    for _ in range(times):
        camera.read()


def read_fresh(camera: RtspCamera, *, times: int) -> None:
    for _ in range(times):
        asked_ns = boottime_ns()
        assert stamp_ns(camera.read().image) > asked_ns - ENCODER_NS


# ---------------------------------------------------------------- fresh, or not handed over


def test_the_first_picture_is_not_one_that_piled_up_while_opening(server, camera_at) -> None:
    camera = camera_at(server.port)
    camera.open()
    opened_ns = boottime_ns()
    assert stamp_ns(camera.read().image) > opened_ns - ENCODER_NS


def test_what_piled_up_between_two_reads_is_thrown_away(server, camera_at) -> None:
    camera = camera_at(server.port)
    camera.open()
    before_ns = stamp_ns(camera.read().image)
    # Forty pictures gather in the socket while nobody reads: this wait is the thing tested.
    time.sleep(2)
    asked_ns = boottime_ns()
    frame = camera.read()
    assert stamp_ns(frame.image) > asked_ns - ENCODER_NS > before_ns
    assert asked_ns <= frame.taken_ns <= boottime_ns()


def test_a_stalled_stream_is_lost_and_its_old_pictures_are_never_handed_over(network, camera_at) -> None:
    camera = camera_at(network.port, read_timeout_s=1.0)
    camera.open()
    camera.read()

    network.stall()
    with pytest.raises(DeviceLost, match="码流停顿"):
        read_fresh(camera, times=100)
    with pytest.raises(DeviceLost, match="not open"):
        camera.read()

    network.resume()
    camera.open()
    resumed_ns = boottime_ns()
    assert stamp_ns(camera.read().image) > resumed_ns - ENCODER_NS


def test_a_cut_stream_is_lost_and_opens_again(network, camera_at) -> None:
    camera = camera_at(network.port)
    camera.open()
    camera.read()
    network.cut()
    with pytest.raises(DeviceLost):
        read_fresh(camera, times=100)
    camera.open()
    assert camera.read().image.shape == (HEIGHT, WIDTH, 3)


def test_a_black_picture_is_a_picture(server, camera_at) -> None:
    camera = camera_at(server.port, frozen_after_s=1.0)
    camera.open()
    server.show("black")
    try:
        dark_since_ns = 0
        for _ in range(200):
            frame = camera.read()
            is_dark = frame.image[STAMP_ROWS + 16 :].mean() < 5
            dark_since_ns = (dark_since_ns or frame.taken_ns) if is_dark else 0
            if dark_since_ns and frame.taken_ns - dark_since_ns > 2_000_000_000:
                return
        pytest.fail("the picture never went dark")
    finally:
        server.show("live")


def test_a_frozen_picture_is_a_fault_and_stays_one_after_reconnecting(server, camera_at) -> None:
    camera = camera_at(server.port, frozen_after_s=0.5)
    camera.open()
    server.show("frozen")
    try:
        for _ in range(2):
            with pytest.raises(DeviceLost, match="画面冻结"):
                read_all(camera, times=200)
            camera.open()
    finally:
        server.show("live")


# ---------------------------------------------------------------- saying what is wrong


def test_nobody_listening_is_a_refused_connection(camera_at) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(DeviceLost, match="connection refused"):
        camera_at(port).open()


def test_a_server_that_accepts_and_says_nothing_is_called_silent(camera_at) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DeviceLost, match=r"stays silent for 0\.3 s"),
    ):
        camera_at(silent.getsockname()[1], open_timeout_s=0.3).open()


def test_a_stream_that_is_not_there_needs_a_person(server, camera_at) -> None:
    with pytest.raises(DeviceUnusable, match="correct the path"):
        camera_at(server.port, "/nothing").open()


def test_a_server_that_speaks_something_else_is_named(camera_at) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:

        def greet() -> None:
            near, _ = web.accept()
            with near:
                near.recv(4096)
                near.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        greeting = threading.Thread(target=greet)
        greeting.start()
        with pytest.raises(DeviceLost, match="is this its RTSP port"):
            camera_at(web.getsockname()[1]).open()
        greeting.join()


# ---------------------------------------------------------------- logging in


def test_two_refused_logins_and_the_camera_is_left_alone(server, camera_at, tmp_path) -> None:
    camera = camera_at(server.port)
    (tmp_path / PASSWORD_FILE).write_text("wrong")
    with pytest.raises(DeviceLost, match="one more try"):
        camera.open()
    with pytest.raises(DeviceUnusable, match="2 times"):
        camera.open()
    with pytest.raises(DeviceUnusable, match="not tried again"):
        camera.open()

    # A corrected password is tried at once.
    (tmp_path / PASSWORD_FILE).write_text(PASSWORD)
    camera.open()


def test_the_pause_after_refused_logins_ends(server, camera_at, tmp_path) -> None:
    camera = camera_at(server.port, login_pause_s=0.001)
    (tmp_path / PASSWORD_FILE).write_text("wrong")
    for wanted in (DeviceLost, DeviceUnusable):
        with pytest.raises(wanted):
            camera.open()
    time.sleep(0.01)
    with pytest.raises(DeviceLost, match="one more try"):
        camera.open()


def test_a_camera_that_wants_a_login_where_none_is_given_needs_a_person(server, camera_at) -> None:
    camera = camera_at(server.port, username=None, password_file=None)
    with pytest.raises(DeviceUnusable, match="set username and password_file"):
        camera.open()


def test_basic_login_works_where_the_camera_knows_no_digest(tmp_path, camera_at) -> None:
    require_packages()
    server = RtspServer(tmp_path, username=USERNAME, password=PASSWORD, digest=False)
    try:
        camera = camera_at(server.port)
        camera.open()
        camera.read()
    finally:
        camera.close()
        server.stop()


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), ("", "is empty")])
def test_a_password_file_that_holds_none_needs_a_person(camera_at, tmp_path, content, why) -> None:
    camera = camera_at(1)
    (tmp_path / PASSWORD_FILE).unlink()
    if content is not None:
        (tmp_path / PASSWORD_FILE).write_text(content)
    with pytest.raises(DeviceUnusable, match=why):
        camera.open()


def test_no_password_is_ever_shown(server, network, camera_at, capfd) -> None:
    shown: list[str] = []
    for secret, path in (("Tr0ub4dor", "/live"), ("s3cret%3A%2F%40%25%E9%97%A8", "/nothing")):
        camera = camera_at(server.port, path, userinfo=f"{USERNAME}:{secret}@")
        with pytest.raises((DeviceLost, DeviceUnusable)) as raised:
            camera.open()
        shown += [str(raised.value), repr(raised.value.__cause__), repr(raised.value.__context__)]
    camera = camera_at(network.port, userinfo=f"{USERNAME}:s3cret%3A%2F%40%25%E9%97%A8@", read_timeout_s=0.5)
    camera.open()
    camera.read()
    network.stall()
    with pytest.raises(DeviceLost) as raised:
        read_fresh(camera, times=100)
    shown += [str(raised.value), *capfd.readouterr()]
    for text in shown:
        assert "s3cret" not in text
        assert "Tr0ub4dor" not in text


@pytest.mark.parametrize("url", ["http://10.0.0.2/live", "rtsp:///live", "rtsp://10.0.0.2:99999/live"])
def test_an_address_that_cannot_be_rtsp_is_refused_in_the_config(url: str) -> None:
    with pytest.raises(ValueError):
        RtspOptions(url=url)


def test_a_user_name_without_a_password_file_is_refused_in_the_config() -> None:
    with pytest.raises(ValueError, match="go together"):
        RtspOptions(url="rtsp://10.0.0.2/live", username="gate")


# ---------------------------------------------------------------- for months on end


def test_reconnecting_leaves_no_descriptor_behind(server, camera_at) -> None:
    camera = camera_at(server.port)
    camera.open()
    camera.close()
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        camera.open()
        camera.read()
        camera.close()
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_before
