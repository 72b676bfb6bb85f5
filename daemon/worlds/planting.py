"""How a bug is planted in the product from outside, and taken out again.

The law of this file: a swap names whose attribute is replaced, and by what. `everywhere` finds a function
under every name that the product's modules have imported it by: a bug does not depend on who calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import daemon.engine
from daemon.perform import Performer
from daemon.worlds import gate

Swap = tuple[Any, str, Any]
"""Whose attribute is replaced, its name, and by what."""

Bug = Callable[[], list[Swap]]
"""Makes its swaps when it is planted, from the product as it is then."""


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
