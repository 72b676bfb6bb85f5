"""A gate that charges: 5 yuan an hour after 15 free minutes, 20 a day; and the people at its counter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from daemon.core.accounts import Account
from daemon.core.facts import ActionRefused, Fact
from daemon.core.money import ChargeQuoted
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Permit, Request
from daemon.core.state import Phase, SiteRules
from daemon.core.tariff import Book
from tests.core.rig import GateRig, entry, exit_
from tests.tariff.rig import book

CAR = "粤B77777"

SUPERVISOR = Actor(name="陈主管", role="supervisor")
LEADER = Actor(name="周班长", role="leader")

HOURLY = book(
    """\
    grace_minutes: 15
    same_day: share_caps
    lost_pass_yuan: 10
    exempt: {police: 警车}
    discounts:
      new_energy: {label: 新能源车, percent_off: 50}
      hour: {label: 商户赠一小时, free: {minutes: 60, counts: deducted}}
    classes:
      small:
        label: 小车
        free: {minutes: 15, counts: only_within}
        then: {minutes: 60, yuan: 5}
        cap_yuan: {day: 20}
      large:
        label: 大车
        like: small
        percent: 200
    """
)
"""What the tests reckon with in their heads: hours begun, times five yuan, at most twenty a day."""


class TollGate(GateRig):
    """One way in, one way out, both by plate."""

    def __init__(
        self, folder: Path, permits: Iterable[Permit] = (), *, tariff: Book | None = HOURLY, exits: int = 1
    ) -> None:
        lanes = [entry(mode="plate_only"), *(exit_(f"exit-{n + 1}", mode="plate_only") for n in range(exits))]
        super().__init__(folder, lanes, permits, SiteRules(tariff=tariff, receipts="east"))

    def ask(self, actor: Actor, request: Request) -> tuple[Fact, ...]:
        return self.send(Asked(at=self.now, actor=actor, request=request))

    def why_not(self, actor: Actor, request: Request) -> Reason:
        fact = self.ask(actor, request)[-1]
        assert isinstance(fact, ActionRefused), fact
        return fact.reason

    def comes_in(self, plate: str) -> None:
        self.comes_and_goes(None, plate, "entry-1")
        assert plate in self.inside

    def stays(self, *, hours: float = 0, minutes: float = 0) -> None:
        self.time(timedelta(hours=hours, minutes=minutes).total_seconds())

    def at_exit(self, plate: str, lane: str = "exit-1") -> tuple[Fact, ...]:
        self.car_arrives(lane)
        return self.plate(plate, lane)

    def leaves(self, lane: str = "exit-1") -> tuple[Fact, ...]:
        facts = self.drives_through(lane)
        self.time(10)
        return facts

    def account(self, plate: str) -> Account:
        stay = self.engine.state.stay_by_plate(plate)
        assert stay is not None
        return self.engine.state.money.accounts[stay.id]


def held(gate: TollGate, lane: str = "exit-1") -> Reason | None:
    front = gate.lane(lane).passage
    return front.reason if gate.lane(lane).phase is Phase.HELD and front is not None else None


def waits_unpaid(gate: TollGate, *, hours: float = 2, plate: str = CAR) -> ChargeQuoted:
    """Given a visitor of so many hours who stands at the exit and has been told the price."""
    gate.comes_in(plate)
    gate.stays(hours=hours)
    gate.at_exit(plate)
    assert held(gate) is Reason.CHARGE_UNPAID
    told: ChargeQuoted = gate.last(ChargeQuoted)
    return told
