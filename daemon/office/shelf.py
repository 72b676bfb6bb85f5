"""The files of JSON lines that an office kept before it had a database: taken into the books once.

The law of this file: nothing is lost. A file is renamed only after every line of it is in the books; what is
torn or damaged stays in it, and the gate, which still has those facts, is asked for them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from daemon.mqtt.messages import FactMessage
from daemon.office.books import Books
from daemon.office.chain import why_not_kept

log = logging.getLogger(__name__)

DONE = ".jsonl.in-the-books"
_AT_ONCE = 1000


def take_in(folder: Path, books: Books) -> int:
    """Bring every `GATE.jsonl` of the folder into the books; returns how many facts were new.

    Killed in the middle, it goes on at the next start. Raises OSError, and the errors of the database.
    """
    count = 0
    for file in sorted(folder.glob("*.jsonl")):
        taken = 0
        some: list[FactMessage] = []
        for fact in _facts(file):
            some.append(fact)
            if len(some) == _AT_ONCE:
                taken += len(books.take(some).entries)
                some = []
        taken += len(books.take(some).entries)
        file.rename(file.with_suffix(DONE))
        log.info("%s: %d facts taken into the books", file.name, taken)
        count += taken
    return count


def _facts(file: Path) -> Iterator[FactMessage]:
    """Up to the first line that is none: whatever is behind it, the gate tells again."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            fact = _fact(line)
            if fact is None or fact.gate != file.stem or why_not_kept(fact) is not None:
                log.warning("%s: damaged in line %d; the gate will be asked for the rest", file.name, number)
                return
            yield fact


def _fact(line: bytes) -> FactMessage | None:
    """The fact of a whole, sound line; None for any other."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
        return FactMessage.model_validate_json(json.dumps(entry["fact"]))
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        return None
