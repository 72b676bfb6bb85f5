"""Bugs on purpose: each breaks one promise of the product while it is planted, and no longer.

The law of this file: the product has no switch for any of them. A plant replaces functions of the product's
modules from outside, and puts them back. A simulator that does not find one of them within 200 worlds proves
nothing about the promise behind it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from daemon.worlds import bugs_of_machine, bugs_of_money, bugs_of_post, bugs_of_rules
from daemon.worlds.planting import Bug, planted_in

_BUGS: dict[str, Bug] = {
    **bugs_of_machine.BUGS,
    **bugs_of_rules.BUGS,
    **bugs_of_money.BUGS,
    **bugs_of_post.BUGS,
}


def names() -> tuple[str, ...]:
    return tuple(_BUGS)


def planted(name: str | None) -> AbstractContextManager[None]:
    """Have that bug while this holds; none for None. Raises KeyError for a name that is none of `names()`."""
    return planted_in(_BUGS, name)
