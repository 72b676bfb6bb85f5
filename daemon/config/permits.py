"""Permits from config.yaml or a CSV file: one card and one car each (R01), checked whole.

The law of this file: every bad row is named with its line, and one bad row keeps no other from being checked.
Plates and cards leave here written one way, moments aware.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from daemon.config.explain import MOMENTS, validated
from daemon.config.model import PermitConfig
from daemon.config.problems import Path, Problem, Source, both, shown, suggestion
from daemon.core.plates import is_plate, normalise

_CARD = re.compile(r"[0-9A-F]{10}|[0-9A-F]{8}|[0-9A-F]{6}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")
_FIRST_YEAR = 2000
_LAST_YEAR = 9998
"""9999 is how people write "for ever"; its last day has no next one."""
_BETWEEN_LANES = re.compile(r"[\s;|,，、；]+")
_REQUIRED = [name for name, field in PermitConfig.model_fields.items() if field.is_required()]


@dataclass(frozen=True, slots=True)
class Row:
    """A permit as written, and where."""

    source: Source
    data: Any

    @property
    def line(self) -> int | None:
        return self.source.lines.line(self.source.base)


@dataclass(frozen=True, slots=True)
class OnLine:
    """All columns of a row stand on its line."""

    number: int

    def line(self, _path: Path, /) -> int | None:
        return self.number

    def key_line(self, _path: Path, /) -> int | None:
        return self.number


def rows_of_list(written: list[Any], source: Source) -> list[Row]:
    """The rows of `permits:` in config.yaml."""
    return [Row(source.under("permits", at), data) for at, data in enumerate(written)]


def rows_of_csv(text: str, file: str) -> tuple[list[Row], list[Problem]]:
    """The rows of a CSV file; its first line names the columns; empty cells are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        problems = list(_header_problems(header, file))
        start = reader.line_num + 1
        for cells in reader:
            source = Source(file, OnLine(start))
            start = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                hint = both(
                    f"有 {len(cells)} 列，表头只有 {len(header)} 列", "more cells than the header has columns"
                )
                problems.append(source.problem(hint=hint))
                continue
            data = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
            rows.append(Row(source, _with_lanes_split(data)))
    except csv.Error as error:
        hint = both("CSV 格式错误", f"broken CSV: {error}")
        return rows, [Source(file, OnLine(max(reader.line_num, 1))).problem(hint=hint)]
    return ([] if problems and problems[0].line == 1 else rows), problems


def check_permits(
    rows: Iterable[Row], lanes: Iterable[str], zone: tzinfo
) -> tuple[list[PermitConfig], list[Problem]]:
    """The permits that are right by themselves, and all that is wrong, with any of them or between two."""
    known_lanes = list(lanes)
    permits: list[PermitConfig] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], Row] = {}
    for row in rows:
        data, found = _one_way(row, zone)
        problems += found
        match validated(PermitConfig, data, row.source):
            case list() as wrong:
                problems += wrong
            case permit:
                problems += _problems_of(permit, row.source, known_lanes)
                problems += _repeats(permit, row, seen)
                permits.append(permit)
    return permits, problems


def _header_problems(header: list[str], file: str) -> Iterator[Problem]:
    source = Source(file, OnLine(1))
    known = list(PermitConfig.model_fields)
    for name in header:
        if name not in known:
            hint = suggestion(name, known) or both("未知的列", "unknown column")
            yield source.problem(value=name, allowed=" | ".join(known), hint=hint)
    for name in sorted({name for name in header if header.count(name) > 1}):
        yield source.problem((name,), hint=both("列重复", "this column stands twice"))
    for name in _REQUIRED:
        if name not in header:
            yield source.problem((name,), hint=both("缺少这一列", "this column is missing"))


def _with_lanes_split(data: dict[str, Any]) -> dict[str, Any]:
    if "lanes" in data:
        return {**data, "lanes": [name for name in _BETWEEN_LANES.split(data["lanes"]) if name]}
    return data


def _one_way(row: Row, zone: tzinfo) -> tuple[Any, list[Problem]]:
    """The row with its plate, card and moments written one way; a moment that is none is left out."""
    if not isinstance(row.data, dict):
        return row.data, []
    data, problems = dict(row.data), []
    if isinstance(plate := data.get("plate"), str):
        data["plate"] = normalise(plate)
    if isinstance(card := data.get("card"), str):
        data["card"] = card.strip().upper()
    for key, is_end in (("valid_from", False), ("valid_until", True)):
        if not isinstance(text := data.get(key), str):
            continue
        moment = _moment(text.strip(), zone, is_end=is_end)
        if moment is None:
            problems.append(row.source.problem((key,), value=text, allowed=MOMENTS))
            del data[key]
        else:
            data[key] = moment.isoformat()
    return data, problems


def _moment(text: str, zone: tzinfo, *, is_end: bool) -> datetime | None:
    """Aware; naive ones are in `zone`. A date alone is its start; as an end, the start of the next day."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(year=min(moment.year, _LAST_YEAR))
    if is_end and match["time"] is None:
        moment += timedelta(days=1)
    if moment.year < _FIRST_YEAR:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _problems_of(permit: PermitConfig, source: Source, lanes: list[str]) -> Iterator[Problem]:
    if not is_plate(permit.plate):
        hint = both("不是中国机动车号牌", "not a Chinese number plate")
        yield source.problem(("plate",), value=permit.plate, allowed="粤B12345 | 粤BD12345 | …", hint=hint)
    if not _CARD.fullmatch(permit.card):
        allowed = both("10、8 或 6 位十六进制数", "10, 8 or 6 hexadecimal digits")
        yield source.problem(("card",), value=permit.card, allowed=allowed)
    for at, lane in enumerate(permit.lanes):
        if lane not in lanes:
            hint = suggestion(lane, lanes) or both("没有这条车道", "no such lane")
            yield source.problem(("lanes", at), value=lane, allowed=" | ".join(lanes), hint=hint)
    start, end = permit.valid_from, permit.valid_until
    if start is not None and end is not None and start >= end:
        hint = both("终止时间须晚于起始时间", "must be later than valid_from")
        yield source.problem(
            ("valid_until",), value=end.isoformat(), allowed=f"> {start.isoformat()}", hint=hint
        )


def _repeats(permit: PermitConfig, row: Row, seen: dict[tuple[str, str], Row]) -> Iterator[Problem]:
    for key in ("id", "card", "plate"):
        value = getattr(permit, key)
        other = seen.setdefault((key, value), row)
        if other is row:
            continue
        line = other.source.lines.line((*other.source.base, key))
        who = shown(other.data.get("id")) if key != "id" else ""
        zh, en = f"与第 {line} 行 {who}".rstrip() + " 重复", f"the same as on line {line} {who}".rstrip()
        yield row.source.problem((key,), value=value, hint=both(zh, en))
