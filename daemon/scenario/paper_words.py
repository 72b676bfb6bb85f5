"""What drivers read, and what comes out of the printer, as lines of a `.gate` file.

The law of this file: as in `daemon.scenario.desk_words`. The two lines of a sign are written as one.

有打印机                                    a printer
打印机 打好收据 1                            printer prints receipt 1
打印机 缺纸 收据 1                           printer runs out over receipt 1
打印机故障                                   printer is lost
打印机恢复                                   printer is back
屏应显示 请缴费15.00元                       then sign shows 请缴费15.00元
收据 1 应已打印                              then receipt 1 printed
收据 1 应未打印                              then receipt 1 not printed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from daemon.core.billboard import says
from daemon.core.fact import Fact
from daemon.core.facts import AccessRefused
from daemon.core.printing import PRINTER, ReceiptNotPrinted, ReceiptPrinted
from daemon.core.signals import DeviceLost, DeviceRestored, Instant, PrintReported, PrintTrouble, Signal
from daemon.core.state import SiteRules, State

_NUMBER = r"(?P<number>\d+)"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("printer", r"有打印机|a printer"),
    ("printed", rf"(打印机 打好收据|printer prints receipt) {_NUMBER}"),
    ("paper_out", rf"(打印机 缺纸 收据|printer runs out over receipt) {_NUMBER}"),
    ("printer_lost", r"打印机故障|printer is lost"),
    ("printer_back", r"打印机恢复|printer is back"),
    ("shows", r"(屏应显示|then sign shows) (?P<text>.+)"),
    ("is_printed", rf"(收据 {_NUMBER} 应已打印|then receipt (?P<nr>\d+) printed)"),
    ("is_not_printed", rf"(收据 {_NUMBER} 应未打印|then receipt (?P<nr>\d+) not printed)"),
)

Words = Mapping[str, str]

SITE: dict[str, Callable[[SiteRules, Words], SiteRules]] = {
    "printer": lambda site, _words: replace(site, has_printer=True)
}


def _reported(words: Words, at: Instant, state: State, trouble: PrintTrouble | None = None) -> Signal:
    """What the printer says of the paper of that receipt that it has before it."""
    number = int(words["number"])
    copies = [one.copy for one in state.prints if one.number == number]
    assert copies, f"收据 {number} 不在打印 receipt {number} is not being printed"
    return PrintReported(at=at, number=number, copy=copies[0], trouble=trouble)


DEEDS: dict[str, Callable[[Words, Instant, State], Signal]] = {
    "printed": _reported,
    "paper_out": lambda words, at, state: _reported(words, at, state, "paper_out"),
    "printer_lost": lambda _words, at, _state: DeviceLost(
        at=at, device=PRINTER, lane=None, role="printer", why="断开 unplugged"
    ),
    "printer_back": lambda _words, at, _state: DeviceRestored(
        at=at, device=PRINTER, lane=None, role="printer"
    ),
}


def shown(words: Words, state: State, lane: str, at: Instant, facts: Sequence[Fact]) -> str:
    """What the sign of that lane says instead; "" where it says that."""
    refused = [fact for fact in facts if isinstance(fact, AccessRefused) and fact.lane == lane]
    lines = says(state, lane, at, refused[-1] if refused else None).lines
    return "" if " ".join(lines) == words["text"] else f"{lane} 屏 sign: {' '.join(lines)}"


def _became(words: Words, facts: Sequence[Fact], wanted: type[Fact]) -> str:
    number = int(words.get("number") or words["nr"])
    told = [
        fact
        for fact in facts
        if isinstance(fact, ReceiptPrinted | ReceiptNotPrinted) and fact.number == number
    ]
    if told and isinstance(told[-1], wanted):
        return ""
    return f"收据 receipt {number}: {told[-1].kind if told else '没有下文 nothing known'}"


CLAIMS: dict[str, Callable[[Words, Sequence[Fact]], str]] = {
    "is_printed": lambda words, facts: _became(words, facts, ReceiptPrinted),
    "is_not_printed": lambda words, facts: _became(words, facts, ReceiptNotPrinted),
}
"""What is so instead; "" where the claim holds."""
