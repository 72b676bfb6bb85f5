"""The bounded form of `tests.office.proof`: the whole of it is run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.office.proof import prove

FACTS = 2_500
"""More than the 1,000 that Mosquitto queues for an office that is away."""


@pytest.mark.rule("R42")
async def test_a_month_alone_and_a_broker_killed_twice_lose_invent_and_double_nothing(
    tmp_path: Path,
) -> None:
    outcome = await prove(tmp_path, FACTS)
    assert outcome.facts >= FACTS
    assert outcome.is_right, outcome
