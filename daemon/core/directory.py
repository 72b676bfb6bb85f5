"""The list of permits: what changes when its owner gives the whole of it anew (R01)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from daemon.core.draft import Draft
from daemon.core.facts import PermitGranted, PermitRejected, PermitWithdrawn
from daemon.core.signals import Actor, DirectoryGiven, Permit
from daemon.core.state import State

Bound = Literal["card", "plate", "id"]


def given(draft: Draft, signal: DirectoryGiven) -> None:
    """The list of config.yaml, at every start: it counts until the office has given one of its own (R41)."""
    if "permits" not in draft.state.register.sources:
        take(draft, signal.permits, signal.actor)


def take(draft: Draft, permits: Iterable[Permit], by: Actor) -> None:
    """Withdraw what is gone, then grant what is new or changed; the same list twice says nothing twice.

    One car, one card: a permit whose card or plate an earlier one of the list has is rejected, by name.
    """
    accepted: dict[str, Permit] = {}
    bound: dict[tuple[Bound, str], Permit] = {}
    rejected: list[PermitRejected] = []
    for permit in permits:
        clash = _clash(bound, permit)
        if clash is not None:
            binds, existing = clash
            rejected.append(
                PermitRejected(
                    at=draft.at,
                    permit=permit,
                    by=by,
                    binds=binds,
                    existing_id=existing.id,
                    existing_holder=existing.holder,
                )
            )
            continue
        accepted[permit.id] = permit
        bound |= dict.fromkeys(_keys(permit), permit)
    changed = [permit for permit in accepted.values() if draft.state.permits.get(permit.id) != permit]
    leaving = {key for key in draft.state.permits if key not in accepted}
    # A changed permit leaves first: its card may be on its way to another one of the same list.
    leaving |= {permit.id for permit in changed if _takes_over(draft.state, permit)}
    for key in sorted(leaving):
        draft.say(PermitWithdrawn(at=draft.at, permit_id=key, by=by))
    for permit in changed:
        draft.say(PermitGranted(at=draft.at, permit=permit, by=by))
    draft.say(*rejected)


def _keys(permit: Permit) -> tuple[tuple[Bound, str], ...]:
    return (("id", permit.id), ("card", permit.card), ("plate", permit.plate))


def _clash(bound: dict[tuple[Bound, str], Permit], permit: Permit) -> tuple[Bound, Permit] | None:
    for key in _keys(permit):
        if key in bound:
            return key[0], bound[key]
    return None


def _takes_over(state: State, permit: Permit) -> bool:
    """True where the permit exists already under another card or plate."""
    before = state.permits.get(permit.id)
    return before is not None and (before.card, before.plate) != (permit.card, permit.plate)
