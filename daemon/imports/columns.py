"""What the columns of the office's files are called, in Chinese and in English.

The law of this file: a column is known by any of its names, in any case and spacing; one that nobody knows is
an error and no guess, since a misspelt column would quietly take back what it was to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from daemon.config.problems import Problem, both, suggestion
from daemon.imports.sheets import Row, Sheet

Names = Mapping[str, tuple[str, ...]]
"""Field to the names of its column; the first one is shown."""

_CARD = ("卡号", "IC卡号", "card")
_PLATE = ("车牌", "车牌号", "车牌号码", "plate")

PERMITS: Names = {
    "id": ("编号", "证号", "通行证号", "id", "permit"),
    "card": _CARD,
    "plate": _PLATE,
    "holder": ("姓名", "持卡人", "车主", "业主", "holder", "name"),
    "household": ("房号", "住户", "household", "unit"),
    "lanes": ("车道", "lanes"),
    "valid_from": ("起始日期", "生效日期", "开始日期", "valid_from", "from"),
    "valid_until": ("截止日期", "到期日期", "有效期至", "结束日期", "valid_until", "until"),
    "hours": ("时段", "准入时段", "hours"),
}
HOUSEHOLDS: Names = {
    "unit": ("房号", "住户", "unit", "household"),
    "name": ("姓名", "业主", "住户姓名", "name", "resident", "holder"),
}
STAFF: Names = {
    "name": ("姓名", "name"),
    "role": ("岗位", "职务", "角色", "role"),
    "card": _CARD,
}
WATCHLIST: Names = {
    "plate": _PLATE,
    "card": _CARD,
    "why": ("原因", "事由", "why", "reason"),
    "what_to_do": ("处置", "处置办法", "what_to_do", "action"),
}

_HEADER_WITHIN = 10
"""Rows; a title and a date often stand above the names of the columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row by field, empty cells left out."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, and what the user calls it."""

    header: Row
    fields: tuple[str | None, ...]

    def called(self, field: str) -> str:
        """The column's name as it stands in the file."""
        return self.header.cells[self.fields.index(field)] if field in self.fields else field


def arranged(
    sheet: Sheet, names: Names, required: tuple[str, ...]
) -> tuple[Columns, list[Line], list[Problem]]:
    """The rows below the header, by field; with everything that is wrong with columns and cells."""
    known = {_folded(name): field for field, all_names in names.items() for name in all_names}
    header = _header(sheet, known)
    columns = Columns(header, tuple(known.get(_folded(cell)) for cell in header.cells))
    problems = list(_header_problems(sheet.name, columns, names, required))
    lines: list[Line] = []
    for row in sheet.rows:
        if row.number <= header.number:
            continue
        if any(row.cells[len(header.cells) :]):
            hint = both("单元格比表头多", "more cells than the header has columns")
            problems.append(Problem(path="", file=sheet.name, line=row.number, hint=hint))
        cells = zip(columns.fields, row.cells, strict=False)
        lines.append(Line(row.number, {field: cell for field, cell in cells if field is not None and cell}))
    return columns, lines, problems


def _header(sheet: Sheet, known: Mapping[str, str]) -> Row:
    """The first row in which two columns are known, or else the first one of all."""
    for row in sheet.rows:
        if row.number > _HEADER_WITHIN:
            break
        if sum(_folded(cell) in known for cell in row.cells) >= 2:
            return row
    return sheet.rows[0] if sheet.rows else Row(1, ())


def _header_problems(
    file: str, columns: Columns, names: Names, required: tuple[str, ...]
) -> Iterator[Problem]:
    line = columns.header.number
    every = [name for all_names in names.values() for name in all_names]
    firsts = " | ".join(all_names[0] for all_names in names.values())
    for cell, field in zip(columns.header.cells, columns.fields, strict=True):
        if field is None and cell:
            hint = suggestion(cell, every) or both("未知的列", "unknown column")
            yield Problem(path=cell, file=file, line=line, value=cell, allowed=firsts, hint=hint)
    for field in sorted({field for field in columns.fields if field and columns.fields.count(field) > 1}):
        hint = both("列重复", "this column stands twice")
        yield Problem(path=columns.called(field), file=file, line=line, hint=hint)
    for field in required:
        if field not in columns.fields:
            hint = both("缺少这一列", "this column is missing")
            yield Problem(
                path=names[field][0], file=file, line=line, allowed=" | ".join(names[field]), hint=hint
            )


def _folded(name: str) -> str:
    return "".join(name.split()).casefold().replace("（", "(").split("(")[0]
