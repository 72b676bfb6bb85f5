"""What a guard may have done at a lane, and what is refused with the reason.

The law of this file: raising is always possible, but in a locked lane, and stopping everywhere; lowering only
where `why_not_lower` has nothing against it; a decision is about the car that the guard was looking at, once.
"""

from __future__ import annotations

from typing import assert_never

from daemon.core import charges
from daemon.core.access import Case, Grant
from daemon.core.desk_rules import needs_identity
from daemon.core.draft import Draft
from daemon.core.facts import (
    AccessRefused,
    ActionRefused,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    BoomStopOrdered,
)
from daemon.core.lane import DECIDED, why_not_lower
from daemon.core.passages import close, grant, open_passage, settle
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.roles import MAY_AT_LANE, who_decides
from daemon.core.signals import GuardAsked
from daemon.core.special_rules import standing_holds
from daemon.core.state import LaneState, Passage, Phase
from daemon.core.stays import stay_of

_UNDECIDED = frozenset({Phase.IDENTIFYING, Phase.HELD})


def asked(draft: Draft, signal: GuardAsked) -> None:
    """By somebody at the gate: his role has to allow it (R44)."""
    if signal.actor.role not in MAY_AT_LANE[signal.action]:
        _not_done(draft, signal, Reason.ROLE_NOT_ALLOWED)
        return
    answered(draft, signal)


def answered(draft: Draft, signal: GuardAsked) -> None:
    """What follows, where it is settled that this person may ask for it."""
    lane = draft.state.lanes.get(signal.lane)
    if lane is None:
        _not_done(draft, signal, Reason.NO_SUCH_LANE)
        return
    if not signal.reason.strip():
        _not_done(draft, signal, Reason.REASON_NEEDED)
        return
    match signal.action:
        case "open":
            _open(draft, lane, signal)
        case "close":
            _close(draft, lane, signal)
        case "stop":
            draft.say(
                BoomStopOrdered(
                    at=draft.at,
                    lane=lane.id,
                    passage=_passage_id(lane),
                    reason=Reason.GUARD,
                    by=signal.actor,
                    note=signal.reason,
                )
            )
        case "release" | "refuse":
            _decide_held(draft, lane, signal)
        case _:
            assert_never(signal.action)


def _open(draft: Draft, lane: LaneState, signal: GuardAsked) -> None:
    """Let whoever is in front through, or raise the boom again for the car that already was."""
    if lane.phase in DECIDED:
        draft.say(
            BoomRaiseOrdered(
                at=draft.at,
                lane=lane.id,
                passage=_passage_id(lane),
                reason=Reason.GUARD,
                by=signal.actor,
                note=signal.reason,
            )
        )
        return
    if lane.locked is not None and who_decides(signal.actor.role, Reason.LANE_LOCKED) is not None:
        _not_done(draft, signal, Reason.LANE_LOCKED)
        return
    passage = lane.passage or open_passage(draft, lane, "guard")
    if needs_identity(Case(draft.state, lane, passage, draft.at)):
        # The button always works; that it stood in for two people is not passed over.
        draft.raise_alert(
            AlertKind.RELEASED_UNIDENTIFIED,
            passage.id,
            f"{lane.name}: {passage.plate or passage.id}, by {signal.actor.name}: {signal.reason}",
            severity=Severity.WARNING,
            lane=lane,
            picture=passage.picture,
        )
    _release(draft, draft.lane(lane), passage, signal)


def _close(draft: Draft, lane: LaneState, signal: GuardAsked) -> None:
    objection = why_not_lower(lane)
    if objection is not None:
        _not_done(draft, signal, objection)
        return
    if lane.phase is Phase.GRANTED and lane.passage is not None:
        # Closing in front of a car that was let through takes the grant back. The car still stands there:
        # the one behind is not to raise the boom for it.
        close(draft, lane, lane.passage, "refused", hold_next=Reason.CLOSED_BY_GUARD)
    draft.say(
        BoomLowerOrdered(
            at=draft.at,
            lane=lane.id,
            reason=Reason.GUARD,
            by=signal.actor,
            note=signal.reason,
        )
    )


def _decide_held(draft: Draft, lane: LaneState, signal: GuardAsked) -> None:
    passage = lane.passage
    if passage is None or lane.phase not in _UNDECIDED:
        _not_done(draft, signal, Reason.OTHER_CAR_HELD if signal.passage else Reason.NO_CAR_HELD)
        return
    if signal.passage is not None and signal.passage != passage.id:
        _not_done(draft, signal, Reason.OTHER_CAR_HELD)
        return
    if signal.action == "release":
        if needs_identity(Case(draft.state, lane, passage, draft.at)):
            _not_done(draft, signal, Reason.IDENTITY_NEEDED)
            return
        _release(draft, lane, passage, signal)
        return
    if _takes_somebody_else(draft, lane, passage, signal):
        return
    _watched_no_more(draft, passage)
    draft.say(
        AccessRefused(
            at=draft.at,
            lane=lane.id,
            passage=passage.id,
            reason=passage.reason or Reason.GUARD,
            card=passage.card,
            plate=passage.plate,
            picture=passage.picture,
            by=signal.actor,
            note=signal.reason,
        )
    )
    close(draft, draft.lane(lane), passage, "refused")


def _release(draft: Draft, lane: LaneState, passage: Passage, signal: GuardAsked) -> None:
    """The guard answers for this car; whose it is, it has shown, and of two cars he says."""
    if _takes_somebody_else(draft, lane, passage, signal):
        return
    case = Case(draft.state, lane, passage, draft.at)
    permit = case.permit_by(signal.goes_by)
    picked = draft.state.stays.get(signal.stay) if signal.stay is not None else None
    told = charges.stay_told(draft.state, passage)
    if picked is not None and picked != told and charges.asks_first(draft, lane, passage, picked):
        settle(draft, draft.lane(lane))
        return
    stay = picked or told
    if stay is None and lane.direction == "exit" and case.is_mismatch and signal.goes_by == "plate":
        stay = case.stay_of_plate_seen
    # The money follows the stay that ends, whoever's card was shown with it.
    charges.let_out(draft, lane, passage, stay or stay_of(draft.state, passage))
    verdict = Grant(reason=Reason.GUARD, permit=permit, stay=stay)
    grant(draft, lane, passage, verdict, by=signal.actor, note=signal.reason, resync=signal.resync)
    _watched_no_more(draft, passage)


def _takes_somebody_else(draft: Draft, lane: LaneState, passage: Passage, signal: GuardAsked) -> bool:
    """True, and said, where this hold is not this person's to end: neither by letting in nor by sending away.

    A car that was sent away could come again with another card a moment later.
    """
    held_for = [*standing_holds(Case(draft.state, lane, passage, draft.at))]
    if lane.locked is not None:
        held_for.append(Reason.LANE_LOCKED)
    for reason in held_for:
        objection = who_decides(signal.actor.role, reason)
        if objection is not None:
            _not_done(draft, signal, objection)
            return True
    return False


def _watched_no_more(draft: Draft, passage: Passage) -> None:
    """Somebody entitled has decided: until the car is seen again there is nothing to be urgent about."""
    if passage.watch is not None:
        draft.clear_alerts([AlertKind.WATCH_LISTED], passage.watch.key)


def _not_done(draft: Draft, signal: GuardAsked, why: Reason) -> None:
    draft.say(
        ActionRefused(
            at=draft.at,
            lane=signal.lane,
            passage=signal.passage,
            action=signal.action,
            reason=why,
            by=signal.actor,
            note=signal.reason,
        )
    )


def _passage_id(lane: LaneState) -> str | None:
    return lane.passage.id if lane.passage is not None else None
