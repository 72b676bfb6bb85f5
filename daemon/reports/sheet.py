"""A report as a table: what its columns are called, and its rows.

The law of this file: every row says how many of the facts in it had a clock that was not trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from daemon.core.tariff.words import yuan
from daemon.reports.periods import Dated, Period

Cell = str | int | None
"""Money is whole fen; None is not known."""


@dataclass(frozen=True, slots=True)
class Column:
    """`key` heads the column in a file; whoever reads it by machine can rely on it."""

    key: str
    zh: str
    en: str
    kind: Literal["text", "count", "fen"] = "count"
    adds_up: bool = True
    """False for a number whose sum over all periods means nothing; it may be unknown."""


UNTRUSTED = Column("clock_untrusted", "时钟未校准", "clock not trusted")


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def sum_of(self, key: str) -> int:
        """Of a column of counts or fen."""
        place = [column.key for column in self.columns].index(key)
        return sum(cell for row in self.rows if isinstance(cell := row[place], int))


Names = tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """Numbers by period, by the names of what is counted, and by column."""

    rows: dict[tuple[Period, Names], Counter[str]] = field(default_factory=dict)

    def add(self, dated: Dated, names: Names, **numbers: int) -> None:
        """Count a fact, if it was within the span."""
        if not dated.is_within:
            return
        row = self.rows.setdefault((dated.period, names), Counter())
        row.update(numbers)
        row[UNTRUSTED.key] += not dated.has_trusted_clock

    def put(self, dated: Dated, names: Names, **numbers: int) -> None:
        """What is so since this fact, in a row that is there."""
        if dated.is_within:
            row = self.rows[dated.period, names]
            for name, number in numbers.items():
                row[name] = number

    def sheet(self, names: Iterable[Column], numbers: Iterable[Column]) -> Sheet:
        """In the order of the periods, then of the names."""
        columns = (Column("period", "时段", "period", "text"), *names)
        counted = (*numbers, UNTRUSTED)
        rows = tuple(
            (
                period.label,
                *named,
                *(row.get(column.key, 0 if column.adds_up else None) for column in counted),
            )
            for (period, named), row in sorted(self.rows.items(), key=lambda item: item[0])
        )
        return Sheet((*columns, *counted), rows)


def beside(of: Column, sheets: Iterable[tuple[str, Sheet]]) -> Sheet:
    """Sheets of the same report in one, each row with what it is of behind its period."""
    named = list(sheets)
    columns = named[0][1].columns if named else (Column("period", "时段", "period", "text"), UNTRUSTED)
    rows = sorted(
        ((row[0], name, *row[1:]) for name, sheet in named for row in sheet.rows),
        key=lambda row: (str(row[0]), row[1]),
    )
    return Sheet((columns[0], of, *columns[1:]), tuple(rows))


def text_of(column: Column, cell: Cell) -> str:
    """As people and spreadsheets read it: yuan with two decimals, nothing for what is not known."""
    if cell is None:
        return ""
    if column.kind == "fen":
        assert isinstance(cell, int)
        return yuan(cell)
    return str(cell)


def totals(sheet: Sheet) -> tuple[str, ...]:
    """A last line for people: the sums of what adds up."""
    return tuple(
        text_of(column, sheet.sum_of(column.key))
        if column.kind in {"count", "fen"} and column.adds_up
        else ""
        for column in sheet.columns
    )
