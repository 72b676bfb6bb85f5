"""What no single key of a tariff can say: bands that overlap or leave a hole, caps nobody can reach, names.

The law of this file: a contradiction is refused, never resolved by guessing; every problem is said, with the
line of what has to be changed. What is missing is looked for only where all lines could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from daemon.config.problems import Path, Problem, Source, both, suggestion
from daemon.config.tariff_file import BandFile, BlockFile, ClassFile, DiscountFile, RuleFile
from daemon.core.tariff.book import FREE_DAY, MINUTES_A_DAY, NORMAL
from daemon.core.tariff.words import hour, yuan

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATES = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?")
_LONGEST_HOLIDAY = 366
_ALLOWED_DATES = "2026-10-01 | 2026-10-01..2026-10-07"


def minute_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def dates_of(text: str) -> frozenset[date] | None:
    """The days of `2026-10-01` or `2026-10-01..2026-10-07`; None for anything else."""
    match = _DATES.fullmatch(text.strip())
    if match is None:
        return None
    try:
        first = date.fromisoformat(match[1])
        last = date.fromisoformat(match[2] or match[1])
    except ValueError:
        return None
    days = (last - first).days
    if not 0 <= days < _LONGEST_HOLIDAY:
        return None
    return frozenset(first + timedelta(days=number) for number in range(days + 1))


def check_class(one: ClassFile, source: Source) -> Iterator[Problem]:
    """Problems of one class by itself."""
    if one.bands is None:
        yield from _check_price(one.entry_yuan, one.first, one.then, source, ())
    elif one.first is not None or one.then is not None:
        hint = both("有 bands 时价格写在各时段里", "with bands the prices stand in them")
        yield source.problem(("bands",), hint=hint, at_key=True)
    for name, bands, path in _schedules(one):
        if name in {NORMAL, FREE_DAY}:
            hint = both("这是保留的名字", "this name is taken")
            yield source.problem(path, value=name, hint=hint, at_key=True)
        yield from _check_bands(bands, source, path)
    yield from _check_caps(one, source)
    if one.restart_gives_free_time and one.restart == "never":
        hint = both("restart 是 never，不会重新计费", "with restart: never nothing begins anew")
        yield source.problem(("restart_gives_free_time",), value=True, hint=hint)


def check_calendar(
    rules: Sequence[RuleFile], classes: Mapping[str, ClassFile], source: Source
) -> Iterator[Problem]:
    """Problems between the calendar and the schedules of the classes."""
    if not source.is_whole:
        return
    used = {rule.use for rule in rules}
    known = {NORMAL, FREE_DAY}.union(*(one.schedules for one in classes.values()))
    dated: dict[date, str] = {}
    by_weekday: dict[str, str] = {}
    for at, rule in enumerate(rules):
        where = source.under("calendar", at)
        if rule.use not in known:
            hint = suggestion(rule.use, known) or both("没有这套时段", "no such schedule")
            yield where.problem(("use",), value=rule.use, allowed=" | ".join(sorted(known)), hint=hint)
        if not rule.dates and not rule.weekdays:
            yield where.problem(hint=both("须有 dates 或 weekdays", "needs dates or weekdays"))
        for number, text in enumerate(rule.dates):
            days = dates_of(text)
            if days is None:
                yield where.problem(("dates", number), value=text, allowed=_ALLOWED_DATES)
                continue
            for day in sorted(days):
                if taken := dated.get(day) or by_weekday.get(WEEKDAYS[day.weekday()]):
                    hint = both(
                        f"{day} 已属 {taken}，日期规则请写在前面",
                        f"{day} is taken by {taken}, dates go first",
                    )
                    yield where.problem(("dates", number), value=text, hint=hint)
                    break
                dated[day] = rule.name
        for number, weekday in enumerate(rule.weekdays):
            if weekday in by_weekday:
                hint = both(f"已属 {by_weekday[weekday]}", f"taken by {by_weekday[weekday]}")
                yield where.problem(("weekdays", number), value=weekday, hint=hint)
            by_weekday.setdefault(weekday, rule.name)
    for key, one in classes.items():
        where = source.under("classes", key)
        for name in sorted(used - one.schedules.keys() - {NORMAL, FREE_DAY}):
            if name in known:
                hint = both(f"日历用到 {name}，此车型没有", f"the calendar uses {name}: this class has none")
                yield where.problem(("schedules",), hint=hint)
        for name in sorted(one.schedules.keys() - used):
            hint = both("日历没有用到", "not used by the calendar")
            yield where.problem(("schedules", name), hint=hint, at_key=True)


def check_discount(one: DiscountFile, classes: Mapping[str, ClassFile], source: Source) -> Iterator[Problem]:
    """Problems of one discount with the classes of its version."""
    names = list(classes)
    if not one.percent_off and one.free is None:
        yield source.problem(hint=both("须有 percent_off 或 free", "needs percent_off or free"))
    for at, name in enumerate(one.classes):
        if name not in names and source.is_whole:
            hint = suggestion(name, names) or both("没有这个车型", "no such class")
            yield source.problem(("classes", at), value=name, allowed=" | ".join(names), hint=hint)
    if one.free is None or one.free.counts == "deducted":
        return
    for name, rates in classes.items():
        if (
            rates.free.counts == "deducted"
            and rates.free.minutes
            and (not one.classes or name in one.classes)
        ):
            zh = f"{name} 的免费时间从时长中扣除，此优惠超过后反而更贵"
            yield source.problem(
                ("free", "counts"),
                value=one.free.counts,
                allowed="deducted",
                hint=both(zh, f"dearer than none for longer stays: {name} deducts its free time"),
            )


def _schedules(one: ClassFile) -> Iterator[tuple[str, list[BandFile], Path]]:
    if one.bands is not None:
        yield "", one.bands, ("bands",)
    for name, bands in one.schedules.items():
        yield name, bands, ("schedules", name)


def _check_price(
    entry: int | None, first: BlockFile | None, then: BlockFile | None, source: Source, path: Path
) -> Iterator[Problem]:
    if not source.is_whole:
        return
    if first is not None and then is None:
        zh, en = "首段之后无价，不再收费请写 then: {minutes: 60, yuan: 0}", "no price behind the first block"
        yield source.problem((*path, "then"), hint=both(zh, en))
    elif entry is None and then is None:
        zh = "没有价格，不收费请写 then: {minutes: 60, yuan: 0}"
        yield source.problem((*path, "then"), hint=both(zh, "no price; where it is free, say 0 yuan"))


def _check_bands(bands: Sequence[BandFile], source: Source, path: Path) -> Iterator[Problem]:
    owner: list[int | None] = [None] * MINUTES_A_DAY
    names: dict[str, int] = {}
    for at, band in enumerate(bands):
        here = (*path, at)
        yield from _check_price(band.entry_yuan, band.first, band.then, source, here)
        if band.name in names:
            hint = both("时段重名", "two bands of one name")
            yield source.problem((*here, "name"), value=band.name, hint=hint)
        names.setdefault(band.name, at)
        start, end = minute_of(band.start), minute_of(band.end)
        if start == MINUTES_A_DAY:
            yield source.problem((*here, "start"), value=band.start, allowed="00:00-23:59")
            continue
        length = (end - start) % MINUTES_A_DAY or MINUTES_A_DAY
        if length == MINUTES_A_DAY and (band.cap_yuan is not None or band.entry_yuan is not None):
            hint = both("全天时段请用车型的 cap_yuan、entry_yuan", "for a whole day use those of the class")
            yield source.problem(here, hint=hint)
        others: set[int] = set()
        for minute in range(start, start + length):
            other = owner[minute % MINUTES_A_DAY]
            if other is None:
                owner[minute % MINUTES_A_DAY] = at
            elif other not in others:
                others.add(other)
                clock = hour(minute % MINUTES_A_DAY)
                zh, en = (
                    f"{clock} 起与 {bands[other].name} 重叠",
                    f"overlaps {bands[other].name} from {clock} on",
                )
                yield source.problem((*here, "start"), value=f"{band.start}-{band.end}", hint=both(zh, en))
    for first, last in _holes(owner) if source.is_whole else ():
        hours = f"{hour(first)}-{hour(last) if last < MINUTES_A_DAY else '24:00'}"
        yield source.problem(path, hint=both(f"{hours} 没有时段", f"no band covers {hours}"))


def _holes(owner: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for minute, band in enumerate([*owner, -1]):
        if band is None and start is None:
            start = minute
        elif band is not None and start is not None:
            yield start, minute
            start = None


def _check_caps(one: ClassFile, source: Source) -> Iterator[Problem]:
    """A cap below what a single block costs would never let that price be true."""
    single = list(_prices(one.entry_yuan, one.first, one.then, ()))
    for _, bands, path in _schedules(one):
        for at, band in enumerate(bands):
            own = list(_prices(band.entry_yuan, band.first, band.then, (*path, at)))
            single += own
            yield from _below(band.cap_yuan, (*path, at, "cap_yuan"), own, source)
    for name in ("stay", "day", "hours_24"):
        yield from _below(getattr(one.cap_yuan, name), ("cap_yuan", name), single, source)


def _prices(
    entry: int | None, first: BlockFile | None, then: BlockFile | None, path: Path
) -> Iterator[tuple[int, Path]]:
    if entry is not None:
        yield entry, path
    for block in (first, then):
        if block is not None:
            yield block.yuan, path


def _below(
    cap: int | None, path: Path, prices: Sequence[tuple[int, Path]], source: Source
) -> Iterator[Problem]:
    highest, where = max(prices, default=(0, ()), key=lambda price: price[0])
    if cap is None or cap >= highest:
        return
    line = source.lines.line(source.base + where)
    zh, en = (
        f"低于第 {line} 行的一段价格 {yuan(highest)}",
        f"below the block of {yuan(highest)} on line {line}",
    )
    yield source.problem(path, value=cap / 100, allowed=f"≥ {yuan(highest)}", hint=both(zh, en))
