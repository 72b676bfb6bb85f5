"""Receipts on paper (R17): what was to be printed, and what became of it.

The law of this file: a receipt is ordered onto paper in the decision that issues or copies it, and each order
ends in one fact: printed, or not printed and why. Nothing is printed again by itself: what was in the printer
when it, or the gate, died counts as not printed, and whoever wants it asks for a copy, which says that it is
one. Its number is not touched by any of this. A printer that is known to be down is not even asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import AlertKind, Severity, Words
from daemon.core.signals import PrintReported, PrintTrouble

if TYPE_CHECKING:
    from daemon.core.draft import Draft

PRINTER = "printer"
"""The device's name in facts, alerts and logs: a gate has one."""

TROUBLE_WORDS: dict[PrintTrouble, Words] = {
    "paper_out": Words("缺纸", "out of paper"),
    "cover_open": Words("机盖未合", "its cover is open"),
    "error": Words("打印机报错", "the printer reports an error"),
    "no_answer": Words("打印机不回话", "the printer does not answer"),
    "lost": Words("打印机断开", "the printer has gone"),
    "down": Words("打印机故障未除", "the printer was down"),
    "interrupted": Words("门岗重启，不知打到哪里", "the gate restarted; how far it came is not known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrintOrdered(Fact):
    """Performed after it is durable, as all orders are."""

    number: int
    copy: int
    """0 for the original, 1 for the first copy."""
    kind: Literal["receipt_print_ordered"] = "receipt_print_ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrinted(Fact):
    number: int
    copy: int
    is_confirmed: bool
    """False: all of it was sent, to a printer that gives no answers."""
    kind: Literal["receipt_printed"] = "receipt_printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNotPrinted(Fact):
    """A part of it may be on paper."""

    number: int
    copy: int
    why: PrintTrouble
    detail: str = ""
    kind: Literal["receipt_not_printed"] = "receipt_not_printed"


AnyFact = ReceiptPrintOrdered | ReceiptPrinted | ReceiptNotPrinted

Prints = tuple[ReceiptPrintOrdered, ...]
"""What is in the printer, or waits for it, the oldest first."""


def evolve(prints: Prints, fact: Fact) -> Prints:
    match fact:
        case ReceiptPrintOrdered():
            return (*prints, fact)
        case ReceiptPrinted() | ReceiptNotPrinted():
            return tuple(one for one in prints if (one.number, one.copy) != (fact.number, fact.copy))
        case _:
            return prints


def order(draft: Draft, number: int, copy: int) -> None:
    """Have that receipt printed, where this gate has a printer."""
    if not draft.state.rules.has_printer:
        return
    if PRINTER in draft.state.failed:
        # The alert about the printer stands; one for each receipt would bury it.
        draft.say(ReceiptNotPrinted(at=draft.at, number=number, copy=copy, why="down"))
        return
    draft.say(ReceiptPrintOrdered(at=draft.at, number=number, copy=copy))


def reported(draft: Draft, signal: PrintReported) -> None:
    """What became of an order; a report about none that is open says nothing new."""
    if (signal.number, signal.copy) not in {(one.number, one.copy) for one in draft.state.prints}:
        return
    if signal.trouble is not None:
        _not_printed(draft, signal.number, signal.copy, signal.trouble, signal.detail)
        return
    draft.say(
        ReceiptPrinted(at=draft.at, number=signal.number, copy=signal.copy, is_confirmed=signal.is_confirmed)
    )
    over_with(draft, signal.number)


def started(draft: Draft) -> None:
    """Physical orders are never replayed: what was under way when the gate died is not printed."""
    for one in draft.state.prints:
        _not_printed(draft, one.number, one.copy, "interrupted", "")


def over_with(draft: Draft, number: int) -> None:
    """Nobody waits for the paper of that receipt any more."""
    draft.clear_alerts([AlertKind.RECEIPT_NOT_PRINTED], str(number))


def _not_printed(draft: Draft, number: int, copy: int, why: PrintTrouble, detail: str) -> None:
    draft.say(ReceiptNotPrinted(at=draft.at, number=number, copy=copy, why=why, detail=detail))
    words = TROUBLE_WORDS[why]
    draft.raise_alert(
        AlertKind.RECEIPT_NOT_PRINTED,
        str(number),
        f"收据 {number}：{words.zh}，请补打 / receipt {number}: {words.en}; have a copy printed",
        severity=Severity.NOTICE,
    )
