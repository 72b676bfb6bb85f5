"""The `gatepost` command: one function for each word a person can type.

The law of this file: words and exit statuses only. 0 done, 1 not as it should be, 2 wrongly typed, 78 the
configuration cannot be used (EX_CONFIG of sysexits.h: systemd does not start it again).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import __version__
from daemon.cli import asking_words, keys, lists, mqtt, office, report, rulebook, scenario, simulate, tariff
from daemon.config import Config, ConfigProblems, load
from daemon.config.broker import cautions, told
from daemon.core.lot import free
from daemon.core.roles import ROLES
from daemon.store import LedgerDamaged, reading
from daemon.store.store import FILE

if TYPE_CHECKING:
    from daemon.app import App
    from daemon.vision.still import Still

log = logging.getLogger(__name__)

EX_CONFIG = 78
DEFAULT_CONFIG = Path("config.yaml")


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except ConfigProblems as problems:
        print(problems, file=sys.stderr)
        return EX_CONFIG
    except (FileNotFoundError, LedgerDamaged) as why:
        print(why, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatepost",
        description="门岗：小区车辆道闸的边缘守护程序 / the edge daemon of a residential vehicle gate",
        epilog="配置见 config.yaml 中的说明 / config.yaml explains itself. 各命令另有 --help。",
    )
    parser.add_argument("--version", action="version", version=f"gatepost {__version__}")
    words = parser.add_subparsers(metavar="COMMAND", required=True)

    run = _word(words, "run", _run, "运行门岗 / run the gate")
    run.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        metavar="SECONDS",
        help="到时自停，最后一行打印一个 JSON 小结 / stop by itself; the last line is one JSON object",
    )
    run.add_argument("-v", "--verbose", action="store_true", help="多说一些 / log more")

    _word(
        words,
        "check-config",
        _check_config,
        "检查配置，一次列出全部问题 / check it, list all problems at once",
    )

    status = _word(words, "status", _status, "账本、在场车辆、故障一览 / the gate at a glance")
    status.add_argument("--json", action="store_true", help="机器可读 / for machines")

    ledger = words.add_parser("ledger", help="账本 / the ledger", description="账本 / the ledger")
    ledger_words = ledger.add_subparsers(metavar="COMMAND", required=True)
    verify = _word(
        ledger_words,
        "verify",
        _ledger_verify,
        "核对散列链，指出第一行不符的 / verify the hash chain, name the first row that does not fit",
    )
    verify.add_argument(
        "--head",
        metavar="HASH",
        help="物业处存的链尾，可查出截尾与重写 / the head the office holds: finds a cut or rewritten end",
    )

    logbook = _word(words, "logbook", _logbook, "查登记簿 / search the logbook")
    logbook.add_argument("text", nargs="?", default="", help="内容、姓名、电话或编号 / any part of it")
    logbook.add_argument("--state", choices=("open", "passed_on", "done"), help="状态 / its state")

    _ask_words(words)
    lists.add_words(words, DEFAULT_CONFIG)
    scenario.add_words(words)
    report.add_words(words, DEFAULT_CONFIG)
    rulebook.add_words(words)
    tariff.add_words(words, DEFAULT_CONFIG)
    simulate.add_words(words)
    keys.add_words(words, DEFAULT_CONFIG)
    mqtt.add_words(words, DEFAULT_CONFIG)

    _word(words, "lane", _lane, "打印车道状态表 / print the lane's transition table", config=False)

    plate = _word(words, "plate", _plate, "识别图片中的车牌 / read the plates in pictures", config=False)
    plate.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="图片文件 / a picture file")
    plate.add_argument("--json", action="store_true", help="每图一行 JSON / one JSON object a picture")

    office.add_words(words, DEFAULT_CONFIG)
    return parser


def _word(
    words: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    config: bool = True,
) -> argparse.ArgumentParser:
    parser = words.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    if config:
        _config_option(parser)
    return parser


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help="配置文件 / configuration (default: %(default)s)",
    )


def _ask_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`gatepost ask REQUEST`: one word for each request of the core, its options from the request."""
    text = "向运行中的门岗提出一件事 / ask the running gate for something"
    asking = words.add_parser("ask", help=text, description=text)
    requests = asking.add_subparsers(metavar="REQUEST", required=True)
    for parser in asking_words.add_requests(requests, _ask):
        _config_option(parser)
        parser.add_argument("--as", dest="who", required=True, metavar="NAME", help="谁 / who asks")
        parser.add_argument("--role", choices=ROLES, required=True, help="以何身份 / in which role")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 31_536_000:
        raise argparse.ArgumentTypeError(
            f"{text}: 应为 0 到一年之间的秒数 / seconds, above 0, at most a year"
        )
    return seconds


# ---------------------------------------------------------------- the words


def _run(args: argparse.Namespace) -> int:
    from daemon.app import App
    from daemon.runtime.clock import SystemClock
    from daemon.runtime.log import set_up
    from daemon.store import LedgerDamaged, StoreError, StoreTooNew

    os.umask(0o077)  # cards, plates and faces: nobody else's to read
    set_up(logging.DEBUG if args.verbose else logging.INFO)
    config = load(args.config)
    for caution in cautions(config):
        log.warning("%s", caution)
    app = App(config, SystemClock(), say=lambda text: print(text, flush=True))
    try:
        asyncio.run(_until_stopped(app, args.seconds))
    except StoreTooNew as too_new:
        print(too_new, file=sys.stderr)
        return EX_CONFIG
    except (OSError, StoreError) as trouble:
        print(f"无法运行 / cannot run: {trouble}", file=sys.stderr)
        return 1
    except LedgerDamaged as damage:
        print(
            f"账本损坏，下次启动时恢复 / the ledger is damaged, the next start restores it: {damage}",
            file=sys.stderr,
        )
        return 1
    except BaseExceptionGroup as bugs:
        log.critical("the gate stops: %s", bugs.exceptions[0], exc_info=bugs)
        return 1
    if args.seconds is None:
        return 0
    print(json.dumps(app.report(), ensure_ascii=False), flush=True)
    return 0 if app.tally.a_car_came_in_and_went_out else 1


async def _until_stopped(app: App, seconds: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    await app.run(stop)


def _check_config(args: argparse.Namespace) -> int:
    config = load(args.config)
    print(
        f"{args.config}: 没有问题 / no problems. {config.site.name} {config.gate.name}:"
        f" {len(config.lanes)} 条车道 lanes, {len(config.permits)} 个通行证 permits"
    )
    for caution in cautions(config):
        print(f"! {caution}")
    return 0


def _status(args: argparse.Namespace) -> int:
    config = load(args.config)
    path = _database(config)
    figures = reading.figures(path)
    if args.json:
        print(json.dumps({"database": str(path), **asdict(figures)}, ensure_ascii=False))
        return 0
    waiting = figures.facts - figures.acknowledged
    print(f"账本 ledger       {path}")
    print(f"事实 facts        {figures.facts}，最近一条 last {figures.last_fact_at or '-'}")
    by_broker = config.office is not None and config.office.delivery == "broker"
    held = "服务器已收 taken by the broker" if by_broker else "已确认 acknowledged"
    print(f"物业 office       {held} {figures.acknowledged}，待送 waiting {waiting}")
    for line in told(config.office) if config.office is not None else ():
        print(f"                  {line}")
    print(f"通行证 permits    {figures.permits}")
    print(f"场内 inside       {figures.inside}")
    for of, bays in config.lot.counted().items():
        name = {"permit": "固定车 permit", "temporary": "临时车 temporary"}[of]
        inside = figures.inside_of[of]
        print(f"  {name} {inside} / {bays}，余位 free {free(bays, inside)}")
    print(f"通行 passages     {figures.passages}")
    print(f"告警 open alerts  {len(figures.alerts)}")
    for alert in figures.alerts:
        print(f"  - {alert}")
    return 0


def _ledger_verify(args: argparse.Namespace) -> int:
    path = _database(load(args.config))
    verified = reading.verify(path, expected_head=args.head)
    misfit = verified.misfit
    if misfit is not None:
        print(f"{path}: 第 {misfit.seq} 行不符 / row {misfit.seq} does not fit: {misfit.what}")
        return 1
    print(f"{path}: {verified.rows} 行全部相符 / {verified.rows} rows, all fit. 链尾 / head {verified.head}")
    return 0


def _ask(args: argparse.Namespace) -> int:
    from daemon.control import NotRunning, ask_gate
    from daemon.core.signals import Actor

    try:
        answer = ask_gate(
            _database(load(args.config)).parent,
            Actor(name=args.who, role=args.role),
            {"kind": args.request_kind, **asking_words.asked(args)},
        )
    except (NotRunning, ValueError) as why:
        print(why, file=sys.stderr)
        return 1
    for fact in answer.facts:
        print(json.dumps(fact, ensure_ascii=False))
    return 1 if any(fact["kind"] == "action_refused" for fact in answer.facts) else 0


def _logbook(args: argparse.Namespace) -> int:
    config = load(args.config)
    for row in reading.logbook(_database(config), args.text, state=args.state):
        written = datetime.fromisoformat(row.written_at).astimezone(config.site.timezone)
        print(f"{row.number} {written:%Y-%m-%d %H:%M} {row.state} {row.entry} {row.who}: {row.text}")
        for step in row.steps.splitlines():
            print(f"    {step}")
    return 0


def _lane(_args: argparse.Namespace) -> int:
    from daemon.core.lane import table_text

    print(table_text())
    return 0


def _plate(args: argparse.Namespace) -> int:
    from daemon.vision.still import read_stills
    from drivers.errors import DeviceError

    try:
        stills = read_stills(args.images)
    except DeviceError as unusable:
        print(unusable, file=sys.stderr)
        return 1
    for still in stills:
        print(json.dumps(asdict(still), ensure_ascii=False, default=str) if args.json else _still_text(still))
    return 1 if any(still.error for still in stills) else 0


def _still_text(still: Still) -> str:
    if still.error:
        return f"{still.path}: {still.error}"
    plates = "; ".join(
        f"{plate.text or '无法辨认 unreadable'} ({plate.confidence:.2f}, {plate.box})"
        for plate in still.plates
    )
    return f"{still.path}: {plates or '没有车牌 no plate'} [{still.milliseconds:.0f} ms]"


def _database(config: Config) -> Path:
    return config.folder / config.storage.folder / FILE
