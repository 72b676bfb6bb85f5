"""A tariff and its quotes in words, Chinese first: what the notice, the receipt and the guard's page say.

The law of this file: text out of values, nothing decided. Money is shown in yuan with two decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from daemon.core.reasons import Words
from daemon.core.tariff.book import (
    Band,
    Block,
    Discount,
    Edge,
    Free,
    FreeMode,
    Part,
    Rates,
    Restart,
    SameDay,
    Version,
)
from daemon.core.tariff.days import seconds
from daemon.core.tariff.quote import Flag, Kind, Line, Quote

LINE_WORDS: Final[dict[Kind, Words]] = {
    Kind.FREE: Words("免费时段", "free"),
    Kind.ENTRY: Words("按次", "for each entry"),
    Kind.BAND_ENTRY: Words("时段按次", "for the band"),
    Kind.FIRST: Words("首段", "first block"),
    Kind.THEN: Words("后续", "further blocks"),
    Kind.PART: Words("不足一段按比例", "part of a block"),
    Kind.EARLIER: Words("当日此前停放并计", "earlier stays of the day"),
    Kind.CAP_BAND: Words("时段封顶", "cap of the band"),
    Kind.CAP_DAY: Words("当日封顶", "cap of the day"),
    Kind.CAP_24_HOURS: Words("24小时封顶", "cap of 24 hours"),
    Kind.CAP_STAY: Words("单次封顶", "cap of the stay"),
    Kind.DISCOUNT: Words("优惠", "discount"),
    Kind.EXEMPT: Words("免费车辆", "exempt"),
    Kind.ROUNDING: Words("抹零", "rounded down"),
    Kind.LOST_PASS: Words("遗失停车凭证", "lost pass"),
}

FLAG_WORDS: Final[dict[Flag, Words]] = {
    Flag.WALL_UNKNOWN: Words("入场时刻不可信，按最低可能计", "hour of entry not known: the least it can be"),
    Flag.ELAPSED_AT_LEAST: Words("停放时长不全可知，按已知部分计", "only part of the time is known"),
    Flag.RAN_BACKWARDS: Words("时钟倒退，未计费", "the clock ran backwards: nothing charged"),
    Flag.UNKNOWN_CLASS: Words("车型不在收费标准内，按常用车型计", "unknown class: the usual one was taken"),
    Flag.UNKNOWN_CLAIM: Words("优惠不在收费标准内，未计", "a claim that this tariff does not know"),
    Flag.BEFORE_FIRST_VERSION: Words(
        "早于首个收费标准，按首个计", "before the first version, which was taken"
    ),
}


def yuan(fen: int) -> str:
    """`-12.05` for -1205 fen."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def length(time: timedelta) -> Words:
    """Hours and minutes, begun seconds left out: `2小时30分`, `2 h 30 min`."""
    hours, minutes = divmod(seconds(time) // 60, 60)
    if not hours:
        return Words(f"{minutes}分钟", f"{minutes} min")
    if not minutes:
        return Words(f"{hours}小时", f"{hours} h")
    return Words(f"{hours}小时{minutes}分", f"{hours} h {minutes} min")


def hour(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def line_text(line: Line) -> str:
    """One line of a quote, as a receipt shows it."""
    words = LINE_WORDS[line.kind]
    parts = [f"{line.label} {words.zh}".strip()]
    if line.begins is not None and line.ends is not None:
        parts.append(
            f"{line.begins:%m-%d %H:%M}" + (f"-{line.ends:%m-%d %H:%M}" if line.ends > line.begins else "")
        )
    if line.kind is Kind.DISCOUNT:
        parts.append(f"-{line.units}%")
    elif line.units > 1:
        parts.append(f"{line.units} x {yuan(line.unit_fen)}")
    parts.append(yuan(line.fen))
    return "  ".join(parts)


def quote_text(quote: Quote) -> str:
    """The whole quote, a line each."""
    stayed = length(quote.elapsed)
    lines = [f"停放 {stayed.zh} / {stayed.en}  [{quote.version}]"]
    lines += [f"  {line_text(line)}" for line in quote.lines]
    lines.append(f"  合计 / total  {yuan(quote.total_fen)}")
    lines += [f"  ! {FLAG_WORDS[flag].zh} / {FLAG_WORDS[flag].en}" for flag in quote.flagged]
    return "\n".join(lines)


def free_words(free: Free) -> Words:
    """The free time: the law wants it said, also where there is none."""
    if not free.time:
        return Words("无免费时段", "no free time")
    stay = length(free.time)
    if free.mode is FreeMode.DEDUCTED:
        return Words(
            f"前{stay.zh}免费，超过后从总时长中扣除", f"first {stay.en} free, taken off longer stays"
        )
    return Words(
        f"不超过{stay.zh}免费，超过后自入场起计费",
        f"free up to {stay.en}; longer stays are billed from entry",
    )


def price_words(rates: Rates) -> Iterator[tuple[str, Words]]:
    """The prices of a class: for each schedule and band its name and hours, and what it costs."""
    for schedule, bands in rates.schedules.items():
        for band in bands:
            hours = "" if band.is_all_day else f" {hour(band.start)}-{hour(band.end)}"
            name = f"{band.name}{hours}".strip()
            yield name if schedule == "normal" else f"[{schedule}] {name}", _band_words(band)


def method_words(version: Version, rates: Rates) -> Iterator[Words]:
    """How it is counted, where that is not plain from the prices."""
    yield _PART_WORDS[rates.part]
    if any(len(bands) > 1 for bands in rates.schedules.values()):
        yield _EDGE_WORDS[rates.edge]
    if rates.restart is not Restart.NEVER:
        yield _RESTART_WORDS[rates.restart]
    if version.same_day is not SameDay.SEPARATE:
        yield _SAME_DAY_WORDS[version.same_day]


def cap_words(rates: Rates) -> Iterator[Words]:
    caps = rates.caps
    if caps.stay is not None:
        yield Words(f"每次最高{yuan(caps.stay)}元", f"at most {yuan(caps.stay)} a stay")
    if caps.day is not None:
        yield Words(f"每日最高{yuan(caps.day)}元", f"at most {yuan(caps.day)} a calendar day")
    if caps.rolling is not None:
        yield Words(f"每24小时最高{yuan(caps.rolling)}元", f"at most {yuan(caps.rolling)} in 24 hours")


def discount_words(discount: Discount) -> Words:
    zh, en = [], []
    if discount.percent_off:
        zh.append(f"减收{discount.percent_off}%")
        en.append(f"{discount.percent_off}% off")
    if discount.free.time:
        words = free_words(discount.free)
        zh.append(words.zh)
        en.append(words.en)
    return Words(f"{discount.label}：{'，'.join(zh)}", f"{discount.label}: {', '.join(en)}")


def _band_words(band: Band) -> Words:
    zh, en = [], []
    if band.entry_fen:
        zh.append(f"每次{yuan(band.entry_fen)}元")
        en.append(f"{yuan(band.entry_fen)} once")
    if band.free.time:
        words = free_words(band.free)
        zh.append(words.zh)
        en.append(words.en)
    if band.first is not None:
        first = _block_words(band.first)
        zh.append(f"首{first.zh}")
        en.append(f"first {first.en}")
    if band.then is not None and band.then.fen:
        then = _block_words(band.then)
        zh.append(f"{'之后' if band.first else ''}每{then.zh}")
        en.append(f"{'then ' if band.first else ''}each {then.en}")
    elif band.first is not None:
        zh.append("之后不再收费")
        en.append("nothing more after that")
    if not zh:
        zh.append("免费")
        en.append("free")
    if band.cap_fen is not None:
        zh.append(f"最高{yuan(band.cap_fen)}元")
        en.append(f"at most {yuan(band.cap_fen)}")
    return Words("，".join(zh), ", ".join(en))


def _block_words(block: Block) -> Words:
    lasts = length(block.lasts)
    return Words(f"{lasts.zh}{yuan(block.fen)}元", f"{lasts.en} {yuan(block.fen)}")


_PART_WORDS: Final = {
    Part.WHOLE: Words("不足一个计时单位按一个计", "a begun block counts whole"),
    Part.DROPPED: Words("不足一个计时单位不计（首段除外）", "a begun block is not counted, except the first"),
    Part.PRO_RATA: Words(
        "不足一个计时单位按比例计（首段除外）", "a begun block counts for its part, except the first"
    ),
}
_EDGE_WORDS: Final = {
    Edge.CUT: Words("跨时段的各时段分别计时", "each band counts from its own start"),
    Edge.RUN_ON: Words("跨时段的计时单位按其起始时段计", "a block counts for the band it began in"),
}
_RESTART_WORDS: Final = {
    Restart.EACH_24_HOURS: Words("每满24小时重新计费", "counted anew after each 24 hours"),
    Restart.EACH_DAY: Words("每日零时重新计费", "counted anew at each midnight"),
}
_SAME_DAY_WORDS: Final = {
    SameDay.SHARE_CAPS: Words("同日多次进出共用封顶", "several stays of one day share the caps"),
    SameDay.AS_ONE: Words("同日多次进出合并为一次计费", "several stays of one day count as one"),
}
