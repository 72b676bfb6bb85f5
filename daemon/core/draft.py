"""A decision in the making: facts said so far, and the state as it is after them."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.alert_desk import in_the_way
from daemon.core.evolve import evolve
from daemon.core.facts import ActionRefused, AlertCleared, AlertRaised, Fact
from daemon.core.lane import DECIDED
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Asked, Instant
from daemon.core.state import LaneState, State

GAVE_WAY = "未结告警过多，让位 · gave way: too many alerts are open"
"""What came of an alert that nobody has closed."""


class Draft:
    """Every later step of one decision sees what the earlier ones have settled."""

    __slots__ = ("at", "facts", "state")

    def __init__(self, state: State, at: Instant) -> None:
        self.state = state
        self.at = at
        self.facts: list[Fact] = []

    def say(self, *facts: Fact) -> None:
        for fact in facts:
            self.facts.append(fact)
            self.state = evolve(self.state, fact)

    def lane(self, lane: LaneState) -> LaneState:
        """That lane as it is now."""
        return self.state.lanes[lane.id]

    def waiting_at(self, lane: str | None) -> str | None:
        """The passage of the car that waits for a decision there; None where none does."""
        found = self.state.lanes.get(lane or "")
        is_waiting = found is not None and found.phase not in DECIDED and found.passage is not None
        return found.passage.id if is_waiting and found and found.passage else None

    def refuse(self, asked: Asked, why: Reason) -> None:
        """What was asked is not done; that it was asked is written down."""
        kind: str = getattr(asked.request, "kind", "")
        self.say(ActionRefused(at=self.at, action=kind, reason=why, by=asked.actor))

    def raise_alert(
        self,
        kind: AlertKind,
        subject: str,
        detail: str,
        *,
        severity: Severity,
        lane: LaneState | None = None,
        passage: str | None = None,
        picture: str | None = None,
        other_picture: str | None = None,
    ) -> None:
        """Say it once: an alert that is open already is not raised again.

        It is about the car in front of `lane`, where no other `passage` is named.
        """
        key = alert_id(kind, subject)
        if key in self.state.alerts:
            return
        if passage is None and lane is not None and lane.passage is not None:
            passage = lane.passage.id
        old = in_the_way(self.state)
        if old is not None:
            self.say(AlertCleared(at=self.at, lane=old.lane, alert_id=old.alert_id, outcome=GAVE_WAY))
        self.say(
            AlertRaised(
                at=self.at,
                lane=lane.id if lane is not None else None,
                passage=passage,
                alert_id=key,
                alert=kind,
                severity=severity,
                subject=subject,
                detail=detail,
                picture=picture,
                other_picture=other_picture,
            )
        )

    def clear_alerts(self, kinds: Iterable[AlertKind], subject: str) -> None:
        for kind in kinds:
            alert = self.state.alerts.get(alert_id(kind, subject))
            if alert is not None:
                self.say(AlertCleared(at=self.at, lane=alert.lane, alert_id=alert.alert_id))


def alert_id(kind: AlertKind, subject: str) -> str:
    return f"{kind}:{subject}"
