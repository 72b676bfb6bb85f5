"""What is told beside letting a car through: its permit ends soon (R07), a large vehicle comes in (R10),
a permit comes in that is inside already by the record (R45).

The law of this file: notices of low severity; nothing here decides anything.
"""

from __future__ import annotations

from datetime import tzinfo

from daemon.core.case import Case, Grant
from daemon.core.draft import Draft, alert_id
from daemon.core.facts import AlertRaised
from daemon.core.inside import rivals
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Instant, Permit
from daemon.core.special_rules import approval_of
from daemon.core.state import LaneState, Passage
from daemon.core.validity import ends_soon


def on_granted(draft: Draft, lane: LaneState, passage: Passage, verdict: Grant) -> None:
    if verdict.permit is not None:
        _announce_end(draft, lane, verdict.permit)
    if verdict.reason is Reason.LARGE_APPROVED:
        _announce_large(draft, lane, passage)
    if verdict.permit is not None and lane.direction == "entry":
        _announce_unheard(draft, lane, passage, verdict.permit)


def _announce_unheard(draft: Draft, lane: LaneState, passage: Passage, permit: Permit) -> None:
    """By the record it is inside already; over when the gate that is cut off tells that it had left (R45)."""
    for stay in rivals(draft.state, permit.id, permit.plate):
        draft.raise_alert(
            AlertKind.ENTERED_UNHEARD,
            stay.id,
            f"{lane.name}: {permit.holder} {permit.plate}; {', '.join(draft.state.unheard)}",
            severity=Severity.WARNING,
            lane=lane,
            picture=passage.picture,
            other_picture=stay.picture,
        )


def _announce_end(draft: Draft, lane: LaneState, permit: Permit) -> None:
    """Once a day and permit; what was said on an earlier day, or before it was renewed, is over."""
    rules, at = draft.state.rules, draft.at
    is_soon = ends_soon(permit, at, rules.expires_soon)
    said = draft.state.alerts.get(alert_id(AlertKind.PERMIT_ENDS_SOON, permit.id))
    if said is not None and is_soon and _is_of_today(said, at, rules.timezone):
        return
    draft.clear_alerts([AlertKind.PERMIT_ENDS_SOON], permit.id)
    if is_soon and permit.valid_until is not None:
        until = permit.valid_until.astimezone(rules.timezone)
        draft.raise_alert(
            AlertKind.PERMIT_ENDS_SOON,
            permit.id,
            f"{permit.holder} {permit.plate}: {until:%Y-%m-%d %H:%M}",
            severity=Severity.NOTICE,
            lane=lane,
        )


def _is_of_today(alert: AlertRaised, at: Instant, zone: tzinfo) -> bool:
    return alert.at.wall.astimezone(zone).date() == at.wall.astimezone(zone).date()


def _announce_large(draft: Draft, lane: LaneState, passage: Passage) -> None:
    """Tell the posts that the approval names; each time anew that it lets a vehicle in."""
    approval = approval_of(Case(draft.state, lane, passage, draft.at))
    if approval is None:
        return
    draft.clear_alerts([AlertKind.LARGE_VEHICLE_ENTERS], approval.number)
    draft.raise_alert(
        AlertKind.LARGE_VEHICLE_ENTERS,
        approval.number,
        f"{approval.posts}: {passage.plate or approval.company or approval.plate} → {approval.area}",
        severity=Severity.NOTICE,
        lane=lane,
        picture=passage.picture,
    )
