"""Bugs on purpose between the gates of a site: each breaks one promise of R45 while it is planted.

The law of this file: as in `daemon.worlds.plants`; they are looked for in `daemon.worlds.neighbours`, since
one gate alone never meets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from daemon.core import sibling_books, sibling_desk, siblings
from daemon.core.draft import Draft
from daemon.core.fact import Fact
from daemon.core.siblings import SiblingFollowed
from daemon.store import Store
from daemon.worlds.neighbours import NeighbourWorld, SiteOutcome
from daemon.worlds.planting import Bug, Swap, everywhere, planted_in


def cursor_moved_before_the_facts() -> list[Swap]:
    """In a transaction of its own, and first: a power cut between the two loses what it brought."""
    own_said, own_append = sibling_desk.said, Store.append

    def said(draft: Draft, signal: Any) -> None:
        before = len(draft.facts)
        own_said(draft, signal)
        brought = draft.facts[before:]
        if signal.rows and brought and not isinstance(brought[0], SiblingFollowed):
            moved = SiblingFollowed(
                at=draft.at,
                gate=signal.gate,
                seq=signal.upto,
                hash=signal.upto_hash,
                root=signal.root,
                own=draft.state.rules.gate,
            )
            draft.facts.insert(before, moved)

    def append(self: Store, facts: Sequence[Fact]) -> list[int]:
        if isinstance(facts[0], SiblingFollowed) and len(facts) > 1:
            return [*own_append(self, facts[:1]), *own_append(self, facts[1:])]
        return own_append(self, facts)

    return [*everywhere(own_said, said), (sibling_desk, "said", said), (Store, "append", append)]


def own_entry_always_stands() -> list[Swap]:
    """A conflict is settled for whoever settles it, and so differently at two gates."""
    own = sibling_desk.standing

    def standing(own_name: str, stay_id: str, entered: Any) -> Any:
        return (not siblings.gate_of(stay_id), *own(own_name, stay_id, entered))

    return everywhere(own, standing)


def end_before_beginning_forgotten() -> list[Swap]:
    """A car that is heard to leave before it was heard to come stays inside for ever."""
    return everywhere(sibling_books.is_unheard_of, lambda _state, _stay_id: False)


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        cursor_moved_before_the_facts,
        own_entry_always_stands,
        end_before_beginning_forgotten,
    )
}


def sites(number: int, seed: int = 0, plant: str | None = None) -> Iterator[SiteOutcome]:
    """Live through so many sites of five gates from `seed` on, with that bug planted, if any."""
    with planted_in(BUGS, plant):
        for each in range(seed, seed + number):
            yield NeighbourWorld(each).run()
