"""An alarm's contact, from the pin to the alert (R33); how it is wired, its driver knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from daemon.core.alarms import AlarmRules
from daemon.core.facts import AlertRaised
from daemon.core.signals import AlarmChanged
from daemon.core.state import SiteRules
from daemon.edges.contacts import watch_alarm
from drivers.inputs.gpio import GpioContact, GpioContactOptions
from drivers.protocols import Context
from drivers.simulated.pins import mock_factory
from tests.desk.rig import Desk
from tests.rigs.hand_timers import HandTimers

SITE = SiteRules(alarms=(AlarmRules(id="panic", name="岗亭紧急按钮", alarm="panic"),))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, SITE)
    desk.start()
    yield desk
    desk.finish()


@pytest.mark.rule("R33")
async def test_a_panic_button_that_opens_its_loop_is_an_alert_and_so_is_a_cut_wire(
    desk: Desk, tmp_path: Path
) -> None:
    factory = mock_factory()
    pin = factory.pin(20)
    context = Context(
        name="alarm.panic",
        lane="panic",
        run_dir=tmp_path,
        config_dir=tmp_path,
        call_later=HandTimers().call_later,
    )
    options = GpioContactOptions(pin=20, pull="up", normally_closed=True, bounce_s=0)
    contact = GpioContact(options, context, factory=lambda: factory)
    heard: list[AlarmChanged] = []
    up = asyncio.Event()
    watching = asyncio.create_task(watch_alarm(contact, "panic", up.set, post=heard.append, clock=desk.clock))
    await up.wait()
    pin.drive_low()
    await asyncio.sleep(0)
    assert heard[-1].active is False
    heard.clear()

    pin.drive_high()  # pressed, or cut: the pull-up takes the line
    await asyncio.sleep(0)
    assert heard[-1].active is True
    said = [fact for signal in heard for fact in desk.send(signal)]
    assert [fact.alert for fact in said if isinstance(fact, AlertRaised)] == ["panic"]

    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert heard[-1].active is None, "nobody listens any more: what it says is unknown"
