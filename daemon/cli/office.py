"""`gatepost office`: the property office's own machine. Alone it takes and acknowledges what gates report.

The law of this file: as in `daemon.cli`. What only reads does so while the office runs and while it does not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.config.office import OfficePlace
    from daemon.office.database import Place

EX_CONFIG = 78

_TEXT = "物业办公室：收下并确认各门的事实 / the property office: takes and acknowledges every gate's facts"


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    parser = words.add_parser("office", help=_TEXT, description=_TEXT)
    _file(parser, config)
    parser.add_argument("-q", "--quiet", action="store_true", help="不逐条打印 / do not print each fact")
    parser.set_defaults(run=_run)


def _file(parser: argparse.ArgumentParser, config: Path) -> None:
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=config,
        metavar="FILE",
        help="office.yaml，或某个门的 config.yaml / office.yaml, or a gate's own file (default: %(default)s)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="账簿所在 / where the books are (default: as the file says)",
    )


def _books(args: argparse.Namespace) -> tuple[OfficePlace, Place]:
    """What the file says, and where the books are. Raises ConfigProblems."""
    from daemon.config.office import load_office
    from daemon.office.database import Place

    office = load_office(args.config)
    books = office.books
    place = Place(
        folder=args.folder or office.folder / books.folder,
        url=books.database,
        password_file=None if books.password_file is None else office.folder / books.password_file,
    )
    return office, place


def _usable(do: Callable[[], int]) -> int:
    """What `do` comes to; what is wrong with the books in words."""
    from daemon.office.database import RETRY, Unusable

    try:
        return do()
    except Unusable as wrong:
        print(wrong, file=sys.stderr)
        return EX_CONFIG
    except RETRY as away:
        why = str(getattr(away, "orig", None) or away).strip()
        print(f"数据库没有应答 / the database does not answer: {why}", file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    from daemon.office.service import run_office
    from daemon.runtime.clock import SystemClock
    from daemon.runtime.log import set_up

    os.umask(0o077)  # the books name cars and cards: nobody else's to read
    set_up(logging.INFO)
    office, place = _books(args)

    def run() -> int:
        asyncio.run(
            run_office(
                office.broker(),
                place,
                site=office.site.id,
                zone=office.site.timezone,
                clock=SystemClock(),
                quiet=args.quiet,
            )
        )
        return 0

    return _usable(run)
