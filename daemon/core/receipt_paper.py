"""What a receipt says (R17), as rows; and those rows on a roll of paper.

The law of this file: pure, text out of values: the same rows go onto paper and onto the page of the panel. It
is the customer's own receipt, so that the plate stands there in full. A copy says that it is one and a void
says so, each before anything else; what is not known is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Literal

from daemon.core.money import ChargeQuoted, Means, ReceiptIssued
from daemon.core.reasons import Words
from daemon.core.signals import Instant
from daemon.core.tariff.quote import Kind, Line
from daemon.core.tariff.words import FLAG_WORDS, LINE_WORDS, length, yuan

if TYPE_CHECKING:
    from daemon.core.state import State

MEANS_WORDS: dict[Means, Words] = {
    "cash": Words("现金", "cash"),
    "qr": Words("扫码支付", "QR payment"),
    "transfer": Words("转账", "transfer"),
}


PART_WORDS: dict[str, Words] = {
    "charge": Words("本次停车", "this stay"),
    "arrears": Words("补缴以前欠费", "owed from before"),
    "fee": Words("挂失工本费", "fee of a lost card"),
    "credit": Words("存入预付款", "paid in advance"),
}
"""What a part of a payment can be for: the kinds of `Share`, and what is kept for the plate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt with everything that it speaks of."""

    issued: ReceiptIssued
    quoted: ChargeQuoted | None
    """The price that it was asked for, line by line; None for money in advance."""
    paid_for: Mapping[str, int]
    """Which part of the money, in fen, was for what: a key of `PART_WORDS`."""
    reference: str
    copies: int = 0
    voided: Voided | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every receipt of a site says."""

    site: str
    complaints: str
    """The telephone for complaints; "" where nothing is charged."""
    zone: tzinfo

    @classmethod
    def of(cls, site: str, state: State) -> Letterhead:
        """Of a site by its name, with what its tariff says now."""
        phone = state.tariff.phone if state.tariff is not None else ""
        return cls(site=site, complaints=phone, zone=state.rules.timezone)


@dataclass(frozen=True, slots=True)
class Row:
    left: str
    right: str = ""
    look: Literal["plain", "title", "mark", "heading", "total", "note", "rule"] = "plain"
    """`title`, `mark` and `heading` stand in the middle, `title`, `mark` and `total` in double size."""


@dataclass(frozen=True, slots=True)
class PaperLine:
    text: str
    is_big: bool = False
    """Twice as wide and twice as high."""


# ---------------------------------------------------------------- what it says


def rows(receipt: Receipt, head: Letterhead, copy: int = 0) -> tuple[Row, ...]:
    """`copy` is 0 for the original, 1 for the first copy."""
    return tuple(_rows(receipt, head, copy))


def number_of(issued: ReceiptIssued) -> str:
    """`east-000012`: the series, and the number in it."""
    return in_series(issued.series, issued.number)


def in_series(series: str, number: int) -> str:
    return f"{series}-{number:06d}" if series else f"{number:06d}"


def _rows(receipt: Receipt, head: Letterhead, copy: int) -> Iterator[Row]:
    issued, voided = receipt.issued, receipt.voided
    yield Row(head.site, look="title")
    yield Row("停车费收据", look="heading")
    if voided is not None:
        yield Row("作废 VOID", look="mark")
    if copy:
        yield Row(f"补打 COPY {copy}", look="mark")
    yield Row("", look="rule")
    yield Row("收据号", number_of(issued))
    yield Row("车牌", issued.plate)
    if receipt.quoted is not None:
        yield from _stay(receipt.quoted, head.zone)
    yield from _parts(receipt)
    yield Row("", look="rule")
    yield Row("实收", f"{yuan(issued.fen)}元", look="total")
    yield Row("支付方式", MEANS_WORDS[issued.means].zh)
    if receipt.reference:
        yield Row("交易号", receipt.reference)
    yield Row("收款人", issued.by.name)
    yield Row("收款时间", _moment(issued.at, head.zone))
    if voided is not None:
        yield Row("", look="rule")
        yield Row("作废时间", _minute(voided.at, head.zone))
        yield Row("作废人", voided.by)
        yield Row("作废原因", voided.why)
    yield Row("", look="rule")
    if head.complaints:
        yield Row("投诉电话", head.complaints)
    yield Row("本收据不是税务发票", look="note")


def _stay(quoted: ChargeQuoted, zone: tzinfo) -> Iterator[Row]:
    yield Row("入场", "不详" if quoted.entered is None else _minute(quoted.entered, zone))
    yield Row("计费至", _moment(quoted.at, zone))
    yield Row("停放", length(quoted.elapsed).zh)
    yield Row("", look="rule")
    for line in quoted.lines:
        yield Row(_line(line), yuan(line.fen))
    yield Row("应收", f"{yuan(quoted.total_fen)}元")
    for flag in quoted.flags:
        yield Row(f"注：{FLAG_WORDS[flag].zh}", look="note")


def _line(line: Line) -> str:
    """A line of the quote without its sum: `小车 后续 06-01 08:00-06-01 10:00 2x5.00`."""
    parts = [f"{line.label} {LINE_WORDS[line.kind].zh}".strip()]
    if line.begins is not None and line.ends is not None:
        begins, ends = line.begins, line.ends
        until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{ends:%m-%d %H:%M}"
        parts.append(f"{begins:%m-%d %H:%M}" + (f"-{until}" if ends > begins else ""))
    if line.kind is Kind.DISCOUNT:
        parts.append(f"-{line.units}%")
    elif line.units > 1:
        parts.append(f"{line.units}x{yuan(line.unit_fen)}")
    return " ".join(parts)


def _parts(receipt: Receipt) -> Iterator[Row]:
    """What the money was for, where that is not simply the charge above."""
    if receipt.paid_for.keys() == {"charge"}:
        return
    for part, words in PART_WORDS.items():
        if fen := receipt.paid_for.get(part, 0):
            yield Row(words.zh, f"{yuan(fen)}元")


def _minute(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _moment(at: Instant, zone: tzinfo) -> str:
    return _minute(at.wall, zone) + ("" if at.trusted else "（时钟未校准）")


# ---------------------------------------------------------------- on paper


def on_paper(said: Iterable[Row], columns: int) -> tuple[PaperLine, ...]:
    """The rows as lines of a roll that takes `columns` narrow characters: 48 on 80 mm, 32 on 58 mm."""
    return tuple(line for row in said for line in _laid_out(row, columns))


def width(text: str) -> int:
    """Columns on paper: receipt printers set all that is not ASCII as wide as two letters."""
    return sum(1 if char.isascii() else 2 for char in text)


def _laid_out(row: Row, columns: int) -> Iterator[PaperLine]:
    match row.look:
        case "rule":
            yield PaperLine("-" * columns)
        case "title" | "mark":
            yield from _middle(row.left, columns, is_big=2 * width(row.left) <= columns)
        case "heading":
            yield from _middle(row.left, columns, is_big=False)
        case "note":
            yield from (PaperLine(text) for text in _wrapped(row.left, columns))
        case "total":
            is_big = 2 * (width(row.left) + width(row.right) + 1) <= columns
            yield from _pair(row.left, row.right, columns // 2 if is_big else columns, is_big=is_big)
        case _:
            yield from _pair(row.left, row.right, columns, is_big=False)


def _middle(text: str, columns: int, *, is_big: bool) -> Iterator[PaperLine]:
    room = columns // 2 if is_big else columns
    for part in _wrapped(text, room):
        yield PaperLine(" " * ((room - width(part)) // 2) + part, is_big)


def _pair(left: str, right: str, columns: int, *, is_big: bool) -> Iterator[PaperLine]:
    """One at each edge; below each other where they do not fit beside each other."""
    *before, last = _wrapped(left, columns) if left else [""]
    yield from (PaperLine(part, is_big) for part in before)
    gap = columns - width(last) - width(right)
    if gap >= 1:
        yield PaperLine((last + " " * gap + right).rstrip(), is_big)
        return
    yield PaperLine(last, is_big)
    for part in _wrapped(right, columns):
        yield PaperLine(" " * (columns - width(part)) + part, is_big)


def _wrapped(text: str, columns: int) -> list[str]:
    """Broken where it has spaces, and anywhere where it has none, as Chinese may be."""
    parts: list[str] = []
    part = ""
    for char in text:
        part += char
        if width(part) > columns:
            whole, space, begun = part.rpartition(" ")
            parts.append(whole if space and whole.strip() else part[:-1])
            part = begun if space and whole.strip() else char
    return [*parts, part]
