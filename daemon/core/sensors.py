"""What the loops and limit switches of a lane can say.

The law of this file: as in `daemon.core.signals`, which hands these on.
"""

from __future__ import annotations

from enum import StrEnum


class Loop(StrEnum):
    """The two induction loops of a lane."""

    APPROACH = "approach"
    SAFETY = "safety"


class LoopState(StrEnum):
    FREE = "free"
    OCCUPIED = "occupied"
    UNKNOWN = "unknown"


class Boom(StrEnum):
    """Where the limit switches say the boom is."""

    UP = "up"
    DOWN = "down"
    MOVING = "moving"
    UNKNOWN = "unknown"
