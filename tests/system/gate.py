"""A gate under test: its configuration, its process, what it says and what is in its ledger.

The process is the product itself. A test waits for what must happen and looks at nothing but what a person
could: the output, the ledger through a connection that cannot write, the panel, the broker, /proc.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
GATEPOST = (sys.executable, "-m", "daemon.cli")
DRIVEN = (sys.executable, str(Path(__file__).with_name("driven_gate.py")))
"""The same gate with hands on its simulated lanes: see that file for the commands."""

GIVES_UP_S = 150.0
"""Only a broken program takes so long; nothing is measured by it."""

CARD, PLATE = "62E3086CED", "粤B12345"
"""Somebody with a permit."""

T = TypeVar("T")
Row = dict[str, Any]
Config = dict[str, Any]


def eventually(what: str, look: Callable[[], T]) -> T:
    """The first true value that `look` gives."""
    until = time.monotonic() + GIVES_UP_S
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


def lane(name: str, **changes: Any) -> Config:
    """One simulated lane without a camera, whose cars need nothing but a card."""
    found: Config = {
        "id": name,
        "name": name,
        "direction": name.partition("-")[0],
        "mode": "card_only",
        "close_delay_s": 0.1,
        "reader": {"driver": "simulated", "hold_off_s": 0.5},
        "barrier": {"driver": "simulated", "travel_s": 0.9},
        "loops": {
            "safety": {"driver": "simulated", "loop": "safety"},
            "approach": {"driver": "simulated", "loop": "approach"},
        },
    }
    return {key: value for key, value in (found | changes).items() if value is not None}


def site(*lanes: Config, **sections: Any) -> Config:
    return {
        "site": {"id": "garden", "name": "香蜜湖花园"},
        "gate": {"id": "east", "name": "东门"},
        "lanes": list(lanes),
        "permits": [
            {"id": "P001", "card": CARD, "plate": PLATE, "holder": "陈志远"},
            {"id": "P002", "card": "01026F6C3A", "plate": "粤BD12345", "holder": "林晓燕"},
            {"id": "P003", "card": "0801161DD6", "plate": "京A8K27F", "holder": "王建国"},
            {"id": "P004", "card": "1122334455", "plate": "沪AF06689", "holder": "徐敏"},
        ],
        "panel": None,
        "storage": {"folder": "var"},
        **sections,
    }


class Gate:
    """One gate in `folder`; `start` it as often as you like, its ledger stays."""

    def __init__(self, folder: Path, config: Config | str, program: tuple[str, ...] = GATEPOST) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.scratch = folder / "tmp"
        """Where the process makes its run directory."""
        self.database = folder / "var" / "gatepost.db"
        self.said: list[str] = []
        """Every line of stdout and stderr, of all starts."""
        self.printed: list[str] = []
        """Every line of stdout alone."""
        self.program = program
        self._process: subprocess.Popen[str] | None = None
        self._listeners: list[Thread] = []
        self.scratch.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, with every text in quotes.
        text = config if isinstance(config, str) else json.dumps(config, ensure_ascii=False, indent=1)
        self.config.write_text(text, encoding="utf-8")

    # ------------------------------------------------------------ the process

    def start(self, *more: str) -> Gate:
        assert self._process is None, "this gate runs already"
        words = ("run",) if self.program == GATEPOST else ()
        process = subprocess.Popen(
            [*self.program, *words, "--config", str(self.config), *more],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.scratch), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._process = process
        for stream, kept in ((process.stdout, self.printed), (process.stderr, [])):
            listener = Thread(target=self._listen, args=(stream, kept), daemon=True)
            listener.start()
            self._listeners.append(listener)
        return self

    def _listen(self, stream: Any, kept: list[str]) -> None:
        for line in stream:
            kept.append(line.rstrip("\n"))
            self.said.append(line.rstrip("\n"))

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "this gate does not run"
        return self._process

    def do(self, *words: str) -> None:
        """A command to a driven gate; returns when it was carried out."""
        assert self.process.stdin is not None
        done = f"done {' '.join(words)}"
        before = self.printed.count(done)
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        self.until(f"{words} to be carried out", lambda: self.printed.count(done) > before)

    def wait(self) -> int:
        """Its exit status, once it has ended by itself and said everything."""
        status = self.process.wait(timeout=GIVES_UP_S)
        for listener in self._listeners:
            listener.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        self._process, self._listeners = None, []
        return status

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def end(self) -> None:
        """Whatever state the test left it in."""
        if self._process is not None:
            self._process.kill()
            self.wait()

    def gatepost(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another `gatepost` command about this gate."""
        command = [*GATEPOST, *words, "--config", str(self.config)]
        return subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True, encoding="utf-8"
        )

    # ------------------------------------------------------------ what can be seen of it

    def until(self, what: str, look: Callable[[], T]) -> T:
        """As `eventually`; a gate that ends meanwhile is asked no longer."""

        def look_while_it_lives() -> T:
            found = look()
            status = self._process.poll() if self._process is not None else None
            assert found or status is None, f"{what}: the gate ended with {status}: {self.said[-20:]}"
            return found

        return eventually(f"{what}; the gate said {self.said[-20:]}", look_while_it_lives)

    def hears(self, text: str) -> str:
        """Wait for a line with `text` in it."""
        return self.until(f"to say {text!r}", lambda: next((line for line in self.said if text in line), ""))

    def facts(self, kind: str | None = None, *, after: int = 0, **values: Any) -> list[Row]:
        """The rows of that kind and with those values, each as its body with `seq`."""
        return [
            row
            for row in self._rows(after)
            if (kind is None or row["kind"] == kind)
            and all(row.get(key) == value for key, value in values.items())
        ]

    def fact(self, kind: str, *, after: int = 0, **values: Any) -> Row:
        """Wait for the first such fact."""
        return self.until(
            f"a fact {kind} {values} after {after}",
            lambda: next(iter(self.facts(kind, after=after, **values)), {}),
        )

    def _rows(self, after: int) -> list[Row]:
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as db:
            try:
                found = db.execute("SELECT seq, body FROM ledger WHERE seq > ? ORDER BY seq", (after,))
                return [{"seq": seq, **json.loads(body)} for seq, body in found]
            except sqlite3.DatabaseError:  # its tables are not there yet, or it waits to be mended
                return []

    def seals(self) -> list[tuple[int, str]]:
        """Number and hash of every row."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute("SELECT seq, hash FROM ledger ORDER BY seq").fetchall()

    @property
    def last_seq(self) -> int:
        rows = self._rows(0)
        return rows[-1]["seq"] if rows else 0

    def children(self) -> list[int]:
        """The processes that the gate started and that are still there, zombies included."""
        return children_of(self.process.pid)

    def drive_through(self, at: str, card: str = CARD, plate: str = PLATE) -> None:
        """A car comes to a lane of a driven gate, shows its card, passes, and the boom comes down."""
        before = self.last_seq
        self.do("arrive", at, plate, "blue")
        self.do("card", at, card)
        self.fact("passage_closed", lane=at, outcome="passed", after=before)
        self.fact("boom_moved", lane=at, boom="down", after=before)

    def ledger_is_whole(self) -> bool:
        return self.gatepost("ledger", "verify").returncode == 0


@contextmanager
def an_office(gate: Gate, folder: Path) -> Iterator[None]:
    """`gatepost office`, which keeps what it is told in `folder`."""
    command = [*GATEPOST, "office", "--quiet", "--config", str(gate.config), "--folder", str(folder)]
    office = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
    finally:
        office.terminate()
        office.wait()


def children_of(pid: int) -> list[int]:
    found = (Path(f"/proc/{pid}/task") / str(pid) / "children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


def rss_mb(pid: int) -> float:
    """Resident memory, from /proc (proc(5): VmRSS is in KiB)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def lives(pid: int) -> bool:
    """True while there is such a process, a zombie included."""
    return Path(f"/proc/{pid}").exists()
