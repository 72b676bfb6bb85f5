"""The sign at a lane, told what holds now: after each decision, and again before it may have forgotten.

The law of this file: nothing waits for a sign, and nothing is lost with it; what it says is worked out in its
own task, so that a mistake there is the sign's and not the gate's. One that was away is shown the present
state when it is back, without a word: a greeting for a car that has gone is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

from daemon.core.billboard import REFUSED_FOR, Says, free_bays, says
from daemon.core.facts import AccessRefused, Fact
from daemon.core.state import State
from daemon.runtime.clock import Clock
from drivers.errors import DeviceLost
from drivers.protocols import Sign, SignText

GLANCE_S = 0.05
"""How often a line that could not take everything is tried again."""
SEND_S = 5.0
"""How long a text may take to be sent: 180 bytes at 9600 baud take 0.2 s."""
REFRESH = timedelta(seconds=20)
"""How often a sign is told again what it says already: it may have lost its power unseen."""


class Billboard:
    """`look` is called with the facts of each decision; `run` keeps the sign, under the supervisor."""

    def __init__(self, sign: Sign, lane: str, *, state: Callable[[], State], clock: Clock) -> None:
        self._sign = sign
        self._lane = lane
        self._state = state
        self._clock = clock
        self._refused: AccessRefused | None = None
        self._changed = asyncio.Event()
        self._said: tuple[Says, int | None] | None = None
        self._told_again_at = timedelta()

    def look(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if isinstance(fact, AccessRefused) and fact.lane == self._lane:
                self._refused = fact
        self._changed.set()

    async def run(self, up: Callable[[], None]) -> None:
        """Raises DeviceError."""
        try:
            self._sign.open()
            await self._show(self._now(), in_silence=True)
            up()
            while True:
                await self._wait()
                now = self._now()
                if now != self._said:
                    await self._show(now)
                elif self._clock.now().mono >= self._told_again_at:
                    await self._show(now, in_silence=True)
        finally:
            self._sign.close()

    def _now(self) -> tuple[Says, int | None]:
        self._changed.clear()
        state = self._state()
        return says(state, self._lane, self._clock.now(), self._refused), free_bays(state)

    async def _show(self, now: tuple[Says, int | None], *, in_silence: bool = False) -> None:
        said, free = now
        self._said, self._told_again_at = now, self._clock.now().mono + REFRESH
        self._sign.show(SignText(said.lines, "" if in_silence else said.voice, free))
        try:
            async with asyncio.timeout(SEND_S):
                while not self._sign.work():  # noqa: ASYNC110 - a driver has no loop
                    await asyncio.sleep(GLANCE_S)
        except TimeoutError as late:
            if self._sign.work():  # a loop that was held up meanwhile has not looked for long
                return
            raise DeviceLost("显示屏不收数据 the sign takes nothing") from late

    async def _wait(self) -> None:
        """Return when something was decided, when the text is to be told again, or is over."""
        ends = [self._told_again_at]
        now = self._clock.now().mono
        if self._refused is not None and self._refused.at.mono + REFUSED_FOR > now:
            ends.append(self._refused.at.mono + REFUSED_FOR)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(min(ends) - now, timedelta()).total_seconds()):
                await self._changed.wait()
