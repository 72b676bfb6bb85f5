"""Receipts and what became of their paper, as plain values that a template can write down.

The law of this file: as in `daemon.panel.views`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from daemon.core.money import Means, ReprintReceipt
from daemon.core.printing import TROUBLE_WORDS
from daemon.core.reasons import Words
from daemon.core.receipt_paper import MEANS_WORDS, in_series
from daemon.core.roles import Role, may
from daemon.core.signals import Instant, PrintTrouble
from daemon.core.tariff.words import yuan
from daemon.panel.gate import PrintLine, ReceiptLine
from daemon.panel.telling import day_and_time
from daemon.panel.words import PRINT_WORDS


def sees_receipts(role: Role) -> bool:
    """Whoever may have one printed again."""
    return may(role, ReprintReceipt(number=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintView:
    paper: Words
    state: str
    words: Words
    why: Words | None
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptView:
    number: int
    name: str
    time: str
    plate: str
    yuan: str
    means: Words
    by: str
    is_void: bool
    paper: str
    paper_words: Words | None


def receipt_views(lines: Sequence[ReceiptLine], now: Instant, zone: ZoneInfo) -> tuple[ReceiptView, ...]:
    return tuple(_receipt(line, now, zone) for line in lines)


def _receipt(line: ReceiptLine, now: Instant, zone: ZoneInfo) -> ReceiptView:
    means = MEANS_WORDS.get(cast(Means, line.means), Words(line.means, ""))
    return ReceiptView(
        number=line.number,
        name=in_series(line.series, line.number),
        time=day_and_time(datetime.fromisoformat(line.issued_at), now.wall, zone),
        plate=line.plate,
        yuan=yuan(line.fen),
        means=means,
        by=line.issued_by,
        is_void=line.voided_at is not None,
        paper=line.paper or "",
        paper_words=PRINT_WORDS.get(line.paper) if line.paper is not None else None,
    )


def print_views(lines: Sequence[PrintLine], now: Instant, zone: ZoneInfo) -> tuple[PrintView, ...]:
    return tuple(_print(line, now, zone) for line in lines)


def _print(line: PrintLine, now: Instant, zone: ZoneInfo) -> PrintView:
    why = line.why
    return PrintView(
        paper=Words(f"补打 {line.copy}", f"copy {line.copy}") if line.copy else Words("原件", "original"),
        state=line.state,
        words=PRINT_WORDS.get(line.state, Words(line.state, "")),
        why=None if why is None else TROUBLE_WORDS.get(cast(PrintTrouble, why), Words(why, "")),
        since=day_and_time(datetime.fromisoformat(line.since), now.wall, zone),
    )
