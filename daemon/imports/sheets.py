"""A file of rows as text cells, whatever program wrote it.

The law of this file: cells come out as a person sees them, numbers without a fraction that is none, dates as
`2026-01-31`; rows keep the numbers that the spreadsheet shows; nothing is interpreted.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from daemon.config.problems import Problem, both, suggestion

LARGEST = 16 * 1024 * 1024
"""Bytes of a file; 20,000 permits take about 2 million."""
MOST_ROWS = 50_000
MOST_COLUMNS = 64

Told = Callable[[int], None]


class Unreadable(Exception):
    """The file as a whole cannot be used."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.hint)


@dataclass(frozen=True, slots=True)
class Row:
    """Counted from 1, as the spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows that say anything. `name` is the file, with the sheet where there is one."""

    name: str
    rows: tuple[Row, ...]


def read(path: Path, sheet: str | None = None, *, told: Told = lambda _row: None) -> Sheet:
    """The rows of the file; `told` hears how many were read. Raises Unreadable."""
    data = _bytes(path)
    if path.suffix.lower() == ".xlsx":
        return _read_xlsx(path, data, sheet, told)
    if path.suffix.lower() != ".csv":
        hint = both("请另存为 .xlsx 或 .csv", "save it as .xlsx or .csv")
        raise _unreadable(path.name, hint, value=path.suffix, allowed=".csv | .xlsx")
    if sheet is not None:
        raise _unreadable(path.name, both("CSV 没有工作表", "a CSV file has no sheets"), value=sheet)
    return Sheet(path.name, _said(path.name, _csv_rows(path.name, _text(path.name, data)), told))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        zh, en = "文件无法读取", f"the file cannot be read: {error.strerror}"
        raise _unreadable(str(path), both(zh, en)) from error
    if len(data) > LARGEST:
        raise _unreadable(path.name, both(f"文件超过 {LARGEST} 字节", f"larger than {LARGEST} bytes"))
    return data


def _text(name: str, data: bytes) -> str:
    """UTF-8 with or without a byte order mark; else GBK, as Chinese spreadsheets write CSV."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            at = error.start
    line = data.count(b"\n", 0, at) + 1
    raise _unreadable(name, both("既非 UTF-8 也非 GBK", "neither UTF-8 nor GBK"), line=line)


def _csv_rows(name: str, text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            yield Row(start, tuple(cell.strip() for cell in cells))
            start = reader.line_num + 1
    except csv.Error as error:
        hint = both("CSV 格式错误", f"broken CSV: {error}")
        raise _unreadable(name, hint, line=max(reader.line_num, 1)) from error


def _read_xlsx(path: Path, data: bytes, wanted: str | None, told: Told) -> Sheet:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, EOFError, OSError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl says of styles is nothing to the office
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                name = _sheet_name(path.name, [sheet.title for sheet in book.worksheets], wanted)
                sheet = book[name]
                sheet.reset_dimensions()  # some programs write wrong ones
                rows = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
                numbered = (Row(at, tuple(map(_cell, row))) for at, row in enumerate(rows, start=1))
                return Sheet(f"{path.name}[{name}]", _said(path.name, numbered, told))
            finally:
                book.close()
    except broken as error:
        raise _unreadable(path.name, both("不是可读的 .xlsx 文件", "not a readable .xlsx file")) from error


def _sheet_name(file: str, names: list[str], wanted: str | None) -> str:
    if wanted in names:
        return str(wanted)
    if wanted is None and len(names) == 1:
        return names[0]
    hint = both("用 --sheet 指明工作表", "name the sheet with --sheet")
    near = suggestion(wanted, names) if wanted is not None else ""
    raise _unreadable(file, f"{hint}  {near}".rstrip(), value=wanted or "", allowed=" | ".join(names))


def _said(name: str, rows: Iterable[Row], told: Told) -> tuple[Row, ...]:
    said: list[Row] = []
    for row in rows:
        if row.number % 1000 == 0:
            told(row.number)
        if row.number > MOST_ROWS:
            raise _unreadable(name, both(f"超过 {MOST_ROWS} 行", f"more than {MOST_ROWS} rows"))
        if any(row.cells):
            said.append(row)
    return tuple(said)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case _:
            return str(value).strip()


def _unreadable(
    file: str, hint: str, *, value: str = "", allowed: str = "", line: int | None = None
) -> Unreadable:
    return Unreadable(Problem(path="", file=file, line=line, value=value, allowed=allowed, hint=hint))
