"""R45 over a real Mosquitto: three gates, one cut off and joined again; and two brokers bridged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from daemon.core.cards import BlockCard
from daemon.core.facts import CarHeld
from daemon.core.reasons import AlertKind, Reason
from daemon.core.siblings import SiblingTold
from daemon.scenario.bench import LEADER, permit
from tests.mqtt.rig import running_tasks, until
from tests.rigs.broker import Mosquitto
from tests.siblings.wired import WiredGate

pytestmark = pytest.mark.rule("R45")

WANG = permit("P-wang", "0A00000001", "粤B12345")
LIU = permit("P-liu", "0A00000002", "粤B67890")

Gates = Callable[..., list[WiredGate]]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    mosquitto = Mosquitto(tmp_path)
    mosquitto.start()
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Gates]:
    """Gates by name, each at the broker of that port; each is proved against its own ledger at the end."""
    with ExitStack() as ends:

        def made(ports: dict[str, int]) -> list[WiredGate]:
            some = []
            for name, port in ports.items():
                others = [other for other in ports if other != name]
                gate = WiredGate(tmp_path, name, others, port, (WANG, LIU))
                ends.callback(gate.finish)
                ends.callback(gate.proxy.stop)
                some.append(gate)
            return some

        yield made


def working(gates: Sequence[WiredGate]):
    return running_tasks(*(work for gate in gates for work in gate.works()))


async def hear_of(plates: set[str], *gates: WiredGate) -> None:
    for gate in gates:
        await until(lambda gate=gate: gate.inside == plates, what=f"{gate.name} knows {plates}")


async def test_one_of_three_is_cut_off_goes_on_alone_and_settles_up_after(
    gates: Gates, broker: Mosquitto
) -> None:
    east, west, north = gates(dict.fromkeys(("east", "west", "north"), broker.port))
    async with working((east, west, north)):
        # in step: who came in at one is inside for all, and leaves at another
        west.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        await hear_of({WANG.plate}, east, north)
        east.car_arrives()
        east.plate(WANG.plate)
        east.card(WANG.card)
        assert east.last(CarHeld).reason is Reason.ALREADY_INSIDE
        east.guard("refuse")
        east.car_backs_off()
        north.comes_and_goes(WANG.card, WANG.plate, "exit-1")
        await hear_of(set(), east, west)

        # cut off: each side says so, and goes on alone
        west.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        await hear_of({WANG.plate}, east, north)
        west.cut()
        await until(lambda: west.unheard() == ("east", "north"), what="west is alone")
        await until(lambda: east.unheard() == ("west",), what="east misses west")
        assert AlertKind.SIBLING_CUT_OFF in east.alerts
        west.ask(LEADER, BlockCard(card=LIU.card, reason="报失"))
        west.comes_and_goes(WANG.card, WANG.plate, "exit-1")
        east.time(60)
        east.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        assert AlertKind.ENTERED_UNHEARD in east.alerts
        await hear_of({WANG.plate}, north)

        # joined again: all end with the same, and nothing is open that has been explained
        west.join()
        for gate in (east, west, north):
            await until(lambda gate=gate: gate.unheard() == (), what=f"{gate.name} hears all")
        await hear_of({WANG.plate}, east, west, north)
        for gate in (east, north):
            await until(lambda gate=gate: LIU.card in gate.engine.state.cards.stopped)
        assert {AlertKind.SIBLING_CUT_OFF, AlertKind.ENTERED_UNHEARD}.isdisjoint(east.alerts)


async def test_a_gate_that_comes_late_is_told_everything_in_order_once(
    gates: Gates, broker: Mosquitto
) -> None:
    east, west = gates(dict.fromkeys(("east", "west"), broker.port))
    for _ in range(30):
        west.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        west.comes_and_goes(WANG.card, WANG.plate, "exit-1")
    west.comes_and_goes(LIU.card, LIU.plate, "entry-1")
    async with working((east, west)):
        await hear_of({LIU.plate}, east)
        # the broker dies in the middle of what follows, and nothing is told twice
        west.comes_and_goes(LIU.card, LIU.plate, "exit-1")
        broker.kill()
        west.comes_and_goes(WANG.card, WANG.plate, "entry-1")
        broker.start()
        await hear_of({WANG.plate}, east)
    told = [fact.seq for fact in east.all(SiblingTold)]
    assert told == sorted(set(told))
    assert len([fact for fact in east.all(SiblingTold) if fact.said.kind == "stay_opened"]) == 32


async def test_gates_at_two_brokers_that_are_bridged_are_one_site(gates: Gates, tmp_path: Path) -> None:
    """The recipe of daemon/DECISIONS.md, as it stands there."""
    folders = [tmp_path / name for name in ("main", "annex")]
    for folder in folders:
        folder.mkdir()
    main = Mosquitto(folders[0])
    main.start()
    annex = Mosquitto(
        folders[1],
        settings=(
            "connection annex",
            f"address 127.0.0.1:{main.port}",
            "bridge_protocol_version mqttv50",
            "cleansession false",
            "topic gatepost/garden/# both 1",
        ),
    )
    annex.start()
    try:
        east, west = gates({"east": main.port, "west": annex.port})
        async with working((east, west)):
            west.comes_and_goes(WANG.card, WANG.plate, "entry-1")
            await hear_of({WANG.plate}, east)
            east.comes_and_goes(WANG.card, WANG.plate, "exit-1")
            await hear_of(set(), west)
    finally:
        annex.kill()
        main.kill()
