"""The open stays of the site: opening one and closing one, whichever gate it was at.

The law of this file: part of `daemon.core.evolve`, and as total. The indices by plate and permit, the count
of the car park and the stays change together and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from daemon.core import lot
from daemon.core.presence import StayOpened
from daemon.core.state import State, Stay


def opened(state: State, fact: StayOpened, *, is_own: bool = True) -> State:
    """The state with that stay. Only the gate's own count gives the next one its number."""
    stay = Stay(
        id=fact.stay_id,
        kind=fact.stay_kind,
        plate=fact.plate,
        permit_id=fact.permit_id,
        card=fact.card,
        lane=fact.lane or "",
        passage=fact.passage or "",
        entered=fact.at,
        picture=fact.picture,
    )
    of_permit = state.stay_of_permit
    return replace(
        state,
        stays=state.stays.put(stay.id, stay),
        stay_of_plate=state.stay_of_plate.put(stay.plate, stay.id),
        stay_of_permit=of_permit if stay.permit_id is None else of_permit.put(stay.permit_id, stay.id),
        stays_opened=state.stays_opened + is_own,
        lot=lot.came_in(state.lot, stay.kind),
    )


def closed(state: State, stay_id: str) -> State:
    """The state without that stay; the same where it is not open."""
    stay = state.stays.get(stay_id)
    if stay is None:
        return state
    of_permit = state.stay_of_permit
    return replace(
        state,
        stays=state.stays.without(stay_id),
        lot=lot.went_out(state.lot, stay.kind),
        stay_of_plate=state.stay_of_plate.without(stay.plate),
        stay_of_permit=of_permit if stay.permit_id is None else of_permit.without(stay.permit_id),
    )


def rivals(state: State, permit_id: str | None, plate: str) -> list[Stay]:
    """The open stays that another one of this permit or plate contradicts: at most one open stay each."""
    by_permit = state.stay_by_permit(permit_id) if permit_id is not None else None
    by_plate = state.stay_by_plate(plate)
    return list({stay.id: stay for stay in (by_permit, by_plate) if stay is not None}.values())
