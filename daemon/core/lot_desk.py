"""What follows where somebody has gone round: how many cars there are, and which one is not there (R36).

The law of this file: who says it and why is written down. A stay whose price was told and not paid is not
ended so: that would be a waiver that nobody has to answer for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from daemon.core.facts import StayClosed
from daemon.core.lane import DECIDED
from daemon.core.lot import AnyRequest, EndStay, LotRecounted, Recount
from daemon.core.reasons import Reason
from daemon.core.signals import Asked

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

MOST_CARS = 100_000
"""More than any car park holds: a count beyond it is a slip of the finger."""


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> Reason | None:
    """Do it, or say why not."""
    if not request.reason.strip():
        return Reason.REASON_NEEDED
    match request:
        case Recount():
            return _recount(draft, asked, request)
        case EndStay():
            return _end_stay(draft, asked, request)
        case _:
            assert_never(request)


def _recount(draft: Draft, asked: Asked, request: Recount) -> Reason | None:
    """A count that is right already is written down all the same: somebody has looked."""
    if not 0 <= request.count <= MOST_CARS:
        return Reason.COUNT_WRONG
    draft.say(
        LotRecounted(
            at=draft.at,
            of=request.of,
            counted=request.count,
            correction=request.count - draft.state.lot.of(request.of).inside,
            why=request.reason.strip(),
            by=asked.actor,
        )
    )
    return None


def _end_stay(draft: Draft, asked: Asked, request: EndStay) -> Reason | None:
    state = draft.state
    stay = state.stays.get(request.stay) if request.stay else state.stay_by_plate(request.plate)
    if stay is None:
        return Reason.STAY_UNKNOWN
    if _is_leaving(state, stay.id):
        return Reason.CAR_BEING_LET_THROUGH
    account = state.money.accounts.get(stay.id)
    if account is not None and account.due_fen:
        return Reason.CHARGE_UNPAID
    draft.say(
        StayClosed(at=draft.at, stay_id=stay.id, how="resync", by=asked.actor, note=request.reason.strip())
    )
    return None


def _is_leaving(state: State, stay_id: str) -> bool:
    return any(
        lane.phase in DECIDED and lane.passage is not None and lane.passage.stay_id == stay_id
        for lane in state.lanes.values()
    )
