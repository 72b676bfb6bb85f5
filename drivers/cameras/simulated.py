"""The camera of a simulated lane: draws what `drivers.simulated.scene` says stands there.

```yaml
camera:
  driver: simulated
```

The law of this file: every read draws the scene of this instant; a scene file that cannot be understood is a
lost camera, never an empty lane.
"""

from __future__ import annotations

from typing import ClassVar

from drivers import protocols
from drivers.cameras.freshness import boottime_ns
from drivers.errors import DeviceLost
from drivers.protocols import Context, Frame
from drivers.simulated.scene import read_scene, render


class SimulatedOptions(protocols.Options):
    """No keys of its own: the lane's name says which scene is meant."""


class SimulatedCamera:
    Options: ClassVar[type[protocols.Options]] = SimulatedOptions

    def __init__(self, options: SimulatedOptions, context: Context) -> None:  # noqa: ARG002 every driver is made alike
        self._context = context
        self._is_open = False

    def open(self) -> None:
        """Raises DeviceLost where the scene file is broken."""
        self._is_open = True
        try:
            self.read()
        except DeviceLost:
            self._is_open = False
            raise

    def read(self) -> Frame:
        """The scene as it is now. Raises DeviceLost where its file is broken or unreadable."""
        if not self._is_open:
            raise DeviceLost(f"摄像机未打开 / {self._context.name}: not open")
        now_ns = boottime_ns()
        try:
            scene = read_scene(self._context.run_dir, self._context.lane)
        except (OSError, ValueError) as problem:
            raise DeviceLost(f"模拟场景无法读取 / {self._context.name}: {problem}") from problem
        return Frame(render(scene, now_ns), now_ns)

    def close(self) -> None:
        self._is_open = False
