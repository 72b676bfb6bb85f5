"""Money by means, what was given back, and what was let off: as the receipts say it.

The law of this file: a receipt counts in the period in which the money came, a void in the one in which it
went back, as in the drawers of the shifts (R19). So cash, QR and transfers are net, and add up to what was
received less what was given back.
"""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.money import ArrearsLeft, ChargeWaived, ReceiptIssued, ReceiptVoided
from daemon.reports.periods import Dated
from daemon.reports.sheet import Column, Counts, Sheet

KINDS = (ReceiptIssued, ReceiptVoided, ChargeWaived, ArrearsLeft)
BEFORE = ()

_NUMBERS = (
    Column("receipts", "收据", "receipts"),
    Column("received_yuan", "收款", "received", "fen"),
    Column("voids", "作废", "voids"),
    Column("voided_yuan", "退款", "given back", "fen"),
    Column("cash_yuan", "现金净额", "cash, net", "fen"),
    Column("qr_yuan", "扫码净额", "QR, net", "fen"),
    Column("transfer_yuan", "转账净额", "transfer, net", "fen"),
    Column("net_yuan", "净收", "net", "fen"),
    Column("waivers", "减免笔数", "waivers"),
    Column("waived_yuan", "减免", "waived", "fen"),
    Column("arrears", "欠费笔数", "left unpaid"),
    Column("arrears_yuan", "欠费", "arrears", "fen"),
)


def takings(facts: Iterable[Dated]) -> Sheet:
    counts = Counts()
    for dated in facts:
        match dated.fact:
            case ReceiptIssued(means=means, fen=fen):
                sums = {"received_yuan": fen, "net_yuan": fen, f"{means}_yuan": fen}
                counts.add(dated, (), receipts=1, **sums)
            case ReceiptVoided(means=means, fen=fen):
                sums = {"voided_yuan": fen, "net_yuan": -fen, f"{means}_yuan": -fen}
                counts.add(dated, (), voids=1, **sums)
            case ChargeWaived(fen=fen):
                counts.add(dated, (), waivers=1, waived_yuan=fen)
            case ArrearsLeft(fen=fen):
                counts.add(dated, (), arrears=1, arrears_yuan=fen)
            case _:
                pass
    return counts.sheet((), _NUMBERS)
