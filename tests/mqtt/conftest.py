"""A broker of its own for each test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.broker import Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Running, with Mosquitto's default limits and nothing kept over a kill."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with two authorities, `ours` and `theirs`; broker and gate are signed by ours."""
    folder = tmp_path / "certificates"
    folder.mkdir()

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("ours", "theirs"):
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-keyout", f"{name}.key", "-out", f"{name}.pem"),
        )
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker"),
        *("-keyout", "broker.key", "-out", "broker.csr"),
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    openssl(
        *("x509", "-req", "-in", "broker.csr", "-days", "2", "-extfile", "names", "-out", "broker.pem"),
        *("-CA", "ours.pem", "-CAkey", "ours.key", "-CAcreateserial"),
    )
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=east"),
        *("-keyout", "east.key", "-out", "east.csr"),
    )
    openssl(
        *("x509", "-req", "-in", "east.csr", "-days", "2", "-out", "east.pem"),
        *("-CA", "ours.pem", "-CAkey", "ours.key", "-CAcreateserial"),
    )
    return folder
