"""The desk of a gate: engine, core and a real store, without lanes; what is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from daemon.core.decide import next_deadline
from daemon.core.evolve import evolve_all
from daemon.core.facts import ActionRefused, Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Request, Signal, Started, TimerElapsed
from daemon.core.state import USUAL_SITE, SiteRules, State, empty_state
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store, tables

OFFICE = Actor(name="前台", role="office")
GUARD = Actor(name="李门岗", role="guard")
LEADER = Actor(name="周班长", role="leader")
SUPERVISOR = Actor(name="陈主管", role="supervisor")


class Desk:
    """`ask` puts a request; `time` lets time pass with everything that falls due on the way."""

    def __init__(self, folder: Path, site: SiteRules = USUAL_SITE) -> None:
        self.site = site
        self.clock = ManualClock()
        self.store = Store(folder / "data", ballast_bytes=0)
        self.store.open()
        self.engine = self._engine()
        self._boots = 1

    def _engine(self, perform: Callable[[Fact], None] = lambda _fact: None) -> Engine:
        state = evolve_all(empty_state((), self.site), (fact for _, fact in self.store.facts()))
        return Engine(state=state, store=self.store, clock=self.clock, perform=perform)

    @property
    def state(self) -> State:
        return self.engine.state

    def start(self) -> tuple[Fact, ...]:
        return self.send(Started(at=self.clock.now(), version="test"))

    def restart(self) -> tuple[Fact, ...]:
        """The daemon is killed and started again: all that it knows is what the ledger says."""
        self.engine = self._engine()
        return self.start()

    def reboot(self, off_for: timedelta = timedelta(seconds=30)) -> tuple[Fact, ...]:
        self._boots += 1
        self.clock.reboot(f"boot-{self._boots}", off_for=off_for)
        return self.restart()

    def send(self, signal: Signal) -> tuple[Fact, ...]:
        return self.engine.handle(signal)

    def ask(self, actor: Actor, request: Request) -> tuple[Fact, ...]:
        return self.send(Asked(at=self.clock.now(), actor=actor, request=request))

    def why_not(self, actor: Actor, request: Request) -> Reason:
        (fact,) = self.ask(actor, request)
        assert isinstance(fact, ActionRefused), fact
        return fact.reason

    def time(self, **by: float) -> list[Fact]:
        """`time(minutes=5)`: what fell due in that time, when it was due and only then."""
        said: list[Fact] = []
        end = self.clock.mono + timedelta(**by)
        while (due := next_deadline(self.state, self.clock.mono)) is not None and due <= end:
            self.clock.advance(max(due - self.clock.mono, timedelta(0)))
            said += self.send(TimerElapsed(at=self.clock.now()))
            still = next_deadline(self.state, self.clock.mono)
            assert still is None or still > self.clock.mono, f"the timer spins: {still} stays due"
        self.clock.advance(end - self.clock.mono)
        return said

    def beat(self) -> tuple[Fact, ...]:
        """What the watchdog has the gate do every few seconds: look whether anything is due."""
        return self.send(TimerElapsed(at=self.clock.now()))

    def finish(self) -> None:
        """The ledger alone gives the same state and the same tables."""
        numbered = list(self.store.facts())
        replayed = evolve_all(empty_state((), self.site), (fact for _, fact in numbered))
        assert replayed == self.state
        assert tables.rebuilt(numbered) == tables.contents(self.store.db)
        self.store.close()
