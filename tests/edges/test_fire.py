"""The fire panel's contact, from the pin to the relays: first the booms, then the ledger (R32)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from daemon.core.facts import BoomLowerOrdered, BoomRaiseOrdered, Fact
from daemon.core.fire import FireAlarmed, FireInputChanged
from daemon.core.reasons import Reason
from daemon.core.signals import Boom as Position
from daemon.core.signals import BoomReported, FireInput, FireReported
from daemon.core.state import LaneRules, empty_state
from daemon.edges.fire import watch_fire
from daemon.engine import Engine
from daemon.perform import Performer
from daemon.runtime.clock import ManualClock
from daemon.store import Store, StoreError
from drivers.errors import DeviceLost
from drivers.inputs.gpio import GpioContact, GpioContactOptions
from drivers.protocols import ContactState, Context
from drivers.simulated.pins import mock_factory
from tests.rigs.hand_timers import HandTimers

LANES = tuple(
    LaneRules(id=lane, name=lane, direction="entry", mode="card_and_plate") for lane in ("entry-1", "entry-2")
)


class Boom:
    """Counts its orders; a lost one takes none."""

    def __init__(self, *, is_lost: bool = False) -> None:
        self.orders: list[str] = []
        self.is_lost = is_lost

    def raise_boom(self) -> None:
        if self.is_lost:
            raise DeviceLost("barrier: gone")
        self.orders.append("raise")

    def lower_boom(self) -> None:
        self.orders.append("lower")

    def stop_boom(self) -> None:
        self.orders.append("stop")


class Panel:
    """A fire panel's contact to ground on GPIO 12, read by the real driver."""

    def __init__(self, folder: Path) -> None:
        factory = mock_factory()
        self.pin = factory.pin(12)
        context = Context(
            name="fire", lane="", run_dir=folder, config_dir=folder, call_later=HandTimers().call_later
        )
        options = GpioContactOptions(pin=12, pull="up", bounce_s=0)
        self.contact = GpioContact(options, context, factory=lambda: factory)


class Closed:
    """A contact that is closed before anybody looks."""

    Options = GpioContactOptions

    def open(self, changed: Callable[[], None]) -> None: ...

    def state(self) -> ContactState:
        return ContactState.ON

    def close(self) -> None: ...


class MoodyStore:
    """A store in front of which the disk can be made to refuse."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.refuses = False

    def append(self, facts: Sequence[Fact]) -> list[int]:
        if self.refuses:
            raise StoreError("no space left on device")
        return self._store.append(facts)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.rule("R32")
async def test_booms_rise_though_the_disk_refuses_and_the_facts_follow_when_it_does_not(
    tmp_path: Path,
) -> None:
    """Given a full disk, when the fire panel calls and falls quiet, then both are told once there is room."""
    durable = Store(tmp_path / "data", ballast_bytes=0)
    durable.open()
    store, clock = MoodyStore(durable), ManualClock()
    booms = {lane.id: Boom() for lane in LANES}
    engine = Engine(
        state=empty_state(LANES),
        store=store,
        clock=clock,
        perform=Performer(barriers=booms, safety_loops={}, watch=lambda _lane, _there: None),
    )
    panel, up = Panel(tmp_path), asyncio.Event()
    edge = watch_fire(panel.contact, booms.values(), up.set, post=engine.post, clock=clock)
    tasks = [asyncio.create_task(engine.run()), asyncio.create_task(edge)]
    await up.wait()
    await settled()
    try:
        store.refuses = True
        panel.pin.drive_low()
        await settled()
        assert [boom.orders for boom in booms.values()] == [["raise"], ["raise"]], "no disk is waited for"
        assert not engine.state.fire.is_alarmed
        panel.pin.drive_high()
        await settled()
        store.refuses = False
        await engine.beat()
        said = [fact for _, fact in durable.facts()]
        assert [type(fact) for fact in said if isinstance(fact, FireAlarmed | BoomRaiseOrdered)] == [
            FireAlarmed,
            BoomRaiseOrdered,
            BoomRaiseOrdered,
        ]
        inputs = [fact.input for fact in said if isinstance(fact, FireInputChanged)]
        assert inputs == [FireInput.QUIET, FireInput.ALARM, FireInput.QUIET]
        assert engine.state.fire.is_alarmed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        durable.close()


@pytest.mark.rule("R32")
async def test_a_panel_that_calls_already_when_the_gate_starts_is_heard() -> None:
    up, boom = asyncio.Event(), Boom()
    posted: list[FireReported] = []
    edge = watch_fire(Closed(), [boom], up.set, post=posted.append, clock=ManualClock())
    task = asyncio.create_task(edge)
    await up.wait()
    await settled()
    assert (boom.orders, [signal.input for signal in posted]) == (["raise"], [FireInput.ALARM])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert posted[-1].input is FireInput.UNKNOWN, "a contact that nobody reads any more is not quiet"


@pytest.mark.rule("R32")
async def test_a_barrier_that_is_lost_keeps_no_other_down(tmp_path: Path) -> None:
    panel, up = Panel(tmp_path), asyncio.Event()
    lost, sound = Boom(is_lost=True), Boom()
    edge = watch_fire(panel.contact, [lost, sound], up.set, post=lambda _signal: None, clock=ManualClock())
    task = asyncio.create_task(edge)
    await up.wait()
    panel.pin.drive_low()
    await settled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sound.orders == ["raise"]


@pytest.mark.rule("R32")
@pytest.mark.parametrize(("says", "lowered"), [(ContactState.ON, []), (ContactState.OFF, ["lower"])])
def test_an_order_to_lower_that_the_fire_overtakes_is_not_carried_out(
    says: ContactState, lowered: list[str]
) -> None:
    class Fire:
        def state(self) -> ContactState:
            return says

    boom = Boom()
    perform = Performer(
        barriers={"entry-1": boom}, safety_loops={}, watch=lambda _lane, _there: None, fire=Fire()
    )
    perform(BoomLowerOrdered(at=ManualClock().now(), lane="entry-1", reason=Reason.CAR_CLEARED))
    assert boom.orders == lowered


@pytest.mark.rule("R32")
def test_a_barrier_without_switches_that_opens_after_the_fire_began_is_told_again(tmp_path: Path) -> None:
    """Given a fire, when a barrier without limit switches opens, then it is ordered up once more."""
    store = Store(tmp_path / "data", ballast_bytes=0)
    store.open()
    boom, clock = Boom(), ManualClock()
    performer = Performer(barriers={"entry-1": boom}, safety_loops={}, watch=lambda _lane, _there: None)
    engine = Engine(state=empty_state(LANES[:1]), store=store, clock=clock, perform=performer)
    engine.handle(FireReported(at=clock.now(), input=FireInput.ALARM))
    engine.handle(BoomReported(at=clock.now(), lane="entry-1", boom=Position.UNKNOWN))
    assert boom.orders == ["raise", "raise"]
    store.close()
