"""The devices of a world's gate: what `drivers.protocols` asks for, over a lane of `daemon.worlds.site`.

The law of this file: a device of a dead process moves nothing and hears nothing. A lost device raises, as a
real one does, and can be opened again once its fault is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Protocol

from daemon.worlds.site import Broken, Lane, Pulse
from drivers.errors import DeviceLost
from drivers.protocols import BadFrame, BoomPosition, Card, ContactState, Options
from drivers.readers.framing import FORMATS, Framer


@dataclass(slots=True)
class Life:
    """One run of the process."""

    number: int
    is_over: bool = False


class Wired(Protocol):
    """A thing with contacts: a lane, or the fire panel."""

    @property
    def name(self) -> str: ...

    @property
    def told(self) -> list[Callable[[], None]]: ...

    def contact(self, name: str) -> bool | Broken: ...


class WorldContact:
    """A loop detector, a push button or a wire, named as in `Wired.contact`."""

    Options: ClassVar[type[Options]] = Options

    def __init__(self, lane: Wired, name: str, life: Life) -> None:
        self._lane = lane
        self._name = name
        self._life = life
        self._changed: Callable[[], None] = lambda: None
        self._last: bool | Broken = False

    def open(self, changed: Callable[[], None]) -> None:
        self._last = self._said()
        self._changed = changed
        self._lane.told.append(self._told)

    def state(self) -> ContactState:
        said = self._said()
        if said is Broken.UNKNOWN:
            return ContactState.UNKNOWN
        return ContactState.ON if said else ContactState.OFF

    def close(self) -> None:
        if self._told in self._lane.told:
            self._lane.told.remove(self._told)

    def _said(self) -> bool | Broken:
        said = self._lane.contact(self._name)
        if said is Broken.LOST:
            raise DeviceLost(f"{self._lane.name}: contact {self._name} does not answer")
        return said

    def _told(self) -> None:
        now = self._lane.contact(self._name)
        if now != self._last and not self._life.is_over:
            self._last = now
            self._changed()


class WorldBarrier:
    """The boom's controller: three relays and two limit switches."""

    Options: ClassVar[type[Options]] = Options

    def __init__(self, lane: Lane, life: Life) -> None:
        self._lane = lane
        self._life = life
        self._changed: Callable[[], None] = lambda: None
        self._last: object = None

    def open(self, changed: Callable[[], None]) -> None:
        self._last = self._said()
        self._changed = changed
        self._lane.told.append(self._told)

    def raise_boom(self) -> None:
        self._pulse("raise")

    def lower_boom(self) -> None:
        self._pulse("lower")

    def stop_boom(self) -> None:
        self._pulse("stop")

    def position(self) -> BoomPosition:
        up, down = self._said()
        if up and down:
            return BoomPosition.UNKNOWN
        if up:
            return BoomPosition.UP
        return BoomPosition.DOWN if down else BoomPosition.MOVING

    def close(self) -> None:
        if self._told in self._lane.told:
            self._lane.told.remove(self._told)

    def _pulse(self, pulse: Pulse) -> None:
        if not self._life.is_over:
            self._lane.pulse(pulse, self._life.number)

    def _said(self) -> tuple[bool, bool]:
        up, down = self._lane.contact("up"), self._lane.contact("down")
        if Broken.LOST in (up, down):
            raise DeviceLost(f"{self._lane.name}: the barrier's controller does not answer")
        return up is True, down is True

    def _told(self) -> None:
        now = self._lane.contact("up"), self._lane.contact("down")
        if now != self._last and not self._life.is_over:
            self._last = now
            self._changed()


_DESCRIPTORS = count(10_000)
"""Numbers that no file of this process has."""


class Desk:
    """What is on the wire from one lane's reader; it outlives the process, as a reader does."""

    def __init__(self) -> None:
        self.waiting = b""
        self.is_unplugged = False
        self.heard: Callable[[], None] = lambda: None

    def sends(self, data: bytes) -> None:
        if not self.is_unplugged:
            self.waiting = (self.waiting + data)[-4096:]
            self.heard()

    def shows(self, card: str) -> bytes:
        """The frame that the reader sends for a card."""
        return FORMATS["rdm6300"].encode(card)

    def unplug(self, is_unplugged: bool) -> None:
        self.is_unplugged, self.waiting = is_unplugged, b""
        self.heard()


class WorldReader:
    """A serial card reader over a made-up descriptor, cut into frames by the product's own framer."""

    Options: ClassVar[type[Options]] = Options

    def __init__(self, desk: Desk, lane: str, life: Life, readable: Callable[[int], None]) -> None:
        self._desk = desk
        self._lane = lane
        self._life = life
        self._readable = readable
        self._descriptor = 0
        self._framer = Framer("rdm6300")

    def open(self) -> None:
        self._refuse_unplugged()
        self._descriptor = next(_DESCRIPTORS)
        self._framer = Framer("rdm6300")
        self._desk.waiting = b""
        self._desk.heard = self._heard

    def fileno(self) -> int:
        return self._descriptor

    def read(self) -> Sequence[Card | BadFrame]:
        self._refuse_unplugged()
        data, self._desk.waiting = self._desk.waiting, b""
        return self._framer.feed(data)

    def close(self) -> None:
        if self._desk.heard == self._heard:
            self._desk.heard = lambda: None

    def _heard(self) -> None:
        if not self._life.is_over:
            self._readable(self._descriptor)

    def _refuse_unplugged(self) -> None:
        if self._desk.is_unplugged:
            raise DeviceLost(f"{self._lane}: the card reader has been unplugged")
