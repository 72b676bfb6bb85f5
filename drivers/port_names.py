"""Which name a port may be given in config.yaml.

The law of this file: /dev/serial/by-id where the converter has a serial number of its own (FTDI, CP210x),
/dev/serial/by-path where it has none (CH340: two of them share one by-id name; not verified on a device).
Linux numbers ttyUSB and ttyACM in the order of plugging in, so that after a restart the entry's reader could
be the exit's: those names are refused. A network address is given in numbers.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_UNSTABLE_PORTS = ("/dev/ttyUSB", "/dev/ttyACM")


def stable(port: str) -> str:
    """`port`, where it names the same plug for ever. Raises ValueError."""
    if port.startswith(_UNSTABLE_PORTS):
        raise ValueError(
            f"串口号会变 {port} is numbered by the order of plugging in and may be another device after "
            "a restart: give its name below /dev/serial/by-id or /dev/serial/by-path"
        )
    return port


def reachable(port: str) -> str:
    """`port`, where it is a stable one or `tcp://ADDRESS:PORT`. Raises ValueError."""
    if not port.startswith("tcp://"):
        return stable(port)
    try:
        parts = urlsplit(port)
        ipaddress.ip_address(parts.hostname or "")
        is_whole = parts.port != 0 and not (parts.path or parts.query or parts.username)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError(
            f"地址应为 tcp://IP:端口 {port} is not tcp://ADDRESS:PORT with the address in numbers: "
            "a name would have the gate wait for a name server"
        )
    return port
