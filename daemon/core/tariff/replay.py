"""Last month's stays under another tariff: what a change would have brought, before it is posted.

The law of this file: both sides are billed by `quote`, from the same stays; the stays of one plate on one day
count for one another as each tariff says.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daemon.core.tariff.book import Book
from daemon.core.tariff.quote import quote
from daemon.core.tariff.stay import Parked
from daemon.core.tariff.words import length, yuan

BIGGEST: Final = 10
"""How many of the largest changes are told."""
STEPS: Final = (-2000, -1000, -500, -100, 0, 1, 101, 501, 1001, 2001)
"""Where the classes of the distribution begin, in fen of change; unchanged is a class of its own."""


@dataclass(frozen=True, slots=True)
class PastStay:
    id: str
    plate: str
    parked: Parked
    """Its `earlier` is not looked at: it is found among the other stays."""


@dataclass(frozen=True, slots=True)
class Change:
    stay: PastStay
    old_fen: int
    new_fen: int

    @property
    def fen(self) -> int:
        return self.new_fen - self.old_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    old: str
    new: str
    stays: int
    old_fen: int
    new_fen: int
    dearer: int
    cheaper: int
    free_before: int
    free_after: int
    flagged: int
    """Stays that one of the two could not bill with certainty."""
    distribution: tuple[int, ...]
    """Stays by change: below `STEPS[0]`, then from each step to the next."""
    biggest: tuple[Change, ...]


def replay(old: Book, new: Book, stays: Iterable[PastStay]) -> Replay:
    """Both bills of every stay. The new book's first version holds for stays from before it, unflagged."""
    past = sorted(stays, key=lambda stay: (stay.parked.entered, stay.id))
    as_if_in_force = _from_the_start(new, past)
    by_plate: dict[str, list[tuple[datetime, timedelta]]] = defaultdict(list)
    changes: list[Change] = []
    flagged = 0
    for stay in past:
        before = by_plate[stay.plate]
        parked = replace(stay.parked, earlier=tuple(before[-_REMEMBERED:]))
        was, would_be = quote(old, parked), quote(as_if_in_force, parked)
        flagged += bool(was.flagged or would_be.flagged)
        changes.append(Change(stay, was.total_fen, would_be.total_fen))
        before.append((parked.entered, parked.elapsed))
    counts = [0] * (len(STEPS) + 1)
    for change in changes:
        counts[bisect_right(STEPS, change.fen)] += 1
    ranked = sorted(changes, key=lambda change: (-abs(change.fen), change.stay.id))
    return Replay(
        old=old.name,
        new=new.name,
        stays=len(changes),
        old_fen=sum(change.old_fen for change in changes),
        new_fen=sum(change.new_fen for change in changes),
        dearer=sum(change.fen > 0 for change in changes),
        cheaper=sum(change.fen < 0 for change in changes),
        free_before=sum(change.old_fen == 0 for change in changes),
        free_after=sum(change.new_fen == 0 for change in changes),
        flagged=flagged,
        distribution=tuple(counts),
        biggest=tuple(change for change in ranked[:BIGGEST] if change.fen),
    )


def replay_text(report: Replay) -> str:
    """The report for a terminal, in yuan."""
    change = report.new_fen - report.old_fen
    share = f"（{change * 100 / report.old_fen:+.1f}%）" if report.old_fen else ""
    lines = [
        f"{report.old} → {report.new}",
        f"停放 / stays      {report.stays}",
        f"合计 / total      {yuan(report.old_fen)} → {yuan(report.new_fen)}  {yuan(change)}{share}",
        f"涨 / dearer       {report.dearer}   降 / cheaper {report.cheaper}",
        f"免费 / free       {report.free_before} → {report.free_after}",
    ]
    if report.flagged:
        lines.append(f"时间存疑 / in doubt {report.flagged}")
    lines.append("变动分布 / by change, 元 yuan")
    edges = ["", *map(str, STEPS), ""]
    for at, count in enumerate(report.distribution):
        if count:
            lines.append(f"  {_class_text(edges[at], edges[at + 1]):>18}  {count}")
    if report.biggest:
        lines.append("变动最大 / biggest changes")
    for one in report.biggest:
        parked = one.stay.parked
        lines.append(
            f"  {one.stay.id}  {one.stay.plate}  {parked.entered:%m-%d %H:%M}  {length(parked.elapsed).zh}"
            f"  {yuan(one.old_fen)} → {yuan(one.new_fen)}"
        )
    return "\n".join(lines)


_REMEMBERED: Final = 50
"""Earlier stays of a plate that are looked at: no car comes in more often in two days."""


def _from_the_start(book: Book, past: list[PastStay]) -> Book:
    """The book with its first version in force since the first of these stays."""
    if not past:
        return book
    first, *rest = book.versions
    begins = min(first.effective, past[0].parked.entered)
    return replace(book, versions=(replace(first, effective=begins), *rest))


def _class_text(low: str, high: str) -> str:
    if not low:
        return f"< {yuan(int(high))}"
    if not high:
        return f"≥ {yuan(int(low))}"
    if int(high) - int(low) == 1:
        return yuan(int(low))
    return f"{yuan(int(low))} … {yuan(int(high) - 1)}"
