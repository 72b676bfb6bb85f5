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
from contextlib import closing
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.cli import asking_words, office_alerts, office_books, office_desk, report

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from daemon.config.office import OfficePlace
    from daemon.office.database import Place

EX_CONFIG = 78

_TEXT = "物业办公室：收下并确认各门的事实 / the property office: takes and acknowledges every gate's facts"
_SEND = "向一个门发出签名指令，等它答复 / a signed command to a gate, and its answer"


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    parser = words.add_parser("office", help=_TEXT, description=_TEXT)
    _options(parser, default=config)
    parser.add_argument("-q", "--quiet", action="store_true", help="不逐条打印 / do not print each fact")
    parser.set_defaults(run=_run)
    own = parser.add_subparsers(metavar="COMMAND", title="不写即运行 / without one it runs")

    status = _word(own, "status", _status, "各门收到哪一条、多久、有无不符 / what is held of each gate")
    status.add_argument("--json", action="store_true", help="机器可读 / for machines")
    verify = _word(own, "verify", _verify, "核对全部账簿与存下的链尾 / verify every ledger and noted seal")
    verify.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help="门岗的账本文件或副本：与所报逐条对照 / a gate's own ledger, or a copy: is it what was told?",
    )
    report.add_options(_word(own, "report", _report, "各门的报表 / reports over all gates"))
    alerts = _word(
        own, "alerts", _alerts, "各门的告警：看、确认、派人、跟进、结案 / alerts of all gates, live"
    )
    alerts.add_argument("--once", action="store_true", help="只列一次 / once, and not live")
    alerts.add_argument(
        "--json", action="store_true", help="每条一行 JSON / one JSON object a line; implies --once"
    )
    _key(alerts)
    for act, doing in office_alerts.ACTS.items():
        word = _word(own, act, _act, doing.words)
        word.set_defaults(act=act)
        word.add_argument("alert", type=int, metavar="ALERT", help="alerts 所列的编号 / its number in alerts")
        word.add_argument("words", nargs="*", metavar="TEXT", help="写明 / in words")
        _key(word)
    send = own.add_parser("send", help=_SEND, description=_SEND)
    office_desk.add_send(send, _send_options, _send)
    office_desk.add_import(
        _word(own, "import", _import, "名单或收费标准发往各门 / a list or the tariff to the gates")
    )
    forget = _word(
        own,
        "forget",
        _forget,
        "忘掉更早的内容，账目与散列链保留 / forget what is older; accounts and seals stay",
    )
    forget.add_argument(
        "--before",
        type=date.fromisoformat,
        required=True,
        metavar="DATE",
        help="此日零时之前 / before that day began",
    )


def _word(
    words: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = words.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    _options(parser, default=argparse.SUPPRESS)
    return parser


def _send_options(parser: argparse.ArgumentParser) -> None:
    _options(parser, default=argparse.SUPPRESS)
    _key(parser)


def _key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="私钥 / the private key (default: key of office.yaml)"
    )


def _options(parser: argparse.ArgumentParser, *, default: Any) -> None:
    """Where the office is; the same before and behind its words."""
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=default,
        metavar="FILE",
        help="office.yaml，或某个门的 config.yaml / office.yaml, or a gate's own file",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=None if default is not argparse.SUPPRESS else default,
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
        words = str(getattr(away, "orig", None) or away).strip()
        print(f"数据库没有应答 / the database does not answer: {words}", file=sys.stderr)
        return 1
    except OSError as why:
        print(why, file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    from daemon.mqtt.command.keypair import KeyUnusable, load_signer
    from daemon.office.service import run_office
    from daemon.runtime.clock import SystemClock
    from daemon.runtime.log import set_up

    os.umask(0o077)  # the books name cars and cards: nobody else's to read
    set_up(logging.INFO)
    office, place = _books(args)
    days = office.books.keep_days

    try:
        signer = None if office.key is None else load_signer(office.folder / office.key)
    except KeyUnusable as wrong:
        print(wrong, file=sys.stderr)
        return EX_CONFIG

    def run() -> int:
        asyncio.run(
            run_office(
                office.broker(),
                place,
                site=office.site.id,
                zone=office.site.timezone,
                clock=SystemClock(),
                keep=None if days is None else timedelta(days=days),
                signer=signer,
                quiet=args.quiet,
            )
        )
        return 0

    return _usable(run)


# ---------------------------------------------------------------- what only reads


def _reading(args: argparse.Namespace, do: Callable[[OfficePlace, Engine], int]) -> int:
    from daemon.office.database import open_engine

    office, place = _books(args)

    def read() -> int:
        engine = open_engine(place, reading=True)
        try:
            return do(office, engine)
        finally:
            engine.dispose()

    return _usable(read)


def _status(args: argparse.Namespace) -> int:
    return _reading(args, lambda office, engine: office_books.status(office, engine, as_json=args.json))


def _verify(args: argparse.Namespace) -> int:
    def verified(_office: OfficePlace, engine: Engine) -> int:
        return office_books.compared(engine, args.ledger) if args.ledger else office_books.verified(engine)

    return _reading(args, verified)


def _report(args: argparse.Namespace) -> int:
    from daemon.office import reading
    from daemon.reports.catalogue import REPORTS, sheet_of
    from daemon.reports.sheet import Column, beside

    def reported(office: OfficePlace, engine: Engine) -> int:
        made, zone = REPORTS[args.report], office.site.timezone
        span = report.span_of(args, zone)
        if span is None:
            return 2
        ledgers = reading.ledgers(engine)
        sheets = []
        for one in ledgers:
            if any(other.base == one.book for other in ledgers):
                continue  # a part of the one that goes on from it
            facts = partial(reading.facts_of, engine, reading.spine(one, ledgers))
            name = one.gate if one.in_use else f"{one.gate} {one.ledger[:4]}"
            sheets.append((name, sheet_of(made, facts, zone=zone, by=args.by or made.usual, span=span)))
        sheet = beside(Column("gate", "门", "gate", "text"), sheets)
        return report.show(args, sheet, f"{office.site.name}: {made.zh} / {made.en}")

    return _reading(args, reported)


def _forget(args: argparse.Namespace) -> int:
    from daemon.office.books import Books
    from daemon.office.database import alone
    from daemon.runtime.clock import SystemClock

    office, place = _books(args)
    before = datetime.combine(args.before, time(), office.site.timezone)

    def forgotten() -> int:
        with (
            alone(place),
            closing(Books.open(place, zone=office.site.timezone, clock=SystemClock())) as books,
        ):
            gone = books.forget(before)
        print(
            f"{before:%Y-%m-%d %H:%M} 之前：{gone.facts} 条事实的内容、{gone.alerts} 条已了结的告警已忘，"
            f"账目与散列链保留 / of before that {gone.facts} facts and {gone.alerts} alerts forgotten"
        )
        return 0

    return _usable(forgotten)


# ---------------------------------------------------------------- what is done


def _send(args: argparse.Namespace) -> int:
    from daemon.office.sending import Order

    office, _ = _books(args)
    try:
        body = office_desk.body_of(args.request_kind, asking_words.asked(args))
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return office_desk.commanded(office, args.key, [Order(gate=args.gate, op=args.request_kind, body=body)])


def _act(args: argparse.Namespace) -> int:
    from daemon.office.sending import Order

    def acted(office: OfficePlace, engine: Engine) -> int:
        try:
            gate, request, typed = office_alerts.wanted(engine, args.act, args.alert, " ".join(args.words))
        except ValueError as wrong:
            print(wrong, file=sys.stderr)
            return 1
        body = office_desk.body_of(request, typed)
        return office_desk.commanded(office, args.key, [Order(gate=gate, op=request, body=body)])

    return _reading(args, acted)


def _alerts(args: argparse.Namespace) -> int:
    from daemon.office import reading
    from daemon.runtime.clock import SystemClock

    def now() -> datetime:
        return SystemClock().now().wall

    def shown(office: OfficePlace, engine: Engine) -> int:
        if not (args.once or args.json):
            return office_desk.live(office, args.key, engine, now)
        for row in office_alerts.in_order(reading.alerts(engine)):
            print(
                office_alerts.as_json(row, now())
                if args.json
                else "\n".join(office_alerts.as_lines(row, now()))
            )
        for row in reading.troubles(engine, since=now() - office_alerts.NEWS_FOR):
            zone = office.site.timezone
            print(office_alerts.trouble_json(row) if args.json else office_alerts.trouble_line(row, zone))
        return 0

    return _reading(args, shown)


def _import(args: argparse.Namespace) -> int:
    office, place = _books(args)
    return _usable(lambda: office_desk.imported(args, office, place))
