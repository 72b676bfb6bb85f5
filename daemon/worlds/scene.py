"""What everybody in a world has: the time, and a panel to look at and to ask at while the gate is up.

The law of this file: people ask as people do. Whoever must have an answer asks again until there is one; the
process may die before it has heard the question, or right after it has obeyed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from daemon.core.facts import Fact
from daemon.core.signals import Actor, Asked, GuardAsked, Request
from daemon.core.state import State
from daemon.worlds.gate import Gate
from daemon.worlds.outside import Outside

Answered = Callable[[tuple[Fact, ...]], None]


class Folk(Protocol):
    """Some of the people of a world. They get up, see what the panel shows, and in the end go home."""

    def wakes(self, until_s: float) -> None: ...

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None: ...

    def calms_down(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """`gate()` is the process that runs now, if any."""

    outside: Outside
    gate: Callable[[], Gate | None]

    @property
    def shown(self) -> State | None:
        """What the panel shows; None while there is none."""
        gate = self.gate()
        return gate.engine.state if gate is not None else None

    def later(self, after_s: float, do: Callable[[], None]) -> None:
        self.outside.later(after_s, do)

    def asks(self, actor: Actor, request: Request, then: Answered = lambda _facts: None) -> None:
        """Ask now, once; `then` hears the answer, where there is one."""
        gate = self.gate()
        if gate is not None:
            gate.ask(Asked(at=self.outside.now(), actor=actor, request=request), then)

    def asks_at_lane(self, asked: GuardAsked, then: Answered = lambda _facts: None) -> None:
        gate = self.gate()
        if gate is not None:
            gate.ask(asked, then)

    def insists(
        self, actor: Actor, request: Request, then: Answered = lambda _facts: None, *, every_s: float = 6.0
    ) -> None:
        """Ask again and again until somebody has answered."""
        heard: list[bool] = []

        def answered(facts: tuple[Fact, ...]) -> None:
            if not heard:
                heard.append(True)
                then(facts)

        def ask() -> None:
            if not heard:
                self.asks(actor, request, answered)
                self.later(every_s, ask)

        ask()
