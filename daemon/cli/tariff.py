"""`gatepost tariff`: a tariff as people post it, and what another one would have brought (R16)."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from pathlib import Path


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    text = "收费标准：公示牌，试算 / the tariff: its notice, and trying another one"
    tariff = words.add_parser("tariff", help=text, description=text)
    tariff_words = tariff.add_subparsers(metavar="COMMAND", required=True)

    text = "收费公示牌，附计费示例 / the notice to post, with examples by the code that bills"
    explain = tariff_words.add_parser("explain", help=text, description=text)
    explain.set_defaults(run=_explain)
    explain.add_argument("file", type=Path, metavar="FILE", help="收费标准 / the tariff")
    explain.add_argument(
        "--at",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="何时的标准，默认现在 / which version: the one in force then (default: now)",
    )

    text = "用另一标准重算账本里的停放 / bill the stays of the ledger anew"
    replay = tariff_words.add_parser("replay", help=text, description=text)
    replay.set_defaults(run=_replay)
    replay.add_argument("old", type=Path, metavar="OLD", help="现行标准 / the tariff as it is")
    replay.add_argument("new", type=Path, metavar="NEW", help="拟行标准 / the tariff as it might be")
    replay.add_argument(
        "--days",
        type=int,
        default=31,
        metavar="N",
        help="最近几天 / of the last N days (default: %(default)s)",
    )
    replay.add_argument(
        "-c", "--config", type=Path, default=config, metavar="FILE", help="配置 / configuration"
    )


def _explain(args: argparse.Namespace) -> int:
    from daemon.config.tariffs import load_book
    from daemon.core.tariff import explain_text
    from daemon.runtime.clock import SystemClock

    book = load_book(args.file)
    at = args.at or SystemClock().now().wall
    print(explain_text(book, at if at.tzinfo is not None else at.replace(tzinfo=book.zone)))
    return 0


def _replay(args: argparse.Namespace) -> int:
    from daemon.config import load
    from daemon.config.tariffs import load_book
    from daemon.core.charges import past_stays
    from daemon.core.tariff import replay, replay_text
    from daemon.runtime.clock import SystemClock
    from daemon.store import reading
    from daemon.store.store import FILE

    config = load(args.config)
    old, new = load_book(args.old), load_book(args.new)
    since = SystemClock().now().wall - timedelta(days=args.days)
    path = config.folder / config.storage.folder / FILE
    stays = [stay for stay in past_stays(reading.facts(path)) if stay.parked.entered >= since]
    print(replay_text(replay(old, new, stays)))
    return 0
