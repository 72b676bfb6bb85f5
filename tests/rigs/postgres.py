"""A real PostgreSQL on a socket of its own, that can be killed and come back with what it had promised."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

USERS = ("postgres", "nobody")
"""PostgreSQL does not run as root: one of these does it then."""


def programs() -> Path | None:
    """Where Debian has put the newest server; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """A private cluster in a folder of its own; no network, no password."""

    def __init__(self) -> None:
        where = programs()
        assert where is not None, "no PostgreSQL here"
        self._bin = where
        # Not below pytest's own folder, which only root may enter; and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="gatepost-pg-", dir="/tmp"))
        self._user = self._other_user()
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        data = ["-D", str(self.folder / "data"), "-U", "gatepost", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run("initdb", *data, "-N")
        self._databases = 0

    def url(self, database: str) -> str:
        return f"postgresql://gatepost@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of an empty one."""
        self._databases += 1
        name = f"books{self._databases}"
        self._run("createdb", "-h", str(self.folder), "-U", "gatepost", name)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Give a database up: a cluster of many takes long to start and to remove."""
        name = url.partition("?")[0].rpartition("/")[2]
        self._run("dropdb", "-h", str(self.folder), "-U", "gatepost", "--if-exists", "--force", name)

    def start(self) -> None:
        assert self._process is None, "this server runs already"
        # The server is killed here, never the machine under it: what it handed to the kernel is not lost, and
        # a start need not sync every file of every database.
        settings = ("listen_addresses=", "fsync=off")
        arguments = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        arguments += [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_other(),
            )
        for _ in range(600):
            ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder)]
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self._process = None
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8", errors="replace"))

    def kill(self) -> None:
        """As a crash would: no checkpoint, every connection cut (`pg_ctl stop -m immediate`)."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            capture_output=True,
            check=False,
            cwd=self.folder,
            **self._as_other(),
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def _as_other(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": self._user_group(), "extra_groups": []}

    def _user_group(self) -> int:
        assert self._user is not None
        return pwd.getpwnam(self._user).pw_gid

    @staticmethod
    def _other_user() -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return next(user for user in USERS if user in names)
