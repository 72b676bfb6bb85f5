"""`gatepost office status` and `verify`: what the books hold, and whether it is what came.

The law of this file: it reads only, and says of every ledger how far it goes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.cli import office_alerts

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from daemon.config.office import OfficePlace
    from daemon.office.reading import Told

_SHOWN = 20
"""Troubles that are listed."""
_STALE_S = 600
"""A gate that has told nothing for so long is shown so: a gate without a car still reports its devices."""


def status(office: OfficePlace, engine: Engine, *, as_json: bool) -> int:
    from daemon.office import reading
    from daemon.runtime.clock import SystemClock

    now = SystemClock().now().wall
    ledgers, troubles = reading.ledgers(engine), reading.troubles(engine)
    if as_json:
        gates = [{**asdict(one), "held": one.end.held, "head": one.end.head} for one in ledgers]
        print(json.dumps({"gates": gates, "troubles": len(troubles)}, ensure_ascii=False, default=str))
        return 0
    if not ledgers:
        print("还没有收到任何门的事实 / no gate has told anything yet")
    zone = office.site.timezone
    for one in ledgers:
        print(_line(one, now, zone))
    for row in troubles[-_SHOWN:]:
        print(office_alerts.trouble_line(row, zone))
    if len(troubles) > _SHOWN:
        print(f"  … 更早还有 and {len(troubles) - _SHOWN} before")
    return 0


def _line(one: Told, now: datetime, zone: tzinfo) -> str:
    silent_s = int((now - one.heard_at).total_seconds())
    name = f" {one.ledger}" if one.ledger else ""
    if not one.in_use:
        until = one.heard_at.astimezone(zone)
        return f"  {one.gate}{name}: 旧账本 an earlier ledger, {one.end.held}, {until:%Y-%m-%d %H:%M}"
    lag = "" if one.lag is None else f"，迟 lag {one.lag.total_seconds():.1f} s"
    silent = f"{silent_s} s 前 ago" + ("，久无消息 silent" if silent_s > _STALE_S else "")
    wrong = f"，不符 troubles {one.troubles}" if one.troubles else ""
    return f"{one.gate}: 收到 held {one.end.held}，{silent}{lag}{wrong}，链尾 head {one.end.head[:16]}…{name}"


def verified(engine: Engine) -> int:
    """Every ledger against its own seals and those that were noted; 1 where something was changed here."""
    from daemon.office import reading

    wrong = False
    for one in reading.verify(engine):
        told = one.told
        for seq, what in one.misfits:
            wrong = True
            print(f"{told.gate} {told.ledger}: 第 {seq} 行不符 / row {seq} does not fit: {what}")
        marked = f"，{one.marked} 行来时即不符 did not fit when they came" if one.marked else ""
        forgotten = f"，{one.forgotten} 行已忘 forgotten" if one.forgotten else ""
        print(
            f"{told.gate} {told.ledger}: {one.rows} 行 rows，核对存下的链尾 seals compared"
            f" {one.anchors}{marked}{forgotten}。链尾 head {told.end.held} {told.end.head}"
        )
    return 1 if wrong else 0


def compared(engine: Engine, path: Path) -> int:
    """A gate's own ledger beside what it told."""
    from daemon.office import reading
    from daemon.store import reading as gate_reading

    name = gate_reading.identity(path)
    found = [one for one in reading.ledgers(engine) if one.ledger == name]
    if not found:
        print(f"{path}: 没有收到过账本 {name} / no gate has told of ledger {name}", file=sys.stderr)
        return 1
    for one in found:
        difference = reading.differs(engine, one, gate_reading.seals(path))
        if difference is not None:
            seq, what = difference
            print(f"{one.gate} {name}: 第 {seq} 行与所报不同 / row {seq} is not what was told: {what}")
            return 1
        print(f"{one.gate} {name}: {one.end.held} 条与所报一致 / all {one.end.held} are as they were told")
    return 0
