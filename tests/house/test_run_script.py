"""`scripts/run` around a stand-in gate: it brings up a broker and an office, and takes them down again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GATE = """#!/usr/bin/env bash
# Stands in for .venv/bin/gatepost: says what it was asked, runs until it is told to stop or to end.
here=$(dirname "$0")
echo "$*" >>"$here/asked"
case $1 in
    office) echo $$ >"$here/office.pid"; exec sleep 600 ;;
    run)
        trap 'echo "{\\"stopped\\": true}"; exit 7' TERM
        echo $$ >"$here/gate.pid"
        [[ " $* " == *" --for "* ]] && { echo '{"passages": 1}'; exit 3; }
        while true; do sleep 0.05; done ;;
esac
"""

needs_mosquitto = pytest.mark.skipif(
    shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="no mosquitto here"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Checkout:
    """A checkout in which everything is set up, with a stand-in for the gate."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.broker_port, self.panel_port = free_port(), free_port()
        self.bin = root / ".venv" / "bin"
        self.bin.mkdir(parents=True)
        (root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "run", root / "scripts" / "run")
        self.program(root / "scripts" / "setup", "#!/bin/sh\n")
        self.program(self.bin / "gatepost", GATE)
        self.program(self.bin / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (root / "config.yaml").write_text(
            f"office: {{host: 127.0.0.1, port: {self.broker_port}}}\npanel: {{port: {self.panel_port}}}\n",
            encoding="utf-8",
        )

    def program(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def start(self, *arguments: str, path: str = f"{os.environ['PATH']}:/usr/sbin") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.root / "scripts" / "run"), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PATH": path},
        )

    def pid(self, name: str) -> int:
        file = self.bin / f"{name}.pid"
        assert eventually(lambda: file.exists() and bool(file.read_text().strip())), f"no {name} was started"
        return int(file.read_text())

    @property
    def asked(self) -> list[str]:
        return sorted((self.bin / "asked").read_text(encoding="utf-8").splitlines())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


@needs_mosquitto
def test_the_demo_has_a_broker_and_an_office_while_the_gate_runs(checkout: Checkout) -> None:
    run = checkout.start()
    gate, office = checkout.pid("gate"), checkout.pid("office")
    assert answers(checkout.broker_port)

    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=60)

    assert run.returncode == 7, "the exit status is the gate's"
    assert out == '{"stopped": true}\n', "nothing is printed after the gate's last line"
    assert not lives(gate)
    assert not lives(office)
    assert not answers(checkout.broker_port)
    config = checkout.root / "config.yaml"
    assert checkout.asked == [f"office --config {config}", f"run --config {config}"]


@needs_mosquitto
def test_ctrl_c_ends_all_of_it(checkout: Checkout) -> None:
    run = checkout.start()
    office = checkout.pid("office")
    checkout.pid("gate")
    os.killpg(run.pid, signal.SIGINT)
    assert run.wait(timeout=60) == 7
    assert eventually(lambda: not lives(office))
    assert not answers(checkout.broker_port)
    run.communicate()


@needs_mosquitto
def test_options_reach_the_gate_and_its_exit_status_comes_back(checkout: Checkout) -> None:
    run = checkout.start("--for", "20")
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 3
    assert out.splitlines()[-1] == '{"passages": 1}'
    assert f"run --config {checkout.root / 'config.yaml'} --for 20" in checkout.asked


def test_another_site_gets_no_demo_around_it(checkout: Checkout) -> None:
    run = checkout.start("--config", "site.yaml", "--for", "20")
    run.communicate(timeout=60)
    assert run.returncode == 3
    assert checkout.asked == ["run --config site.yaml --for 20"]


def test_without_a_broker_the_gate_runs_on_and_says_so(checkout: Checkout, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "dirname", "mkdir", "sleep", "tail", "sed", "cat", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or "/nowhere")
    broken = tools / "mosquitto"
    checkout.program(broken, "#!/bin/sh\necho 'Error: no more memory' >&2\nexit 1\n")
    run = checkout.start("--for", "20", path=str(tools))
    _, said = run.communicate(timeout=60)
    assert run.returncode == 3
    assert "no more memory" in said
    assert [line for line in checkout.asked if line.startswith("office")] == []


def test_a_panel_port_that_is_taken_is_said_before_anything_starts(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.panel_port)):
        run = checkout.start()
        _, said = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"Port {checkout.panel_port} is taken" in said
    assert not (checkout.bin / "asked").exists()


def test_a_broker_that_is_there_already_is_used_and_left_alone(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.broker_port)):
        run = checkout.start()
        checkout.pid("office")
        checkout.pid("gate")
        run.send_signal(signal.SIGTERM)
        _, said = run.communicate(timeout=60)
        assert answers(checkout.broker_port)
    assert run.returncode == 7
    assert "already" in said


def test_help_needs_no_setting_up(checkout: Checkout) -> None:
    (checkout.root / "scripts" / "setup").unlink()
    run = checkout.start("--help")
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert "--for SECONDS" in out
