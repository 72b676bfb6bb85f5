"""What people ask of the guards' post: shifts, attendance, the logbook, what was done about alerts, rounds.

The law of this file: as in `daemon.store.tables`, of which it is a part: each row follows from facts alone.
A shift names the first and the last number of the ledger that belong to it: with that, everything done at the
gate carries the guard who was on duty.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daemon.core.alerts import AlertAcknowledged, AlertEscalated, AlertFollowedUp, SomeoneSent
from daemon.core.fact import Fact
from daemon.core.facts import AlertCleared
from daemon.core.logbook import CalledBack, EntryDone, EntryFollowedUp, EntryPassedOn, EntryWritten
from daemon.core.rounds import DutyDone, DutyMissed
from daemon.core.shifts import GuardAbsent, GuardArrived, GuardLeft, HandoverSigned, ShiftStarted

DUTY_SCHEMA = """
CREATE TABLE shifts (
    number     INTEGER PRIMARY KEY,
    guard      TEXT NOT NULL,
    stands_in  INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    first_seq  INTEGER NOT NULL,
    ended_at   TEXT,
    last_seq   INTEGER,
    signed_by  TEXT,
    left_open  INTEGER,
    cash_fen   INTEGER,
    note       TEXT,
    remark     TEXT
) STRICT;
CREATE TABLE attendance (
    seq    INTEGER PRIMARY KEY,
    at     TEXT NOT NULL,
    what   TEXT NOT NULL,
    guard  TEXT,
    shift  TEXT,
    late_s INTEGER
) STRICT;
CREATE TABLE logbook (
    number      TEXT PRIMARY KEY,
    seq         INTEGER NOT NULL UNIQUE,
    entry       TEXT NOT NULL,
    state       TEXT NOT NULL,
    text        TEXT NOT NULL,
    who         TEXT NOT NULL,
    contact     TEXT NOT NULL,
    post        TEXT NOT NULL DEFAULT '',
    due         TEXT,
    written_at  TEXT NOT NULL,
    written_by  TEXT NOT NULL,
    called_back INTEGER NOT NULL DEFAULT 0,
    done_at     TEXT
) STRICT;
CREATE INDEX open_entries ON logbook (seq) WHERE done_at IS NULL;
CREATE TABLE logbook_steps (
    seq    INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    at     TEXT NOT NULL,
    what   TEXT NOT NULL,
    by     TEXT NOT NULL,
    text   TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_entry ON logbook_steps (number);
CREATE TABLE alert_steps (
    seq      INTEGER PRIMARY KEY,
    alert_id TEXT NOT NULL,
    at       TEXT NOT NULL,
    what     TEXT NOT NULL,
    by       TEXT,
    text     TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_alert ON alert_steps (alert_id);
CREATE TABLE rounds (
    seq        INTEGER PRIMARY KEY,
    duty       TEXT NOT NULL,
    at         TEXT NOT NULL,
    what       TEXT NOT NULL,
    by         TEXT,
    place      TEXT NOT NULL,
    finding    TEXT NOT NULL,
    slot_from  TEXT,
    slot_until TEXT,
    count      INTEGER NOT NULL
) STRICT;
CREATE INDEX rounds_of_duty ON rounds (duty, seq)
"""

DUTY_NAMES = ("shifts", "attendance", "logbook", "logbook_steps", "alert_steps", "rounds")


# ---------------------------------------------------------------- for people


@dataclass(frozen=True, slots=True)
class LogbookRow:
    """One entry as lists show it; times are ISO 8601."""

    number: str
    entry: str
    state: str
    """`open`, `passed_on` or `done`."""
    text: str
    who: str
    contact: str
    post: str
    due: str | None
    written_at: str
    written_by: str
    called_back: int
    done_at: str | None
    steps: str
    """What was done about it, the oldest first, a line each."""


_ROW = ", ".join(f"logbook.{name}" for name in LogbookRow.__dataclass_fields__ if name != "steps")


def search_logbook(
    db: sqlite3.Connection,
    text: str = "",
    *,
    state: str | None = None,
    entry: str | None = None,
    limit: int = 100,
) -> list[LogbookRow]:
    """Entries that have `text` in any of their words or in what was done about them, newest first."""
    found = db.execute(
        f"SELECT {_ROW}, coalesce((SELECT group_concat(what || ' ' || by || ' ' || text, char(10))"  # noqa: S608 - the columns are this file's own
        "  FROM (SELECT * FROM logbook_steps WHERE number = logbook.number ORDER BY seq)), '') FROM logbook"
        " WHERE (:state IS NULL OR state = :state) AND (:entry IS NULL OR entry = :entry)"
        " AND (text LIKE :like ESCAPE '\\' OR who LIKE :like ESCAPE '\\' OR contact LIKE :like ESCAPE '\\'"
        "  OR post LIKE :like ESCAPE '\\' OR number = :text OR EXISTS (SELECT 1 FROM logbook_steps"
        "   WHERE number = logbook.number AND text LIKE :like ESCAPE '\\'))"
        " ORDER BY seq DESC LIMIT :limit",
        {"like": f"%{_literally(text)}%", "text": text, "state": state, "entry": entry, "limit": limit},
    )
    return [LogbookRow(*row) for row in found]


def _literally(text: str) -> str:
    """`text` for LIKE, where a per cent sign is one."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def on_duty_at(db: sqlite3.Connection, seq: int) -> str | None:
    """The guard in whose shift that number of the ledger falls; None before the first shift."""
    found = db.execute(
        "SELECT guard FROM shifts WHERE first_seq <= ?1 AND (last_seq IS NULL OR last_seq >= ?1)", (seq,)
    ).fetchone()
    return found[0] if found is not None else None


# ---------------------------------------------------------------- one function for each kind of fact


def _shift_started(db: sqlite3.Connection, seq: int, fact: ShiftStarted) -> None:
    db.execute(
        "INSERT INTO shifts (number, guard, stands_in, started_at, first_seq) VALUES (?, ?, ?, ?, ?)",
        (fact.number, fact.guard.name, fact.stands_in, _time(fact), seq),
    )


def _handover_signed(db: sqlite3.Connection, seq: int, fact: HandoverSigned) -> None:
    db.execute(
        "UPDATE shifts SET ended_at = ?, last_seq = ?, signed_by = ?, left_open = ?, cash_fen = ?, note = ?,"
        " remark = ? WHERE number = ?",
        (
            _time(fact),
            seq,
            fact.taking.name,
            len(fact.items),
            fact.cash_fen,
            fact.note,
            fact.remark,
            fact.number,
        ),
    )


def _attended(db: sqlite3.Connection, seq: int, fact: GuardArrived | GuardAbsent | GuardLeft) -> None:
    row: tuple[str, str | None, str | None, int | None]
    match fact:
        case GuardArrived():
            shift = fact.shift.isoformat() if fact.shift is not None else None
            row = ("arrived", fact.guard.name, shift, fact.late_s)
        case GuardAbsent():
            row = ("absent", fact.planned, fact.shift.isoformat(), None)
        case GuardLeft():
            row = ("left", fact.guard.name, None, None)
    db.execute(
        "INSERT INTO attendance (seq, at, what, guard, shift, late_s) VALUES (?, ?, ?, ?, ?, ?)",
        (seq, _time(fact), *row),
    )


def _entry_written(db: sqlite3.Connection, seq: int, fact: EntryWritten) -> None:
    entry = fact.entry
    db.execute(
        "INSERT INTO logbook (number, seq, entry, state, text, who, contact, due, written_at, written_by)"
        " VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?)",
        (
            entry.number,
            seq,
            entry.entry,
            entry.text,
            entry.who,
            entry.contact,
            entry.due.isoformat() if entry.due is not None else None,
            _time(fact),
            entry.by.name,
        ),
    )


AnyStep = EntryFollowedUp | EntryPassedOn | CalledBack | EntryDone


def _entry_step(db: sqlite3.Connection, seq: int, fact: AnyStep) -> None:
    match fact:
        case EntryPassedOn():
            db.execute(
                "UPDATE logbook SET state = 'passed_on', post = ? WHERE number = ?", (fact.post, fact.number)
            )
        case CalledBack():
            db.execute("UPDATE logbook SET called_back = ? WHERE number = ?", (fact.satisfied, fact.number))
        case EntryDone():
            db.execute(
                "UPDATE logbook SET state = 'done', done_at = ? WHERE number = ?", (_time(fact), fact.number)
            )
        case EntryFollowedUp():
            pass
    text = f"{fact.post} {fact.text}".strip() if isinstance(fact, EntryPassedOn) else fact.text
    db.execute(
        "INSERT INTO logbook_steps (seq, number, at, what, by, text) VALUES (?, ?, ?, ?, ?, ?)",
        (seq, fact.number, _time(fact), fact.kind, fact.by.name, text),
    )


AnyAlertStep = AlertAcknowledged | SomeoneSent | AlertFollowedUp | AlertEscalated | AlertCleared


def alert_step(db: sqlite3.Connection, seq: int, fact: AnyAlertStep) -> None:
    row: tuple[str, str | None, str]
    match fact:
        case AlertAcknowledged():
            row = ("acknowledged", fact.by.name, fact.note)
        case SomeoneSent():
            row = ("sent", fact.by.name, fact.who)
        case AlertFollowedUp():
            row = ("followed_up", fact.by.name, fact.text)
        case AlertEscalated():
            row = ("escalated", None, str(fact.level))
        case AlertCleared():
            row = ("closed", fact.by.name if fact.by is not None else None, fact.outcome)
    db.execute(
        "INSERT INTO alert_steps (seq, alert_id, at, what, by, text) VALUES (?, ?, ?, ?, ?, ?)",
        (seq, fact.alert_id, _time(fact), *row),
    )


def _round(db: sqlite3.Connection, seq: int, fact: DutyDone | DutyMissed) -> None:
    row: tuple[str, str | None, str, str]
    match fact:
        case DutyDone():
            row = ("done", fact.by.name, fact.place, fact.finding)
        case DutyMissed():
            row = ("missed", None, "", "")
    db.execute(
        "INSERT INTO rounds (seq, duty, at, what, by, place, finding, slot_from, slot_until, count)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            fact.duty,
            _time(fact),
            *row,
            fact.slot_from.isoformat() if fact.slot_from is not None else None,
            fact.slot_until.isoformat() if fact.slot_until is not None else None,
            fact.count,
        ),
    )


def _time(fact: Fact) -> str:
    return fact.at.wall.isoformat()


DUTY_PROJECTIONS: dict[type[Fact], Callable[[sqlite3.Connection, int, Any], None]] = {
    ShiftStarted: _shift_started,
    HandoverSigned: _handover_signed,
    GuardArrived: _attended,
    GuardAbsent: _attended,
    GuardLeft: _attended,
    EntryWritten: _entry_written,
    EntryFollowedUp: _entry_step,
    EntryPassedOn: _entry_step,
    CalledBack: _entry_step,
    EntryDone: _entry_step,
    AlertAcknowledged: alert_step,
    SomeoneSent: alert_step,
    AlertFollowedUp: alert_step,
    AlertEscalated: alert_step,
    DutyDone: _round,
    DutyMissed: _round,
}
