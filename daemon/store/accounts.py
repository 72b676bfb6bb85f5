"""The people who may use the panel, and who of them is signed in now.

The law of this file: it keeps what it is given and judges nothing. Passwords never come here, only secrets
made of them (`daemon.panel.auth.make_secret`), and of a session only the digest of its token. Accounts are no
facts: they are not in the ledger and never leave the gate.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from daemon.core.signals import Instant
from daemon.store.errors import StoreError

Role = Literal["guard", "leader", "supervisor", "office", "installer"]
ROLES: tuple[Role, ...] = get_args(Role)

SESSIONS_KEPT = 20
"""For each account; the oldest is closed when one more is opened."""

ACCOUNTS_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    name        TEXT PRIMARY KEY,
    role        TEXT NOT NULL CHECK (role IN ('guard', 'leader', 'supervisor', 'office', 'installer')),
    secret      TEXT NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1))
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    token_digest TEXT PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES accounts (name),
    boot         TEXT NOT NULL,
    mono_us      INTEGER NOT NULL,
    wall         TEXT NOT NULL,
    trusted      INTEGER NOT NULL CHECK (trusted IN (0, 1))
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_account ON sessions (account);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    role: Role
    secret: str
    must_change: bool
    """True until the one-time password has been replaced by one that only its owner knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    account: Account
    since: Instant


class Accounts:
    """Accounts and sessions over the gate's one connection.

    The connection is in autocommit mode (`isolation_level=None`) and outside a transaction when called: each
    change is one transaction of its own. A change that the disk refuses raises StoreError, and nothing of it
    was written.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def count(self) -> int:
        return cast(int, self._db.execute("SELECT count(*) FROM accounts").fetchone()[0])

    def get(self, name: str) -> Account | None:
        row = self._db.execute(
            "SELECT name, role, secret, must_change FROM accounts WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else _account(*row)

    def add(self, name: str, role: Role, secret: str, *, must_change: bool = True) -> None:
        """Raises ValueError where the name is taken or the role is none of `ROLES`."""
        if self.get(name) is not None:
            raise ValueError(f"account {name!r} exists already: choose another name")
        if role not in ROLES:
            raise ValueError(f"account {name!r}: no role {role!r}; roles are {', '.join(ROLES)}")
        with self._change():
            self._db.execute(
                "INSERT INTO accounts (name, role, secret, must_change) VALUES (?, ?, ?, ?)",
                (name, role, secret, int(must_change)),
            )

    def set_secret(self, name: str, secret: str, *, must_change: bool = False) -> None:
        """Replace the secret and end every session that was opened with the old one. Raises KeyError."""
        if self.get(name) is None:
            raise KeyError(name)
        with self._change():
            self._db.execute(
                "UPDATE accounts SET secret = ?, must_change = ? WHERE name = ?",
                (secret, int(must_change), name),
            )
            self._db.execute("DELETE FROM sessions WHERE account = ?", (name,))

    def open_session(self, token_digest: str, name: str, at: Instant) -> None:
        mono_us = at.mono // timedelta(microseconds=1)
        with self._change():
            self._db.execute(
                "INSERT INTO sessions (token_digest, account, boot, mono_us, wall, trusted)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (token_digest, name, at.boot, mono_us, at.wall.isoformat(), int(at.trusted)),
            )
            self._db.execute(
                "DELETE FROM sessions WHERE account = ? AND rowid NOT IN"
                " (SELECT rowid FROM sessions WHERE account = ? ORDER BY rowid DESC LIMIT ?)",
                (name, name, SESSIONS_KEPT),
            )

    def session(self, token_digest: str) -> Session | None:
        row = self._db.execute(
            "SELECT a.name, a.role, a.secret, a.must_change, s.boot, s.mono_us, s.wall, s.trusted"
            " FROM sessions s JOIN accounts a ON a.name = s.account WHERE s.token_digest = ?",
            (token_digest,),
        ).fetchone()
        if row is None:
            return None
        boot, mono_us, wall, trusted = row[4:]
        since = Instant(boot, timedelta(microseconds=mono_us), datetime.fromisoformat(wall), bool(trusted))
        return Session(account=_account(*row[:4]), since=since)

    def close_session(self, token_digest: str) -> None:
        """Safe for a session that is closed already."""
        with self._change():
            self._db.execute("DELETE FROM sessions WHERE token_digest = ?", (token_digest,))

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk may have rolled back by itself
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as refused:
            raise StoreError(f"accounts: {refused}; nothing was written") from refused


def _account(name: str, role: str, secret: str, must_change: int) -> Account:
    return Account(name=name, role=cast(Role, role), secret=secret, must_change=bool(must_change))
