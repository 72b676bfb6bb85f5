"""The event loop on which time costs nothing ships with the worlds that run on it."""

from __future__ import annotations

from daemon.worlds.virtual_loop import Deadlock, VirtualLoop, run_virtual, virtual_loop

__all__ = ["Deadlock", "VirtualLoop", "run_virtual", "virtual_loop"]
