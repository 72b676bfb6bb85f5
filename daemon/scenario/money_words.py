"""Money as lines of a `.gate` file: the tariff of the site, what people ask at the counter, and what is owed.

The law of this file: as in `daemon.scenario.desk_words`. Amounts are whole yuan, a plate names its charge.

收费 免费 15 分钟 每小时 5 元 封顶 20 元       tariff free 15 min 5 yuan/h at most 20
应收 15 元                                 then due 15 yuan
门岗 收款 粤B77777 15 元                    guard takes 粤B77777 15 yuan
物业 到账 粤B77777 15 元 单号 wx-1           office is paid 粤B77777 15 yuan by wx-1
粤B77777 应欠 15 元                        then 粤B77777 owes 15 yuan
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.core.fact import Fact
from daemon.core.money import (
    ChargeQuoted,
    ConfirmPayment,
    QuoteStay,
    ReceiptIssued,
    ReprintReceipt,
    TakePayment,
    TopUp,
    VoidReceipt,
    WaiveCharge,
)
from daemon.core.signals import Actor, Request
from daemon.core.state import CHINA, SiteRules, State
from daemon.core.tariff.book import NORMAL, Band, Block, Book, Caps, Free, Rates, Version
from daemon.core.till import AcknowledgeCash, CountCash, HandInCash
from daemon.scenario.bench import GUARD, LEADER, OFFICE, SUPERVISOR

PEOPLE = {
    "门岗": GUARD, "班长": LEADER, "主管": SUPERVISOR, "物业": OFFICE,
    "guard": GUARD, "leader": LEADER, "supervisor": SUPERVISOR, "office": OFFICE,
}  # fmt: skip

_WHO = r"(?P<who>" + "|".join(PEOPLE) + r")"
_PLATE = r"(?P<plate>\S+)"
_YUAN = r"(?P<yuan>\d+) (元|yuan)"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("tariff", r"收费 免费 (?P<free>\d+) 分钟 每小时 (?P<hour>\d+) 元 封顶 (?P<most>\d+) 元"),
    ("tariff", r"tariff free (?P<free>\d+) min (?P<hour>\d+) yuan/h at most (?P<most>\d+)"),
    ("quote_stay", rf"{_WHO} (询价|quotes) {_PLATE}"),
    ("take_payment", rf"{_WHO} (收款|takes) {_PLATE} {_YUAN}"),
    ("confirm_payment", rf"{_WHO} (到账|is paid) {_PLATE} {_YUAN} (单号|by) (?P<reference>\S+)"),
    ("top_up", rf"{_WHO} (预收|is paid in advance) {_PLATE} {_YUAN} (单号|by) (?P<reference>\S+)"),
    ("waive", rf"{_WHO} (减免|waives) {_PLATE} (?P<why>.+)"),
    ("void", rf"{_WHO} (作废收据|voids receipt) (?P<number>\d+) (?P<why>.+)"),
    ("reprint", rf"{_WHO} (补印收据|reprints receipt) (?P<number>\d+)"),
    ("count_cash", rf"{_WHO} (点钞|counts) {_YUAN}( (?P<why>.+))?"),
    ("hand_in", rf"{_WHO} (上交现金|hands in cash)"),
    ("acknowledge_cash", rf"{_WHO} (签收现金|has cash) (?P<number>\d+) {_YUAN}"),
    ("due", rf"(应收|then due) {_YUAN}"),
    ("receipts", r"(应有收据|then receipts) (?P<count>\d+) (张|in all)"),
    ("owes", rf"{_PLATE} 应欠 {_YUAN}"),
    ("owes", rf"then {_PLATE} owes {_YUAN}"),
)

Words = Mapping[str, str]


# ---------------------------------------------------------------- what the site's data say


def _tariff(site: SiteRules, words: Words) -> SiteRules:
    """So much an hour begun, all day, from the start once the free minutes are over."""
    hourly = Band(name="", then=Block(timedelta(hours=1), _fen(words["hour"])))
    rates = Rates(
        label="小车",
        schedules={NORMAL: (hourly,)},
        free=Free(timedelta(minutes=int(words["free"]))),
        caps=Caps(day=_fen(words["most"])),
    )
    version = Version(id="v1", effective=datetime(2020, 1, 1, tzinfo=UTC), classes={"small": rates})
    return replace(site, tariff=Book(name="情景", zone=CHINA, versions=(version,), service="", phone=""))


SITE: dict[str, Callable[[SiteRules, Words], SiteRules]] = {"tariff": _tariff}
"""The rules of the site after a line about its tariff."""


# ---------------------------------------------------------------- what is asked for

REQUESTS: dict[str, Callable[[Words, State], Request]] = {
    "quote_stay": lambda words, _state: QuoteStay(plate=words["plate"]),
    "take_payment": lambda words, _state: TakePayment(plate=words["plate"], fen=_fen(words["yuan"])),
    "confirm_payment": lambda words, state: ConfirmPayment(
        charge=_charge(state, words["plate"]), reference=words["reference"], fen=_fen(words["yuan"])
    ),
    "top_up": lambda words, _state: TopUp(
        plate=words["plate"], fen=_fen(words["yuan"]), means="transfer", reference=words["reference"]
    ),
    "waive": lambda words, _state: WaiveCharge(plate=words["plate"], reason=words["why"]),
    "void": lambda words, _state: VoidReceipt(number=int(words["number"]), reason=words["why"]),
    "reprint": lambda words, _state: ReprintReceipt(number=int(words["number"])),
    "count_cash": lambda words, _state: CountCash(
        counted_fen=_fen(words["yuan"]), explanation=words.get("why", "")
    ),
    "hand_in": lambda _words, _state: HandInCash(to="物业"),
    "acknowledge_cash": lambda words, _state: AcknowledgeCash(
        number=int(words["number"]), received_fen=_fen(words["yuan"])
    ),
}


def asked(what: str, words: Words, state: State) -> tuple[Actor, Request]:
    """Who asks for what. `what` is one of REQUESTS."""
    return PEOPLE[words["who"]], REQUESTS[what](words, state)


def _charge(state: State, plate: str) -> str:
    """The last charge that was told to this plate, inside or gone; "" where none was."""
    stay = state.stay_by_plate(plate)
    keys = [stay.id] if stay is not None else state.money.departed_of_plate.get(plate, ())[-1:]
    quoted = [state.money.accounts[key].quoted for key in keys]
    return quoted[0].charge if quoted and quoted[0] is not None else ""


def _fen(yuan: str) -> int:
    return int(yuan) * 100


# ---------------------------------------------------------------- what must be so


def _due(words: Words, _state: State, facts: Sequence[Fact]) -> str:
    told = [fact for fact in facts if isinstance(fact, ChargeQuoted)]
    is_so = told[-1].due_fen if told else None
    return "" if is_so == _fen(words["yuan"]) else f"应收 due: {is_so} 分 fen"


def _receipts(words: Words, _state: State, facts: Sequence[Fact]) -> str:
    numbers = [fact.number for fact in facts if isinstance(fact, ReceiptIssued)]
    return "" if numbers == list(range(1, int(words["count"]) + 1)) else f"收据 receipts: {numbers}"


def _owes(words: Words, state: State, _facts: Sequence[Fact]) -> str:
    is_so = state.money.arrears_fen(words["plate"])
    return "" if is_so == _fen(words["yuan"]) else f"欠 owes: {is_so} 分 fen"


CLAIMS: dict[str, Callable[[Any, State, Sequence[Fact]], str]] = {
    "due": _due,
    "receipts": _receipts,
    "owes": _owes,
}
"""What is so instead; "" where the claim holds."""
