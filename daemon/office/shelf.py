"""What the office holds of one gate: a file of JSON lines that grows at its end, one fact a line, no gap.

The law of this file: `held` never says more than what is on the disk. A torn or damaged end is cut off when
the file is opened, and kept beside it; the gate still has those facts and is asked for them again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from daemon.mqtt.messages import FactMessage

log = logging.getLogger(__name__)

Verify = Callable[[FactMessage], bool]
"""True where the hash of a fact follows from its content and from `prev`."""


class Added(NamedTuple):
    taken: list[tuple[FactMessage, str | None]]
    """What was stored, each with what is wrong with its chain, else None."""
    misses_something: bool
    """The gate is ahead of what is held."""


class Shelf:
    """The facts of one gate, from 1 to `held`. Raises OSError where the disk does not do its part."""

    def __init__(self, folder: Path, gate: str, verify: Verify | None = None) -> None:
        self._path = folder / f"{gate}.jsonl"
        self._verify = verify
        self.held = 0
        """The highest fact that is on the disk, with all before it."""
        self.head: str | None = None
        """The hash of that fact."""
        self._size = 0
        self._load()

    def add(self, facts: Iterable[FactMessage]) -> Added:
        """Store those of the facts that come next; what is held already, or leaves a gap, is dropped."""
        taken: list[tuple[FactMessage, str | None]] = []
        held, head = self.held, self.head
        misses_something = False
        for fact in facts:
            # Only the last one tells: a gap that the facts behind it close again is none.
            misses_something = fact.seq > held + 1
            if fact.seq == held and fact.hash != head:
                log.warning("%s: fact %d is told in two versions; the first is kept", self._path.stem, held)
            if fact.seq == held + 1:
                taken.append((fact, self._trouble(fact, head)))
                held, head = fact.seq, fact.hash
        if taken:
            self._append(b"".join(_line(fact, trouble) for fact, trouble in taken))
            self.held, self.head = held, head
        return Added(taken, misses_something)

    def _trouble(self, fact: FactMessage, head: str | None) -> str | None:
        # A fact that does not fit is kept all the same, marked: it is the evidence.
        if head is not None and fact.prev != head:
            return "does not follow from the fact before it"
        if self._verify is not None and not self._verify(fact):
            return "its hash does not follow from its content"
        return None

    def _append(self, lines: bytes) -> None:
        is_new = not self._path.exists()
        with self._path.open("ab") as file:
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), self._size)
                raise
        if is_new:
            _sync_folder(self._path.parent)
        self._size += len(lines)

    def _load(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                fact = _fact(line)
                if fact is None or fact.seq != self.held + 1:
                    break
                self.held, self.head = fact.seq, fact.hash
                self._size += len(line)
            file.seek(self._size)
            rest = file.read()
        if rest:
            aside = self._path.with_suffix(f".cut-{self._size}")
            aside.write_bytes(rest)
            os.truncate(self._path, self._size)
            log.warning(
                "%s: damaged after fact %d; %d bytes put aside as %s, the gate will be asked for them",
                self._path.name,
                self.held,
                len(rest),
                aside.name,
            )


def _line(fact: FactMessage, trouble: str | None) -> bytes:
    line = {"trouble": trouble, "fact": fact.model_dump(mode="json")}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _fact(line: bytes) -> FactMessage | None:
    """The fact of a whole, sound line; None for any other."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
        return FactMessage.model_validate_json(json.dumps(entry["fact"]))
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        return None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
