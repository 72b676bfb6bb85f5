"""The shipped unit is one that systemd accepts, and gives the gate few rights."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.runtime.watchdog import USUAL_LIMIT

UNITS = Path(__file__).parents[2] / "systemd"
MOST_EXPOSURE_TENTHS = 14

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


BOTH = pytest.mark.parametrize("name", ["gatepost.service", "gatepost-office.service"])


def service(name: str = "gatepost.service") -> dict[str, str]:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units have capital letters
    unit.read(UNITS / name, encoding="utf-8")
    return dict(unit["Service"])


@needs_systemd
@BOTH
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path, name: str) -> None:
    text = (UNITS / name).read_text(encoding="utf-8")
    unit = tmp_path / name
    # Only what is installed on a real gate is put aside: the program and its documentation.
    unit.write_text(
        text.replace("/opt/gatepost/.venv/bin/gatepost", "/bin/true").replace(
            "file:///opt/gatepost/README.md", "man:true(1)"
        ),
        encoding="utf-8",
    )
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    about_ours = [line for line in said.stderr.splitlines() if "gatepost" in line]
    assert about_ours == []


@needs_systemd
@BOTH
def test_the_unit_is_sandboxed(name: str) -> None:
    said = subprocess.run(
        [
            "systemd-analyze", "security", "--offline=true", "--no-pager",
            f"--threshold={MOST_EXPOSURE_TENTHS}", str(UNITS / name),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout[-2000:] + said.stderr


def test_the_gate_says_itself_when_it_is_up() -> None:
    assert service()["Type"] == "notify"


@BOTH
def test_a_configuration_error_is_not_tried_again_and_anything_else_is(name: str) -> None:
    unit = service(name)
    assert unit["Restart"] == "on-failure"
    assert unit["RestartPreventExitStatus"] == "78"


def test_unit_and_watchdog_agree_on_the_limit() -> None:
    assert float(service()["WatchdogSec"]) == USUAL_LIMIT.total_seconds()


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="no systemd-sysusers here")
def test_the_user_of_the_unit_is_made() -> None:
    said = subprocess.run(
        ["systemd-sysusers", "--dry-run", str(UNITS / "gatepost.sysusers")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    lines = (UNITS / "gatepost.sysusers").read_text(encoding="utf-8").splitlines()
    made = {line.split()[1] for line in lines if line and not line.startswith("#")}
    unit = service()
    office = service("gatepost-office.service")["User"]
    assert {unit["User"], *unit["SupplementaryGroups"].split(), office} <= made
