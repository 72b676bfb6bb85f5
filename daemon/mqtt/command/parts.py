"""The parts of what is too long for an envelope, gathered for the commands that name them.

The law of this file: pure. Nothing is kept that a genuine command has not named by its SHA-256, and no more
commands than `MOST` may wait for theirs: what is held is bounded, whoever sends what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from daemon.mqtt.command.envelope import PART, digest_of
from daemon.mqtt.command.judge import Genuine

MOST = 2
"""Commands that may wait for their parts at once."""
WITHIN = timedelta(seconds=60)
"""From the envelope to its last part; over a slow line 5 MB take half a minute."""


@dataclass(slots=True)
class _Waiting:
    genuine: Genuine
    due: timedelta
    found: dict[str, bytes] = field(default_factory=dict)

    def missing(self) -> set[str]:
        return set(self.genuine.envelope.parts) - self.found.keys()


class Parts:
    """What waits for its parts, by command id."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    def waits(self, command_id: str) -> bool:
        return command_id in self._waiting

    def expect(self, genuine: Genuine, now: timedelta) -> bool:
        """Keep what comes for that command; False where too many wait already."""
        if len(self._waiting) >= MOST:
            return False
        self._waiting[genuine.command.id] = _Waiting(genuine, now + WITHIN)
        return True

    def take(self, command_id: str, part: bytes) -> tuple[Genuine, list[bytes]] | bool:
        """Command and parts in order, once the last one is here; else whether that one was asked for."""
        waiting = self._waiting.get(command_id)
        if waiting is None or len(part) > PART:
            return False
        digest = digest_of(part)
        if digest not in waiting.genuine.envelope.parts:
            return False
        waiting.found[digest] = part
        if waiting.missing():
            return True
        del self._waiting[command_id]
        return waiting.genuine, [waiting.found[name] for name in waiting.genuine.envelope.parts]

    def overdue(self, now: timedelta) -> list[Genuine]:
        """Those whose time is up; they wait no longer."""
        over = [key for key, waiting in self._waiting.items() if waiting.due <= now]
        return [self._waiting.pop(key).genuine for key in over]
