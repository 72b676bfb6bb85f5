"""The guard's push button, from the pin to the relay, with nothing else of the lane working."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.core.duty import AT_THE_BUTTON
from daemon.core.facts import AccessGranted, BoomRaiseOrdered, Fact
from daemon.core.signals import GuardAsked
from daemon.core.state import LaneRules, empty_state
from daemon.edges.contacts import watch_button
from daemon.engine import Engine
from daemon.runtime.clock import ManualClock
from daemon.store import Store
from drivers.inputs.gpio import GpioContact, GpioContactOptions
from drivers.protocols import Context
from drivers.simulated.pins import mock_factory
from tests.rigs.hand_timers import HandTimers

LANE = LaneRules(id="entry-1", name="东门入口", direction="entry", mode="card_and_plate")


class Button:
    """A button to ground on GPIO 16, read by the real driver."""

    def __init__(self, folder: Path) -> None:
        factory = mock_factory()
        self.pin = factory.pin(16)
        context = Context(
            name="entry-1.button",
            lane="entry-1",
            run_dir=folder,
            config_dir=folder,
            call_later=HandTimers().call_later,
        )
        options = GpioContactOptions(pin=16, pull="up", bounce_s=0)
        self.contact = GpioContact(options, context, factory=lambda: factory)

    async def press(self) -> None:
        self.pin.drive_low()
        await asyncio.sleep(0)

    async def release(self) -> None:
        self.pin.drive_high()
        await asyncio.sleep(0)


async def watched(button: Button, post: Callable[[GuardAsked], None]) -> asyncio.Task[None]:
    up = asyncio.Event()
    run = watch_button(button.contact, "entry-1", up.set, post=post, clock=ManualClock())
    watching = asyncio.create_task(run)
    await up.wait()
    await asyncio.sleep(0)
    return watching


@pytest.mark.rule("R28")
async def test_the_button_raises_the_boom_with_every_other_device_down(tmp_path: Path) -> None:
    """Given no camera, reader, loop or limit switch, when the guard presses, then the boom is ordered up."""
    store = Store(tmp_path / "data", ballast_bytes=0)
    store.open()
    performed: list[Fact] = []
    engine = Engine(state=empty_state((LANE,)), store=store, clock=ManualClock(), perform=performed.append)
    button = Button(tmp_path)
    watching = await watched(button, lambda signal: engine.handle(signal) and None)

    await button.press()

    (order,) = [fact for fact in performed if isinstance(fact, BoomRaiseOrdered)]
    assert order.by == AT_THE_BUTTON
    assert any(isinstance(fact, AccessGranted) for fact in performed)
    assert [row.kind for row in store.rows(0, 10)][-1] == "boom_raise_ordered", "written down first"
    watching.cancel()
    store.close()


@pytest.mark.rule("R28")
async def test_a_button_that_is_held_or_stuck_asks_once_or_never(tmp_path: Path) -> None:
    asked: list[GuardAsked] = []
    button = Button(tmp_path)
    await button.press()
    watching = await watched(button, asked.append)
    assert asked == [], "pressed while the daemon starts: stuck, or a hand that does not mean now"

    await button.release()
    await button.press()
    await button.press()
    assert len(asked) == 1
    watching.cancel()
