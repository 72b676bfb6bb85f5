"""From a tariff file to a `Book`, or to everything that is wrong with it at once.

The law of this file: nothing but `ConfigProblems` is raised, whatever the bytes. What leaves here is without
contradiction and without a gap, and is billed as it is written.

A file is strict YAML, as config.yaml is (`daemon.config.document`); `examples/tariffs` beside this has three.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from daemon.config.document import read
from daemon.config.explain import validated
from daemon.config.problems import ConfigProblems, Problem, Source, both, suggestion
from daemon.config.tariff_checks import check_calendar, check_class, check_discount
from daemon.config.tariff_file import ClassFile, DiscountFile, LikeFile, TariffFile, VersionFile
from daemon.config.tariff_values import discount_of, rates_of, rule_of, scaled
from daemon.core.tariff.book import Book, OverChange, Rates, SameDay, Version

EXAMPLES = FilePath(__file__).parent / "examples" / "tariffs"
LARGEST_TARIFF = 256 * 1024
"""Bytes; a larger file is not what it should be."""

_EFFECTIVE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
_ALLOWED_EFFECTIVE = "2026-01-01T00:00+08:00"
_ROUNDING = {"fen": 1, "jiao": 10, "yuan": 100}


def load_book(path: FilePath | str) -> Book:
    """The tariff in the file. Raises `ConfigProblems` with all of them."""
    path = FilePath(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TARIFF + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a path"
        hint = both("文件无法读取", f"the file cannot be read: {why}")
        raise ConfigProblems([Problem(path="", file=path.name, hint=hint)]) from error
    if len(data) > LARGEST_TARIFF:
        hint = both(f"文件超过 {LARGEST_TARIFF} 字节", f"the file is larger than {LARGEST_TARIFF} bytes")
        raise ConfigProblems([Problem(path="", file=path.name, hint=hint)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = both("不是 UTF-8 文本，请另存为 UTF-8", "not UTF-8 text: save it as UTF-8")
        raise ConfigProblems([Problem(path="", line=line, file=path.name, hint=hint)]) from error
    return parse_book(text, file=path.name)


@lru_cache(maxsize=4)
def book_in(text: str) -> Book | None:
    """The tariff in a text that the office gave; None where anything is wrong with it. Pure."""
    try:
        return parse_book(text)
    except ConfigProblems:
        return None


def parse_book(text: str, *, file: str = "tariff.yaml") -> Book:
    """`load_book` for the text of a file."""
    document = read(text)
    said = [replace(problem, file=file) for problem in document.problems]
    source = Source(file, document, is_whole=not document.mended)
    data = document.root.plain() if document.root is not None else None
    if not isinstance(data, dict):
        hint = both("文件应由“键: 值”组成", "the file must be made of 'key: value'")
        raise ConfigProblems(said or [source.problem(hint=hint)])
    reader = _Reader(source)
    book = reader.book(data)
    lines = {problem.line for problem in said}
    problems = [*said, *(problem for problem in reader.problems if problem.line not in lines)]
    if problems or book is None:
        raise ConfigProblems(problems)
    return book


@dataclass(frozen=True, slots=True)
class _Class:
    """A class as written (that of its model, where it is like another), and what it bills with."""

    file: ClassFile
    rates: Rates


class _Reader:
    """Reads one file; what is wrong gathers in `problems`, and keeps nothing else from being read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def book(self, data: dict[str, Any]) -> Book | None:
        head = validated(TariffFile, data, self.source)
        written = data.get("versions")
        versions = [
            self._version(one, self.source.under("versions", at))
            for at, one in enumerate(written if isinstance(written, list) else [])
        ]
        found = [version for version in versions if version is not None]
        self._check_versions(versions)
        if isinstance(head, list):
            self.problems += head
            return None
        if head.timezone not in available_timezones():
            allowed = both("IANA 时区名，如 Asia/Shanghai", "an IANA time zone such as Asia/Shanghai")
            hint = suggestion(head.timezone, available_timezones())
            self.problems.append(
                self.source.problem(("timezone",), value=head.timezone, allowed=allowed, hint=hint)
            )
            return None
        return Book(
            name=head.name,
            zone=ZoneInfo(head.timezone),
            versions=tuple(sorted(found, key=lambda version: version.effective)),
            service=head.service,
            phone=head.phone,
            operator=head.operator,
            sources=tuple(head.sources),
        )

    def _check_versions(self, versions: list[Version | None]) -> None:
        ids: dict[str, int] = {}
        moments: dict[datetime, int] = {}
        for at, version in enumerate(versions):
            if version is None:
                continue
            where = self.source.under("versions", at)
            if version.id in ids:
                self.problems.append(where.problem(("id",), value=version.id, hint=_same_as(ids[version.id])))
            if version.effective in moments:
                hint = _same_as(moments[version.effective])
                self.problems.append(
                    where.problem(("effective",), value=version.effective.isoformat(), hint=hint)
                )
            ids.setdefault(version.id, at)
            moments.setdefault(version.effective, at)

    def _version(self, data: Any, source: Source) -> Version | None:
        before = len(self.problems)
        head = validated(VersionFile, data, source)
        written = data if isinstance(data, dict) else {}
        classes = self._classes(_section(written, "classes"), source)
        files = {name: one.file for name, one in classes.items()}
        discounts = self._discounts(_section(written, "discounts"), files, source)
        if isinstance(head, list):
            self.problems += head
            return None
        self.problems += check_calendar(head.calendar, files, source)
        effective = self._effective(head.effective, source)
        if len(self.problems) > before or effective is None:
            return None
        return Version(
            id=head.id,
            effective=effective,
            digest=sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12],
            classes={name: one.rates for name, one in classes.items()},
            discounts={name: discount_of(one) for name, one in discounts.items()},
            exempt=head.exempt,
            calendar=tuple(rule_of(rule) for rule in head.calendar),
            same_day=SameDay(head.same_day),
            over_change=OverChange(head.over_change),
            lost_pass_fen=head.lost_pass_yuan,
            round_down_to_fen=_ROUNDING[head.round_down_to],
            grace=timedelta(minutes=head.grace_minutes),
        )

    def _effective(self, text: str, source: Source) -> datetime | None:
        if _EFFECTIVE.fullmatch(text.strip()):
            with suppress(ValueError):
                return datetime.fromisoformat(text.strip())
        hint = both("须写明日期、时刻和时区", "needs date, time and offset from UTC")
        self.problems.append(
            source.problem(("effective",), value=text, allowed=_ALLOWED_EFFECTIVE, hint=hint)
        )
        return None

    def _classes(self, written: Mapping[str, Any], source: Source) -> dict[str, _Class]:
        """The classes that are right, in the order of the file."""
        found: dict[str, _Class] = {}
        for name, data in written.items():
            where = source.under("classes", name)
            if isinstance(data, dict) and "like" in data:
                one = self._alike(data, found, where)
            else:
                one = self._plain(data, where)
            if one is not None:
                found[name] = one
        return found

    def _plain(self, data: Any, where: Source) -> _Class | None:
        match validated(ClassFile, data, where):
            case list() as wrong:
                self.problems += wrong
                return None
            case one:
                wrong = list(check_class(one, where))
                self.problems += wrong
                return _Class(one, rates_of(one))

    def _alike(self, data: Any, found: Mapping[str, _Class], where: Source) -> _Class | None:
        """A class at another's prices times `percent`."""
        match validated(LikeFile, data, where):
            case list() as wrong:
                self.problems += wrong
                return None
            case alike:
                other = found.get(alike.like)
        if other is None and not where.is_whole:
            return None
        if other is None:
            hint = suggestion(alike.like, found) or both("前面没有这个车型", "no such class above")
            self.problems.append(
                where.problem(("like",), value=alike.like, allowed=" | ".join(found), hint=hint)
            )
            return None
        try:
            rates = scaled(other.rates, alike.percent)
        except ValueError:
            hint = both("算出的价格不是整分", "the prices do not come out in whole fen")
            self.problems.append(where.problem(("percent",), value=alike.percent, hint=hint))
            return None
        return _Class(other.file, replace(rates, label=alike.label))

    def _discounts(
        self, written: Mapping[str, Any], classes: Mapping[str, ClassFile], source: Source
    ) -> dict[str, DiscountFile]:
        found: dict[str, DiscountFile] = {}
        for name, data in written.items():
            where = source.under("discounts", name)
            match validated(DiscountFile, data, where):
                case list() as wrong:
                    self.problems += wrong
                case one:
                    self.problems += check_discount(one, classes, where)
                    found[name] = one
        return found


def _section(written: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = written.get(key)
    return value if isinstance(value, dict) else {}


def _same_as(at: int) -> str:
    return both(f"与第 {at + 1} 个版本相同", f"the same as that of version {at + 1} in the file")
