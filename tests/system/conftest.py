"""Gates and brokers that end with their test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs.broker import Mosquitto
from tests.system.gate import DRIVEN, GATEPOST, Config, Gate


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Callable[..., Gate]]:
    """Makes gates; whatever still runs at the end is killed."""
    made: list[Gate] = []

    def make(config: Config | str, *, driven: bool = False) -> Gate:
        folder = tmp_path / f"gate-{len(made)}"
        made.append(Gate(folder, config, DRIVEN if driven else GATEPOST))
        return made[-1]

    yield make
    for gate in made:
        gate.end()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Not started yet, with Mosquitto's default limits and nothing kept over a kill."""
    if shutil.which("mosquitto") is None:
        pytest.skip("no mosquitto here")
    folder = tmp_path / "broker"
    folder.mkdir()
    found = Mosquitto(folder)
    yield found
    found.kill()
