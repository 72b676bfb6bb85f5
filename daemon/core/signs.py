"""Cards and plates: which car at the lane a sign belongs to.

The law of this file: two identical reads are one; what is shown while a car is being let through belongs to
the next one, unless it can only be of the car that was let through; and a sign of a car that has gone says
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from daemon.core.card_numbers import shown_as
from daemon.core.draft import Draft
from daemon.core.facts import BoomRaiseOrdered, CardPresented, PlateSeen
from daemon.core.lane import DECIDED
from daemon.core.passages import Cause, close, open_passage, settle
from daemon.core.reasons import Reason
from daemon.core.sightings import noticed
from daemon.core.signals import Boom, CardRead, LoopState, PlateRead
from daemon.core.state import LaneState, Passage, Phase, State


def card_read(draft: Draft, signal: CardRead) -> None:
    lane = draft.state.lanes.get(signal.lane)
    if lane is None:
        return
    signal = replace(signal, card=shown_as(signal.card, _known_cards(draft.state)))
    if lane.phase in DECIDED and lane.passage is not None and lane.passage.card == signal.card:
        _card_again(draft, lane)
        return
    passage = _car_for_sign(draft, lane, "card")
    permit = draft.state.permit_by_card(signal.card, draft.at)
    permit_id = permit.id if permit is not None else None
    shown = (passage.card, passage.card_permit)
    if shown == (signal.card, permit_id) and _is_one_read(draft, lane, passage.card_at):
        return
    draft.say(
        CardPresented(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            card=signal.card,
            bits=signal.bits,
            permit_id=permit_id,
        )
    )
    noticed(draft, lane, passage.id)
    settle(draft, draft.lane(lane))


def _known_cards(state: State) -> tuple[Mapping[str, object], ...]:
    watched = {watch.value: watch for watch in state.special.watched.values() if watch.sign == "card"}
    return state.permit_of_card, state.cards.stock, watched


def _card_again(draft: Draft, lane: LaneState) -> None:
    """The car that was let through shows its card again: after a restart its boom may never have risen."""
    may_rise = lane.locked is None and lane.boom is not Boom.UP and lane.phase is Phase.GRANTED
    if lane.ordered is None and may_rise:
        assert lane.passage is not None
        draft.say(
            BoomRaiseOrdered(
                at=draft.at, lane=lane.id, passage=lane.passage.id, reason=lane.passage.reason or Reason.GUARD
            )
        )


def plate_read(draft: Draft, signal: PlateRead) -> None:
    lane = draft.state.lanes.get(signal.lane)
    if lane is None or signal.track == lane.done_track or _is_of_car_that_passed(lane, signal):
        return
    front = lane.passage
    if lane.phase in DECIDED and front is not None:
        is_same_car = front.track == signal.track or (bool(signal.plate) and front.plate == signal.plate)
        if is_same_car:
            return
        if front.track is None and lane.behind is None:
            # Read a moment after it was let through on its card, or by the guard.
            if lane.phase is Phase.GRANTED:
                _seen(draft, lane, front, signal)
                return
            if lane.approach is LoopState.OCCUPIED:
                return
        if lane.car_is_absent:
            return
    elif _is_another_car(lane, signal):
        assert front is not None
        close(draft, lane, front, "left")
    _seen(draft, lane, _car_for_sign(draft, draft.lane(lane), "plate"), signal)


def _seen(draft: Draft, lane: LaneState, passage: Passage, signal: PlateRead) -> None:
    permit = draft.state.permit_by_plate(signal.plate, draft.at) if signal.valid else None
    permit_id = permit.id if permit is not None else None
    seen = (passage.track, passage.plate, passage.plate_permit)
    if seen == (signal.track, signal.plate, permit_id) and _is_one_read(draft, lane, passage.plate_at):
        return
    draft.say(
        PlateSeen(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            plate=signal.plate,
            valid=signal.valid,
            confidence=signal.confidence,
            chars=signal.chars,
            colour=signal.colour,
            track=signal.track,
            permit_id=permit_id,
            picture=signal.picture,
            crop=signal.crop,
        )
    )
    noticed(draft, lane, passage.id)
    settle(draft, draft.lane(lane))


def _is_one_read(draft: Draft, lane: LaneState, before: timedelta | None) -> bool:
    """Two identical reads within the match window are one read (R02)."""
    return before is not None and draft.at.mono - before <= lane.rules.match_window


def _is_of_car_that_passed(lane: LaneState, signal: PlateRead) -> bool:
    """The camera lost the car under the boom and found it again behind it, on another track."""
    if lane.passed_at is None or not signal.plate or signal.plate != lane.passed_plate:
        return False
    if lane.approach is LoopState.OCCUPIED:
        return False  # somebody does stand there
    return signal.at.mono - lane.passed_at <= lane.rules.match_window


def _is_another_car(lane: LaneState, signal: PlateRead) -> bool:
    """Without an approach loop that can be read, a new track with another plate is the next car.

    So is any plate after a card that was shown longer ago than the match window: its car has gone. A car of
    the watch list does not become another one by what it shows.
    """
    front = lane.passage
    if (
        front is None
        or front.watch is not None
        or (lane.rules.has_approach_loop and lane.approach is not LoopState.UNKNOWN)
    ):
        return False
    if front.track is None:
        return front.card_at is not None and signal.at.mono - front.card_at > lane.rules.match_window
    return front.track != signal.track and front.plate != signal.plate


def _car_for_sign(draft: Draft, lane: LaneState, cause: Cause) -> Passage:
    """The passage that a card or plate shown now belongs to, opened where there is none yet."""
    waiting = lane.behind if lane.phase in DECIDED else lane.passage
    return waiting if waiting is not None else open_passage(draft, lane, cause)
