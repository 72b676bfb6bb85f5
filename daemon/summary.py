"""What one run of the gate amounted to: counted from the facts, timed from the signals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    BoomMoved,
    BoomRaiseOrdered,
    CarHeld,
    Fact,
    PassageClosed,
    PlateSeen,
    StayClosed,
    StayOpened,
)
from daemon.core.signals import Boom, CardRead, Signal
from daemon.runtime.clock import Clock

REMEMBERED = 100_000
"""Swipes that are timed; a gate run for longer than that has its figures."""


@dataclass
class Tally:
    """`observe` is called by the engine after each decision, its orders carried out."""

    clock: Clock
    counts: Counter[str] = field(default_factory=Counter)
    reads: list[PlateSeen] = field(default_factory=list)
    swipe_to_relay_ms: list[float] = field(default_factory=list)
    _was_up: set[str] = field(default_factory=set)

    def observe(self, signal: Signal, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._count(fact)
        raised = any(isinstance(fact, BoomRaiseOrdered) for fact in facts)
        if raised and isinstance(signal, CardRead) and len(self.swipe_to_relay_ms) < REMEMBERED:
            took = self.clock.now().mono - signal.at.mono
            self.swipe_to_relay_ms.append(took / timedelta(milliseconds=1))

    def _count(self, fact: Fact) -> None:
        self.counts["facts"] += 1
        match fact:
            case PassageClosed(outcome="passed"):
                self.counts["passages"] += 1
            case AccessGranted():
                self.counts["granted"] += 1
            case AccessRefused():
                self.counts["refused"] += 1
            case CarHeld():
                self.counts["held"] += 1
            case StayOpened():
                self.counts["came_in"] += 1
            case StayClosed(how="exit"):
                self.counts["went_out"] += 1
            case PlateSeen():
                self.reads.append(fact)
            case BoomMoved(boom=Boom.UP, lane=str(lane)):
                self._was_up.add(lane)
            case BoomMoved(boom=Boom.DOWN, lane=str(lane)) if lane in self._was_up:
                self._was_up.discard(lane)
                self.counts["boom_cycles"] += 1
            case _:
                pass

    @property
    def a_car_came_in_and_went_out(self) -> bool:
        return self.counts["came_in"] > 0 and self.counts["went_out"] > 0

    def report(
        self,
        *,
        exact: Sequence[bool],
        facts_acknowledged: int,
        frame_to_read_ms: Sequence[float],
    ) -> dict[str, Any]:
        """The run as one JSON object; `exact` says of each scored read whether it was what was rendered."""
        return {
            "passages": self.counts["passages"],
            "granted": self.counts["granted"],
            "refused": self.counts["refused"],
            "held": self.counts["held"],
            "plate_reads": len(self.reads),
            "plate_exact_pct": round(100 * sum(exact) / len(exact), 2) if exact else None,
            "boom_cycles": self.counts["boom_cycles"],
            "facts": self.counts["facts"],
            "facts_acknowledged": facts_acknowledged,
            "swipe_to_relay_ms": quantiles(self.swipe_to_relay_ms),
            "frame_to_read_ms": quantiles(frame_to_read_ms),
        }


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
    """Median and 99th percentile (nearest rank); None where nothing was measured."""
    ordered = sorted(values)
    if not ordered:
        return {"p50": None, "p99": None}
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 3)
        for name, part in (("p50", 0.5), ("p99", 0.99))
    }
