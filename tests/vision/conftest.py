"""One loaded plate engine for all tests of this folder: loading it takes a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.recognisers.onnx import OnnxRecogniser
from tests.vision.measured import opened_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[OnnxRecogniser]:
    engine = opened_engine()
    yield engine
    engine.close()
