"""`gatepost report`: what the gate did, from its ledger, for people and for spreadsheets (R40).

The law of this file: it reads only, while the gate runs and while it does not, and says of how many facts the
time is uncertain.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.reports.periods import Span
    from daemon.reports.sheet import Sheet

STDOUT = "-"


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    text = "报表：车流、停留、收费、人工放行、告警、故障 / reports from the ledger"
    parser = words.add_parser("report", help=text, description=text)
    parser.set_defaults(run=_report)
    add_options(parser)
    parser.add_argument(
        "-c", "--config", type=Path, default=config, metavar="FILE", help="配置 / configuration"
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is asked of any report, wherever its facts are kept."""
    from daemon.reports.catalogue import REPORTS
    from daemon.reports.periods import GRAINS

    parser.add_argument(
        "report",
        choices=REPORTS,
        help="；".join(f"{name} {report.zh}" for name, report in REPORTS.items()),
    )
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, metavar="DATE", help="首日 / the first day"
    )
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, metavar="DATE", help="末日，含 / the last day, included"
    )
    parser.add_argument("--by", choices=GRAINS, help="时段 / periods (default: flow hour, others day)")
    parser.add_argument("--csv", metavar="FILE", help="写成 CSV，- 为标准输出 / as CSV; - is the output")


def _report(args: argparse.Namespace) -> int:
    from daemon.config import load
    from daemon.reports.catalogue import REPORTS, sheet_of
    from daemon.store import reading
    from daemon.store.store import FILE

    config = load(args.config)
    report, zone = REPORTS[args.report], config.site.timezone
    span = span_of(args, zone)
    if span is None:
        return 2
    facts = partial(reading.facts_of, config.folder / config.storage.folder / FILE)
    sheet = sheet_of(report, facts, zone=zone, by=args.by or report.usual, span=span)
    return show(args, sheet, f"{config.site.name} {config.gate.name}: {report.zh} / {report.en}")


def show(args: argparse.Namespace, sheet: Sheet, title: str) -> int:
    """Print the sheet, or write it where `--csv` says; the exit status."""
    from daemon.reports.spreadsheet import csv_of

    if args.csv is None:
        print(title)
        print("\n".join(_table(sheet)))
    elif args.csv == STDOUT:
        sys.stdout.write(csv_of(sheet))
    else:
        try:
            Path(args.csv).write_text(csv_of(sheet), encoding="utf-8", newline="")
        except OSError as why:
            print(f"{args.csv}: 无法写入 / cannot be written: {why.strerror}", file=sys.stderr)
            return 1
    _say_what_is_uncertain(sheet)
    return 0


def span_of(args: argparse.Namespace, zone: tzinfo) -> Span | None:
    """What `--from` and `--to` ask for; None, and said why, where they cannot be meant."""
    from daemon.reports.periods import Span

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    first: date | None = args.first
    last: date | None = args.last
    if first is not None and last is not None and last < first:
        print(f"--to {last}: 早于 --from {first} / is before --from {first}", file=sys.stderr)
        return None
    return Span(
        since=midnight(first) if first is not None else None,
        until=midnight(last + timedelta(days=1)) if last is not None else None,
    )


def _say_what_is_uncertain(sheet: Sheet) -> None:
    from daemon.reports.sheet import UNTRUSTED

    uncertain = sheet.sum_of(UNTRUSTED.key)
    if uncertain:
        print(
            f"其中 {uncertain} 条记录时钟未校准，时段为推算 /"
            f" the clock of {uncertain} facts was not trusted, their periods are reckoned",
            file=sys.stderr,
        )


# ---------------------------------------------------------------- a sheet as text


def _table(sheet: Sheet) -> list[str]:
    from daemon.reports.sheet import text_of, totals

    if not sheet.rows:
        return ["没有记录 / nothing on record"]
    lines = [
        [column.zh for column in sheet.columns],
        [column.en for column in sheet.columns],
        *(
            [_one_line(text_of(column, cell)) for column, cell in zip(sheet.columns, row, strict=True)]
            for row in sheet.rows
        ),
        ["合计 total", *totals(sheet)[1:]],
    ]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(sheet.columns))]
    is_text = [column.kind == "text" for column in sheet.columns]
    return [
        "  ".join(
            _padded(cell, width, to_the_left=left)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        ).rstrip()
        for line in lines
    ]


def _one_line(text: str) -> str:
    """What somebody has typed neither breaks the table nor commands the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _padded(text: str, width: int, *, to_the_left: bool) -> str:
    gap = " " * (width - _width(text))
    return text + gap if to_the_left else gap + text


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
