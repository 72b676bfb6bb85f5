"""A second verifier of a gatepost ledger, for whoever does not want to take the first one's word.

    python second_verifier.py FILE [HEAD]

The law of this file: nothing but the standard library, not a line of the gate's own code, short enough to be
read before it is believed. What it holds the file against is the description of the ledger alone:

- Table `ledger`: seq, kind, lane, passage, body, prev, hash. The numbers are 1, 2, 3 and so on, no gap.
- `prev` is the `hash` of the row before; that of row 1 is 64 zeros.
- `hash` is SHA-256, in small hexadecimal digits, over prev, seq, kind and body as UTF-8, each on a line of
  its own, with no newline after the last.
- `body` is a JSON object. `kind`, `lane` and `passage` say the same as the members of those names in it, NULL
  where there is none or null.
- HEAD is the hash of a row as somebody outside keeps it. Rows cut off before it, or sealed anew, do not come
  by it, however well they fit each other; the row that does not fit is then the one that would come next.

Exit status: 0 all rows fit, 1 one does not, 2 the file cannot be read.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """A row to the byte, as it lies in the file: text is not decoded before it is known to be text."""

    seq: int
    kind: bytes
    lane: bytes | None
    passage: bytes | None
    body: bytes
    prev: bytes
    hash: bytes


class DoesNotFit(Exception):
    """The first row that does not, by its number."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"第 {seq} 行不符 / row {seq} does not fit: {why}")
        self.seq = seq


def verify(rows: Iterable[Row], head: str | None = None) -> str:
    """The hash of the last row. Raises DoesNotFit at the first row that does not."""
    before, number = b"0" * 64, 0
    came_by = head in (None, before.decode())
    for number, row in enumerate(rows, start=1):
        if row.seq != number:
            raise DoesNotFit(row.seq, f"row {number} was to come")
        if row.prev != before:
            raise DoesNotFit(number, "prev is not the hash of the row before")
        sealed = b"\n".join((before, str(number).encode(), row.kind, row.body))
        if row.hash != hashlib.sha256(sealed).hexdigest().encode():
            raise DoesNotFit(number, "hash is not that of the row")
        if not says_the_same(row):
            raise DoesNotFit(number, "body is no JSON object that says the same as the columns")
        before = row.hash
        came_by = came_by or before.decode() == head
    if not came_by:
        raise DoesNotFit(number + 1, f"the chain ends without having come by {head}")
    return before.decode()


def says_the_same(row: Row) -> bool:
    """True where the columns beside the text repeat what it says."""
    try:
        said = json.loads(row.body.decode())
        beside = [None if column is None else column.decode() for column in (row.kind, row.lane, row.passage)]
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and [said.get(name) for name in ("kind", "lane", "passage")] == beside


def rows_of(path: Path) -> Iterator[Row]:
    """All rows by their numbers. Raises sqlite3.DatabaseError where the file does not give them."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.text_factory = bytes
        asked = "SELECT seq, kind, lane, passage, body, prev, hash FROM ledger ORDER BY seq"
        yield from map(Row._make, db.execute(asked))


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print("用法 / usage: second_verifier.py FILE [HEAD]", file=sys.stderr)
        return 2
    path, head = Path(arguments[0]), arguments[1] if len(arguments) == 2 else None
    try:
        last = verify(rows_of(path), head)
    except DoesNotFit as misfit:
        print(f"{path}: {misfit}")
        return 1
    except sqlite3.DatabaseError as broken:
        print(f"{path}: 无法读取 / cannot be read: {broken}", file=sys.stderr)
        return 2
    print(f"{path}: 全部相符 / all rows fit. 链尾 / head {last}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
