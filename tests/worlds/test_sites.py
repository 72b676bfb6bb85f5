"""Five gates of one site in made-up worlds: cut off, dying, overtaking each other; and bugs on purpose."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from daemon.worlds.bugs_between_gates import BUGS, sites

pytestmark = pytest.mark.rule("R45")

AT_MOST = 12
"""Worlds in which each planted bug has to be found."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


def test_every_gate_of_a_site_ends_with_the_same_cars_inside() -> None:
    outcomes = list(sites(2))
    assert [outcome.violation for outcome in outcomes] == [None, None]
    for outcome in outcomes:
        trouble = (outcome.passages, outcome.cuts, outcome.conflicts, outcome.deaths)
        assert min(trouble) > 0, "and it was not easy"


def test_the_same_seed_is_the_same_site() -> None:
    [one], [other] = list(sites(1, seed=7)), list(sites(1, seed=7))
    assert one == other


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    assert any(outcome.violation is not None for outcome in sites(AT_MOST, plant=bug))
