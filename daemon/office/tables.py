"""The tables of the office's books, the same in SQLite and in PostgreSQL.

The law of this file: what a gate has said is one row in `facts`, with the text that its seal was made over.
Every other table can be made again from it, but for what people at the office have added.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION = 1
"""Of the tables; a change that an older office could not read is a new one."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC: SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData()

version = Table("books_version", metadata, Column("version", Integer, nullable=False))

books = Table(
    "books",
    metadata,
    Column("book", Integer, primary_key=True),
    Column("gate", Text, nullable=False),
    # Its identity (daemon.mqtt.messages); empty for the ledger of a gate of before they had one.
    Column("ledger", Text, nullable=False),
    # The same ledger under an earlier name: up to and with `base_seq` its rows are those of `base`.
    Column("base", Integer),
    Column("base_seq", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    # The newest of a gate is the one that it writes now.
    Column("in_use_since", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    # How old the newest fact that was news was when it was safe here; None before the first.
    Column("lag_ms", BigInteger),
    UniqueConstraint("gate", "ledger"),
)

facts = Table(
    "facts",
    metadata,
    Column("book", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lane", Text),
    Column("passage", Text),
    Column("wall", Moment, nullable=False),
    Column("trusted", Boolean, nullable=False),
    # The text that was sealed; NULL once it has been forgotten.
    Column("body", Text),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    # What was wrong with it when it came.
    Column("trouble", Text),
    Column("taken_at", Moment, nullable=False),
    PrimaryKeyConstraint("book", "seq"),
    Index("facts_of_kind", "kind", "wall"),
)

anchors = Table(
    "anchors",
    metadata,
    Column("book", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
    PrimaryKeyConstraint("book", "seq", "why"),
)

troubles = Table(
    "troubles",
    metadata,
    Column("trouble", Integer, primary_key=True),
    Column("gate", Text, nullable=False),
    Column("book", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
    UniqueConstraint("book", "seq", "what"),
)

alerts = Table(
    "alerts",
    metadata,
    # Numbered as they came, for people to name: the gate's own ids may hold a plate or a card.
    Column("number", Integer, primary_key=True),
    Column("gate", Text, nullable=False),
    Column("book", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("lane", Text),
    Column("passage", Text),
    Column("detail", Text, nullable=False),
    Column("picture", Text),
    Column("other_picture", Text),
    Column("raised_at", Moment, nullable=False),
    Column("level", Integer, nullable=False),
    Column("acknowledged_by", Text),
    Column("sent", Text),
    Column("note", Text),
    Column("over_at", Moment),
    Column("closed_by", Text),
    Column("outcome", Text),
    Index("alerts_open", "gate", "alert_id", "over_at"),
)
