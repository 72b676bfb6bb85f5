"""A configuration that is right, and a way to say what a changed one has wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from daemon.config import Config, ConfigProblems, Problem
from daemon.config.load import parsed

GOOD = """\
site: {id: garden, name: 花园}
gate: {id: east, name: 东门}
lanes:
  - id: entry-1
    name: 入口
    direction: entry
    mode: card_and_plate
    reader: {driver: simulated}
    camera: {driver: simulated}
    barrier: {driver: simulated}
    loops:
      safety: {driver: simulated, loop: safety}
permits:
  - {id: P1, card: "62E3086CED", plate: 粤B12345}
  - {id: P2, card: "01026F6C3A", plate: 粤BD12345}
"""


class Check(Protocol):
    def __call__(self, text: str) -> tuple[Problem, ...]: ...


class Good(Protocol):
    def __call__(self, text: str) -> Config: ...


@pytest.fixture
def good(tmp_path: Path) -> Good:
    """The configuration in a text."""
    return lambda text: parsed(text, folder=tmp_path)


@pytest.fixture
def problems(good: Good) -> Check:
    """Everything that is wrong with a text."""

    def check(text: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigProblems) as caught:
            good(text)
        return caught.value.problems

    return check


def changed(old: str, new: str, text: str = GOOD) -> str:
    """`text` with one place of it written otherwise."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    return text.replace(old, new)


def line_of(part: str, text: str) -> int:
    """The line on which `part` stands, counted from 1."""
    return text[: text.index(part)].count("\n") + 1
