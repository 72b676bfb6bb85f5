"""Which pictures have to go: those past their days, then the oldest until the rest fits the quota (R29).

The law of this file: a clock that nobody vouches for deletes nothing. A gate that wakes up in 2038 keeps its
pictures until it knows better; the quota needs no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Picture:
    """One file of the evidence folder; sorts by day, then by name."""

    day: date
    path: Path
    size: int


def expired(pictures: Iterable[Picture], *, today: date | None, days: int, quota_bytes: int) -> list[Picture]:
    """The pictures that go, oldest first; `today` is None while the clock is not trusted. Pure."""
    kept_from = date.min if today is None else today - timedelta(days=days)
    gone: list[Picture] = []
    young: list[Picture] = []
    for picture in sorted(pictures):
        (gone if picture.day < kept_from else young).append(picture)
    excess = sum(picture.size for picture in young) - quota_bytes
    for picture in young:
        if excess <= 0:
            break
        gone.append(picture)
        excess -= picture.size
    return gone


def sweep(folder: Path, *, today: date | None, days: int, quota_bytes: int) -> int:
    """Delete what is due; returns how many. A file that will not go is passed over and tried next time."""
    gone = 0
    for picture in expired(_pictures(folder), today=today, days=days, quota_bytes=quota_bytes):
        with suppress(OSError):
            picture.path.unlink()
            gone += 1
    if gone:
        log.info("evidence: %d pictures past their time or over the quota were deleted", gone)
    return gone


def _pictures(folder: Path) -> Iterator[Picture]:
    for path in folder.glob("[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*"):
        year, month, day = path.parent.relative_to(folder).parts
        with suppress(OSError, ValueError):
            yield Picture(date(int(year), int(month), int(day)), path, path.stat().st_size)
