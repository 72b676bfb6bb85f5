"""A sign on a line that is only written to: what every one of them does, whatever its frames are.

The law of this file: the newest text is the one that counts: what was not sent yet of an older one is
dropped, but for the frame that has begun. Nothing comes back, so that only the line itself can be lost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from drivers.errors import DeviceLost
from drivers.ports import Port, open_port
from drivers.protocols import Context, SignText


class WrittenSign(ABC):
    """See the module's docstring for the law, `drivers.protocols.Sign` for the contract."""

    def __init__(self, where: str, context: Context, *, baud: int) -> None:
        self._where = where
        self._context = context
        self._baud = baud
        self._port: Port | None = None
        self._begun = b""
        self._next: bytes | None = None

    @abstractmethod
    def frame(self, text: SignText) -> bytes:
        """What the sign is told that by."""

    def open(self) -> None:
        self.close()
        try:
            self._port = open_port(self._where, baud=self._baud, rtscts=False)
        except OSError as problem:
            raise DeviceLost(
                f"显示屏打不开 cannot open {self._name}: {problem}; is it plugged in and switched on, "
                "and may this user (group dialout) use it?"
            ) from problem

    def show(self, text: SignText) -> None:
        self._next = self.frame(text)

    def work(self) -> bool:
        if self._port is None:
            raise DeviceLost(f"显示屏未打开 {self._context.name}: the port is not open")
        try:
            self._port.read()  # it has nothing to say, but a line that was cut shows it here
            return self._is_sent(self._port)
        except OSError as problem:
            raise DeviceLost(
                f"显示屏断开 {self._name} has gone: {problem}; check its power, its cable and its address"
            ) from problem

    def close(self) -> None:
        port, self._port = self._port, None
        self._begun, self._next = b"", None
        if port is not None:
            port.close()

    def _is_sent(self, port: Port) -> bool:
        while self._begun or self._next is not None:
            if not self._begun:
                self._begun, self._next = self._next or b"", None
            taken = port.write(self._begun)
            if not taken:
                return False
            self._begun = self._begun[taken:]
        return True

    @property
    def _name(self) -> str:
        return f"{self._context.name} at {self._where}"
