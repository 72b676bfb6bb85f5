"""A real mosquitto on a loopback port of its own, that can be killed and come back on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass
class Mosquitto:
    """`start()` waits until it accepts connections; `kill()` is SIGKILL, `stop()` lets it save its state."""

    folder: Path
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    persistence: bool = False
    settings: tuple[str, ...] = ()
    """More lines of mosquitto.conf."""
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self._process is None, "this broker runs already"
        lines = [f"listener {self.port} {self.host}", f"persistence {str(self.persistence).lower()}"]
        if self.persistence:
            lines.append(f"persistence_location {self.folder}/")
        if not any(line.startswith("allow_anonymous") for line in self.settings):
            lines.append("allow_anonymous true")
        if os.geteuid() == 0:
            lines.append("user root")
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, *self.settings, ""]), encoding="utf-8")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(["mosquitto", "-c", str(config)], stdout=log, stderr=log)
        self._wait_until_it_listens(self._process)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Alive to TCP, dead to everybody: a half-open connection."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.send_signal(signal.SIGCONT)
        self._process.wait(timeout=60)
        self._process = None

    def _wait_until_it_listens(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), timeout=5).close()
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return
        self._process = None
        raise RuntimeError((self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace"))
