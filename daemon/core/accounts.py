"""What is kept in mind of money: an account for each stay, what plates owe and have, the receipts.

The law of this file: values, and how a fact changes them; total and forgiving, nothing is decided here. What
has been left behind is forgotten in the order in which it came, never by a clock: cars that left after `KEPT`
more have, receipts after `KEPT_RECEIPTS`. What is owed is never forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from daemon.core.fact import Fact
from daemon.core.facts import StayClosed, StayOpened
from daemon.core.money import (
    ArrearsLeft,
    CardFeeCharged,
    ChargeQuoted,
    ChargeWaived,
    CreditUsed,
    Means,
    PaymentTaken,
    PermitEndedInside,
    ReceiptReprinted,
    ReceiptVoided,
    Share,
    StayRated,
)
from daemon.core.signals import Instant
from daemon.core.table import Table
from daemon.core.tariff.stay import parked_between

KEPT = 5_000
"""Cars that have left: a confirmation that comes late still finds them, and so do the rules of one day."""

KEPT_RECEIPTS = 20_000
"""How far back a receipt can be copied or voided, and a payment reported twice is known to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The last price that was told for a stay."""

    charge: str
    passage: str | None
    at: Instant
    total_fen: int
    grace: timedelta
    is_doubtful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one stay of a car without a permit was asked, and has paid."""

    stay_id: str
    plate: str
    entered: Instant
    vehicle: str = ""
    seen_as: str = ""
    """What it was seen to be at the entry: taken for its class where nobody says otherwise."""
    claims: tuple[str, ...] = ()
    lost_pass: bool = False
    quotes: int = 0
    quoted: Quoted | None = None
    paid_fen: int = 0
    waived_fen: int = 0
    settled: Instant | None = None
    """When the price was paid or waived in full: the grace time runs from here."""
    left: Instant | None = None
    left_by_exit: bool = False
    """False: put right by a person; when it really left, nobody knows."""
    at_least: bool = False
    """It came in at another gate, and not later than `entered`; when, is not known (R43)."""

    @property
    def due_fen(self) -> int:
        """What of the last price is neither paid nor waived; 0 where none was told."""
        total = self.quoted.total_fen if self.quoted is not None else 0
        return max(0, total - self.paid_fen - self.waived_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    number: int
    at: Instant
    means: Means
    fen: int
    plate: str
    shares: tuple[Share, ...]
    credit_fen: int
    reference: str
    is_void: bool = False
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Money:
    accounts: Table[Account] = field(default_factory=Table)
    """Of the stays that are open, and of the last that left, by stay."""
    departures: int = 0
    departed: Table[str] = field(default_factory=Table)
    """The last `KEPT` stays that left, by the number of the departure."""
    departed_of_plate: Table[tuple[str, ...]] = field(default_factory=Table)
    arrears: Table[tuple[Share, ...]] = field(default_factory=Table)
    """What left unpaid, and fees of lost cards, by plate, oldest first."""
    paid_before: Table[int] = field(default_factory=Table)
    """What was paid at another gate of what has not been heard to be owed, below zero, by stay or card."""
    credit: Table[int] = field(default_factory=Table)
    """What was paid in advance, in fen by plate."""
    receipts: Table[Receipt] = field(default_factory=Table)
    receipts_issued: int = 0
    references: Table[int] = field(default_factory=Table)
    """The receipt of a payment from outside, by the payment's own number."""

    def arrears_fen(self, plate: str) -> int:
        return sum(share.fen for share in self.arrears.get(plate, ()))


def stands(quoted: Quoted, at: Instant) -> bool:
    """True as long as the price that was told holds: whoever pays it later has paid, but not settled."""
    return parked_between(quoted.at, at).elapsed <= quoted.grace


def evolve(money: Money, fact: Fact) -> Money:
    match fact:
        case StayOpened(stay_kind="temporary"):
            account = Account(stay_id=fact.stay_id, plate=fact.plate, entered=fact.at, seen_as=fact.vehicle)
            return replace(money, accounts=money.accounts.put(fact.stay_id, account))
        case StayClosed():
            return _departed(money, fact)
        case ChargeQuoted():
            return _quoted(money, fact)
        case StayRated():
            rated = {"vehicle": fact.vehicle, "claims": fact.claims, "lost_pass": fact.lost_pass}
            return _account(money, fact.stay_id, **rated, settled=None)
        case PaymentTaken():
            return _taken(money, fact)
        case ReceiptVoided():
            return _voided(money, fact)
        case ReceiptReprinted():
            receipt = money.receipts.get(str(fact.number))
            if receipt is None:
                return money
            return _receipt(money, replace(receipt, copies=fact.copy))
        case CreditUsed():
            return _credited(_paid(money, fact.stay_id, fact.fen, fact.at), fact.plate, -fact.fen)
        case ChargeWaived(owed="charge"):
            return _paid(money, fact.stay_id, 0, fact.at, waived=fact.fen)
        case ChargeWaived():
            waived = Share(stay_id=fact.stay_id, fen=-fact.fen, owed=fact.owed, card=fact.card)
            return _owed(money, fact.plate, waived)
        case ArrearsLeft():
            return _owed(money, fact.plate, Share(stay_id=fact.stay_id, fen=fact.fen, owed="arrears"))
        case PermitEndedInside():
            account = Account(stay_id=fact.stay_id, plate=fact.plate, entered=fact.ended)
            return replace(money, accounts=money.accounts.put(fact.stay_id, account))
        case CardFeeCharged():
            return _owed(money, fact.plate, Share(stay_id="", fen=fact.fen, owed="fee", card=fact.card))
        case _:
            return money


def of_sibling(money: Money, fact: Fact, *, is_exact: bool = True) -> Money:
    """The same at another gate (R45), in this gate's names and time: all but the receipts of its own series.

    `is_exact` is whether the fact's time is known, and not only the latest that it can have been.
    """
    match fact:
        case StayOpened(stay_kind="temporary"):
            return _account(evolve(money, fact), fact.stay_id, at_least=not is_exact)
        case PaymentTaken():
            money = _brought_in(money, fact)
            is_known = not fact.reference or fact.reference in money.references
            return money if is_known else replace(money, references=money.references.put(fact.reference, 0))
        case ReceiptVoided():
            return _given_back(money, fact)
        case _:
            return evolve(money, fact)


def of_sibling_late(money: Money, fact: Fact, stay_id: str) -> Money:
    """The part of it that waited for that stay to be heard of."""
    match fact:
        case PaymentTaken() | ReceiptVoided():
            sign = 1 if isinstance(fact, PaymentTaken) else -1
            for share in fact.shares:
                if share.owed == "charge" and share.stay_id == stay_id:
                    money = _paid(money, stay_id, sign * share.fen, fact.at)
            return money
        case CreditUsed():
            return _paid(money, stay_id, fact.fen, fact.at)
        case ChargeQuoted() | StayRated() | ChargeWaived(owed="charge") | StayClosed():
            return evolve(money, fact)
        case _:
            return money


def _account(money: Money, stay_id: str, **changed: object) -> Money:
    account = money.accounts.get(stay_id)
    if account is None:
        return money
    after = replace(account, **changed)  # type: ignore[arg-type]  # named as the fields are, in this file only
    return replace(money, accounts=money.accounts.put(stay_id, after))


def _quoted(money: Money, fact: ChargeQuoted) -> Money:
    account = money.accounts.get(fact.stay_id)
    if account is None:
        return money
    quoted = Quoted(
        charge=fact.charge,
        passage=fact.passage,
        at=fact.at,
        total_fen=fact.total_fen,
        grace=fact.grace,
        is_doubtful=bool(fact.flags),
    )
    return _account(money, fact.stay_id, quotes=account.quotes + 1, quoted=quoted, settled=None)


def _paid(money: Money, stay_id: str, fen: int, at: Instant, *, waived: int = 0) -> Money:
    """So much less is due; what covers the price settles it. Negative where a payment is taken back."""
    account = money.accounts.get(stay_id)
    if account is None:
        return money
    account = replace(
        account, paid_fen=account.paid_fen + fen, waived_fen=account.waived_fen + waived, settled=None
    )
    quoted = account.quoted
    if fen + waived > 0 and quoted is not None and account.due_fen == 0 and stands(quoted, at):
        account = replace(account, settled=at)
    return replace(money, accounts=money.accounts.put(stay_id, account))


def _brought_in(money: Money, fact: PaymentTaken) -> Money:
    """What a payment was for."""
    for share in fact.shares:
        if share.owed == "charge":
            money = _paid(money, share.stay_id, share.fen, fact.at)
        else:
            money = _owed(money, fact.plate, replace(share, fen=-share.fen))
    return _credited(money, fact.plate, fact.credit_fen)


def _taken(money: Money, fact: PaymentTaken) -> Money:
    money = _brought_in(money, fact)
    money = replace(money, receipts_issued=max(money.receipts_issued, fact.receipt))
    receipt = Receipt(
        number=fact.receipt,
        at=fact.at,
        means=fact.means,
        fen=fact.fen,
        plate=fact.plate,
        shares=fact.shares,
        credit_fen=fact.credit_fen,
        reference=fact.reference,
    )
    money = _receipt(money, receipt)
    if fact.reference:
        money = replace(money, references=money.references.put(fact.reference, fact.receipt))
    return _forgotten(money, money.receipts.get(str(fact.receipt - KEPT_RECEIPTS)))


def _forgotten(money: Money, oldest: Receipt | None) -> Money:
    if oldest is None:
        return money
    return replace(
        money,
        receipts=money.receipts.without(str(oldest.number)),
        references=money.references.without(oldest.reference),
    )


def _given_back(money: Money, fact: ReceiptVoided) -> Money:
    """What a payment was for is owed again."""
    for share in fact.shares:
        account = money.accounts.get(share.stay_id)
        if share.owed == "charge" and account is not None and account.left is None:
            money = _paid(money, share.stay_id, -share.fen, fact.at)
        else:
            again = replace(share, owed="arrears") if share.owed == "charge" else share
            money = _owed(money, fact.plate, again)
    return _credited(money, fact.plate, -fact.credit_fen)


def _voided(money: Money, fact: ReceiptVoided) -> Money:
    money = _given_back(money, fact)
    receipt = money.receipts.get(str(fact.number))
    return money if receipt is None else _receipt(money, replace(receipt, is_void=True))


def _receipt(money: Money, receipt: Receipt) -> Money:
    return replace(money, receipts=money.receipts.put(str(receipt.number), receipt))


def _credited(money: Money, plate: str, fen: int) -> Money:
    left = money.credit.get(plate, 0) + fen
    credit = money.credit.put(plate, left) if left else money.credit.without(plate)
    return replace(money, credit=credit) if fen else money


def _owed(money: Money, plate: str, share: Share) -> Money:
    """That much more is owed for the stay or the card; less, where it is negative."""
    owed = {one.key: one for one in money.arrears.get(plate, ())}
    before = owed.pop(share.key, None)
    fen = share.fen + (before.fen if before is not None else 0) + money.paid_before.get(share.key, 0)
    if fen > 0:
        owed[share.key] = replace(share, fen=fen)
    rest = tuple(owed.values())
    ahead = money.paid_before
    return replace(
        money,
        arrears=money.arrears.put(plate, rest) if rest else money.arrears.without(plate),
        paid_before=ahead.put(share.key, fen) if fen < 0 else ahead.without(share.key),
    )


def _departed(money: Money, fact: StayClosed) -> Money:
    account = money.accounts.get(fact.stay_id)
    if account is None:
        return money
    money = _account(money, fact.stay_id, left=fact.at, left_by_exit=fact.how == "exit")
    of_plate = (*money.departed_of_plate.get(account.plate, ()), fact.stay_id)
    money = replace(
        money,
        departures=money.departures + 1,
        departed=money.departed.put(str(money.departures), fact.stay_id),
        departed_of_plate=money.departed_of_plate.put(account.plate, of_plate),
    )
    number = str(money.departures - 1 - KEPT)
    oldest = money.accounts.get(money.departed.get(number, ""))
    if oldest is None:
        return money
    still = tuple(one for one in money.departed_of_plate.get(oldest.plate, ()) if one != oldest.stay_id)
    others = money.departed_of_plate
    return replace(
        money,
        accounts=money.accounts.without(oldest.stay_id),
        departed=money.departed.without(number),
        departed_of_plate=others.put(oldest.plate, still) if still else others.without(oldest.plate),
    )
