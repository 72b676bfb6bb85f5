"""Loops, limit switches, buttons, alarms: contact states to `LoopChanged`, `BoomReported`, `GuardAsked` and
`AlarmChanged`.

Pin callbacks come on foreign threads: they only wake the loop, which then reads the level itself, so that two
edges in quick succession cannot arrive in the wrong order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daemon.core.duty import AT_THE_BUTTON
from daemon.core.signals import AlarmChanged, Boom, BoomReported, GuardAsked, Loop, LoopChanged, LoopState
from daemon.runtime.clock import Clock
from drivers.errors import DeviceError
from drivers.protocols import Barrier, BoomPosition, Contact, ContactState

LOOP_OF = {
    ContactState.ON: LoopState.OCCUPIED,
    ContactState.OFF: LoopState.FREE,
    ContactState.UNKNOWN: LoopState.UNKNOWN,
}
BOOM_OF = {
    BoomPosition.UP: Boom.UP,
    BoomPosition.DOWN: Boom.DOWN,
    BoomPosition.MOVING: Boom.MOVING,
    BoomPosition.UNKNOWN: Boom.UNKNOWN,
}
ACTIVE_OF = {ContactState.ON: True, ContactState.OFF: False, ContactState.UNKNOWN: None}


async def watch_loop(
    contact: Contact,
    lane: str,
    loop: Loop,
    up: Callable[[], None],
    *,
    post: Callable[[LoopChanged], None],
    clock: Clock,
) -> None:
    """Post every change of a loop; a lost loop is `unknown`. Raises DeviceError."""

    def report(state: LoopState) -> None:
        post(LoopChanged(at=clock.now(), lane=lane, loop=loop, state=state))

    try:
        await follow(contact.open, lambda: report(LOOP_OF[contact.state()]), up)
    finally:
        report(LoopState.UNKNOWN)
        contact.close()


async def watch_button(
    contact: Contact, lane: str, up: Callable[[], None], *, post: Callable[[GuardAsked], None], clock: Clock
) -> None:
    """Ask for the boom to be raised at every press. Raises DeviceError.

    A press is a change from released to pressed: a button that is held, stuck or pressed while the daemon
    starts asks for nothing.
    """
    was = ContactState.UNKNOWN

    def report() -> None:
        nonlocal was
        before, was = was, contact.state()
        if (before, was) == (ContactState.OFF, ContactState.ON):
            post(
                GuardAsked(
                    at=clock.now(), actor=AT_THE_BUTTON, lane=lane, action="open", reason="按钮 button"
                )
            )

    try:
        await follow(contact.open, report, up)
    finally:
        contact.close()


async def watch_alarm(
    contact: Contact,
    alarm: str,
    up: Callable[[], None],
    *,
    post: Callable[[AlarmChanged], None],
    clock: Clock,
) -> None:
    """Post every change of an alarm's contact; a lost one is None. Raises DeviceError."""

    def report(active: bool | None) -> None:
        post(AlarmChanged(at=clock.now(), alarm=alarm, active=active))

    try:
        await follow(contact.open, lambda: report(ACTIVE_OF[contact.state()]), up)
    finally:
        report(None)
        contact.close()


async def watch_boom(
    barrier: Barrier, lane: str, up: Callable[[], None], *, post: Callable[[BoomReported], None], clock: Clock
) -> None:
    """Post every change of the boom's position; a lost barrier is `unknown`. Raises DeviceError."""

    def report(boom: Boom) -> None:
        post(BoomReported(at=clock.now(), lane=lane, boom=boom))

    try:
        await follow(barrier.open, lambda: report(BOOM_OF[barrier.position()]), up)
    finally:
        report(Boom.UNKNOWN)
        barrier.close()


async def follow(
    open_device: Callable[[Callable[[], None]], None], report: Callable[[], None], up: Callable[[], None]
) -> None:
    """Open, report at once and at every change. Returns never; raises DeviceError."""
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[None] = loop.create_future()

    def read() -> None:
        try:
            report()
        except DeviceError as error:
            if not lost.done():
                lost.set_exception(error)

    def changed() -> None:
        loop.call_soon_threadsafe(read)

    open_device(changed)
    up()
    read()
    await lost
