"""Tariffs written as a site would write them, and stays as a driver would tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import dedent, indent
from typing import Any

from daemon.config.tariffs import parse_book
from daemon.core.tariff import Book, Parked, Quote, quote

_HEAD = """\
name: 测试停车场
phone: "12345"
timezone: {zone}
versions:
  - id: v1
    effective: 2020-01-01T00:00+08:00
"""


def book(version: str, *, zone: str = "Asia/Shanghai", more: str = "") -> Book:
    """A book of one version, from what stands in it below `effective`; `more`: further versions."""
    return parse_book(_HEAD.format(zone=zone) + indent(dedent(version), "    ") + indent(dedent(more), "  "))


def parked(book: Book, entered: str, left: str, **more: Any) -> Parked:
    """A stay told by the local clock; `left` may be a time of the same day."""
    begins = datetime.fromisoformat(entered).replace(tzinfo=book.zone)
    ends = datetime.fromisoformat(left if "-" in left else f"{entered[:10]} {left}").replace(tzinfo=book.zone)
    # Over UTC: two times of one zone would be taken off each other by the clock on the wall.
    return Parked(entered=begins, elapsed=ends.astimezone(UTC) - begins.astimezone(UTC), **more)


def bill(book: Book, entered: str, left: str, **more: Any) -> Quote:
    return quote(book, parked(book, entered, left, **more))


def fen(book: Book, minutes: int, **more: Any) -> int:
    """What so many minutes from eight in the morning on cost."""
    begins = datetime(2026, 3, 2, 8, tzinfo=book.zone)
    return quote(book, Parked(entered=begins, elapsed=timedelta(minutes=minutes), **more)).total_fen
