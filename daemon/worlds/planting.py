"""How a bug is planted in the product from outside, and taken out again.

The law of this file: a swap names whose attribute is replaced, and by what. `everywhere` finds a function
under every name that the product's modules have imported it by: a bug does not depend on who calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import daemon.engine
from daemon.core import access, decide, draft, evolve, roles
from daemon.core.facts import Fact, GateStarted
from daemon.core.reasons import AlertKind
from daemon.core.signals import Request, Signal
from daemon.core.state import State
from daemon.perform import Performer
from daemon.worlds import gate

Swap = tuple[Any, str, Any]
"""Whose attribute is replaced, its name, and by what."""

Bug = Callable[[], list[Swap]]
"""Makes its swaps when it is planted, from the product as it is then."""


@contextmanager
def planted_in(bugs: Mapping[str, Bug], name: str | None) -> Iterator[None]:
    """Have that bug while this holds; none for None. Raises KeyError for a name that is none of `bugs`."""
    swaps = [] if name is None else bugs[name]()
    kept = [(owner, attribute, getattr(owner, attribute)) for owner, attribute, _ in swaps]
    try:
        for owner, attribute, bug in swaps:
            setattr(owner, attribute, bug)
        yield
    finally:
        for owner, attribute, own in kept:
            setattr(owner, attribute, own)


def everywhere(own: Any, bug: Any) -> list[Swap]:
    """Replace `own` in every module of the daemon that knows it. Raises LookupError where none does."""
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("daemon.")]
    places = [(module, name, bug) for module in modules for name, what in vars(module).items() if what is own]
    if not places:
        raise LookupError(f"no module of the daemon knows {own}: the plant has to follow the product")
    return places


def engine(kind: type[daemon.engine.Engine]) -> Swap:
    """Have the gate of a world run by another kind of engine."""
    return gate, "Engine", kind


def blind_performer() -> Swap:
    """Without this the last look before lowering would hide what the rules do wrong."""
    return Performer, "_is_occupied_by_now", lambda _self, _order: False


def without_rule(*dropped: str) -> list[Swap]:
    """Those rules of access are never asked."""
    return everywhere(access.RULES, tuple(rule for rule in access.RULES if rule[0] not in dropped))


def at_start(change: Callable[[State], State]) -> list[Swap]:
    """The state is something else after each start."""
    own = evolve.evolve

    def changed(state: State, fact: Fact) -> State:
        state = own(state, fact)
        return change(state) if isinstance(fact, GateStarted) else state

    def all_changed(state: State, facts: Any) -> State:
        for fact in facts:
            state = changed(state, fact)
        return state

    return [*everywhere(own, changed), *everywhere(evolve.evolve_all, all_changed)]


def unsaid(kind: type[Fact]) -> Swap:
    """No decision ever comes to a fact of that kind, though it acts as if it had."""
    own = decide.decide

    def silent(state: State, signal: Signal) -> tuple[Fact, ...]:
        return tuple(fact for fact in own(state, signal) if not isinstance(fact, kind))

    return daemon.engine, "decide", silent


def no_alert(*kinds: AlertKind) -> Swap:
    """Alerts of those kinds are never raised."""
    own = draft.Draft.raise_alert

    def raise_alert(self: draft.Draft, kind: AlertKind, *given: Any, **named: Any) -> None:
        if kind not in kinds:
            own(self, kind, *given, **named)

    return draft.Draft, "raise_alert", raise_alert


def anybody_may(request: type[Request]) -> list[Swap]:
    """Whoever asks for that, has it."""
    own = roles.may

    def may(role: roles.Role, asked: Request) -> bool:
        return isinstance(asked, request) or own(role, asked)

    return everywhere(own, may)
