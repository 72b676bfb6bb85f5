"""Where the books are: a file of SQLite in the office's folder, or PostgreSQL by URL.

The law of this file: what was said to be written is on the disk, whichever of the two it is; a password comes
from a file and is never part of a URL, which gets into logs; a library is loaded only where it is used.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from daemon.office.tables import VERSION, metadata, version

FILE = "books.db"
LOCK = "books.lock"
_NO_BOOKS = "还没有账簿 / no books yet: no office has run here"
PATIENCE_S = 10
"""How long a statement waits for a lock, and a connection for the server."""

RETRY = (OperationalError, InterfaceError, NoConnection)
"""The database is away, full or busy: nothing was written, the same again later may go well."""
REFUSED = DBAPIError
"""The database takes these rows never."""


class Unusable(Exception):
    """The books cannot be opened as they are described; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the books are. Without a URL: a file in the folder."""

    folder: Path
    url: str | None = None
    password_file: Path | None = None

    def __str__(self) -> str:
        """For people and logs."""
        return str(self.folder / FILE) if self.url is None else _parsed(self.url).render_as_string()


def open_engine(place: Place, *, reading: bool = False) -> Engine:
    """The engine on these books, with its tables made where they are missing.

    `reading`: for another process than the office's own; it changes nothing, and the books have to be there.
    Raises Unusable for a description that is wrong, FileNotFoundError where there is nothing to read, and the
    errors of RETRY where the database does not answer.
    """
    if place.url is None:
        engine = _sqlite(place.folder / FILE, reading=reading)
    else:
        engine = _postgres(_parsed(place.url), place.password_file, reading=reading)
    try:
        with engine.begin() as db:
            _check_version(db, place, reading=reading)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Be the only process that writes to these books, where they are a file: SQLite before 3.51.3 may damage
    its log when two connections write and checkpoint at the same moment. Raises Unusable.
    """
    if place.url is not None:
        yield
        return
    place.folder.mkdir(parents=True, exist_ok=True)
    path = place.folder / LOCK
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Unusable(
                f"{path}: 办公室正在运行；请先停止它，或在 office.yaml 里设 keep_days /"
                " an office is running on these books: stop it first, or set keep_days in office.yaml"
            ) from taken
        yield


def _check_version(db: Connection, place: Place, *, reading: bool) -> None:
    if reading and not inspect(db).has_table(version.name):
        raise FileNotFoundError(f"{place}: {_NO_BOOKS}")
    if not reading:
        metadata.create_all(db)
        if db.execute(select(version.c.version)).first() is None:
            db.execute(insert(version).values(version=VERSION))
    found = db.execute(select(version.c.version)).scalar_one()
    if found != VERSION:
        raise Unusable(
            f"{place}: 账簿的版本是 {found}，本版本只认识 {VERSION}；请安装写下它的 gatepost /"
            f" the books are of version {found}, this gatepost knows {VERSION}: install what wrote them"
        )


def _sqlite(path: Path, *, reading: bool) -> Engine:
    if reading and not path.exists():
        raise FileNotFoundError(f"{path}: {_NO_BOOKS}")
    path.parent.mkdir(parents=True, exist_ok=True)
    query = {"uri": "true", "mode": "ro"} if reading else {}
    name = path.absolute().as_uri() if reading else str(path)
    url = URL.create("sqlite", database=name, query=query)
    engine = create_engine(url, connect_args={"timeout": PATIENCE_S})

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: object) -> None:
        # Python's own handling of transactions would leave the first read of one outside of it.
        raw.isolation_level = None
        if reading:
            raw.execute("PRAGMA query_only = ON")
            return
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        # What is forgotten is overwritten, and not only left out of the table.
        raw.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _begun(db: Connection) -> None:
        db.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL, password_file: Path | None, *, reading: bool) -> Engine:
    options = ["-c synchronous_commit=on", "-c statement_timeout=600s"]
    if reading:
        options.append("-c default_transaction_read_only=on")
    arguments: dict[str, Any] = {
        "connect_timeout": PATIENCE_S,
        "options": " ".join(options),
        "application_name": "gatepost-office",
        # A server that vanished without a word is given up after half a minute.
        "tcp_user_timeout": 30_000,
    }
    if password_file is not None:
        arguments["password"] = _password(password_file)
    try:
        return create_engine(
            url,
            connect_args=arguments,
            pool_pre_ping=True,
            pool_timeout=PATIENCE_S,
        )
    except ModuleNotFoundError as missing:
        raise Unusable(
            f"{url.render_as_string()}: 缺少 {missing.name}，请运行 scripts/setup --postgres /"
            f" {missing.name} is missing: run scripts/setup --postgres"
        ) from missing


def _password(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as why:
        raise Unusable(f"{file}: 密码文件无法读取 / the password file cannot be read: {why}") from why


def _parsed(text: str) -> URL:
    """The URL, if it is one of PostgreSQL without a password in it. Raises Unusable."""
    example = "postgresql://gatepost@db.example/gatepost"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as wrong:
        # Not shown: what is no URL may still have a password in it.
        raise Unusable(f"数据库地址应如 / the database's URL is like {example}") from wrong
    if url.get_backend_name() != "postgresql":
        raise Unusable(
            f"{url.render_as_string()}: 只支持 PostgreSQL，如 {example}；不写即用 SQLite /"
            f" only PostgreSQL, like {example}; leave it out for SQLite"
        )
    if url.password is not None or "password" in url.query:
        raise Unusable(
            f"{url.set(query={}).render_as_string()}: 地址里不可写密码，请用 password_file /"
            " no password in the URL, it would get into logs: use password_file"
        )
    try:
        url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except NoSuchModuleError as wrong:
        raise Unusable(f"{url.render_as_string()}: {wrong}") from wrong
    return url
