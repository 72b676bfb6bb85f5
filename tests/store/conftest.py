"""A store of its own for every test, closed at the end whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.store import Store

Stores = Callable[..., Store]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Makes stores, not yet opened; all in one folder where nothing else is said."""
    made: list[Store] = []

    def make(folder: Path = tmp_path / "data", *, ballast_bytes: int = 0) -> Store:
        made.append(Store(folder, ballast_bytes=ballast_bytes))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(stores: Stores) -> Store:
    one = stores()
    one.open()
    return one
