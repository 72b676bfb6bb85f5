"""R45 for any history: whatever is said, delayed, repeated and cut off, the gates of a site end alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from daemon.core.cards import BlockCard, LoseCard, UnblockCard
from daemon.core.facts import AlertRaised, LeftUnheard, StayClosed, StayOpened
from daemon.core.lot import LotRecounted, Recount
from daemon.core.siblings import SiblingTold
from daemon.core.signals import Started
from daemon.core.special import ListWatched, UnlistWatched
from daemon.scenario.bench import permit
from tests.siblings.rig import Gate, Site

pytestmark = pytest.mark.rule("R45")

NAMES = ("east", "west", "north", "south")
HOUSEHOLDS = tuple(permit(f"P{number}", f"0A0000000{number}", f"粤B1234{number}") for number in range(3))
VISITORS = ("粤A88888", "粤A88889")

Move = Callable[[Site, Gate, Gate, int], Any]


def _loses(_site: Site, gate: Gate, other: Gate, _number: int) -> None:
    gate.loses(other)
    other.loses(gate)


def _finds(_site: Site, gate: Gate, other: Gate, _number: int) -> None:
    gate.finds(other)
    other.finds(gate)


def _restarts(_site: Site, gate: Gate, _other: Gate, number: int) -> None:
    gate.boot, gate.booted = f"{gate.boot}{number}", gate.site.passed
    gate.does(Started(at=gate.now, version="test"))


def _clock(_site: Site, gate: Gate, _other: Gate, number: int) -> None:
    gate.clock_is_trusted = number % 2 == 0


def _watch(number: int) -> ListWatched:
    return ListWatched(sign="plate", value=VISITORS[number % 2], why="被盗", what_to_do=f"报警 {number}")


MOVES: dict[str, Move] = {
    "enters": lambda _s, gate, _o, number: gate.enters(HOUSEHOLDS[number]),
    "enters by the guard": lambda _s, gate, _o, number: gate.enters(HOUSEHOLDS[number], guard=True),
    "leaves": lambda _s, gate, _o, number: gate.leaves(HOUSEHOLDS[number]),
    "leaves by the guard": lambda _s, gate, _o, number: gate.leaves(HOUSEHOLDS[number], guard=True),
    "visits": lambda _s, gate, _o, number: gate.visitor_enters(VISITORS[number % 2]),
    "visit over": lambda _s, gate, _o, number: gate.visitor_leaves(VISITORS[number % 2]),
    "without plates": lambda _s, gate, _o, _n: gate.car("visitors", None, None, guard=True),
    "hears": lambda _s, gate, other, number: gate.hears(other, limit=number + 1),
    "hears twice": lambda _s, gate, other, _n: [gate.hears_of(other.stretch(gate.cursor(other)))] * 2,
    "catches up": lambda _s, gate, other, _n: gate.catches_up(other),
    "loses": _loses,
    "finds": _finds,
    "restarts": _restarts,
    "clock": _clock,
    "time": lambda site, _g, _o, number: site.pass_(30.0 * (number + 1)),
    "recounts": lambda _s, gate, _o, number: gate.asks(Recount(of="permit", count=number, reason="清点")),
    "blocks": lambda _s, gate, _o, number: gate.asks(BlockCard(card=HOUSEHOLDS[number].card, reason="欠费")),
    "loses card": lambda _s, gate, _o, n: gate.asks(LoseCard(card=HOUSEHOLDS[n].card, reason="报失")),
    "unblocks": lambda _s, gate, _o, n: gate.asks(UnblockCard(card=HOUSEHOLDS[n].card, reason="找到")),
    "watches": lambda _s, gate, _o, number: gate.asks(_watch(number)),
    "unwatches": lambda _s, gate, _o, number: gate.asks(
        UnlistWatched(sign="plate", value=VISITORS[number % 2], reason="误报")
    ),
}
OFTEN = ("enters", "leaves", "visits", "visit over", "hears", "catches up", "time", "loses") * 3
STEPS = 150
SEEDS = 16


@pytest.mark.parametrize("gates", [2, 3, 4])
def test_after_healing_every_gate_holds_the_same(gates: int) -> None:
    reached: Counter[str] = Counter()
    for seed in range(SEEDS):
        site = Site(*NAMES[:gates], permits=HOUSEHOLDS)
        _lives(site, Random(f"{gates} {seed}"))
        site.heals()
        _agree(site)
        reached += _what_happened(site)
    missed = {"conflict", "over", "waited", "left_unheard", "left_twice", "entered_unheard"} - reached.keys()
    assert not missed, f"none of these histories came to {missed}"


def _lives(site: Site, random: Random) -> None:
    gates = list(site.gates.values())
    moves = [*MOVES, *OFTEN]
    for _ in range(STEPS):
        gate, other = random.sample(gates, 2)
        MOVES[random.choice(moves)](site, gate, other, random.randrange(3))
        for one in gates:
            _nobody_twice(one)


def _what_happened(site: Site) -> Counter[str]:
    reached: Counter[str] = Counter()
    for gate in site.gates.values():
        for fact in gate.ledger:
            match fact:
                case StayClosed(how="conflict"):
                    reached["conflict"] += 1
                case SiblingTold(is_over=True):
                    reached["over"] += 1
                case LeftUnheard():
                    reached["left_unheard"] += 1
                case AlertRaised():
                    reached[fact.alert] += 1
                case _:
                    pass
        reached["waited"] += gate.most_early
    return +reached


def _agree(site: Site) -> None:
    all_gates = list(site.gates.values())
    for gate in all_gates:
        _nobody_twice(gate)
        assert gate.named_inside == all_gates[0].named_inside
        assert gate.state.lot == all_gates[0].state.lot
        assert gate.state.cards.stopped.items() == all_gates[0].state.cards.stopped.items()
        assert gate.state.special.watched.items() == all_gates[0].state.special.watched.items()
        assert not gate.state.siblings.early, "everything has been heard, and nothing waits"
        assert gate.replayed() == gate.state
    _occupancy_is_ins_less_outs(all_gates)
    _the_later_entry_stands(all_gates)


def _nobody_twice(gate: Gate) -> None:
    stays = gate.state.stays.values()
    plates = Counter(stay.plate for stay in stays)
    permits = Counter(stay.permit_id for stay in stays if stay.permit_id is not None)
    assert max((*plates.values(), *permits.values()), default=0) <= 1


def _occupancy_is_ins_less_outs(gates: list[Gate]) -> None:
    said = [fact for gate in gates for fact in gate.ledger]
    corrections = sum(fact.correction for fact in said if isinstance(fact, LotRecounted))
    opened = sum(isinstance(fact, StayOpened) for fact in said)
    for gate in gates:
        tallies = gate.state.lot.tallies.values()
        assert gate.state.lot.inside == len(gate.state.stays) + corrections
        assert sum(tally.ins for tally in tallies) == opened


def _the_later_entry_stands(gates: list[Gate]) -> None:
    """No conflict was settled for the entry that is the earlier one by what everybody can read."""
    entered = {
        f"{gate.state.known_as}:{fact.stay_id}": (fact.at.trusted, fact.at.wall)
        for gate in gates
        for fact in gate.ledger
        if isinstance(fact, StayOpened)
    }
    for gate in gates:
        for fact in gate.ledger:
            if isinstance(fact, StayClosed) and fact.how == "conflict":
                lost, stands = (
                    name if ":" in name else f"{gate.state.known_as}:{name}"
                    for name in (fact.stay_id, fact.note)
                )
                assert entered[lost] <= entered[stands]
