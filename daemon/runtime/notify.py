"""What the gate tells systemd: sd_notify(3) over a datagram socket.

The law of this file: telling never waits and never fails the gate. Without systemd every call does nothing.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


class Notifier:
    """The line to systemd, or to nobody."""

    def __init__(self, address: str | None) -> None:
        """`address` is a path, or `@name` for a socket in the abstract namespace; None: say nothing."""
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._has_failed = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        return cls(environ.get("NOTIFY_SOCKET") or None)

    def ready(self, status: str = "") -> None:
        """The gate is up: the ledger is open and the lanes are served."""
        self._tell("READY=1", *_status(status))

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(*_status(text))

    def busy(self, status: str, *, for_s: float) -> None:
        """Starting takes longer: systemd is to wait so long from now before it gives up (sd_notify(3))."""
        self._tell(f"EXTEND_TIMEOUT_USEC={round(for_s * 1_000_000)}", *_status(status))

    def stopping(self, status: str = "") -> None:
        self._tell("STOPPING=1", *_status(status))

    def watchdog(self) -> None:
        """The gate goes round. Said by `daemon.runtime.watchdog` and by nobody else."""
        self._tell("WATCHDOG=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *lines: str) -> None:
        if self._socket is None or self._address is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            level = logging.DEBUG if self._has_failed else logging.WARNING
            self._has_failed = True
            log.log(level, "systemd was not told %s: %s", lines[0], error)
        else:
            self._has_failed = False


def _status(text: str) -> tuple[str, ...]:
    """STATUS= ends at the first line break: a second line would be read as another assignment."""
    return (f"STATUS={' '.join(text.split())}",) if text else ()
