"""The price notice of a site, with examples worked by the code that bills.

The law of this file: what has to be posted is always there: service, prices, method, free time, telephone
(Guangdong's rule on parking charges, art. 14); an example is a `quote`, never a number that somebody typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from unicodedata import east_asian_width

from daemon.core.reasons import Words
from daemon.core.tariff.book import Book, Rates, Version
from daemon.core.tariff.quote import quote
from daemon.core.tariff.stay import Parked
from daemon.core.tariff.words import (
    cap_words,
    discount_words,
    free_words,
    hour,
    length,
    method_words,
    price_words,
    yuan,
)

CHECK: Final = Words("以当地现行公示为准", "check the current notice")

_LENGTHS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (15, 30, 31, 60, 61, 120, 180, 300, 480, 720, 1440, 1470, 2880)
)
_STARTS: Final = (8 * 60, 21 * 60)
"""Minutes of the day at which the examples come in: morning, and evening where it makes a difference."""


@dataclass(frozen=True, slots=True)
class Example:
    stayed: timedelta
    fen: tuple[int, ...]
    """One for each column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassNotice:
    label: str
    free: Words
    prices: tuple[tuple[str, Words], ...]
    method: tuple[Words, ...]
    caps: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What hangs at the entrance. `columns` names the examples' columns: class, and hour of entry."""

    name: str
    service: str
    operator: str
    phone: str
    version: str
    effective: datetime
    classes: tuple[ClassNotice, ...]
    discounts: tuple[Words, ...]
    exempt: tuple[str, ...]
    lost_pass_fen: int
    grace: timedelta
    columns: tuple[str, ...]
    examples: tuple[Example, ...]
    sources: tuple[str, ...]


def notice(book: Book, at: datetime) -> Notice:
    """The notice of the version in force at `at`, or of the first one before that."""
    version = book.version_at(at) or book.versions[0]
    columns, examples = _examples(book, version, at)
    return Notice(
        name=book.name,
        service=book.service,
        operator=book.operator,
        phone=book.phone,
        version=version.id,
        effective=version.effective.astimezone(book.zone),
        classes=tuple(_of_class(version, rates) for rates in version.classes.values()),
        discounts=tuple(discount_words(one) for one in version.discounts.values()),
        exempt=tuple(version.exempt.values()),
        lost_pass_fen=version.lost_pass_fen,
        grace=version.grace,
        columns=columns,
        examples=examples,
        sources=book.sources,
    )


def notice_text(notice: Notice) -> str:
    """The notice for paper or a terminal, Chinese first."""
    lines = [f"机动车停放收费公示牌 / Parking charges: {notice.name}", ""]
    lines.append(f"服务内容 / service    {notice.service}")
    if notice.operator:
        lines.append(f"收费单位 / operator   {notice.operator}")
    lines.append(f"执行标准 / version    {notice.version}，{notice.effective:%Y-%m-%d %H:%M} 起 / from")
    for one in notice.classes:
        lines += ["", f"【{one.label}】"]
        lines.append(f"  免费时间 / free time  {_both(one.free)}")
        lines += [f"  收费标准 / price      {name}  {_both(words)}" for name, words in one.prices]
        lines += [f"  封顶 / at most        {_both(words)}" for words in one.caps]
        lines += [f"  计费方式 / method     {_both(words)}" for words in one.method]
    lines.append("")
    lines += [f"优惠 / discount       {_both(words)}" for words in notice.discounts]
    if notice.exempt:
        lines.append(f"免收 / exempt         {'、'.join(notice.exempt)}")
    if notice.lost_pass_fen:
        lines.append(f"遗失凭证 / lost pass  {yuan(notice.lost_pass_fen)} 元")
    lines.append(f"缴费后离场 / to leave  {_both(length(notice.grace))}")
    lines.append(f"投诉电话 / complaints {notice.phone}")
    lines += [
        "",
        "计费示例（元，由计费程序算出） / examples in yuan, by the code that bills",
        *_table(notice),
    ]
    lines += [f"依据 / source: {source}（{CHECK.zh} / {CHECK.en}）" for source in notice.sources]
    return "\n".join(lines)


def explain_text(book: Book, at: datetime) -> str:
    """`gatepost tariff explain`: the notice in force at `at`, and which version comes next."""
    text = notice_text(notice(book, at))
    coming = next((version for version in book.versions if version.effective > at), None)
    if coming is None:
        return text
    begins = f"{coming.effective.astimezone(book.zone):%Y-%m-%d %H:%M}"
    return f"{text}\n下一版本 / next version: {coming.id}，{begins} 起 / from"


def _of_class(version: Version, rates: Rates) -> ClassNotice:
    return ClassNotice(
        label=rates.label,
        free=free_words(rates.free),
        prices=tuple(price_words(rates)),
        method=tuple(method_words(version, rates)),
        caps=tuple(cap_words(rates)),
    )


def _examples(book: Book, version: Version, at: datetime) -> tuple[tuple[str, ...], tuple[Example, ...]]:
    """For each class by day, and by night too where its bands differ."""
    begins = max(at, version.effective).astimezone(book.zone)
    cases: list[tuple[str, str, int]] = []
    for vehicle, rates in version.classes.items():
        has_bands = any(len(bands) > 1 for bands in rates.schedules.values())
        for start in _STARTS if has_bands else _STARTS[:1]:
            short = rates.label.partition("（")[0]
            label = f"{short} {hour(start)}" if has_bands else short
            cases.append((label, vehicle, start))
    day = begins.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    alone = _only(book, version)
    rows = tuple(
        Example(
            stayed,
            tuple(
                quote(
                    alone, Parked(entered=day + timedelta(minutes=start), elapsed=stayed, vehicle=vehicle)
                ).total_fen
                for _, vehicle, start in cases
            ),
        )
        for stayed in _LENGTHS
    )
    return tuple(label for label, *_ in cases), rows


def _only(book: Book, version: Version) -> Book:
    """The book with this version alone: the examples are not to run into the next one."""
    return Book(name=book.name, zone=book.zone, versions=(version,), service=book.service, phone=book.phone)


def _table(notice: Notice) -> Iterable[str]:
    head = ["停放 / stay", *notice.columns]
    rows = [head, *([_both(length(row.stayed)), *map(yuan, row.fen)] for row in notice.examples)]
    widths = [max(_width(row[at]) for row in rows) for at in range(len(head))]
    return [_row(row, widths) for row in rows]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (" " * (width - _width(cell)) + cell for cell, width in zip(cells, widths, strict=True))
    return "  " + "   ".join([first, *rest])


def _width(text: str) -> int:
    """Terminal cells: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _both(words: Words) -> str:
    return f"{words.zh} / {words.en}"
