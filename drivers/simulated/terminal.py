"""A pseudo-terminal under a lasting name, with a simulated device at its far end.

The law of this file: the name is as /dev/serial/by-id gives it; unplugging takes it away and kills what is
open, plugging in makes a fresh one.
"""

from __future__ import annotations

import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Terminal:
    """`hear` is given what comes down the wire, whenever somebody calls `look`."""

    def __init__(self, port: Path, hear: Callable[[bytes], None] = lambda _data: None) -> None:
        self.port = port
        self.hear = hear
        self._ends: tuple[int, int] | None = None
        port.parent.mkdir(parents=True, exist_ok=True)
        self.plug_in()

    def plug_in(self) -> None:
        self.unplug()
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self.port.symlink_to(os.ttyname(theirs))
        self._ends = ours, theirs

    def unplug(self) -> None:
        self.port.unlink(missing_ok=True)
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)

    def look(self) -> None:
        """Take what has come down the wire."""
        while self._ends is not None:
            try:
                found = os.read(self._ends[0], 65536)
            except BlockingIOError:
                return
            self.hear(found)

    def say(self, data: bytes) -> None:
        if self._ends is not None:
            with suppress(BlockingIOError):  # nobody listens
                os.write(self._ends[0], data)
