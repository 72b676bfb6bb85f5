"""The one thing all facts share."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.signals import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What the gate holds to be so. `lane` and `passage` are None where they mean nothing."""

    at: Instant
    lane: str | None = None
    passage: str | None = None
