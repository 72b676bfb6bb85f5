"""A picture of whatever happens at a lane without one: manual orders, grants by card alone, alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from daemon.core.commands import PictureAsked
from daemon.core.facts import (
    AccessGranted,
    AlertRaised,
    BoomLowerOrdered,
    BoomRaiseOrdered,
    BoomStopOrdered,
    Fact,
)
from daemon.core.reasons import AlertKind
from daemon.core.signals import PictureTaken
from daemon.runtime.clock import Clock


class Photographer:
    """`look(facts)` after each decision; the picture comes as a signal of its own, and delays nothing."""

    def __init__(
        self,
        *,
        snapshot: Callable[[str], Awaitable[str | None]],
        post: Callable[[PictureTaken], None],
        clock: Clock,
    ) -> None:
        self._snapshot = snapshot
        self._post = post
        self._clock = clock
        self._at_work: set[asyncio.Task[None]] = set()

    def look(self, facts: Sequence[Fact]) -> None:
        wanted = {(fact.lane, fact.passage, _alert_of(fact)) for fact in facts if _wants_picture(fact)}
        for lane, passage, alert_id in wanted:
            if lane is not None:
                task = asyncio.get_running_loop().create_task(self._take(lane, passage, alert_id))
                self._at_work.add(task)
                task.add_done_callback(self._at_work.discard)

    async def _take(self, lane: str, passage: str | None, alert_id: str | None) -> None:
        at = self._clock.now()
        picture = await self._snapshot(lane)
        if picture is not None:
            self._post(PictureTaken(at=at, lane=lane, passage=passage, picture=picture, alert_id=alert_id))


OF_WHAT_IS_SEEN = frozenset(
    {
        AlertKind.PASSED_WITHOUT_GRANT,
        AlertKind.TAILGATING,
        AlertKind.BOOM_MOVED_BY_HAND,
        AlertKind.LANE_BLOCKED,
        AlertKind.BOOM_OPEN_TOO_LONG,
        AlertKind.QUEUE_AT_LANE,
    }
)
"""The alerts of which a picture of the lane tells more than their words."""


def _alert_of(fact: Fact) -> str | None:
    return fact.alert_id if isinstance(fact, AlertRaised) else None


def _wants_picture(fact: Fact) -> bool:
    match fact:
        case PictureAsked():
            return True
        case BoomRaiseOrdered() | BoomLowerOrdered() | BoomStopOrdered():
            return fact.by is not None
        case AccessGranted():
            return fact.picture is None
        case AlertRaised():
            return fact.alert in OF_WHAT_IS_SEEN and fact.picture is None
        case _:
            return False
