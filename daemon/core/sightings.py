"""What a sign gives away when it is shown: a car of the watch list (R08), a card that is lent or copied.

The law of this file: it warns, at once and whatever the loops say; it decides nothing. That a watched car was
seen stays with its passage, so that no other card or plate lifts the hold.
"""

from __future__ import annotations

from daemon.core import lending
from daemon.core.draft import Draft
from daemon.core.reasons import AlertKind, Severity
from daemon.core.special import Watch, WatchedCarSeen, watch_on
from daemon.core.state import LaneState, Passage


def noticed(draft: Draft, lane: LaneState, passage_id: str) -> None:
    """Look at what this car has shown so far."""
    now = draft.lane(lane)
    passage = next(
        (car for car in (now.passage, now.behind) if car is not None and car.id == passage_id), None
    )
    if passage is None:
        return
    watch = _watch_on(draft, passage)
    if watch is not None and passage.watch is None:
        _seen(draft, now, passage, watch)
    lending.warn(draft, now, passage)
    lending.warn_at_two_lanes(draft, now, passage)


def _watch_on(draft: Draft, passage: Passage) -> Watch | None:
    """By its card, by its plate, and by the plate that its card belongs to."""
    permit = draft.state.permits.get(passage.card_permit or "")
    plates = [plate for plate in (passage.plate, permit.plate if permit is not None else None) if plate]
    return watch_on(draft.state.special, passage.card, plates)


def _seen(draft: Draft, lane: LaneState, passage: Passage, watch: Watch) -> None:
    draft.say(
        WatchedCarSeen(at=draft.at, lane=lane.id, passage=passage.id, watch=watch, picture=passage.picture)
    )
    # Seen again while an earlier sighting is still open: it is news all the same.
    draft.clear_alerts([AlertKind.WATCH_LISTED], watch.key)
    draft.raise_alert(
        AlertKind.WATCH_LISTED,
        watch.key,
        f"{lane.name}: {watch.value}; {watch.why}; {watch.what_to_do}",
        severity=Severity.URGENT,
        lane=lane,
        passage=passage.id,
        picture=passage.picture,
    )
