"""What follows from asking for a price, paying it, waiving it, or undoing a receipt (R17, R18, R21).

The law of this file: nothing is taken that is not owed, but for money that comes from outside: that is here
already, so it is written down once and what is too much of it is kept for the plate. Whoever waits at an exit
and owes nothing any more goes in the same decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from daemon.core import passages, printing
from daemon.core.accounts import Account
from daemon.core.charges import CHARGED, Exit, is_in_grace, stands, tell, use_credit
from daemon.core.money import (
    MOST_FEN,
    AnyRequest,
    ChargeWaived,
    ConfirmPayment,
    Means,
    PaymentTaken,
    QuoteStay,
    RateStay,
    ReceiptIssued,
    ReceiptReprinted,
    ReceiptVoided,
    ReprintReceipt,
    Share,
    StayRated,
    TakePayment,
    TopUp,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import Actor, Asked
from daemon.core.state import Phase

if TYPE_CHECKING:
    from daemon.core.accounts import Money
    from daemon.core.draft import Draft
    from daemon.core.state import State


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> Reason | None:
    """Do it, or say why not."""
    actor = asked.actor
    match request:
        case QuoteStay():
            return _quote(draft, actor, request)
        case RateStay():
            return _rate(draft, actor, request)
        case TakePayment():
            return _take(draft, actor, request)
        case ConfirmPayment():
            return _confirm(draft, actor, request)
        case TopUp():
            return _top_up(draft, actor, request)
        case WaiveCharge():
            return _waive(draft, actor, request)
        case VoidReceipt():
            return _void(draft, actor, request)
        case ReprintReceipt():
            return _reprint(draft, actor, request)
        case _:
            assert_never(request)


# ---------------------------------------------------------------- whose, and how much


def _account_of(state: State, plate: str, stay_id: str) -> Account | None:
    """The account of the car that is inside."""
    stay = state.stays.get(stay_id) if stay_id else state.stay_by_plate(plate)
    return state.money.accounts.get(stay.id) if stay is not None else None


def _waiting(state: State, stay_id: str) -> Exit | None:
    """The exit at which this car stands and is held over its charge."""
    for lane in state.lanes.values():
        passage = lane.passage
        if lane.phase is not Phase.HELD or passage is None or passage.stay_id != stay_id:
            continue
        if passage.reason in CHARGED:
            return Exit(lane, passage)
    return None


def _priced(draft: Draft, account: Account, actor: Actor) -> Account:
    """The account with a price that stands: the one that was told, or one told now."""
    if is_in_grace(draft.state, account, draft.at):
        return account
    where = _waiting(draft.state, account.stay_id)
    if account.quoted is not None and (where is not None or stands(account.quoted, draft.at)):
        return account
    return tell(draft, account, where, actor)


def _due(draft: Draft, account: Account) -> int:
    return 0 if is_in_grace(draft.state, account, draft.at) else account.due_fen


# ---------------------------------------------------------------- the price


def _quote(draft: Draft, actor: Actor, request: QuoteStay) -> Reason | None:
    account = _account_of(draft.state, request.plate, request.stay)
    if draft.state.tariff is None:
        return Reason.NO_TARIFF
    if account is None:
        return Reason.STAY_UNKNOWN
    if is_in_grace(draft.state, account, draft.at):
        return Reason.PAID_ALREADY
    tell(draft, account, _waiting(draft.state, account.stay_id), actor)
    _let_go(draft, account.stay_id)
    return None


def _rate(draft: Draft, actor: Actor, request: RateStay) -> Reason | None:
    account = _account_of(draft.state, request.plate, request.stay)
    book = draft.state.tariff
    if book is None:
        return Reason.NO_TARIFF
    if account is None:
        return Reason.STAY_UNKNOWN
    if not request.reason.strip():
        return Reason.REASON_NEEDED
    version = book.version_at(account.entered.wall) or book.versions[0]
    if request.vehicle and request.vehicle not in version.classes:
        return Reason.CLASS_UNKNOWN
    if request.claim and request.claim not in {*version.discounts, *version.exempt}:
        return Reason.CLASS_UNKNOWN
    claims = {*account.claims, request.claim} - {""}
    draft.say(
        StayRated(
            at=draft.at,
            stay_id=account.stay_id,
            vehicle=request.vehicle or account.vehicle,
            claims=tuple(sorted(claims)),
            lost_pass=request.lost_pass or account.lost_pass,
            why=request.reason.strip(),
            by=actor,
        )
    )
    account = draft.state.money.accounts[account.stay_id]
    tell(draft, account, _waiting(draft.state, account.stay_id), actor)
    _let_go(draft, account.stay_id)
    return None


# ---------------------------------------------------------------- paying it


def _take(draft: Draft, actor: Actor, request: TakePayment) -> Reason | None:
    account = _account_of(draft.state, request.plate, request.stay)
    plate = account.plate if account is not None else request.plate
    due = 0
    if account is not None:
        account = _priced(draft, account, actor)
        due = _due(draft, account)
    elif not draft.state.money.arrears_fen(plate):
        return Reason.STAY_UNKNOWN
    owed = due + draft.state.money.arrears_fen(plate)
    if owed == 0:
        return Reason.NOTHING_DUE
    if not 0 < request.fen <= owed:
        return Reason.AMOUNT_WRONG
    shares, rest = _shared(draft.state.money, account if due else None, plate, request.fen)
    assert rest == 0
    _receive(draft, actor, "cash", plate=plate, shares=shares)
    return None


def _confirm(draft: Draft, actor: Actor, request: ConfirmPayment) -> Reason | None:
    """The money is with the office: whatever has become of the car, it is written down for its stay."""
    money = draft.state.money
    stay_id, _, number = request.charge.rpartition("-")
    account = money.accounts.get(stay_id)
    if not request.reference.strip():
        return Reason.REFERENCE_NEEDED
    if request.reference in money.references:
        return Reason.PAYMENT_KNOWN
    if account is None or number not in {str(one + 1) for one in range(account.quotes)}:
        return Reason.CHARGE_UNKNOWN
    if not 0 < request.fen <= MOST_FEN:
        return Reason.AMOUNT_WRONG
    owing = account if account.left is None and _due(draft, account) else None
    shares, rest = _shared(money, owing, account.plate, request.fen, first=stay_id)
    _receive(
        draft,
        actor,
        "qr",
        plate=account.plate,
        shares=shares,
        credit_fen=rest,
        reference=request.reference,
        charge=request.charge,
    )
    return None


def _top_up(draft: Draft, actor: Actor, request: TopUp) -> Reason | None:
    if request.reference and request.reference in draft.state.money.references:
        return Reason.PAYMENT_KNOWN
    if request.means != "cash" and not request.reference.strip():
        return Reason.REFERENCE_NEEDED
    if not 0 < request.fen <= MOST_FEN or not request.plate.strip():
        return Reason.AMOUNT_WRONG
    _receive(
        draft,
        actor,
        request.means,
        plate=request.plate,
        credit_fen=request.fen,
        reference=request.reference,
    )
    account = _account_of(draft.state, request.plate, "")
    if account is not None and _waiting(draft.state, account.stay_id) is not None:
        use_credit(draft, account.stay_id)
        _let_go(draft, account.stay_id)
    return None


def _shared(
    money: Money, account: Account | None, plate: str, fen: int, *, first: str = ""
) -> tuple[tuple[Share, ...], int]:
    """What the money is for: the charge of the stay, then arrears and fees, those of the stay `first` before
    others. The second value is what is left of it."""
    owed = [Share(stay_id=account.stay_id, fen=account.due_fen, owed="charge")] if account is not None else []
    owed += sorted(money.arrears.get(plate, ()), key=lambda share: share.stay_id != first)
    shares: list[Share] = []
    for share in owed:
        part = min(fen, share.fen)
        if part > 0:
            shares.append(replace(share, fen=part))
            fen -= part
    return tuple(shares), fen


def _receive(
    draft: Draft,
    actor: Actor,
    means: Means,
    *,
    plate: str,
    shares: tuple[Share, ...] = (),
    credit_fen: int = 0,
    reference: str = "",
    charge: str | None = None,
) -> None:
    """Payment and receipt: one sum, one decision; then whoever waited for it goes."""
    number = draft.state.money.receipts_issued + 1
    fen = sum(share.fen for share in shares) + credit_fen
    if charge is None and shares:
        paid = draft.state.money.accounts.get(shares[0].stay_id)
        charge = paid.quoted.charge if paid is not None and paid.quoted is not None else None
    draft.say(
        PaymentTaken(
            at=draft.at,
            receipt=number,
            means=means,
            fen=fen,
            plate=plate,
            shares=shares,
            credit_fen=credit_fen,
            reference=reference,
            by=actor,
        ),
        ReceiptIssued(
            at=draft.at,
            series=draft.state.rules.receipts,
            number=number,
            fen=fen,
            means=means,
            plate=plate,
            charge=charge,
            by=actor,
        ),
    )
    printing.order(draft, number, copy=0)
    _over_with(draft, plate, (share.stay_id for share in shares))


def _waive(draft: Draft, actor: Actor, request: WaiveCharge) -> Reason | None:
    if not request.reason.strip():
        return Reason.REASON_NEEDED
    account = _account_of(draft.state, request.plate, request.stay)
    plate = account.plate if account is not None else request.plate
    owed: tuple[Share, ...] = draft.state.money.arrears.get(plate, ())
    if account is not None:
        account = _priced(draft, account, actor)
        if due := _due(draft, account):
            owed = (Share(stay_id=account.stay_id, fen=due, owed="charge"),)
    elif not owed:
        return Reason.STAY_UNKNOWN
    if not owed:
        return Reason.NOTHING_DUE
    for share in owed:
        draft.say(
            ChargeWaived(
                at=draft.at,
                stay_id=share.stay_id,
                plate=plate,
                fen=share.fen,
                owed=share.owed,
                why=request.reason.strip(),
                by=actor,
                card=share.card,
            )
        )
    _over_with(draft, plate, (share.stay_id for share in owed))
    return None


def _over_with(draft: Draft, plate: str, stay_ids: Iterable[str]) -> None:
    """The alerts of what is no longer owed are over, and whoever waits for it at an exit goes."""
    for stay_id in dict.fromkeys(stay_ids):
        money = draft.state.money
        account = money.accounts.get(stay_id)
        is_owed = any(share.stay_id == stay_id for share in money.arrears.get(plate, ()))
        if account is not None and account.left is None:
            is_owed = account.due_fen > 0
        if not is_owed:
            draft.clear_alerts([AlertKind.UNPAID_RELEASE], stay_id)
        _let_go(draft, stay_id)
    if not draft.state.money.arrears_fen(plate):
        draft.clear_alerts([AlertKind.OWES_FROM_BEFORE], plate)


def _let_go(draft: Draft, stay_id: str) -> None:
    where = _waiting(draft.state, stay_id)
    if where is not None:
        passages.settle(draft, where.lane)


# ---------------------------------------------------------------- receipts


def _void(draft: Draft, actor: Actor, request: VoidReceipt) -> Reason | None:
    money = draft.state.money
    receipt = money.receipts.get(str(request.number))
    if receipt is None:
        return Reason.RECEIPT_UNKNOWN
    if receipt.is_void:
        return Reason.RECEIPT_VOID
    if not request.reason.strip():
        return Reason.REASON_NEEDED
    if receipt.credit_fen > money.credit.get(receipt.plate, 0):
        return Reason.CREDIT_SPENT
    draft.say(
        ReceiptVoided(
            at=draft.at,
            number=receipt.number,
            fen=receipt.fen,
            means=receipt.means,
            plate=receipt.plate,
            shares=receipt.shares,
            credit_fen=receipt.credit_fen,
            taken=receipt.at,
            why=request.reason.strip(),
            by=actor,
        )
    )
    printing.over_with(draft, receipt.number)
    return None


def _reprint(draft: Draft, actor: Actor, request: ReprintReceipt) -> Reason | None:
    receipt = draft.state.money.receipts.get(str(request.number))
    if receipt is None:
        return Reason.RECEIPT_UNKNOWN
    draft.say(
        ReceiptReprinted(
            at=draft.at,
            series=draft.state.rules.receipts,
            number=receipt.number,
            copy=receipt.copies + 1,
            by=actor,
        )
    )
    printing.order(draft, receipt.number, copy=receipt.copies + 1)
    return None
