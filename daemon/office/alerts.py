"""What is alarmed at the gates, as a table: each alert from when it was raised until it was over.

The law of this file: the table is what the facts say, changed in the same transaction; nobody else writes it.
An alert of a ledger that was replaced is over: the gate does not know it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from daemon.mqtt.messages import FactMessage
from daemon.office import tables
from daemon.office.chain import REPLACED

Change = Callable[[Mapping[str, Any], FactMessage], dict[str, Any]]


def _text(body: Mapping[str, Any], key: str) -> str | None:
    """What stands there, if it is text: a row that does not fit its seal may hold anything."""
    value = body.get(key)
    return value.replace("\0", "") if isinstance(value, str) else None


def _who(body: Mapping[str, Any]) -> str | None:
    by = body.get("by")
    return _text(by, "name") if isinstance(by, dict) else None


def _level(body: Mapping[str, Any]) -> int:
    level = body.get("level")
    return level if isinstance(level, int) and 0 <= level < 100 else 0


CHANGES: Mapping[str, Change] = {
    "alert_acknowledged": lambda body, _: {
        "acknowledged_by": _who(body) or "",
        **({"note": note} if (note := _text(body, "note")) else {}),
    },
    "someone_sent": lambda body, _: {"sent": _text(body, "who")},
    "alert_followed_up": lambda body, _: {"note": _text(body, "text")},
    "alert_escalated": lambda body, _: {"level": _level(body)},
    "alert_cleared": lambda body, fact: {
        "over_at": fact.at.wall,
        "closed_by": _who(body),
        "outcome": _text(body, "outcome"),
    },
}
"""What a fact about an alert changes in its row."""


def follow(db: Connection, book: int, fact: FactMessage) -> None:
    """Change the table as this fact says; a fact about something else changes nothing."""
    alert_id = _text(fact.body, "alert_id")
    if alert_id is None:
        return
    row = tables.alerts.c
    still_open = (row.gate == fact.gate, row.alert_id == alert_id, row.over_at.is_(None))
    if fact.kind == "alert_raised":
        values = {
            "gate": fact.gate, "book": book, "seq": fact.seq, "alert_id": alert_id,
            "alert": _text(fact.body, "alert") or "", "severity": _text(fact.body, "severity") or "",
            "lane": fact.lane, "passage": fact.passage, "detail": _text(fact.body, "detail") or "",
            "picture": _text(fact.body, "picture"), "other_picture": _text(fact.body, "other_picture"),
            "raised_at": fact.at.wall, "level": 0,
        }  # fmt: skip
        db.execute(insert(tables.alerts).values(values))
    elif fact.kind in CHANGES:
        db.execute(update(tables.alerts).where(*still_open).values(CHANGES[fact.kind](fact.body, fact)))


def all_over(db: Connection, gate: str, now: datetime) -> None:
    """The gate writes another ledger: whatever was open in the one before, nobody will say more of."""
    row = tables.alerts.c
    still_open = (row.gate == gate, row.over_at.is_(None))
    db.execute(update(tables.alerts).where(*still_open).values(over_at=now, outcome=REPLACED))
