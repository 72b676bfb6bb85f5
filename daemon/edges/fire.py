"""The contact of the fire panel: every barrier is told to rise at once, and only then it is written down.

The law of this file: this is the one order that waits for no disk (R32). The signal that follows makes the
fact; while the disk refuses, the engine keeps the signal and says it as soon as the disk takes facts again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from daemon.core.signals import FireInput, FireReported
from daemon.edges.contacts import follow
from daemon.runtime.clock import Clock
from drivers.errors import DeviceError
from drivers.protocols import Contact, ContactState

log = logging.getLogger(__name__)

INPUT_OF = {
    ContactState.ON: FireInput.ALARM,
    ContactState.OFF: FireInput.QUIET,
    ContactState.UNKNOWN: FireInput.UNKNOWN,
}


class Riser(Protocol):
    """The part of a barrier that a fire needs."""

    def raise_boom(self) -> None: ...


async def watch_fire(
    contact: Contact,
    barriers: Iterable[Riser],
    up: Callable[[], None],
    *,
    post: Callable[[FireReported], None],
    clock: Clock,
) -> None:
    """Raise every barrier and post `alarm` when the contact closes, or is closed already. Raises DeviceError.

    A lost contact is `unknown`: that opens nothing, and is no quiet either.
    """
    booms = tuple(barriers)

    def report() -> None:
        says = INPUT_OF[contact.state()]
        if says is FireInput.ALARM:
            raise_all(booms)
        post(FireReported(at=clock.now(), input=says))

    try:
        await follow(contact.open, report, up)
    finally:
        post(FireReported(at=clock.now(), input=FireInput.UNKNOWN))
        contact.close()


def raise_all(barriers: Iterable[Riser]) -> None:
    """Tell each of them; one that cannot be told keeps nobody else waiting."""
    for barrier in barriers:
        try:
            barrier.raise_boom()
        except DeviceError as error:
            log.warning("fire: a barrier was not raised: %s", error)
