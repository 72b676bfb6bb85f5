"""Role and name to driver class, loaded when first asked for: a gate imports only the drivers it uses."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

Role = Literal["reader", "barrier", "input", "camera", "recogniser", "printer", "sign"]

DRIVERS: dict[Role, dict[str, str]] = {
    "reader": {
        "serial": "drivers.readers.serial_reader:SerialReader",
        "simulated": "drivers.readers.simulated:SimulatedReader",
    },
    "barrier": {
        "gpio": "drivers.barriers.gpio:GpioBarrier",
        "simulated": "drivers.barriers.simulated:SimulatedBarrier",
    },
    "input": {
        "gpio": "drivers.inputs.gpio:GpioContact",
        "simulated": "drivers.inputs.simulated:SimulatedContact",
    },
    "camera": {
        "rtsp": "drivers.cameras.rtsp:RtspCamera",
        "onvif": "drivers.cameras.onvif:OnvifCamera",
        "folder": "drivers.cameras.folder:FolderCamera",
        "simulated": "drivers.cameras.simulated:SimulatedCamera",
    },
    "recogniser": {
        "onnx": "drivers.recognisers.onnx:OnnxRecogniser",
    },
    "printer": {
        "escpos": "drivers.printers.escpos:EscPosPrinter",
        "simulated": "drivers.printers.simulated:SimulatedPrinter",
    },
    "sign": {
        "led_voice": "drivers.signs.led_voice:LedVoiceSign",
        "remaining_spaces": "drivers.signs.remaining_spaces:RemainingSpacesSign",
        "simulated": "drivers.signs.simulated:SimulatedSign",
    },
}


def names(role: Role) -> list[str]:
    """The driver names that config.yaml may give for a role."""
    return sorted(DRIVERS[role])


def driver(role: Role, name: str) -> Any:
    """The driver class of that role and name. Raises KeyError for a name that is not in `names(role)`."""
    module, _, attribute = DRIVERS[role][name].partition(":")
    return getattr(import_module(module), attribute)
