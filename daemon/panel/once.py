"""A double click is one click.

The law of this file: the same wish of the same person, while the first is unanswered or right after it, is
the first one again and gets its answer. Any other wish at that lane in between makes it a new one, so that
a guard who presses stop, open, stop has pressed stop twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from daemon.core.facts import Fact
from daemon.panel.gate import Now

DOUBLE_CLICK = timedelta(milliseconds=700)
"""Desktops take two clicks within 500 ms for one double click; the rest is for a slow network."""


@dataclass(frozen=True, slots=True)
class _Last:
    wish: tuple[Any, ...]
    asked: timedelta
    answer: asyncio.Task[tuple[Fact, ...]]


class Once:
    def __init__(self, clock: Now) -> None:
        self._clock = clock
        self._last: dict[str, _Last] = {}

    async def ask(
        self, lane: str, wish: tuple[Any, ...], work: Callable[[], Awaitable[tuple[Fact, ...]]]
    ) -> tuple[Fact, ...]:
        """The answer of `work`, which runs unless `wish` repeats the last one at `lane`. It goes on running
        though the browser that asked has gone."""
        now = self._clock.now().mono
        last = self._last.get(lane)
        is_repeated = (
            last is not None
            and last.wish == wish
            and (not last.answer.done() or now - last.asked <= DOUBLE_CLICK)
        )
        if last is None or not is_repeated:
            last = _Last(wish, now, asyncio.ensure_future(_run(work)))
            self._last[lane] = last
        return await asyncio.shield(last.answer)


async def _run(work: Callable[[], Awaitable[tuple[Fact, ...]]]) -> tuple[Fact, ...]:
    return await work()
