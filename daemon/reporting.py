"""A report of a gate that runs, added up by a process of its own.

The law of this file: the gate's process spends nothing on a report but waiting for it. Going through a year
of facts takes a core for seconds, and a thread that does it takes turns with whoever decides about a car. One
report is made at a time, at the lowest priority, and one that takes too long is given up.

    python -m daemon.reporting LEDGER flow --by day --since 2026-11-01 --until 2026-11-30 --zone Asia/Shanghai
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from daemon.panel.gate import NoReport, Wanted
from daemon.reports.catalogue import REPORTS, sheet_of
from daemon.reports.periods import GRAINS, Span
from daemon.reports.sheet import Sheet
from daemon.store import reading

WITHIN_S = 60.0
NICENESS = 19

_SHEETS: TypeAdapter[Sheet] = TypeAdapter(Sheet)


class Reporter:
    """Has the reports of one ledger made."""

    def __init__(self, ledger: Path, zone: ZoneInfo) -> None:
        self._ledger = ledger
        self._zone = zone
        self._one_at_a_time = asyncio.Lock()

    async def sheet(self, wanted: Wanted) -> Sheet:
        """Raises NoReport where none could be made, or not in time."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(WITHIN_S):
                    return _SHEETS.validate_json(await self._made(wanted))
            except TimeoutError:
                raise NoReport(f"not ready within {WITHIN_S:g} s") from None

    async def _made(self, wanted: Wanted) -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "daemon.reporting", str(self._ledger), wanted.report, "--by", wanted.by,
            "--since", wanted.first.isoformat(), "--until", wanted.last.isoformat(), "--zone", self._zone.key,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            made, said = await child.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise
        if child.returncode:
            raise NoReport(said.decode(errors="replace").strip().rpartition("\n")[2])
        return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m daemon.reporting", description=__doc__)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("report", choices=REPORTS)
    parser.add_argument("--by", choices=GRAINS, required=True)
    parser.add_argument("--since", type=date.fromisoformat, required=True)
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="included")
    parser.add_argument("--zone", type=ZoneInfo, required=True)
    args = parser.parse_args()
    os.nice(NICENESS)
    span = Span(
        since=datetime.combine(args.since, time(), args.zone),
        until=datetime.combine(args.until + timedelta(days=1), time(), args.zone),
    )
    facts = partial(reading.facts_of, args.ledger)
    sheet = sheet_of(REPORTS[args.report], facts, zone=args.zone, by=args.by, span=span)
    sys.stdout.buffer.write(_SHEETS.dump_json(sheet))


if __name__ == "__main__":
    main()
