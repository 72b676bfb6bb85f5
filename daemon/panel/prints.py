"""What became of a receipt's paper, as plain values that a template can write down.

The law of this file: as in `daemon.panel.views`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from daemon.core.printing import TROUBLE_WORDS
from daemon.core.reasons import Words
from daemon.core.signals import Instant, PrintTrouble
from daemon.panel.gate import PrintLine
from daemon.panel.telling import day_and_time
from daemon.panel.words import PRINT_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintView:
    paper: Words
    state: str
    words: Words
    why: Words | None
    since: str


def print_views(lines: Sequence[PrintLine], now: Instant, zone: ZoneInfo) -> tuple[PrintView, ...]:
    return tuple(_print(line, now, zone) for line in lines)


def _print(line: PrintLine, now: Instant, zone: ZoneInfo) -> PrintView:
    why = line.why
    return PrintView(
        paper=Words(f"补打 {line.copy}", f"copy {line.copy}") if line.copy else Words("原件", "original"),
        state=line.state,
        words=PRINT_WORDS.get(line.state, Words(line.state, "")),
        why=None if why is None else TROUBLE_WORDS.get(cast(PrintTrouble, why), Words(why, "")),
        since=day_and_time(datetime.fromisoformat(line.since), now.wall, zone),
    )
