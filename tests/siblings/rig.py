"""Several gates of one site as values: the shipped decisions, each gate's ledger a list, and what is between.

Cars go through in whole passages. What a gate hears of another one is the stretch of its ledger that the test
lets through, so that every order, delay and repetition can be had; no clock but the test's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from daemon.core.decide import decide
from daemon.core.evolve import evolve, evolve_all
from daemon.core.facts import Fact
from daemon.core.siblings import NAMELESS, Cursor, concerns, root_of, sibling_device
from daemon.core.signals import (
    Actor,
    Asked,
    CardRead,
    DeviceLost,
    DeviceRestored,
    DirectoryGiven,
    GuardAsked,
    Instant,
    Loop,
    LoopChanged,
    LoopState,
    Permit,
    PlateRead,
    Request,
    SiblingRow,
    SiblingSaid,
    Signal,
    Started,
)
from daemon.core.state import SiteRules, State, empty_state
from daemon.scenario.bench import entry, exit_
from daemon.store.codec import fact_from_json, fact_to_json, plain

GUARD = Actor(name="李门岗", role="guard")
LEADER = Actor(name="周班长", role="leader")
OFFICE = Actor(name="物业", role="office")
BEGAN = datetime(2026, 6, 1, 8, tzinfo=UTC)
AT_ONCE = 20
"""Rows of a stretch at most, as on the wire."""


class Gate:
    """One gate: `ledger` is all that outlives it."""

    def __init__(self, site: Site, name: str, siblings: Iterable[str], permits: Sequence[Permit]) -> None:
        self.site = site
        self.name = name
        lanes = (entry(), exit_(), entry("entry-2", mode="card_only"), entry("visitors", mode="plate_only"))
        rules = SiteRules(
            gate=name, siblings=tuple(siblings), bays=MappingProxyType({"permit": 9}), tariff=site.tariff
        )
        self.began = empty_state((*lanes, exit_("visitors-out", mode="plate_only")), rules)
        self.state = self.began
        self.ledger: list[Fact] = []
        self.seals: list[str] = []
        self.boot, self.booted = f"{name}-1", timedelta(0)
        self.clock_is_trusted, self.clock_is_off = True, timedelta(0)
        self._tracks = 0
        self.most_early = 0
        """How much has waited at once for what it follows from."""
        self.does(Started(at=self.now, version="test"))
        for lane in self.state.lanes:
            for loop in Loop:
                self._loop(lane, loop, LoopState.FREE)
        self.does(DirectoryGiven(at=self.now, actor=OFFICE, permits=tuple(permits)))

    @property
    def now(self) -> Instant:
        return Instant(
            boot=self.boot,
            mono=self.site.passed - self.booted + timedelta(seconds=1),
            wall=BEGAN + self.site.passed + self.clock_is_off,
            trusted=self.clock_is_trusted,
        )

    def does(self, signal: Signal) -> tuple[Fact, ...]:
        facts = decide(self.state, signal)
        for fact in facts:
            self.state = evolve(self.state, fact)
            self.ledger.append(fact)
            before = self.seals[-1] if self.seals else NAMELESS
            self.most_early = max(self.most_early, len(self.state.siblings.early))
            self.seals.append(sha256(f"{self.name}{before}{len(self.seals)}{fact!r}".encode()).hexdigest())
        return facts

    def asks(self, request: Request, actor: Actor = LEADER) -> tuple[Fact, ...]:
        return self.does(Asked(at=self.now, actor=actor, request=request))

    # ------------------------------------------------------------ cars

    def car(self, lane: str, card: str | None, plate: str | None, *, guard: bool = False) -> tuple[Fact, ...]:
        """A car comes, shows what it has, drives through where it is let, or backs off where it is not."""
        facts = [*self._loop(lane, Loop.APPROACH, LoopState.OCCUPIED)]
        if plate is not None:
            facts += self._plate(lane, plate)
        if card is not None:
            facts += self.does(CardRead(at=self.now, lane=lane, card=card, bits=32))
        if guard:
            facts += self.does(
                GuardAsked(at=self.now, actor=GUARD, lane=lane, action="open", reason="核对过")
            )
        is_through = self.state.lanes[lane].phase == "granted"
        if is_through:
            facts += self._loop(lane, Loop.SAFETY, LoopState.OCCUPIED)
            facts += self._loop(lane, Loop.APPROACH, LoopState.FREE)
            facts += self._loop(lane, Loop.SAFETY, LoopState.FREE)
        elif self.state.lanes[lane].phase != "idle":
            facts += self.does(
                GuardAsked(at=self.now, actor=GUARD, lane=lane, action="refuse", reason="不放")
            )
            facts += self._loop(lane, Loop.APPROACH, LoopState.FREE)
        else:
            facts += self._loop(lane, Loop.APPROACH, LoopState.FREE)
        self.site.pass_(1)
        return tuple(facts)

    def enters(self, who: Permit, **how: Any) -> tuple[Fact, ...]:
        return self.car("entry-1", who.card, who.plate, **how)

    def leaves(self, who: Permit, **how: Any) -> tuple[Fact, ...]:
        return self.car("exit-1", who.card, who.plate, **how)

    def visitor_enters(self, plate: str) -> tuple[Fact, ...]:
        return self.car("visitors", None, plate)

    def visitor_leaves(self, plate: str) -> tuple[Fact, ...]:
        return self.car("visitors-out", None, plate)

    def _plate(self, lane: str, plate: str) -> tuple[Fact, ...]:
        self._tracks += 1
        return self.does(
            PlateRead(
                at=self.now, lane=lane, track=f"{self.name}-{self._tracks}", plate=plate, valid=True,
                confidence=0.99, chars=(), colour="blue", frames=3, picture=f"{plate}.jpg", crop=None,
            )
        )  # fmt: skip

    def _loop(self, lane: str, loop: Loop, state: LoopState) -> tuple[Fact, ...]:
        return self.does(LoopChanged(at=self.now, lane=lane, loop=loop, state=state))

    # ------------------------------------------------------------ the others

    def stretch(self, cursor: Cursor, limit: int = AT_ONCE) -> SiblingSaid:
        """What this gate answers to one that has followed it up to `cursor`."""
        after = cursor.seq if cursor.root == self.root else 0
        rows: list[SiblingRow] = []
        for number, fact in enumerate(self.ledger[after:], after + 1):
            text = fact_to_json(fact)
            if concerns(fact.kind, plain(text)):  # type: ignore[attr-defined]
                rows.append(SiblingRow(seq=number, hash=self.seals[number - 1], fact=fact_from_json(text)))
            if len(rows) == limit:
                break
        upto = rows[-1].seq if rows else len(self.ledger)
        return SiblingSaid(
            at=self.now, gate=self.name, root=self.root, after=after, after_hash=self._seal(after),
            upto=upto, upto_hash=self._seal(upto), rows=tuple(rows),
        )  # fmt: skip

    @property
    def root(self) -> str:
        return root_of(self.ledger[0].at)

    def _seal(self, seq: int) -> str:
        return self.seals[seq - 1] if seq else NAMELESS

    def hears(self, other: Gate, limit: int = AT_ONCE) -> tuple[Fact, ...]:
        """One stretch of the other's ledger, from where this gate has got to."""
        return self.hears_of(other.stretch(self.cursor(other), limit))

    def hears_of(self, said: SiblingSaid) -> tuple[Fact, ...]:
        return self.does(replace(said, at=self.now))

    def cursor(self, other: Gate) -> Cursor:
        return self.state.siblings.cursors.get(other.name, Cursor())

    def catches_up(self, other: Gate) -> None:
        while other.stretch(self.cursor(other)).rows:
            self.hears(other)

    def loses(self, *others: Gate) -> None:
        for other in others:
            device = sibling_device(other.name)
            self.does(DeviceLost(at=self.now, device=device, lane=None, role="sibling", why="not heard"))

    def finds(self, *others: Gate) -> None:
        for other in others:
            device = sibling_device(other.name)
            self.does(DeviceRestored(at=self.now, device=device, lane=None, role="sibling"))

    # ------------------------------------------------------------ what is so

    @property
    def inside(self) -> set[str]:
        """The open stays, as `west:S0000001`."""
        return {re.sub(r"\.\w+:", ":", name) for name in self.named_inside}

    @property
    def named_inside(self) -> set[str]:
        """The open stays in the names of the site."""
        return {stay if ":" in stay else f"{self.state.known_as}:{stay}" for stay in self.state.stays}

    @property
    def plates(self) -> list[str]:
        return sorted(stay.plate for stay in self.state.stays.values())

    @property
    def alerts(self) -> set[str]:
        return {str(alert.alert) for alert in self.state.alerts.values()}

    def replayed(self) -> State:
        return evolve_all(self.began, self.ledger)


class Site:
    def __init__(self, *names: str, permits: Sequence[Permit] = (), tariff: Any = None) -> None:
        self.passed = timedelta(seconds=100)
        self.tariff = tariff
        self.gates = {
            name: Gate(self, name, (other for other in names if other != name), permits) for name in names
        }

    def pass_(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)

    def __getitem__(self, name: str) -> Gate:
        return self.gates[name]

    def pairs(self) -> list[tuple[Gate, Gate]]:
        return [
            (one, other) for one in self.gates.values() for other in self.gates.values() if one is not other
        ]

    def heals(self) -> None:
        """Everybody is heard by everybody until nobody has anything new to say."""
        for one, other in self.pairs():
            one.finds(other)
        while any(other.stretch(one.cursor(other)).rows for one, other in self.pairs()):
            for one, other in self.pairs():
                one.catches_up(other)
