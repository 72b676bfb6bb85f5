"""A real vision process under a real parent, with every signal it posts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from daemon.core.signals import DeviceLost, DeviceRestored, PlateRead, Signal
from daemon.runtime.clock import SystemClock
from daemon.vision.parent import VisionParent
from daemon.vision.spec import LaneSpec, VisionSpec
from drivers.simulated.scene import Scene, write_scene

PATIENCE_S = 120.0
"""A machine may be ten times slower than the one this was written on."""

S = TypeVar("S")


@dataclass
class Watchtower:
    """The parent, the folder it works in, and what it has posted."""

    folder: Path
    spec: VisionSpec
    clock: SystemClock = field(default_factory=SystemClock)
    signals: list[Signal] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    parent: VisionParent = field(init=False)

    def post(self, signal: Signal) -> None:
        self.signals.append(signal)
        self.changed.set()

    def show(self, lane: str, plate: str | None, **scene: Any) -> None:
        """Put a car, or none, in front of a simulated camera."""
        write_scene(self.folder, lane, Scene(since_ns=self.clock.boottime_ns(), plate=plate, **scene))

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until that is so; it is looked at whenever a signal comes, and now and then."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                self.changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await self.changed.wait()

    async def the_next(self, kind: type[S], device: str | None = None) -> S:
        """The first signal of that kind from now on."""
        seen = len(self.signals)
        await self.until(lambda: _of(self.signals[seen:], kind, device))
        return _of(self.signals[seen:], kind, device)[0]

    def reads(self) -> list[tuple[str, str]]:
        return [(signal.lane, signal.plate) for signal in _of(self.signals, PlateRead)]

    def losses(self) -> list[tuple[str, str]]:
        """What was lost and restored, in order."""
        return [
            ("lost" if isinstance(signal, DeviceLost) else "back", signal.device)
            for signal in self.signals
            if isinstance(signal, DeviceLost | DeviceRestored)
        ]


def _of(signals: list[Signal], kind: type[S], device: str | None = None) -> list[S]:
    return [
        signal
        for signal in signals
        if isinstance(signal, kind) and (device is None or getattr(signal, "device", None) == device)
    ]


def lane(name: str, camera: str = "simulated", **options: Any) -> LaneSpec:
    return LaneSpec(lane=name, camera=camera, options=options, has_approach_loop=True)


def spec_in(folder: Path, *lanes: LaneSpec, **changes: Any) -> VisionSpec:
    settings: dict[str, Any] = {"evidence": folder / "evidence", **changes}
    return VisionSpec(run_dir=folder, config_dir=folder, lanes=lanes, **settings)


@asynccontextmanager
async def watching(spec: VisionSpec, **parent: Any) -> AsyncIterator[Watchtower]:
    """Run a parent and its child. Restarts are not waited for as long as in the field."""
    tower = Watchtower(spec.run_dir, spec)
    tower.parent = VisionParent(
        spec, tower.post, tower.clock, sleep=lambda seconds: asyncio.sleep(seconds / 20), **parent
    )
    running = asyncio.create_task(tower.parent.run())
    try:
        yield tower
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
