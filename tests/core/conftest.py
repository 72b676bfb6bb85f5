"""A site to tell stories about: two ways in, one way out, three households."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.core.signals import Permit
from daemon.core.state import LaneRules, SiteRules
from tests.core.rig import GateRig, entry, exit_, permit

WANG = permit("P-wang", "A1", "粤B12345")
LIU = permit("P-liu", "B2", "粤B67890")
CHEN = permit("P-chen", "C3", "粤BD1234")
"""D and 0 are taken for one another: read 粤B01234 is not a plate of anybody's."""

HOUSEHOLDS = (WANG, LIU, CHEN)

Site = Callable[..., GateRig]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Gates of any lanes; each is proved against its own ledger when the story is over."""
    rigs: list[GateRig] = []

    def made(
        *lanes: LaneRules,
        permits: tuple[Permit, ...] = HOUSEHOLDS,
        rules: SiteRules = SiteRules(),  # noqa: B008 - a value
    ) -> GateRig:
        rig = GateRig(tmp_path / f"gate-{len(rigs)}", lanes, permits, rules)
        rigs.append(rig)
        return rig

    yield made
    for rig in rigs:
        rig.finish()


@pytest.fixture
def gate(site: Site) -> GateRig:
    return site(entry("entry-1"), entry("entry-2"), exit_("exit-1"))
