"""What the gate asks of a device, one Protocol a role.

The law of this file: a driver is made from its own `Options` and a `Context`, does nothing before `open()`,
never waits in any other call, and reports trouble by raising `DeviceLost` or `DeviceUnusable`. `close()` is
safe at any time and any number of times; after it `open()` may be called again on the same object.

Times are nanoseconds of CLOCK_BOOTTIME, which goes on through suspend and is the same in every process of
one boot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    """Height x width x 3, blue-green-red, 8 bits a channel (OpenCV's order)."""


# ---------------------------------------------------------------- making a driver


@dataclass(frozen=True, slots=True, kw_only=True)
class PinUse:
    """One GPIO line that a driver will claim; `pin` is the BCM number."""

    pin: int
    purpose: str
    direction: Literal["in", "out"]
    active_high: bool = True
    moves_boom: bool = False
    """True for an output whose active level raises or lowers the boom: it must idle at the level that its
    line has at boot. A gate left open is a hole, a boom that comes down on a car is worse."""


class Options(BaseModel):
    """The keys a user writes under a device in config.yaml. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def pins(self) -> Sequence[PinUse]:
        """The GPIO lines this device claims, for the conflict and boot-level check."""
        return ()


class Timer(Protocol):
    """A call that has been put off; the shape of `asyncio.TimerHandle`."""

    def cancel(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a driver may know of its surroundings."""

    name: str
    """The device's name in logs and alerts: `entry-1.reader`."""
    lane: str
    run_dir: Path
    """A private folder for sockets and scratch files, gone after a reboot."""
    config_dir: Path
    """The folder of config.yaml: relative paths in options start here."""
    call_later: Callable[[float, Callable[[], None]], Timer]
    """`call_later(delay_s, callback)` on the gate's own loop, real or virtual."""
    extra: dict[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- readers


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a reader reports it. `number` is upper-case hexadecimal, `bits` how much of it is known."""

    number: str
    bits: Literal[24, 32, 40]


@dataclass(frozen=True, slots=True)
class BadFrame:
    """Bytes that made no card; `data` is cut to 64 bytes."""

    why: Literal["checksum", "format", "noise", "timeout"]
    data: bytes


class Reader(Protocol):
    """A card reader on a file descriptor that the loop watches."""

    Options: ClassVar[type[Options]]

    def open(self) -> None: ...
    def fileno(self) -> int: ...
    def read(self) -> Sequence[Card | BadFrame]:
        """Whatever has arrived, without waiting; [] when nothing whole has."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- barriers and contacts


class BoomPosition(StrEnum):
    """Where the limit switches say the boom is; `UNKNOWN` when they contradict each other or are silent."""

    UP = "up"
    DOWN = "down"
    MOVING = "moving"
    UNKNOWN = "unknown"


class Barrier(Protocol):
    """A boom with its limit switches. Orders are pulses: they return at once, and prove nothing."""

    Options: ClassVar[type[Options]]

    def open(self, changed: Callable[[], None]) -> None:
        """Claim the lines at their idle level. `changed` may then be called from any thread."""
        ...

    def raise_boom(self) -> None: ...
    def lower_boom(self) -> None: ...
    def stop_boom(self) -> None: ...
    def position(self) -> BoomPosition: ...
    def close(self) -> None:
        """Give the lines back, idle. The boom stays where it is."""
        ...


class ContactState(StrEnum):
    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Contact(Protocol):
    """One dry contact: a loop detector, a photocell, a button, a fire panel."""

    Options: ClassVar[type[Options]]

    def open(self, changed: Callable[[], None]) -> None:
        """Start watching. `changed` may then be called from any thread, after debounce."""
        ...

    def state(self) -> ContactState: ...
    def close(self) -> None: ...


# ---------------------------------------------------------------- printers


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One line on paper: no wider than the printer's columns, half of that where it is big."""

    text: str
    is_big: bool = False


class PrinterAnswer(StrEnum):
    READY = "ready"
    PRINTED = "printed"
    """The printer itself has said so, after the last line."""
    SENT = "sent"
    """All of it is with a printer that gives no answers: whether it is on paper, nobody knows."""
    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    ERROR = "error"


class Printer(Protocol):
    """A receipt printer. `check` and `print` begin something, `work` moves it on as far as it goes now.

    Whoever began something calls `work` until it answers; how long that may take is his to decide. After
    `DeviceLost`, after a trouble and when giving up: `close`, since a half of a paper may be in the printer.
    """

    Options: ClassVar[type[Options]]

    @property
    def columns(self) -> int:
        """Narrow characters in a line."""
        ...

    def open(self) -> None: ...
    def check(self) -> None:
        """Ask how it is: `READY`, or a trouble."""
        ...

    def print(self, paper: Sequence[PaperLine]) -> None:
        """Print and cut: `PRINTED`, `SENT`, or a trouble. After a check has said `READY`."""
        ...

    def work(self) -> PrinterAnswer | None:
        """None: not yet. Raises DeviceLost."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- signs


@dataclass(frozen=True, slots=True)
class SignText:
    """What a sign is to say from now on; each kind takes what it can of it."""

    lines: tuple[str, ...]
    voice: str = ""
    """Said once, now; phrases divided by commas. "" says nothing."""
    free: int | None = None
    """How many bays are free; None where nobody counts them."""


class Sign(Protocol):
    """Something at a lane that is read or heard. It may forget a text after a minute."""

    Options: ClassVar[type[Options]]

    def open(self) -> None: ...
    def show(self, text: SignText) -> None:
        """Begin to show it. What was not sent yet of an older text is dropped."""
        ...

    def work(self) -> bool:
        """Send what the line takes now; True when nothing is left. Raises DeviceLost."""
        ...

    def close(self) -> None: ...


# ---------------------------------------------------------------- cameras and plate engines


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture, not older than the call that returned it; `taken_ns` is CLOCK_BOOTTIME."""

    image: Image
    taken_ns: int


class Camera(Protocol):
    """A source of frames. Lives in the vision process; every call has a deadline of its own."""

    Options: ClassVar[type[Options]]

    def open(self) -> None: ...
    def read(self) -> Frame:
        """The newest frame. Raises DeviceLost where it would be stale, broken or too late."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CharRead:
    """One character position: the best character, how sure (0 to 1), and the runners-up."""

    char: str
    belief: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PlateReading:
    """A plate found in one picture. `text` is "" where a plate was seen that could not be read."""

    text: str
    chars: tuple[CharRead, ...]
    confidence: float
    corners: tuple[tuple[float, float], ...]
    """Four points in pixels of the picture given, clockwise from the top left."""
    colour: Literal["blue", "green", "yellow", "white", "black", "unknown"]
    engine: str


class Recogniser(Protocol):
    """A plate engine: picture in, plates out, the largest first."""

    Options: ClassVar[type[Options]]

    def open(self) -> None: ...
    def read(self, image: Image) -> Sequence[PlateReading]: ...
    def close(self) -> None: ...
