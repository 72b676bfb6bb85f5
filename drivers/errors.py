"""What can go wrong with a device, named by what to do next."""

from __future__ import annotations


class DeviceError(Exception):
    """Trouble with one device. `str()` is for people: what, where, the value, what is allowed, what to do."""


class DeviceLost(DeviceError):
    """The device does not answer now: close it and open it again later, for ever."""


class DeviceUnusable(DeviceError):
    """The device cannot work as configured (no such chip, wrong credentials): retry slowly, call a person."""
