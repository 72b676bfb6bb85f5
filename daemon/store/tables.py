"""What people and pages ask for, made from the facts in the transaction that writes them.

The law of this file: PROJECTIONS is the only writer of these tables, one small function for each kind of fact
that they show. `rebuilt` makes them again from the ledger alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from daemon.core.facts import (
    AccessGranted,
    AccessRefused,
    AlertCleared,
    AlertRaised,
    CardPresented,
    CarHeld,
    Fact,
    PassageClosed,
    PassageOpened,
    PermitGranted,
    PermitWithdrawn,
    PictureKept,
    PlateCorrected,
    PlateSeen,
    StayClosed,
    StayOpened,
)
from daemon.core.lot import LotRecounted
from daemon.core.siblings import SiblingTold
from daemon.core.signals import Instant
from daemon.store.tables_duty import DUTY_NAMES, DUTY_PROJECTIONS, DUTY_SCHEMA, alert_step
from daemon.store.tables_lot import LOT_NAMES, LOT_PROJECTIONS, LOT_SCHEMA
from daemon.store.tables_money import MONEY_NAMES, MONEY_PROJECTIONS, MONEY_SCHEMA
from daemon.store.tables_print import PRINT_NAMES, PRINT_PROJECTIONS, PRINT_SCHEMA

TABLES_SCHEMA = """
CREATE TABLE permits (
    id          TEXT PRIMARY KEY,
    card        TEXT NOT NULL UNIQUE,
    plate       TEXT NOT NULL UNIQUE,
    holder      TEXT NOT NULL,
    household   TEXT NOT NULL,
    lanes       TEXT NOT NULL,
    valid_from  TEXT,
    valid_until TEXT
) STRICT;
CREATE TABLE passages (
    passage    TEXT PRIMARY KEY,
    seq        INTEGER NOT NULL UNIQUE,
    lane       TEXT NOT NULL,
    direction  TEXT NOT NULL,
    opened_at  TEXT NOT NULL,
    closed_at  TEXT,
    card       TEXT,
    plate      TEXT,
    permit_id  TEXT,
    holder     TEXT,
    decision   TEXT,
    reason     TEXT,
    decided_by TEXT,
    note       TEXT NOT NULL DEFAULT '',
    picture    TEXT,
    crop       TEXT,
    outcome    TEXT
) STRICT;
CREATE TABLE stays (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    plate        TEXT NOT NULL,
    permit_id    TEXT,
    card         TEXT,
    entry_lane   TEXT NOT NULL,
    entered_at   TEXT NOT NULL,
    picture      TEXT,
    exit_lane    TEXT,
    left_at      TEXT,
    how          TEXT
) STRICT;
CREATE UNIQUE INDEX one_open_stay_a_plate ON stays (plate) WHERE left_at IS NULL;
CREATE UNIQUE INDEX one_open_stay_a_permit ON stays (permit_id) WHERE left_at IS NULL;
CREATE TABLE alerts (
    seq        INTEGER PRIMARY KEY,
    alert_id   TEXT NOT NULL,
    alert      TEXT NOT NULL,
    severity   TEXT NOT NULL,
    lane       TEXT,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    picture    TEXT,
    raised_at  TEXT NOT NULL,
    cleared_at TEXT
) STRICT;
CREATE INDEX open_alerts ON alerts (alert_id) WHERE cleared_at IS NULL;
"""

NAMES = ("permits", "passages", "stays", "alerts", *DUTY_NAMES, *MONEY_NAMES, *LOT_NAMES, *PRINT_NAMES)


@dataclass(frozen=True, slots=True)
class PassageRow:
    """One passage as lists show it; times are ISO 8601 in UTC."""

    passage: str
    lane: str
    direction: str
    opened_at: str
    closed_at: str | None
    card: str | None
    plate: str | None
    permit_id: str | None
    holder: str | None
    decision: str | None
    """`granted`, `refused`, `held`, or None while nothing is decided."""
    reason: str | None
    decided_by: str | None
    note: str
    picture: str | None
    crop: str | None
    outcome: str | None


_PASSAGE_COLUMNS = ", ".join(PassageRow.__dataclass_fields__)


def project(db: sqlite3.Connection, seq: int, fact: Fact) -> None:
    """Bring the tables up to this fact, inside the open transaction."""
    write = PROJECTIONS.get(type(fact))
    if write is not None:
        write(db, seq, fact)


def recent_passages(
    db: sqlite3.Connection, limit: int, lane: str | None = None, before: str | None = None
) -> list[PassageRow]:
    """Newest first; `before` is the passage whose older ones are wanted."""
    found = db.execute(
        f"SELECT {_PASSAGE_COLUMNS} FROM passages"  # noqa: S608 - the columns are this file's own
        " WHERE (:lane IS NULL OR lane = :lane)"
        " AND (:before IS NULL OR seq < (SELECT seq FROM passages WHERE passage = :before))"
        " ORDER BY seq DESC LIMIT :limit",
        {"lane": lane, "before": before, "limit": limit},
    )
    return [PassageRow(*row) for row in found]


def contents(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, for comparing."""
    return {
        name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()  # noqa: S608 - this file's own names
        for name in NAMES
    }


def rebuilt(numbered_facts: Iterable[tuple[int, Fact]]) -> dict[str, list[tuple[object, ...]]]:
    """The same, as the facts alone make it, in a database of its own in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as scratch:
        scratch.executescript(TABLES_SCHEMA)
        scratch.executescript(DUTY_SCHEMA)
        scratch.executescript(MONEY_SCHEMA)
        scratch.executescript(LOT_SCHEMA)
        scratch.executescript(PRINT_SCHEMA)
        for seq, fact in numbered_facts:
            project(scratch, seq, fact)
        return contents(scratch)


# ---------------------------------------------------------------- one function for each kind of fact


def _permit_granted(db: sqlite3.Connection, _seq: int, fact: PermitGranted) -> None:
    permit = fact.permit
    db.execute(
        # A card or plate of another permit is refused, never taken from it (R01).
        "INSERT INTO permits (id, card, plate, holder, household, lanes, valid_from, valid_until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET card = excluded.card, plate = excluded.plate,"
        " holder = excluded.holder, household = excluded.household, lanes = excluded.lanes,"
        " valid_from = excluded.valid_from, valid_until = excluded.valid_until",
        (
            permit.id,
            permit.card,
            permit.plate,
            permit.holder,
            permit.household,
            ",".join(permit.lanes),
            permit.valid_from.isoformat() if permit.valid_from else None,
            permit.valid_until.isoformat() if permit.valid_until else None,
        ),
    )


def _permit_withdrawn(db: sqlite3.Connection, _seq: int, fact: PermitWithdrawn) -> None:
    db.execute("DELETE FROM permits WHERE id = ?", (fact.permit_id,))


def _passage_opened(db: sqlite3.Connection, seq: int, fact: PassageOpened) -> None:
    db.execute(
        "INSERT INTO passages (passage, seq, lane, direction, opened_at) VALUES (?, ?, ?, ?, ?)",
        (fact.passage, seq, fact.lane, fact.direction, _time(fact.at)),
    )


def _card_presented(db: sqlite3.Connection, _seq: int, fact: CardPresented) -> None:
    db.execute("UPDATE passages SET card = ? WHERE passage = ?", (fact.card, fact.passage))
    _name(db, fact.passage, fact.permit_id)


def _plate_seen(db: sqlite3.Connection, _seq: int, fact: PlateSeen) -> None:
    db.execute(
        "UPDATE passages SET plate = ?, picture = coalesce(?, picture), crop = coalesce(?, crop)"
        " WHERE passage = ?",
        (fact.plate, fact.picture, fact.crop, fact.passage),
    )
    _name(db, fact.passage, fact.permit_id)


def _picture_kept(db: sqlite3.Connection, _seq: int, fact: PictureKept) -> None:
    db.execute(
        "UPDATE passages SET picture = ? WHERE passage = ? AND picture IS NULL", (fact.picture, fact.passage)
    )
    if fact.alert_id is not None:  # looked for from the newest on: where it is nobody's, all would be read
        db.execute(
            "UPDATE alerts SET picture = ?1 WHERE picture IS NULL"
            " AND seq = (SELECT max(seq) FROM alerts WHERE alert_id = ?2)",
            (fact.picture, fact.alert_id),
        )


def _plate_corrected(db: sqlite3.Connection, _seq: int, fact: PlateCorrected) -> None:
    db.execute("UPDATE passages SET plate = ? WHERE passage = ?", (fact.plate, fact.passage))


def _name(db: sqlite3.Connection, passage: str | None, permit_id: str | None) -> None:
    """Say whose car it is, by the first sign that told."""
    if permit_id is not None:
        db.execute(
            "UPDATE passages SET permit_id = ?1, holder = (SELECT holder FROM permits WHERE id = ?1)"
            " WHERE passage = ?2 AND permit_id IS NULL",
            (permit_id, passage),
        )


def _decided(db: sqlite3.Connection, decision: str, fact: AccessGranted | AccessRefused) -> None:
    db.execute(
        "UPDATE passages SET decision = ?, reason = ?, decided_by = ?, note = ?,"
        " picture = coalesce(picture, ?) WHERE passage = ?",
        (
            decision,
            fact.reason,
            fact.by.name if fact.by is not None else None,
            fact.note,
            fact.picture,
            fact.passage,
        ),
    )


def _granted(db: sqlite3.Connection, _seq: int, fact: AccessGranted) -> None:
    _decided(db, "granted", fact)


def _refused(db: sqlite3.Connection, _seq: int, fact: AccessRefused) -> None:
    _decided(db, "refused", fact)


def _held(db: sqlite3.Connection, _seq: int, fact: CarHeld) -> None:
    db.execute(
        "UPDATE passages SET decision = 'held', reason = ? WHERE passage = ?", (fact.reason, fact.passage)
    )


def _passage_closed(db: sqlite3.Connection, _seq: int, fact: PassageClosed) -> None:
    db.execute(
        "UPDATE passages SET closed_at = ?, outcome = ? WHERE passage = ?",
        (_time(fact.at), fact.outcome, fact.passage),
    )


_STAY = (
    "INSERT INTO stays (id, kind, plate, permit_id, card, entry_lane, entered_at, picture, left_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _stay(fact: StayOpened) -> tuple[object, ...]:
    return (
        fact.stay_id,
        fact.stay_kind,
        fact.plate,
        fact.permit_id,
        fact.card,
        fact.lane,
        _time(fact.at),
        fact.picture,
    )


def _stay_opened(db: sqlite3.Connection, _seq: int, fact: StayOpened) -> None:
    db.execute(_STAY, (*_stay(fact), None))


def _stay_closed(db: sqlite3.Connection, _seq: int, fact: StayClosed) -> None:
    db.execute(
        "UPDATE stays SET exit_lane = ?, left_at = ?, how = ? WHERE id = ?",
        (fact.lane, _time(fact.at), fact.how, fact.stay_id),
    )


def _sibling_told(db: sqlite3.Connection, seq: int, fact: SiblingTold) -> None:
    """The stays and recounts of the site are in the same tables, whichever gate they were at (R45)."""
    match fact.said:
        case StayOpened() as said:
            # A gate whose ledger had to begin anew gives its numbers once more.
            db.execute("DELETE FROM stays WHERE id = ?", (said.stay_id,))
            left_at = _time(fact.at) if fact.is_over else None
            db.execute(_STAY, (*_stay(said), left_at))
        case StayClosed() as said:
            _stay_closed(db, seq, said)
        case LotRecounted() as said:
            LOT_PROJECTIONS[LotRecounted](db, seq, said)
        case _:
            pass


def _alert_raised(db: sqlite3.Connection, seq: int, fact: AlertRaised) -> None:
    db.execute(
        "INSERT INTO alerts (seq, alert_id, alert, severity, lane, subject, detail, picture, raised_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seq,
            fact.alert_id,
            fact.alert,
            fact.severity,
            fact.lane,
            fact.subject,
            fact.detail,
            fact.picture,
            _time(fact.at),
        ),
    )


def _alert_cleared(db: sqlite3.Connection, seq: int, fact: AlertCleared) -> None:
    if fact.by is not None:
        alert_step(db, seq, fact)
    db.execute(
        "UPDATE alerts SET cleared_at = ? WHERE alert_id = ? AND cleared_at IS NULL",
        (_time(fact.at), fact.alert_id),
    )


def _time(at: Instant) -> str:
    return at.wall.isoformat()


PROJECTIONS: dict[type[Fact], Callable[[sqlite3.Connection, int, Any], None]] = {
    PermitGranted: _permit_granted,
    PermitWithdrawn: _permit_withdrawn,
    PassageOpened: _passage_opened,
    CardPresented: _card_presented,
    PlateSeen: _plate_seen,
    PictureKept: _picture_kept,
    PlateCorrected: _plate_corrected,
    CarHeld: _held,
    AccessGranted: _granted,
    AccessRefused: _refused,
    PassageClosed: _passage_closed,
    StayOpened: _stay_opened,
    StayClosed: _stay_closed,
    SiblingTold: _sibling_told,
    AlertRaised: _alert_raised,
    AlertCleared: _alert_cleared,
    **DUTY_PROJECTIONS,
    **MONEY_PROJECTIONS,
    **LOT_PROJECTIONS,
    **PRINT_PROJECTIONS,
}
