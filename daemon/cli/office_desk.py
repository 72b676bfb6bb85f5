"""`gatepost office send`, `alerts`, `ack` … `import`: what the office asks of its gates, by signed commands.

The law of this file: as in `daemon.cli`; 1 also where a gate refuses or does not answer. Whoever can read the
private key acts in the name that is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.cli import asking_words, lists
from daemon.cli.office_alerts import Live, Wanted

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from daemon.config.office import OfficePlace
    from daemon.mqtt.command.envelope import Reply, Signer
    from daemon.office.database import Place
    from daemon.office.sending import Order, Sender

EX_CONFIG = 78
MOVES = ("open", "close", "stop", "release", "refuse")
ANSWERS: Mapping[str, str] = {
    "accepted": "已接受 accepted",
    "rejected": "被拒绝 rejected",
    "done": "已完成 done",
    "failed": "未成 failed",
}


def add_send(
    parser: argparse.ArgumentParser, options: Callable[[argparse.ArgumentParser], None], run: Any
) -> None:
    """`send GATE REQUEST …`: everything that can be commanded."""
    parser.add_argument("gate", metavar="GATE", help="哪个门 / which gate")
    words = parser.add_subparsers(metavar="REQUEST", required=True)
    for request in asking_words.add_requests(words, run):
        options(request)
    for move in MOVES:
        button = words.add_parser(move, help="按钮 / as the guard's button")
        button.set_defaults(run=run, request_kind=move)
        asking_words.add_field(button, "lane", metavar="LANE")
        asking_words.add_field(button, "reason", metavar="TEXT")
        for name in ("passage", "stay"):
            asking_words.add_field(button, name, metavar="ID", required=False)
        options(button)


def body_of(kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a command from what was typed. Raises ValueError, which says what is wrong."""
    from pydantic import TypeAdapter, ValidationError

    from daemon.control import explained
    from daemon.mqtt.command.operations import REQUESTS

    if kind in MOVES:
        return dict(typed)
    reader: TypeAdapter[Any] = TypeAdapter(REQUESTS[kind])
    try:
        request = reader.validate_json(json.dumps({"kind": kind, **typed}))
    except ValidationError as wrong:
        raise ValueError(explained(wrong)) from None
    body: dict[str, Any] = reader.dump_python(request, mode="json")
    del body["kind"]
    return body


def signer_of(office: OfficePlace, key: Path | None) -> Signer | None:
    """Whoever signs; None, and said why, where nobody can."""
    from daemon.mqtt.command.keypair import KeyUnusable, load_signer

    path = key or (office.folder / office.key if office.key is not None else None)
    if path is None:
        print(
            "没有私钥：用 --key，或在 office.yaml 里写 key（gatepost keys new）/"
            " no private key: use --key, or write key in office.yaml",
            file=sys.stderr,
        )
        return None
    try:
        return load_signer(path)
    except KeyUnusable as wrong:
        print(wrong, file=sys.stderr)
        return None


def commanded(office: OfficePlace, key: Path | None, orders: list[Order]) -> int:
    """Have it all done, one after the other, and say what becomes of it; the exit status."""
    from daemon.office.service import calling
    from daemon.runtime.clock import SystemClock

    signer = signer_of(office, key)
    if signer is None:
        return EX_CONFIG

    async def call() -> int:
        clock = SystemClock()
        async with calling(office.broker(), site=office.site.id, signer=signer, clock=clock) as sender:
            return max([await _ordered(sender, order) for order in orders])

    return asyncio.run(call())


def live(office: OfficePlace, key: Path | None, engine: Engine, now: Callable[[], datetime]) -> int:
    """The table of alerts on this terminal, until somebody has had enough of it."""
    from daemon.office.sending import NoAnswer, Order
    from daemon.office.service import calling
    from daemon.runtime.clock import SystemClock

    signer = signer_of(office, key)
    if signer is None:
        return EX_CONFIG

    async def call() -> None:
        clock = SystemClock()
        async with calling(office.broker(), site=office.site.id, signer=signer, clock=clock) as sender:

            async def do(what: Wanted) -> str:
                order = Order(gate=what.gate, op=what.request, body=body_of(what.request, what.body))
                try:
                    return said(await sender.obeyed(order))
                except NoAnswer as why:
                    return str(why)

            await Live(engine, now=now, zone=office.site.timezone, do=do).run()

    asyncio.run(call())
    return 0


async def _ordered(sender: Sender, order: Order) -> int:
    from daemon.office.sending import NoAnswer

    try:
        reply = await sender.obeyed(order, told=lambda reply: print(said(reply), flush=True))
    except (NoAnswer, ValueError) as why:
        print(why, file=sys.stderr)
        return 1
    print(said(reply), flush=True)
    return 0 if reply.answer in {"accepted", "done"} else 1


def said(reply: Reply) -> str:
    """A gate's answer as a line for people."""
    return f"{reply.gate}: {ANSWERS[reply.answer]}{why_of(reply)}"


def why_of(reply: Reply) -> str:
    from daemon.core.reasons import REASON_WORDS, Reason

    if reply.why is None:
        return ""
    words = REASON_WORDS[Reason(reply.why)] if reply.why in {*Reason} else None
    told = f"{words.zh} / {words.en}" if words is not None else reply.why
    return f": {told}" + (f" ({reply.detail})" if reply.detail else "")


# ---------------------------------------------------------------- lists


def add_import(parser: argparse.ArgumentParser) -> None:
    lists.add_file_options(parser)
    parser.add_argument("--gates", metavar="A,B", help="只发往这些门 / only to these (default: all)")


def imported(args: argparse.Namespace, office: OfficePlace, place: Place) -> int:
    """Check the file, and leave it to the office to bring it to each gate until that has it."""
    from daemon.office import reading
    from daemon.office.database import open_engine
    from daemon.office.errands import Errand, Leg, keep
    from daemon.runtime.clock import SystemClock

    engine = open_engine(place, reading=True)
    try:
        heard = [told.gate for told in reading.ledgers(engine) if told.in_use]
        lanes = reading.lanes(engine)
    finally:
        engine.dispose()
    gates = [gate.id for gate in office.gates] or heard
    wanted = args.gates.split(",") if args.gates else gates
    unknown = sorted(set(wanted) - {*gates, *heard})
    if unknown or not wanted:
        known = " | ".join(sorted({*gates, *heard})) or "-"
        print(f"--gates {','.join(unknown)}: 可选 / choose from {known}", file=sys.stderr)
        return 2
    listed = [lane for gate in office.gates for lane in gate.lanes]
    content = _content(args, listed or lanes, office)
    if content is None:
        return 1
    body, attached, many = content
    if args.dry_run:
        print(f"{args.file}: {many}，检查通过，未发出 / checked, all of it is right, nothing sent")
        return 0
    legs = {gate: Leg(id=_new_id()) for gate in wanted}
    made = Errand(list=args.list, body=body, attached=attached, made_at=SystemClock().now().wall, legs=legs)
    path = keep(place.folder, made)
    print(f"{args.file}: {many}，交给办公室送达 / left to the office: {path.name}", flush=True)
    try:
        return _watched(path)
    except KeyboardInterrupt:
        print("\n办公室会继续送达 / the office goes on with it", file=sys.stderr)
        return 0


def _content(
    args: argparse.Namespace, lanes: list[str], office: OfficePlace
) -> tuple[dict[str, Any], dict[str, Any], str] | None:
    """Body and attachment of the command, and how much it is; None, and said why, where the file is wrong."""
    from daemon.config.tariffs import load_book

    if args.list == lists.TARIFF:
        book = load_book(args.file)
        text = args.file.read_text(encoding="utf-8-sig")
        return {"source": args.file.name}, {"text": text}, f"{book.name}: {len(book.versions)} 版 versions"
    rows = lists.checked_rows(args, lanes, office.site.timezone)
    if rows is None:
        return None
    body = {"source": args.file.name, "allow_empty": args.allow_empty}
    return body, {"rows": list(rows)}, f"{len(rows)} 行 rows"


def _new_id() -> str:
    import secrets

    return secrets.token_hex(16)


def _watched(path: Path) -> int:
    """Say what becomes of an errand until it is over, as the office writes it down."""
    import time

    from daemon.office.errands import read

    told: dict[str, str] = {}
    while True:
        errand = read(path)
        if errand is None:
            return 1
        for gate, leg in errand.legs.items():
            line = f"{gate}: {_HOW[leg.how]}{'：' if leg.why else ''}{leg.why}"
            if told.get(gate) != line:
                print(line, flush=True)
                told[gate] = line
        if errand.is_over:
            return 0 if all(leg.how == "done" for leg in errand.legs.values()) else 1
        time.sleep(1.0)


_HOW: Mapping[str, str] = {
    "waiting": "等待送达 waiting for the gate",
    "done": "已收下 it has it",
    "refused": "被拒绝 refused",
    "replaced": "已被更新的名单取代 replaced by a newer list",
}
