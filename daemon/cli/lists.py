"""`gatepost import`: a list of the office from a file into the running gate (R41).

The law of this file: the file is checked whole before the gate hears of it, and the gate takes it whole.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.config import load
from daemon.config.problems import Problem, report
from daemon.core.card_numbers import Presentation
from daemon.core.reasons import REASON_WORDS, Reason
from daemon.core.roles import ROLES
from daemon.core.signals import Actor

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from daemon.control import Answer

LISTS = {
    "permits": "通行证 permits",
    "households": "住户 households",
    "staff": "员工 staff",
    "watchlist": "观察名单 watch list",
}
TARIFF = "tariff"
HEX = "hex"
_SHOWN = 40
"""Changed rows that are printed."""
_DESCRIPTION = """
整份名单导入运行中的门岗：名单里没有的即撤销。先整份检查，有一行不对就一行也不改。
A whole list into the running gate: what is not in it is taken back. One bad row, and nothing changes.

导入过的名单以导入为准，重启后也是；config.yaml 里的同一名单只在没有导入过时才用。
An imported list counts from then on, over restarts: config.yaml's own only until the first import.
"""


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser], config: Path) -> None:
    text = "导入物业的名单 / import a list of the office (CSV, XLSX)"
    parser = words.add_parser(
        "import",
        help=text,
        description=text + "\n" + _DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_import)
    add_file_options(parser)
    parser.add_argument("--as", dest="who", required=True, metavar="NAME", help="谁 / who asks")
    parser.add_argument("--role", choices=ROLES, required=True, help="以何身份 / in which role")
    parser.add_argument(
        "-c", "--config", type=Path, default=config, metavar="FILE", help="配置 / configuration"
    )


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """What is asked of any list in a file, whoever it goes to."""
    parser.add_argument("list", choices=(*LISTS, TARIFF), help="哪一份 / which one")
    parser.add_argument("file", type=Path, metavar="FILE", help=".csv (UTF-8, GBK) | .xlsx | tariff: .yaml")
    parser.add_argument("--sheet", metavar="NAME", help="工作表 / the sheet, where there are several")
    parser.add_argument(
        "--dry-run", action="store_true", help="只说会改什么，不改 / say what would change, change nothing"
    )
    parser.add_argument("--allow-empty", action="store_true", help="空名单：全部撤销 / empty: take all back")
    parser.add_argument(
        "--card-format",
        choices=(HEX, *Presentation),
        default=HEX,
        help="卡号的写法，如 8H10D / how card numbers are written (default: %(default)s)",
    )


def _import(args: argparse.Namespace) -> int:
    return _import_tariff(args) if args.list == TARIFF else _import_list(args)


def _import_tariff(args: argparse.Namespace) -> int:
    """The file is read here as the gate will read it: all that is wrong with it is said, with its lines."""
    from daemon.config.tariffs import load_book
    from daemon.control import NotRunning, ask_gate
    from daemon.store.store import FILE

    config, book = load(args.config), load_book(args.file)
    text = args.file.read_text(encoding="utf-8-sig")
    try:
        answer = ask_gate(
            (config.folder / config.storage.folder / FILE).parent,
            Actor(name=args.who, role=args.role),
            {"kind": "give_tariff", "text": text, "source": args.file.name},
            trial=args.dry_run,
        )
    except (NotRunning, ValueError) as why:
        print(why, file=sys.stderr)
        return 1
    for fact in answer.facts:
        if fact["kind"] == "action_refused":
            words = REASON_WORDS[Reason(fact["reason"])]
            print(f"{args.file}: 未导入 not imported: {words.zh} / {words.en}", file=sys.stderr)
            return 1
    done = "试运行，未改动 dry run, nothing changed" if args.dry_run else "已导入 imported"
    changed = "" if answer.facts else "，与现行相同 the same as before"
    versions = ", ".join(f"{version.id} ({version.effective:%Y-%m-%d %H:%M})" for version in book.versions)
    print(f"收费标准 tariff: {args.file}: {book.name}: {versions}, {done}{changed}")
    return 0


def checked_rows(
    args: argparse.Namespace, lanes: Iterable[str], zone: ZoneInfo
) -> tuple[dict[str, Any], ...] | None:
    """The rows of the file, as a gate takes them; None, and said why, where one of them is wrong."""
    from daemon import imports
    from daemon.imports.lists import Site

    site = Site(
        lanes=tuple(lanes),
        zone=zone,
        cards=None if args.card_format == HEX else Presentation(args.card_format),
    )
    try:
        sheet = imports.read(args.file, args.sheet, told=lambda row: _progress(f"读取 reading: {row}"))
    except imports.Unreadable as unreadable:
        _refuse(args.file, [unreadable.problem])
        return None
    _progress(f"检查 checking: {len(sheet.rows)} 行 rows")
    checked = imports.check(args.list, sheet, site)
    if checked.problems:
        _refuse(args.file, checked.problems)
        return None
    _progress("")
    return checked.rows


def _import_list(args: argparse.Namespace) -> int:
    from daemon.control import NotRunning, ask_gate
    from daemon.runtime.clock import SystemClock
    from daemon.store.store import FILE

    clock = SystemClock()
    began_ns = clock.boottime_ns()
    config = load(args.config)
    rows = checked_rows(args, (lane.id for lane in config.lanes), config.site.timezone)
    if rows is None:
        return 1
    _progress(f"门岗正在处理 the gate is at it: {len(rows)} 行 rows")
    request = {
        "kind": f"give_{args.list}",
        "source": args.file.name,
        "rows": rows,
        "allow_empty": args.allow_empty,
    }
    try:
        answer = ask_gate(
            (config.folder / config.storage.folder / FILE).parent,
            Actor(name=args.who, role=args.role),
            request,
            trial=args.dry_run,
        )
    except (NotRunning, ValueError) as why:
        _progress("")
        print(why, file=sys.stderr)
        return 1
    _progress("")
    return _told(args, len(rows), answer, (clock.boottime_ns() - began_ns) / 1e9)


def _told(args: argparse.Namespace, rows: int, answer: Answer, took_s: float) -> int:
    for fact in answer.facts:
        words = REASON_WORDS[Reason(fact["reason"])]
        hint = "；--allow-empty 即全部撤销 takes all back" if fact["reason"] == Reason.LIST_IS_EMPTY else ""
        print(f"{args.file}: 未导入 not imported: {words.zh} / {words.en}{hint}", file=sys.stderr)
        return 1
    outcome = answer.outcome
    assert outcome is not None  # the answer to a list
    done = "试运行，未改动 dry run, nothing changed" if args.dry_run else "已导入 imported"
    print(f"{LISTS[args.list]}: {args.file}: {rows} 行 rows, {done}, {took_s:.1f} s")
    print(
        f"新增 granted {outcome.new}, 更改 changed {outcome.changed},"
        f" 撤销 withdrawn {outcome.gone}, 未变 unchanged {outcome.unchanged}"
    )
    for row in outcome.named[:_SHOWN]:
        print(f"  {row}")
    more = outcome.new + outcome.changed + outcome.gone - min(len(outcome.named), _SHOWN)
    if more:
        print(f"  … 另有 and {more} more")
    return 0


def _refuse(file: Path, problems: Iterable[Problem]) -> None:
    _progress("")
    ordered = sorted(problems, key=lambda problem: (problem.line or 0, problem.path))
    print(report(ordered, of=(str(file), str(file))), file=sys.stderr)
    print("一行也没有导入 / nothing was imported", file=sys.stderr)


def _progress(text: str) -> None:
    """What is being done, on a terminal only, in one line that the next one overwrites."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
