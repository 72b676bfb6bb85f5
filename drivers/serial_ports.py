"""Which name a serial port may be given in config.yaml.

The law of this file: /dev/serial/by-id where the converter has a serial number of its own (FTDI, CP210x),
/dev/serial/by-path where it has none (CH340: two of them share one by-id name; not verified on a device).
Linux numbers ttyUSB and ttyACM in the order of plugging in, so that after a restart the entry's reader could
be the exit's: those names are refused.
"""

from __future__ import annotations

_UNSTABLE_PORTS = ("/dev/ttyUSB", "/dev/ttyACM")


def stable(port: str) -> str:
    """`port`, where it names the same plug for ever. Raises ValueError."""
    if port.startswith(_UNSTABLE_PORTS):
        raise ValueError(
            f"串口号会变 {port} is numbered by the order of plugging in and may be another device after "
            "a restart: give its name below /dev/serial/by-id or /dev/serial/by-path"
        )
    return port
