"""Money at the gate: what a stay is asked for, what was taken, and the receipt of it (R16 to R18, R21).

The law of this file: whole fen, never a float. Every fen that comes in is one `PaymentTaken` and one
`ReceiptIssued` of the same sum; a void gives it back and keeps the number. Money that was paid in advance and
is used is no new money, and has no receipt. What is kept in mind is in `daemon.core.accounts`, what a stay
owes in `daemon.core.charges`, what follows from asking in `daemon.core.cashier`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from daemon.core.fact import Fact
from daemon.core.signals import Actor, Instant, Request
from daemon.core.tariff.quote import Flag, Line

Means = Literal["cash", "qr", "transfer"]
"""How money comes in: into the drawer, over the office's QR payment, or to the office's bank."""

MOST_FEN = 10_000_000
"""The largest sum that can be asked for at once: 100,000 yuan; more is a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a part of a payment was for."""

    stay_id: str
    """"" for the fee of a card."""
    fen: int
    owed: Literal["charge", "arrears", "fee"]
    """`arrears`: the car had left without paying. `fee`: for a lost card (R04)."""
    card: str = ""
    """The card that the fee is for."""

    @property
    def key(self) -> str:
        """What it is owed for: two shares of one plate with the same key are one."""
        return self.stay_id or self.card


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteStay(Request):
    """What does this car owe if it leaves now? Once it has paid, it has a grace time to leave."""

    plate: str = ""
    stay: str = ""
    kind: Literal["quote_stay"] = "quote_stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStay(Request):
    """The guard has established the class of a car, a discount or exemption of the tariff, or a lost pass."""

    reason: str
    plate: str = ""
    stay: str = ""
    vehicle: str = ""
    claim: str = ""
    lost_pass: bool = False
    kind: Literal["rate_stay"] = "rate_stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePayment(Request):
    """The guard has taken so much in cash: for the car inside, then for what its plate owes besides."""

    fen: int
    plate: str = ""
    stay: str = ""
    kind: Literal["take_payment"] = "take_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPayment(Request):
    """The office has been paid over the QR code of a charge; `reference` is the payment's own number."""

    charge: str
    reference: str
    fen: int
    kind: Literal["confirm_payment"] = "confirm_payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp(Request):
    """A plate pays in advance: its charges are taken from that, as long as it lasts."""

    plate: str
    fen: int
    means: Means
    reference: str = ""
    kind: Literal["top_up"] = "top_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveCharge(Request):
    """Somebody entitled lets a car off what it owes: all of it, with the reason."""

    reason: str
    plate: str = ""
    stay: str = ""
    kind: Literal["waive_charge"] = "waive_charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidReceipt(Request):
    """A receipt was written by mistake: the money goes back, the number stays, the charge is owed again."""

    number: int
    reason: str
    kind: Literal["void_receipt"] = "void_receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReprintReceipt(Request):
    """The driver wants the receipt again; it says that it is a copy."""

    number: int
    kind: Literal["reprint_receipt"] = "reprint_receipt"


AnyRequest = (
    QuoteStay | RateStay | TakePayment | ConfirmPayment | TopUp | WaiveCharge | VoidReceipt | ReprintReceipt
)


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeQuoted(Fact):
    """What a stay costs as of now, line by line; the price stands while the car waits at the exit."""

    charge: str
    """What a QR code names: the stay, and which of its quotes."""
    stay_id: str
    plate: str
    total_fen: int
    due_fen: int
    """What of it is neither paid nor waived."""
    arrears_fen: int
    """What the plate owes from earlier stays; shown, and not part of the total."""
    lines: tuple[Line, ...]
    version: str
    digest: str
    flags: tuple[Flag, ...]
    """Set: a person should look at it, and the total is the least that can be right (R43)."""
    vehicle: str
    claims: tuple[str, ...]
    entered: datetime | None
    elapsed: timedelta
    grace: timedelta
    by: Actor | None = None
    kind: Literal["charge_quoted"] = "charge_quoted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRated(Fact):
    stay_id: str
    vehicle: str
    claims: tuple[str, ...]
    lost_pass: bool
    why: str
    by: Actor
    kind: Literal["stay_rated"] = "stay_rated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTaken(Fact):
    """Money has come in. `fen` is what the shares and the credit add up to."""

    receipt: int
    means: Means
    fen: int
    plate: str
    shares: tuple[Share, ...]
    credit_fen: int
    """What is kept for the plate's next charge: paid in advance, or paid twice."""
    reference: str
    by: Actor
    kind: Literal["payment_taken"] = "payment_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIssued(Fact):
    """Numbers of a series are unbroken; the series is the gate's name."""

    series: str
    number: int
    fen: int
    means: Means
    plate: str
    charge: str | None
    """The quote that says line by line what it was for; None for money in advance, and for a card's fee."""
    by: Actor
    kind: Literal["receipt_issued"] = "receipt_issued"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptVoided(Fact):
    number: int
    fen: int
    means: Means
    plate: str
    shares: tuple[Share, ...]
    credit_fen: int
    taken: Instant
    """When the money had come in."""
    why: str
    by: Actor
    kind: Literal["receipt_voided"] = "receipt_voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReprinted(Fact):
    series: str
    number: int
    copy: int
    """1 for the first copy."""
    by: Actor
    kind: Literal["receipt_reprinted"] = "receipt_reprinted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditUsed(Fact):
    """A charge was taken from what the plate had paid in advance."""

    stay_id: str
    plate: str
    fen: int
    kind: Literal["credit_used"] = "credit_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeWaived(Fact):
    stay_id: str
    plate: str
    fen: int
    owed: Literal["charge", "arrears", "fee"]
    why: str
    by: Actor
    card: str = ""
    """The card whose fee it was."""
    kind: Literal["charge_waived"] = "charge_waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrearsLeft(Fact):
    """The car has left, and this much of its charge was not paid."""

    stay_id: str
    plate: str
    fen: int
    by: Actor | None
    """Who let it out."""
    kind: Literal["arrears_left"] = "arrears_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFeeCharged(Fact):
    """A lost card costs this much (R04): owed by the plate it went with, until it is paid or waived."""

    card: str
    plate: str
    fen: int
    by: Actor
    kind: Literal["card_fee_charged"] = "card_fee_charged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitEndedInside(Fact):
    """A permit ended while its car was inside, and the site charges from then on (R07)."""

    stay_id: str
    plate: str
    permit_id: str
    ended: Instant
    """In this boot's time; not before the car came in."""
    kind: Literal["permit_ended_inside"] = "permit_ended_inside"


AnyFact = (
    ChargeQuoted | StayRated | PaymentTaken | ReceiptIssued | ReceiptVoided | ReceiptReprinted
    | CreditUsed | ChargeWaived | ArrearsLeft | CardFeeCharged | PermitEndedInside
)  # fmt: skip
