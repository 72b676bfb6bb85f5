"""A report as a file for spreadsheets."""

from __future__ import annotations

import csv
import io

from daemon.reports.sheet import Sheet, text_of

BOM = "\ufeff"
"""Without it Excel takes the Chinese in a file for something else."""


def csv_of(sheet: Sheet) -> str:
    """As CSV, headed by the keys of the columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.key for column in sheet.columns)
    for row in sheet.rows:
        cells = [text_of(column, cell) for column, cell in zip(sheet.columns, row, strict=True)]
        writer.writerow(
            _no_formula(cell) if column.kind == "text" else cell
            for column, cell in zip(sheet.columns, cells, strict=True)
        )
    return BOM + text.getvalue()


def _no_formula(text: str) -> str:
    """What a guard has typed is shown by a spreadsheet, never reckoned."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
