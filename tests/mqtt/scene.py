"""A publisher alone, on a clock that costs nothing, over a scripted broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from daemon.core.signals import DeviceLost, DeviceRestored
from daemon.mqtt.publisher import Patience, Publisher
from daemon.runtime.clock import ManualClock
from tests.mqtt.rig import TOPICS, MemoryLedger, ScriptedWay
from tests.rigs.virtual_loop import run_virtual

PATIENCE = Patience(resend_after_s=30, resend_limit_s=120, grace_s=10)


class Scene:
    """A publisher at work over a scripted broker, and the time that it lives in."""

    def __init__(self, ledger: MemoryLedger, **more: Any) -> None:
        self.ledger = ledger
        self.clock = ManualClock()
        self.posted: list[DeviceLost | DeviceRestored] = []
        self.ways: list[ScriptedWay] = []
        self.publisher = Publisher(
            ledger,
            TOPICS,
            way=self._open,
            clock=self.clock,
            post=self.posted.append,
            patience=PATIENCE,
            **more,
        )
        self.way = self.ways[0]

    def _open(self, listener: object) -> ScriptedWay:
        self.ways.append(ScriptedWay(listener))  # type: ignore[arg-type]
        return self.ways[-1]

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            work = asyncio.ensure_future(self.publisher.run())
            try:
                await story()
            finally:
                work.cancel()
                await asyncio.wait({work})

        run_virtual(main(), self.clock)

    async def passes(self, seconds: float = 0.001) -> None:
        await asyncio.sleep(seconds)
