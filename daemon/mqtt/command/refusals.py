"""What was not obeyed, counted: the first of a kind is said at once, the rest as a number, ever more rarely.

The law of this file: every refusal is in some fact, and no number of them fills a disk. For each reason and
each key that the gate knows there is at most one fact at once, then one after `FIRST_WAIT`, and after each
wait in which more came one after twice as long, up to `LONGEST_WAIT`: a storm that goes on for a day costs
fewer than forty facts a kind. What a power cut takes are the counts of one wait, never the first of a kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from daemon.core.signals import CommandsRefused, Fault, Instant

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=60)


@dataclass(slots=True)
class _Count:
    since: Instant
    due: timedelta
    wait: timedelta
    times: int = 0


class Refusals:
    """Bounded by reasons times known keys."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Fault, str], _Count] = {}

    def add(self, why: Fault, key_id: str, now: Instant) -> CommandsRefused | None:
        """One more; what is to be said of it at once, if anything."""
        count = self._counts.get((why, key_id))
        if count is not None:
            if count.times == 0:
                count.since = now
            count.times += 1
            return None
        self._counts[why, key_id] = _Count(since=now, due=now.mono + FIRST_WAIT, wait=FIRST_WAIT)
        return CommandsRefused(at=now, why=why, key_id=key_id, times=1, since=now)

    def due(self, now: Instant) -> list[CommandsRefused]:
        """What has gathered and is to be said now."""
        said = []
        for key, count in list(self._counts.items()):
            if count.due > now.mono:
                continue
            if count.times == 0:
                del self._counts[key]  # a whole wait without one: the next is news again
                continue
            said.append(self._said(key, count, now))
            count.wait = min(count.wait * 2, LONGEST_WAIT)
            count.due = now.mono + count.wait
        return said

    def rest(self, now: Instant) -> list[CommandsRefused]:
        """All that has not been said: for the end of a run."""
        return [self._said(key, count, now) for key, count in self._counts.items() if count.times]

    def _said(self, key: tuple[Fault, str], count: _Count, now: Instant) -> CommandsRefused:
        why, key_id = key
        said = CommandsRefused(at=now, why=why, key_id=key_id, times=count.times, since=count.since)
        count.times = 0
        return said
