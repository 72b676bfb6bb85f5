"""A report as bars: one bar a period, one colour for each thing that is counted, on a scale of round numbers.

The law of this file: pure, and every length is a whole number of units of the picture: the same report is the
same picture. A period without a row is a bar of nothing, not a gap in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon.reports.catalogue import Report
from daemon.reports.sheet import Cell, Column, Sheet, text_of

WIDTH, HEIGHT = 1000, 260
"""Of the plot, in units of the picture."""
SERIES = 5
"""Colours; what is beyond the four that are most, is the fifth together."""
LETTER = 10
"""How much of the width a letter of a label takes, and some room between two."""
REST = "其余 others"


@dataclass(frozen=True, slots=True)
class Piece:
    series: int
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    period: str
    left: int
    width: int
    pieces: tuple[Piece, ...]
    says: str
    """The period and its numbers, for whoever points at the bar or hears the page."""
    label: str
    """What stands below it; "" under most bars where there are many."""


@dataclass(frozen=True, slots=True)
class Tick:
    top: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    series: tuple[str, ...]
    ticks: tuple[Tick, ...]


def chart_of(sheet: Sheet, report: Report, labels: Sequence[str]) -> Chart | None:
    """What a report draws of its sheet, over the periods `labels`, or those of its rows where there are none.

    None where there is nothing to draw. Numbers below zero are drawn as nothing, and said.
    """
    keys = [column.key for column in sheet.columns]
    place = keys.index(report.drawn)
    column = sheet.columns[place]
    named_by = None if report.parted_by is None else keys.index(report.parted_by)
    counted: dict[str, dict[str, int]] = {label: {} for label in labels}
    for row in sheet.rows:
        of_period = counted.setdefault(str(row[0]), {})
        name = "" if named_by is None else str(row[named_by])
        of_period[name] = of_period.get(name, 0) + _number(row[place])
    if not any(number for of_period in counted.values() for number in of_period.values()):
        return None
    names = _most(counted.values())
    sums = (sum(max(0, number) for number in of_period.values()) for of_period in counted.values())
    highest = _round_up(max(sums), column)
    pitch = WIDTH / len(counted)
    names_of_periods = _short(list(counted))
    room = max(1, WIDTH // (LETTER * (2 + max(map(len, names_of_periods)))))
    every = -(-len(counted) // room)
    bars = tuple(
        Bar(
            period=period,
            left=round(at * pitch + pitch * 0.1),
            width=max(1, round(pitch * 0.8)),
            pieces=_pieces(_by_series(of_period, names), highest),
            says=_says(period, of_period, column),
            label=names_of_periods[at] if at % every == 0 else "",
        )
        for at, (period, of_period) in enumerate(counted.items())
    )
    ticks = tuple(
        Tick(top=HEIGHT - HEIGHT * part // 4, label=text_of(column, highest * part // 4)) for part in range(5)
    )
    return Chart(bars, tuple(names), ticks)


def _short(periods: list[str]) -> list[str]:
    """Periods without the year, or the date, that they all share; of a shift its number and start."""
    for date, rest in ((11, 16), (5, 16)):
        if len({period[:date] for period in periods}) == 1 and all(len(one) > date for one in periods):
            return [period[date:rest] for period in periods]
    return [period[:16] for period in periods]


def _number(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _most(periods: Iterable[dict[str, int]]) -> list[str]:
    """The names that have a colour of their own, those with most first."""
    sums: dict[str, int] = {}
    for of_period in periods:
        for name, number in of_period.items():
            sums[name] = sums.get(name, 0) + number
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    return ranked if len(ranked) <= SERIES else [*ranked[: SERIES - 1], REST]


def _by_series(of_period: dict[str, int], names: list[str]) -> list[int]:
    numbers = [0] * len(names)
    for name, number in of_period.items():
        numbers[names.index(name) if name in names else len(names) - 1] += max(0, number)
    return numbers


def _pieces(numbers: Sequence[int], highest: int) -> tuple[Piece, ...]:
    """From the ground up; ends are rounded and not heights, so that a stack is as high as its sum."""
    pieces, below = [], 0
    for series, number in enumerate(numbers):
        start, end = (round(HEIGHT * part / highest) for part in (below, below + number))
        if end > start:
            pieces.append(Piece(series, HEIGHT - end, end - start))
        below += number
    return tuple(pieces)


def _round_up(number: int, column: Column) -> int:
    """The next of 4, 8, 12, 20, 40, 80 … that is not less; for money, whole yuan: its quarters are round."""
    unit = 100 if column.kind == "fen" else 1
    step = 4 * unit
    while True:
        for times in (1, 2, 3, 5):
            if step * times >= number:
                return step * times
        step *= 10


def _says(period: str, of_period: dict[str, int], column: Column) -> str:
    numbers = [f"{name} {text_of(column, number)}".strip() for name, number in of_period.items()]
    return f"{period}: {', '.join(numbers) or text_of(column, 0)}"
