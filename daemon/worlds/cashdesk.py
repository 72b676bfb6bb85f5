"""Drivers who pay, and how: into the guard's hand, by a code on the phone, in advance, late, twice, or not.

The law of this file: what is due is read off the panel at the moment of paying, as people do; a payment over
the office is reported until the gate has answered for it, however often that is. `sent` is the office's own
book of those: what the gate has answered for must be in the ledger once.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random

from daemon.core.accounts import Account
from daemon.core.facts import CarHeld, Fact
from daemon.core.money import (
    ChargeQuoted,
    ConfirmPayment,
    PaymentTaken,
    QuoteStay,
    RateStay,
    ReprintReceipt,
    TakePayment,
    TopUp,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.signals import Actor, GuardAsked, Request
from daemon.worlds.gate import Gate
from daemon.worlds.people import Driver, Pays
from daemon.worlds.persons import GUARDS, LEADER, OFFICE, SUPERVISOR
from daemon.worlds.scene import Scene
from daemon.worlds.tariffs import NEW_ENERGY

GUARD = GUARDS[0]


class CashDesk:
    def __init__(self, *, random: Random, scene: Scene) -> None:
        self._random = random
        self._scene = scene
        self._references = count(1)
        self._told: dict[str, ChargeQuoted] = {}
        """The last price that each passage was told."""
        self.sent: dict[str, int] = {}
        """Payments from outside that the gate has answered for: fen by reference."""

    def wakes(self, until_s: float) -> None:
        self._again(until_s, 25.0, self._asks_ahead)
        self._again(until_s, 45.0, self._tops_up)
        self._again(until_s, 50.0, self._looks_at_receipts)

    def _again(self, until_s: float, every_s: float, do: Callable[[], None]) -> None:
        def once() -> None:
            if self._scene.outside.elapsed_s < until_s:
                do()
                self._scene.later(self._random.expovariate(1 / every_s), once)

        self._scene.later(self._random.expovariate(1 / every_s), once)

    # ------------------------------------------------------------ at the exit

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        del gate
        self._told |= {fact.passage or "": fact for fact in facts if isinstance(fact, ChargeQuoted)}

    def must_pay(self, held: CarHeld, front: Driver | None) -> None:
        """The car in front is held over its charge; its driver does what he came to do."""
        quoted = self._told.get(held.passage or "")
        if quoted is None:
            return
        random, pays = self._random, front.pays if front is not None else Pays.CASH
        soon_s = random.uniform(1.5, 8.0)
        match pays:
            case Pays.CASH:
                self._pays_cash(quoted.stay_id, held.passage or "", soon_s)
            case Pays.CASH_IN_TWO:
                self._cash(quoted.stay_id, soon_s, part=0.5)
                self._pays_cash(quoted.stay_id, held.passage or "", soon_s + 2.0)
            case Pays.QR:
                self._pays_qr(quoted, soon_s)
            case Pays.QR_REPORTED_TWICE:
                reference = self._pays_qr(quoted, soon_s)
                self._pays_qr(quoted, soon_s + random.choice((0.0, 1.0, 20.0)), reference=reference)
            case Pays.TWICE:
                self._pays_qr(quoted, soon_s)
                self._pays_qr(quoted, soon_s + random.uniform(0.0, 15.0))
            case Pays.QR_AFTER_LEAVING:
                self._lets_out(held, soon_s)
                self._pays_qr(quoted, soon_s + random.uniform(8.0, 40.0))
            case Pays.WAIVED:
                self._waives(quoted.stay_id, soon_s)
            case Pays.NOTHING:
                self._lets_out(held, soon_s)
            case Pays.LATER:
                return
        if quoted.flags:
            # A doubtful price of nothing is the guard's: he looks at it, and lets it go.
            self._lets_out(held, soon_s + 10.0)

    def _account(self, stay_id: str) -> Account | None:
        shown = self._scene.shown
        return shown.money.accounts.get(stay_id) if shown is not None else None

    def _pays_cash(self, stay_id: str, passage: str, after_s: float) -> None:
        """Hand over what the panel says; where no receipt comes, the guard looks again."""
        self._cash(stay_id, after_s)
        if self._random.random() < 0.3:
            self._cash(stay_id, after_s + self._random.choice((0.0, 0.3)))
        self._cash(stay_id, after_s + 9.0, passage=passage)

    def _cash(self, stay_id: str, after_s: float, *, part: float = 1.0, passage: str | None = None) -> None:
        too_much = self._random.random() < 0.1

        def hands_over() -> None:
            shown, account = self._scene.shown, self._account(stay_id)
            if shown is None or account is None or account.due_fen == 0 or account.left is not None:
                return
            if passage is not None and all(
                lane.passage is None or lane.passage.id != passage for lane in shown.lanes.values()
            ):
                return
            fen = max(int(account.due_fen * part), 1)
            if too_much:
                fen += shown.money.arrears_fen(account.plate) + 100
            self._scene.asks(GUARD, TakePayment(stay=stay_id, fen=fen))

        self._scene.later(after_s, hands_over)

    def _pays_qr(self, quoted: ChargeQuoted, after_s: float, *, reference: str = "") -> str:
        reference = reference or f"WX{next(self._references):06d}"
        if quoted.due_fen:
            request = ConfirmPayment(charge=quoted.charge, reference=reference, fen=quoted.due_fen)
            self._reports(request, reference, quoted.due_fen, after_s)
        return reference

    def _reports(self, request: Request, reference: str, fen: int, after_s: float) -> None:
        def answered(facts: tuple[Fact, ...]) -> None:
            if any(isinstance(fact, PaymentTaken) for fact in facts):
                self.sent[reference] = fen

        self._scene.later(after_s, lambda: self._scene.insists(OFFICE, request, answered))

    def _lets_out(self, held: CarHeld, after_s: float) -> None:
        def clicks() -> None:
            self._scene.asks_at_lane(
                GuardAsked(
                    at=self._scene.outside.now(),
                    actor=GUARD,
                    lane=held.lane or "",
                    action="release",
                    reason="先放行",
                    passage=held.passage,
                )
            )

        self._scene.later(after_s, clicks)

    def _waives(self, stay_id: str, after_s: float) -> None:
        """The guard tries it himself first."""
        request = WaiveCharge(stay=stay_id, reason="业主的客人")
        self._scene.later(after_s, lambda: self._scene.asks(GUARD, request))
        self._scene.later(after_s + 3.0, lambda: self._scene.asks(LEADER, request))

    def calms_down(self) -> None:
        """Whoever still has to pay comes another day."""

    # ------------------------------------------------------------ before, and besides

    def _somebody_inside(self) -> Account | None:
        shown = self._scene.shown
        if shown is None:
            return None
        inside = [one for one in shown.money.accounts.values() if one.left is None]
        return self._random.choice(inside) if inside else None

    def _asks_ahead(self) -> None:
        """A visitor scans the code on the wall, and pays that sum: at once, or long out of date."""
        account = self._somebody_inside()
        if account is None:
            return
        if self._random.random() < 0.15:
            rated = RateStay(stay=account.stay_id, claim=NEW_ENERGY, reason="绿牌看不清")
            self._scene.asks(GUARD, rated)
        after_s = self._random.choice((1.0, 3.0, 30.0, 70.0))

        def pays(facts: tuple[Fact, ...]) -> None:
            for fact in facts:
                if isinstance(fact, ChargeQuoted):
                    self._pays_qr(fact, after_s)

        self._scene.asks(OFFICE, QuoteStay(stay=account.stay_id), pays)

    def _tops_up(self) -> None:
        account = self._somebody_inside()
        if account is None:
            return
        fen, reference = self._random.choice((200, 500, 1000)), f"YC{next(self._references):06d}"
        request = TopUp(plate=account.plate, fen=fen, means="transfer", reference=reference)
        self._reports(request, reference, fen, 0.0)

    def _looks_at_receipts(self) -> None:
        """A copy for one driver, a void for another; a guard may do the one and not the other."""
        shown = self._scene.shown
        if shown is None or not shown.money.receipts_issued:
            return
        number = self._random.randint(max(1, shown.money.receipts_issued - 3), shown.money.receipts_issued)
        actor: Actor = self._random.choice((GUARD, SUPERVISOR))
        self._scene.asks(GUARD, ReprintReceipt(number=number))
        self._scene.asks(actor, VoidReceipt(number=number, reason="打错了"))
