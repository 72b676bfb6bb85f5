"""The three ways to a printer or a sign, each as bytes that go in and out without waiting.

The law of this file: whatever goes wrong comes out as OSError; `write` takes what the port takes now, `read`
gives what has come. Only what has hung up is an error: a USB printer may well answer a read with nothing.

A serial port that is closed with bytes unsent keeps its caller for up to 30 s (the kernel's closing_wait):
they are thrown away first. pyserial's own `write` spins while a device is busy: bytes go around it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import termios
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

_READ_BYTES = 4096
TCP_PORT = 9100


class Port(Protocol):
    def read(self) -> bytes:
        """What has come; b"" where nothing has. Raises OSError."""
        ...

    def write(self, data: bytes) -> int:
        """How much of it was taken, 0 where none can be now. Raises OSError."""
        ...

    def close(self) -> None: ...


def open_port(where: str, *, baud: int, rtscts: bool) -> Port:
    """A serial port, a USB printer's device file, or `tcp://address:port`. Raises OSError."""
    if where.startswith("tcp://"):
        return TcpPort(where)
    handle = os.open(where, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        is_serial = os.isatty(handle)
    except BaseException:
        os.close(handle)
        raise
    if not is_serial:
        return DevicePort(handle)
    os.close(handle)
    return SerialPort(where, baud=baud, rtscts=rtscts)


class SerialPort:
    def __init__(self, where: str, *, baud: int, rtscts: bool) -> None:
        import serial

        try:
            self._port: Any = serial.Serial(where, baud, timeout=0, rtscts=rtscts, exclusive=True)
        except termios.error as refused:
            raise OSError(*refused.args) from refused
        self._handle = int(self._port.fileno())
        self._poll = select.poll()
        self._poll.register(self._handle, select.POLLIN)

    def read(self) -> bytes:
        # Set up by pyserial the port reads as empty, not as blocking: only one that is readable has hung up.
        if not self._poll.poll(0):
            return b""
        found = os.read(self._handle, _READ_BYTES)
        if not found:
            raise OSError(errno.EIO, "the port has hung up")
        return found

    def write(self, data: bytes) -> int:
        return _written(self._handle, data)

    def close(self) -> None:
        with suppress(OSError, termios.error):  # an unplugged port cannot be closed politely
            termios.tcflush(self._handle, termios.TCIOFLUSH)
        with suppress(OSError, termios.error):
            self._port.close()


class DevicePort:
    """A USB printer by the kernel's usblp. Not verified on a device."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def read(self) -> bytes:
        try:
            return os.read(self._handle, _READ_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        return _written(self._handle, data)

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        with suppress(OSError):
            os.close(handle)


class TcpPort:
    """Connecting goes on beside everything else: what is written before it is done waits."""

    def __init__(self, where: str) -> None:
        parts = urlsplit(where)
        host = parts.hostname or ""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        begun = self._socket.connect_ex((host, parts.port or TCP_PORT))
        if begun not in (0, errno.EINPROGRESS):
            self._socket.close()
            raise OSError(begun, os.strerror(begun))

    def read(self) -> bytes:
        try:
            found = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as failed:
            if failed.errno == errno.ENOTCONN:
                return b""  # not yet
            raise
        if not found:
            raise OSError(errno.ECONNRESET, "the other end has hung up")
        return found

    def write(self, data: bytes) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        self._socket.close()


def _written(handle: int, data: bytes) -> int:
    try:
        return os.write(handle, data)
    except BlockingIOError:
        return 0
