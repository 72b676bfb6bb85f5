"""How much the whole way from frame to read costs over the bare plate engine, in one run on one machine.

The law of this file: a ratio, never milliseconds alone. A shared machine is ten times slower from one minute
to the next, and both sides of the ratio are measured in the same minute.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from daemon.core.signals import PlateRead, Signal
from daemon.runtime.clock import SystemClock
from daemon.vision.parent import VisionParent
from daemon.vision.spec import LaneSpec, VisionSpec
from daemon.vision.wiring import make_recogniser
from drivers.protocols import Recogniser
from drivers.simulated.scene import Scene, render, write_scene

TARGET_RATIO = 1.3
CARS = 12
LANE = "bench"
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class _Lap:
    """One car: what the pipeline and what the engine alone took for the same picture."""

    pipeline_ms: float
    engine_ms: float
    drawing_ms: float


def measure(cars: int = CARS) -> dict[str, float | int]:
    """Medians in milliseconds and their ratio; the target is at most 1.3.

    Pipeline: from the frame that settled the track (its `taken_ns`) to its PlateRead in the gate's process,
    through capture thread, reading, tracking, two JPEG files and the pipe. Engine: detector and reader alone,
    in this process, on the same pictures, between the cars. The simulated camera stamps a frame before it
    draws it, so `ratio` counts the drawing, which no real camera has; `ratio_without_drawing` takes it off.
    """
    laps = asyncio.run(_laps(cars))
    pipeline_ms = median(lap.pipeline_ms for lap in laps)
    engine_ms = median(lap.engine_ms for lap in laps)
    return {
        "cars": len(laps),
        "pipeline_ms": round(pipeline_ms, 1),
        "engine_ms": round(engine_ms, 1),
        "ratio": round(median(lap.pipeline_ms / lap.engine_ms for lap in laps), 2),
        "drawing_ms": round(median(lap.drawing_ms for lap in laps), 1),
        "ratio_without_drawing": round(
            median((lap.pipeline_ms - lap.drawing_ms) / lap.engine_ms for lap in laps), 2
        ),
        "target_ratio": TARGET_RATIO,
    }


async def _laps(cars: int) -> list[_Lap]:
    clock = SystemClock()
    engine = make_recogniser("onnx", {}, Path(), Path())
    engine.open()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lane = LaneSpec(lane=LANE, camera="simulated", has_approach_loop=True)
        spec = VisionSpec(evidence=folder / "evidence", run_dir=folder, config_dir=folder, lanes=(lane,))
        reads: asyncio.Queue[Signal] = asyncio.Queue()
        parent = VisionParent(spec, reads.put_nowait, clock)
        running = asyncio.create_task(parent.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                return [await _lap(parent, reads, engine, folder, number) for number in range(cars)]
        finally:
            running.cancel()
            await asyncio.wait({running})


async def _lap(
    parent: VisionParent, reads: asyncio.Queue[Signal], engine: Recogniser, folder: Path, number: int
) -> _Lap:
    clock = SystemClock()
    scene = Scene(since_ns=clock.boottime_ns(), plate=f"粤B{10000 + 7919 * number}", seed=number)
    write_scene(folder, LANE, scene)
    parent.watch(LANE, True)
    while not isinstance(signal := await reads.get(), PlateRead):
        pass
    assert signal.plate == scene.plate, f"read {signal.plate} for {scene.plate}"
    await asyncio.sleep(0)  # the parent notes the time after it has posted
    pipeline_ms = parent.stats().frame_to_read_ms[-1]
    parent.watch(LANE, False)
    write_scene(folder, LANE, Scene(since_ns=clock.boottime_ns()))
    image = render(scene, clock.boottime_ns())  # the first drawing of a car is slower than the rest
    return _Lap(
        pipeline_ms=pipeline_ms,
        engine_ms=_median_ms(lambda: engine.read(image), clock),
        drawing_ms=_median_ms(lambda: render(scene, clock.boottime_ns()), clock),
    )


def _median_ms(work: Callable[[], object], clock: SystemClock) -> float:
    times = []
    for _ in range(3):
        began_ns = clock.boottime_ns()
        work()
        times.append((clock.boottime_ns() - began_ns) / 1e6)
    return median(times)


if __name__ == "__main__":
    print(json.dumps(measure()))
