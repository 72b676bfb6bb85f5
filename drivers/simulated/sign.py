"""The control board of an LED sign: it takes frames that fit their sum, shows and says what they are about.

The law of this file: it knows nothing of gatepost and believes nothing. What is not a frame is rubbish, and
kept; what it shows it forgets with its power.
"""

from __future__ import annotations

from pathlib import Path

from drivers.signs import frames
from drivers.simulated.terminal import Terminal

_HEAD = 6
_LINE_HEAD = 10


class SignModel:
    """`receive` is what comes down the wire."""

    def __init__(self, address: int = 0) -> None:
        self.lines: tuple[str, ...] = ()
        self.said: list[str] = []
        self.rubbish: list[bytes] = []
        self.frames = 0
        self._address = address
        self._wire = b""

    def receive(self, data: bytes) -> None:
        self._wire += data
        while len(self._wire) >= _HEAD:
            if self._wire[1] != frames.VERSION:
                self.rubbish.append(self._wire[:1])
                self._wire = self._wire[1:]
                continue
            length = _HEAD + self._wire[5] + 2
            if len(self._wire) < length:
                return
            frame, self._wire = self._wire[:length], self._wire[length:]
            if frames.crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
                self.rubbish.append(frame)
            elif frame[0] == self._address:
                self._obey(frame[4], frame[_HEAD:-2])

    def lose_power(self) -> None:
        self.lines, self._wire = (), b""

    def _obey(self, command: int, data: bytes) -> None:
        self.frames += 1
        match command:
            case frames.PLAY_VOICE if data[:1] == b"\x01":
                self._say(data[1:])
            case frames.TEXT_AND_VOICE:
                self._show(data)
            case _:
                self.rubbish.append(data)

    def _show(self, data: bytes) -> None:
        count, rest, lines = data[1], data[2:], []
        for _ in range(count):
            length = rest[_LINE_HEAD - 1]
            lines.append(rest[_LINE_HEAD : _LINE_HEAD + length].decode("gbk"))
            rest = rest[_LINE_HEAD + length + 1 :]
        self.lines = tuple(lines)
        self._say(rest[2 : 2 + rest[1]])

    def _say(self, text: bytes) -> None:
        if text:
            self.said.append(text.decode("gbk"))


class SimulatedSignOnPort:
    def __init__(self, port: Path) -> None:
        self.model = SignModel()
        self.terminal = Terminal(port, self.model.receive)

    def unplug(self) -> None:
        """Its power is gone, and so is its port."""
        self.terminal.unplug()
        self.model.lose_power()


_SIGNS: dict[Path, SimulatedSignOnPort] = {}


def sign_port(run_dir: Path, lane_id: str) -> Path:
    return run_dir.resolve() / f"{lane_id}.sign"


def sign_at(run_dir: Path, lane_id: str) -> SimulatedSignOnPort:
    """The one sign of that lane in this process, made when first asked for."""
    port = sign_port(run_dir, lane_id)
    if port not in _SIGNS:
        _SIGNS[port] = SimulatedSignOnPort(port)
    return _SIGNS[port]
