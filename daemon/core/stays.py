"""Who is inside: what a passage under the boom means for the stays, and which stay a car may be."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from typing import Literal

from daemon.core.cards import CardHandedOut, CardReturned
from daemon.core.facts import Candidate, Fact, LeftUnheard, StayClosed, StayOpened
from daemon.core.inside import rivals
from daemon.core.plates import distance
from daemon.core.reasons import Reason
from daemon.core.signals import Instant, Permit
from daemon.core.state import NO_PLATE, LaneState, Passage, State, Stay, next_turn

OFFERED = 3
"""How many candidates a guard is shown: more cannot be compared at a glance."""

_COMPARED = 24
"""How many of the open stays are compared in full; the rest differ in nearly every place."""


def nearest(stays: Iterable[Stay], plate: str) -> tuple[Candidate, ...]:
    """The open stays whose plates are most like `plate`, nearest first, later entries first among equals."""
    alike = nlargest(_COMPARED, stays, key=lambda stay: (_places_alike(stay.plate, plate), stay.id))
    ranked = sorted(alike, key=lambda stay: stay.id, reverse=True)
    ranked.sort(key=lambda stay: distance(stay.plate, plate))
    return tuple(offered(stay, plate) for stay in ranked[:OFFERED])


def offered(stay: Stay, plate: str) -> Candidate:
    """The stay as the guard is shown it beside a car with this plate."""
    return Candidate(
        stay_id=stay.id,
        plate=stay.plate,
        distance=distance(stay.plate, plate),
        entered=stay.entered,
        picture=stay.picture,
    )


def _places_alike(one: str, other: str) -> int:
    """Equal characters counted from either end: a lost character shifts the rest."""
    forward = sum(a == b for a, b in zip(one, other, strict=False))
    backward = sum(a == b for a, b in zip(reversed(one), reversed(other), strict=False))
    return max(forward, backward)


def on_cleared(state: State, lane: LaneState, passage: Passage, at: Instant) -> list[Fact]:
    """The stays that open or close because this car has driven under the boom."""
    if lane.direction == "exit":
        stay = stay_of(state, passage)
        if stay is None:
            return _left_unheard(state, lane, passage, at)
        return [_closed(stay, lane, passage, at), *_card_back(state, stay, lane, passage, at)]
    permit_id = passage.permit_id
    if permit_id is None and passage.reason is Reason.GUARD:
        permit_id = passage.plate_permit  # the guard opened before the plate was read
    if passage.is_forced:
        permit_id = passage.plate_permit or passage.card_permit
    permit = state.permit(permit_id, at) if permit_id is not None else None
    number = state.stays_opened + 1
    plate = permit.plate if permit is not None else passage.plate or f"{NO_PLATE}{number}"
    facts: list[Fact] = [
        StayClosed(
            at=at,
            lane=lane.id,
            passage=passage.id,
            stay_id=old.id,
            how="resync",
            by=passage.by,
            note=passage.note or "entered again",
        )
        for old in rivals(state, permit_id if permit is not None else None, plate)
    ]
    opened = StayOpened(
        at=at,
        lane=lane.id,
        passage=passage.id,
        stay_id=f"S{number:07d}",
        stay_kind=_kind(permit, passage),
        plate=plate,
        permit_id=permit_id if permit is not None else None,
        card=passage.card,
        picture=passage.picture,
        vehicle=_vehicle(state, passage, plate),
    )
    return [*facts, opened, *_card_out(state, opened)]


def _kind(permit: Permit | None, passage: Passage) -> Literal["permit", "temporary", "exempt"]:
    if permit is not None:
        return "permit"
    return "exempt" if passage.reason is Reason.EXEMPT_VEHICLE else "temporary"


def _vehicle(state: State, passage: Passage, plate: str) -> str:
    """What the guard called it, or the office's list does; "" for a car of the usual kind."""
    listed = state.special.classed.get(plate)
    is_large = passage.declared == "large" or (listed is not None and listed.car_class == "large")
    return "large" if is_large else ""


def _card_out(state: State, stay: StayOpened) -> list[Fact]:
    """The temporary card that was shown at the entry goes out with the pass (R04)."""
    card = stay.card
    if stay.stay_kind != "temporary" or card is None or not state.cards.is_temporary(card):
        return []
    if card in state.cards.out or card in state.cards.stopped:
        return []
    return [
        CardHandedOut(
            at=stay.at,
            lane=stay.lane,
            passage=stay.passage,
            card=card,
            stay_id=stay.stay_id,
            plate=stay.plate,
            turn=next_turn(state, f"card:{card}"),
        )
    ]


def _card_back(state: State, stay: Stay, lane: LaneState, passage: Passage, at: Instant) -> list[Fact]:
    """The temporary card that was shown at the exit stays there."""
    card = state.cards.card_of_stay.get(stay.id)
    if card is None or card != passage.card:
        return []
    turn = next_turn(state, f"card:{card}")
    return [CardReturned(at=at, lane=lane.id, passage=passage.id, card=card, turn=turn)]


def stay_of(state: State, passage: Passage) -> Stay | None:
    """The open stay this leaving car ends: the one it was granted on, its permit's, or its plate's."""
    if passage.stay_id is not None and (passage.stay_id in state.stays or not state.rules.siblings):
        # With siblings it may have lost against another entry since, which is then the one that it ends.
        return state.stays.get(passage.stay_id)
    for permit_id in (passage.permit_id, passage.card_permit, passage.plate_permit):
        if permit_id is not None and (stay := state.stay_by_permit(permit_id)) is not None:
            return stay
    if (stay := state.stay_by_card(passage.card)) is not None:
        return stay
    return state.stay_by_plate(passage.plate) if passage.plate else None


def _left_unheard(state: State, lane: LaneState, passage: Passage, at: Instant) -> list[Fact]:
    """It may have come in at a gate that is cut off: its stay ends when that gate tells of it (R45)."""
    permit_id = passage.permit_id or passage.card_permit or passage.plate_permit
    if not state.unheard or (permit_id is None and not passage.plate):
        return []
    plate = passage.plate or None
    return [LeftUnheard(at=at, lane=lane.id, passage=passage.id, plate=plate, permit_id=permit_id)]


def _closed(stay: Stay, lane: LaneState, passage: Passage, at: Instant) -> StayClosed:
    return StayClosed(at=at, lane=lane.id, passage=passage.id, stay_id=stay.id, how="exit")
