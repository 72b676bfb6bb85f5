"""How full the car park is (R36): ins less outs plus what recounts have put right. Asked in `lot_desk`.

The law of this file: a correction is written down with who counted and why, and is never folded into the ins
and outs. The stays say who is inside, this says how many are; the two may differ by the corrections alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.signals import Actor, Request

if TYPE_CHECKING:
    from daemon.core.draft import Draft

LotClass = Literal["permit", "temporary"]
"""Whose bays they are: of cars with a permit, or of all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount(Request):
    """Somebody has gone round and counted the cars of one class."""

    of: LotClass
    count: int
    reason: str
    kind: Literal["recount"] = "recount"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStay(Request):
    """A car that the books have inside is not there: nobody saw it leave, and somebody has looked."""

    reason: str
    plate: str = ""
    stay: str = ""
    kind: Literal["end_stay"] = "end_stay"


AnyRequest = Recount | EndStay


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRecounted(Fact):
    of: LotClass
    counted: int
    correction: int
    """What was added to the count of ins and outs to make it so; below zero where it was too high."""
    why: str
    by: Actor
    kind: Literal["lot_recounted"] = "lot_recounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotChanged(Fact):
    """What signs and the office show, each time that it is another number."""

    of: LotClass
    inside: int
    free: int
    kind: Literal["lot_changed"] = "lot_changed"


AnyFact = LotRecounted | LotChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    ins: int = 0
    outs: int = 0
    corrections: int = 0

    @property
    def inside(self) -> int:
        return self.ins - self.outs + self.corrections


NOBODY = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    tallies: Mapping[LotClass, Tally] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, name: LotClass) -> Tally:
        return self.tallies.get(name, NOBODY)

    @property
    def inside(self) -> int:
        return sum(tally.inside for tally in self.tallies.values())


def class_of(stay_kind: str) -> LotClass:
    return "permit" if stay_kind == "permit" else "temporary"


def came_in(lot: Lot, stay_kind: str) -> Lot:
    name = class_of(stay_kind)
    return _with(lot, name, replace(lot.of(name), ins=lot.of(name).ins + 1))


def went_out(lot: Lot, stay_kind: str) -> Lot:
    name = class_of(stay_kind)
    return _with(lot, name, replace(lot.of(name), outs=lot.of(name).outs + 1))


def evolve(lot: Lot, fact: Fact) -> Lot:
    match fact:
        case LotRecounted():
            tally = lot.of(fact.of)
            return _with(lot, fact.of, replace(tally, corrections=tally.corrections + fact.correction))
        case _:
            return lot


def _with(lot: Lot, name: LotClass, tally: Tally) -> Lot:
    return Lot(tallies=MappingProxyType({**lot.tallies, name: tally}))


def free(bays: int, inside: int) -> int:
    """More cars than bays leave none free, and not less than none."""
    return max(0, bays - inside)


def report(draft: Draft, before: Lot) -> None:
    """Say what has become another number in this decision, for the classes whose bays are counted."""
    for name, bays in draft.state.rules.bays.items():
        inside = draft.state.lot.of(name).inside
        if inside != before.of(name).inside:
            draft.say(LotChanged(at=draft.at, of=name, inside=inside, free=free(bays, inside)))
