"""Taking a whole list in (R41): what it changes, and the facts of it.

The law of this file: a list is taken whole or not at all; the same list twice says nothing the second time;
one that contradicts itself, and an empty one that nobody meant, change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.core import directory
from daemon.core.draft import Draft
from daemon.core.reasons import Reason
from daemon.core.register import (
    AnyRequest,
    GiveHouseholds,
    GivePermits,
    GiveStaff,
    GiveWatchlist,
    ListGiven,
    ListName,
    Resident,
    StaffListed,
    StaffUnlisted,
)
from daemon.core.signals import Asked, Request
from daemon.core.special import WatchListed, WatchUnlisted
from daemon.core.state import State, next_turn
from daemon.core.visits import ResidentRegistered, ResidentRemoved


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a list would change, rows by their key: new, changed (before, after), gone, and as they were."""

    new: Mapping[str, Any]
    changed: Mapping[str, tuple[Any, Any]]
    gone: Mapping[str, Any]
    unchanged: int

    @property
    def is_none(self) -> bool:
        return not (self.new or self.changed or self.gone)


def difference(state: State, request: AnyRequest) -> Difference:
    """What the gate holds now beside what the list says. Pure."""
    kept = _LISTS[type(request)]
    held = kept.held(state)
    given = {kept.key(row): row for row in request.rows}
    both = [key for key in given if key in held]
    changed = {key: (held[key], given[key]) for key in both if held[key] != given[key]}
    return Difference(
        new={key: row for key, row in given.items() if key not in held},
        changed=changed,
        gone={key: held[key] for key in sorted(held.keys() - given.keys())},
        unchanged=len(both) - len(changed),
    )


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    kept = _LISTS[type(request)]
    objection = _why_not(request, kept)
    if objection is not None:
        draft.refuse(asked, objection)
        return
    changes = difference(draft.state, request)
    if changes.is_none and kept.name in draft.state.register.sources:
        return
    kept.take(draft, asked, request, changes)
    draft.say(
        ListGiven(at=draft.at, name=kept.name, source=request.source, rows=len(request.rows), by=asked.actor)
    )


def _why_not(request: AnyRequest, kept: _Kept) -> Reason | None:
    if not request.rows and not request.allow_empty:
        return Reason.LIST_IS_EMPTY
    for own in kept.own:
        said = [value for row in request.rows if (value := own(row)) is not None]
        if len(set(said)) < len(said):
            return Reason.LIST_CONTRADICTS_ITSELF
    return None


# ---------------------------------------------------------------- the lists


def _take_permits(draft: Draft, asked: Asked, request: Any, _changes: Difference) -> None:
    directory.take(draft, request.rows, asked.actor)


def _take_households(draft: Draft, asked: Asked, _request: Any, changes: Difference) -> None:
    at, by = draft.at, asked.actor
    for row in changes.gone.values():
        draft.say(ResidentRemoved(at=at, unit=row.unit, name=row.name, by=by))
    for row in changes.new.values():
        draft.say(ResidentRegistered(at=at, unit=row.unit, name=row.name, by=by))


def _take_staff(draft: Draft, asked: Asked, _request: Any, changes: Difference) -> None:
    for name in changes.gone:
        draft.say(StaffUnlisted(at=draft.at, name=name, by=asked.actor))
    for person in _to_write(changes):
        draft.say(StaffListed(at=draft.at, person=person, by=asked.actor))


def _take_watchlist(draft: Draft, asked: Asked, request: Any, changes: Difference) -> None:
    for watch in changes.gone.values():
        turn = next_turn(draft.state, f"watch:{watch.key}")
        draft.say(
            WatchUnlisted(
                at=draft.at,
                sign=watch.sign,
                value=watch.value,
                why=request.source,
                by=asked.actor,
                turn=turn,
            )
        )
    for watch in _to_write(changes):
        turn = next_turn(draft.state, f"watch:{watch.key}")
        draft.say(WatchListed(at=draft.at, watch=watch, by=asked.actor, turn=turn))


def _to_write(changes: Difference) -> Iterable[Any]:
    return [*changes.new.values(), *(after for _, after in changes.changed.values())]


def _residents(state: State) -> Mapping[str, Resident]:
    residents = [
        Resident(unit=unit, name=name) for unit, names in state.visits.residents.items() for name in names
    ]
    return {resident.key: resident for resident in residents}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A list: what a row is known by, where the rows are held, and how a new list is taken."""

    name: ListName
    key: Callable[[Any], str]
    held: Callable[[State], Mapping[str, Any]]
    take: Callable[[Draft, Asked, Any, Difference], None]
    own: tuple[Callable[[Any], str | None], ...]
    """What no two rows may share."""


_LISTS: dict[type[Request], _Kept] = {
    GivePermits: _Kept(
        name="permits",
        key=lambda permit: permit.id,
        held=lambda state: state.permits,
        take=_take_permits,
        own=(lambda permit: permit.id, lambda permit: permit.card, lambda permit: permit.plate),
    ),
    GiveHouseholds: _Kept(
        name="households",
        key=lambda resident: resident.key,
        held=_residents,
        take=_take_households,
        own=(lambda resident: resident.key,),
    ),
    GiveStaff: _Kept(
        name="staff",
        key=lambda person: person.name,
        held=lambda state: state.register.staff,
        take=_take_staff,
        own=(lambda person: person.name, lambda person: person.card),
    ),
    GiveWatchlist: _Kept(
        name="watchlist",
        key=lambda watch: watch.key,
        held=lambda state: state.special.watched,
        take=_take_watchlist,
        own=(lambda watch: watch.key,),
    ),
}
