"""What of the facts that came is new, and whether it fits what is held.

The law of this file: pure. A fact that does not fit is taken all the same, marked: it is the evidence. One
that leaves a gap is not taken, since the gate still has what is missing and will be asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

from daemon.mqtt.messages import FactMessage
from daemon.store.codec import canonical
from daemon.store.ledger import FIRST_PREV, row_hash

NOT_IN_ORDER = "does not follow from the fact before it"
NOT_SEALED = "its hash does not follow from its content"
TWO_VERSIONS = "told again with another hash; the first is kept"
REPLACED = "the gate writes another ledger now; the one before is kept"
FORKED = "the gate has lost facts that are held here; they are kept"

WORDS = {
    NOT_IN_ORDER: "与上一条不衔接",
    NOT_SEALED: "内容与散列不符",
    TWO_VERSIONS: "同一编号说了两种，保留先到的",
    REPLACED: "门岗换了账本，旧账保留",
    FORKED: "门岗丢失了此处已存的事实，此处保留",
}
"""The same in Chinese."""


def sealed(fact: FactMessage, text: str) -> str:
    return row_hash(fact.prev, fact.seq, fact.kind, text)


class Entry(NamedTuple):
    """A fact to be kept, with the text that was sealed and what is wrong with it, else None."""

    fact: FactMessage
    text: str
    trouble: str | None


@dataclass(frozen=True, slots=True)
class End:
    """How far the books of one ledger go."""

    held: int = 0
    """The highest fact that is kept, with all before it."""
    head: str = FIRST_PREV
    """The hash of that fact."""


@dataclass(frozen=True, slots=True)
class Followed:
    entries: tuple[Entry, ...]
    end: End
    again: tuple[FactMessage, ...]
    """What is held already; it may have been told otherwise then."""
    misses_something: bool
    """The gate is ahead of what is held."""


def follow(end: End, facts: Sequence[FactMessage]) -> Followed:
    """Go on from `end` with those of the facts that come next."""
    entries: list[Entry] = []
    again: list[FactMessage] = []
    misses_something = False
    for fact in facts:
        # Only the last one tells: a gap that the facts behind it close again is none.
        misses_something = fact.seq > end.held + 1
        if fact.seq <= end.held:
            again.append(fact)
        elif not misses_something:
            text = canonical(fact.body)
            entries.append(Entry(fact, text, _trouble(fact, text, end.head)))
            end = End(fact.seq, fact.hash)
    return Followed(tuple(entries), end, tuple(again), misses_something)


def _trouble(fact: FactMessage, text: str, head: str) -> str | None:
    if fact.prev != head:
        return NOT_IN_ORDER
    return None if sealed(fact, text) == fact.hash else NOT_SEALED


def why_not_kept(fact: FactMessage) -> str | None:
    """Why a message that is well formed can be no row of any ledger; None where it can.

    A gate never says such a thing. Whoever does must not be able to stop the books with it.
    """
    words = (fact.kind, fact.lane or "", fact.passage or "", fact.hash, fact.prev)
    if any("\0" in word for word in words):
        return "a NUL character"
    try:
        fact.at.wall.astimezone(UTC)
        canonical(fact.body).encode()
    except (ValueError, OverflowError, RecursionError) as wrong:
        return str(wrong)
    return None
