"""The same books in SQLite and in PostgreSQL: every test that asks for `place` runs on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.office.database import Place
from tests.rigs.broker import Mosquitto
from tests.rigs.postgres import Postgres, programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if programs() is None:
        pytest.skip("no PostgreSQL here")
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where no books are yet."""
    if request.param == "sqlite":
        yield Place(folder=tmp_path / "office")
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.new_database()
    yield Place(folder=tmp_path / "office", url=url)
    server.drop(url)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Running, with Mosquitto's default limits and nothing kept over a kill."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.kill()
