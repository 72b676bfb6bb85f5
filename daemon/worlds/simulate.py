"""Many worlds, one after the other, and what they came to.

The law of this file: a report says what was tried, and of every violation the seed that makes it again and
the fewest troubles that still do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from daemon.runtime.clock import Clock, SystemClock
from daemon.worlds import plants
from daemon.worlds.world import Outcome, World

SHOWN = 5
"""Violations told in full; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A violation, and how to see it again."""

    seed: int
    law: str
    what: str
    at_s: float
    troubles: list[str]
    """The fewest of the world's troubles that still lead to it."""
    history: list[str]


@dataclass(slots=True, kw_only=True)
class Report:
    worlds: int = 0
    passages: int = 0
    power_cuts: int = 0
    restarts: int = 0
    facts: int = 0
    virtual_days: float = 0.0
    seconds: float = 0.0
    violations: int = 0
    laws: dict[str, int] = field(default_factory=dict)
    """How often each law was broken."""
    found: list[Found] = field(default_factory=list)
    digest: str = ""
    """The same for the same worlds, seed and code, on any machine."""

    @property
    def passages_a_second(self) -> float:
        return self.passages / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passages_a_second": round(self.passages_a_second, 1)}


def simulate(
    worlds: int,
    seed: int,
    plant: str | None = None,
    *,
    stop_at_first: bool = False,
    progress: Callable[[Report], None] = lambda _report: None,
    clock: Clock | None = None,
) -> Report:
    """Live through `worlds` worlds from `seed` on, with that bug planted, if any.

    `progress` is called after every world. Raises KeyError for a plant that there is none of.
    """
    clock = clock or SystemClock()
    report, digest, began = Report(), sha256(), clock.boottime_ns()
    with plants.planted(plant), _quiet():
        for number in range(seed, seed + worlds):
            outcome = World(number).run()
            _count(report, outcome)
            digest.update(outcome.digest.encode())
            if outcome.violation is not None and len(report.found) < SHOWN:
                report.found.append(_found(outcome if stop_at_first else shortest(outcome)))
            report.seconds = (clock.boottime_ns() - began) / 1e9
            progress(report)
            if outcome.violation is not None and stop_at_first:
                break
    report.digest = digest.hexdigest()
    return report


def worlds_until_found(plant: str, *, seed: int = 0, at_most: int = 200) -> int | None:
    """In how many worlds that bug is found; None where it is not."""
    report = simulate(at_most, seed, plant, stop_at_first=True)
    return report.worlds if report.violations else None


def shortest(outcome: Outcome) -> Outcome:
    """The same violation with as few troubles as it takes, left out one by one."""
    violation = outcome.violation
    assert violation is not None
    for planned in outcome.plan:
        fewer = tuple(each for each in outcome.plan if each is not planned)
        tried = World(outcome.seed, fewer).run()
        if tried.violation is not None and tried.violation.law == violation.law:
            outcome = tried
    return outcome


def _count(report: Report, outcome: Outcome) -> None:
    report.worlds += 1
    report.passages += outcome.passages
    report.power_cuts += outcome.power_cuts
    report.restarts += outcome.starts - 1
    report.facts += outcome.facts
    report.virtual_days += outcome.lived_s / 86400
    if outcome.violation is not None:
        report.violations += 1
        law = outcome.violation.law
        report.laws[law] = report.laws.get(law, 0) + 1


def _found(outcome: Outcome) -> Found:
    assert outcome.violation is not None
    return Found(
        seed=outcome.seed,
        law=outcome.violation.law,
        what=outcome.violation.what,
        at_s=round(outcome.violation.at_s, 3),
        troubles=[str(planned) for planned in outcome.plan],
        history=outcome.history,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """A world is full of trouble that the gate rightly logs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
