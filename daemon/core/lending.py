"""Cards and plates that are lent or copied, as far as one gate can see (R02, R05): one sign, two cars.

The law of this file: a warning beside the decision, never the decision. A card that is shown at an entry
while its car is inside is `already_inside`, and its alert carries both pictures; a card that goes with two
plates within a day, and a card or plate at two lanes where cars stand at once, are warned of here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core.plates import one_confusable_apart
from daemon.core.reasons import AlertKind, Severity
from daemon.core.signals import Instant, LoopState
from daemon.core.table import Table, oldest

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState, Passage

REMEMBERED = timedelta(days=1)

KEPT = 50_000
"""Cards whose last car is remembered: more than a site has, so that cards of years ago are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUse:
    """With which plate a card last went through."""

    plate: str
    permit_id: str
    at: Instant
    picture: str | None
    gate: str = ""
    """At which other gate of the site; "" for this one."""


def after_passing(uses: Table[CardUse], passage: Passage, at: Instant) -> Table[CardUse]:
    """What is remembered once this car has gone through: only cards of permits, and only with a plate.

    Temporary cards go from car to car, as they should.
    """
    if passage.card is None or passage.card_permit is None or not passage.plate or not passage.plate_valid:
        return uses
    use = CardUse(plate=passage.plate, permit_id=passage.card_permit, at=at, picture=passage.picture)
    uses = uses.put(passage.card, use)
    for card in oldest(uses, KEPT, lambda one: one.at.wall):
        uses = uses.without(card)
    return uses


def warn(draft: Draft, lane: LaneState, passage: Passage) -> None:
    """Warn, with both pictures, where this car's card went with another plate within a day."""
    if passage.card is None or not passage.plate or not passage.plate_valid:
        return
    use = draft.state.card_uses.get(passage.card)
    if use is None or use.permit_id != passage.card_permit or not _is_recent(use.at, draft.at):
        return
    if use.plate == passage.plate or one_confusable_apart(use.plate, passage.plate):
        return
    said = draft.state.alerts.get(f"{AlertKind.CARD_WITH_TWO_PLATES}:{passage.card}")
    if said is not None and said.passage == passage.id:
        return
    draft.clear_alerts([AlertKind.CARD_WITH_TWO_PLATES], passage.card)
    draft.raise_alert(
        AlertKind.CARD_WITH_TWO_PLATES,
        passage.card,
        f"{lane.name}: {use.plate} / {passage.plate}",
        severity=Severity.WARNING,
        lane=lane,
        passage=passage.id,
        picture=passage.picture,
        other_picture=use.picture,
    )


def warn_at_two_lanes(draft: Draft, lane: LaneState, passage: Passage) -> None:
    """Warn, with both pictures, where a car at another lane shows the same card or plate at this moment.

    Only where a car does stand at both: a camera may read the plate of the car in the next lane.
    """
    if not _somebody_stands_at(lane):
        return
    for other in draft.state.lanes.values():
        if other.id == lane.id or not _somebody_stands_at(other):
            continue
        for car in (other.passage, other.behind):
            sign = _same_sign(passage, car) if car is not None else None
            if car is None or sign is None or _is_said(draft, sign, passage):
                continue
            draft.clear_alerts([AlertKind.AT_TWO_LANES], sign)
            draft.raise_alert(
                AlertKind.AT_TWO_LANES,
                sign,
                f"{other.name} / {lane.name}: {sign}",
                severity=Severity.WARNING,
                lane=lane,
                passage=passage.id,
                picture=passage.picture,
                other_picture=car.picture,
            )


def _somebody_stands_at(lane: LaneState) -> bool:
    on_loops = LoopState.OCCUPIED in (lane.approach, lane.safety)
    return on_loops or not lane.rules.has_approach_loop


def _same_sign(one: Passage, other: Passage) -> str | None:
    """The plate that both show, or the card; None where they show none alike."""
    if one.plate and one.plate_valid and one.plate == other.plate:
        return one.plate
    return one.card if one.card is not None and one.card == other.card else None


def _is_said(draft: Draft, sign: str, passage: Passage) -> bool:
    said = draft.state.alerts.get(f"{AlertKind.AT_TWO_LANES}:{sign}")
    return said is not None and said.passage == passage.id


def _is_recent(before: Instant, now: Instant) -> bool:
    """Within a day: by the clock that never jumps where it can say, else by a wall clock that is trusted."""
    if before.boot == now.boot:
        return now.mono - before.mono <= REMEMBERED
    return before.trusted and now.trusted and now.wall - before.wall <= REMEMBERED
