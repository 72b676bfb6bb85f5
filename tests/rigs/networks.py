"""Machines on a cable each: network namespaces on one bridge, as a site's switch; a cable can be pulled."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import count

NUMBERS = count(1)


def can_be_made() -> bool:
    """True where this user may make network namespaces."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"gp-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if made.returncode == 0:
        _ip("netns", "del", name)
    return made.returncode == 0


class Switch:
    """`address` is this machine's on it; `plug` puts another machine on it. `remove()` takes it all away."""

    def __init__(self) -> None:
        self._name = f"gp{os.getpid()}{next(NUMBERS)}"[-9:]
        self._net = f"10.231.{os.getpid() % 250 + 1}"
        self.address = f"{self._net}.1"
        self._machines: list[str] = []
        _ip("link", "add", self._name, "type", "bridge")
        _ip("addr", "add", f"{self.address}/24", "dev", self._name)
        _ip("link", "set", self._name, "up")

    def plug(self) -> str:
        """A new machine; what runs behind `ip netns exec <name>` runs on it."""
        number = len(self._machines) + 2
        machine, outer, inner = f"{self._name}-{number}", f"{self._name}o{number}", f"{self._name}i{number}"
        _ip("netns", "add", machine)
        self._machines.append(machine)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", outer, "master", self._name, "up")
        _ip("link", "set", inner, "netns", machine)
        for words in (
            ("addr", "add", f"{self._net}.{number}/24", "dev", inner),
            ("link", "set", inner, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", machine, *words)
        return machine

    def pull(self, machine: str) -> None:
        """Its cable is out: nothing goes either way, and nobody is told."""
        _ip("link", "set", f"{self._name}o{machine.rpartition('-')[2]}", "nomaster")

    def push(self, machine: str) -> None:
        _ip("link", "set", f"{self._name}o{machine.rpartition('-')[2]}", "master", self._name)

    def remove(self) -> None:
        for machine in self._machines:
            _ip("netns", "del", machine)
        _ip("link", "del", self._name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
