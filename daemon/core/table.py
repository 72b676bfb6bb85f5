"""An immutable mapping that is cheap to change: one bucket in 256 is copied.

State is a value, and a site has 20,000 permits: copying a dict of them for each fact would cost more than
the decision. Buckets are chosen by CRC-32 and not by `hash()`, so that iteration order is the same in every
process and a replay is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nsmallest
from typing import Any, TypeVar
from zlib import crc32

V = TypeVar("V")
_BUCKETS = 256
_NOTHING: tuple[dict[str, Any], ...] = tuple({} for _ in range(_BUCKETS))


class Table(Mapping[str, V]):
    """`put` and `without` give a new table; the old one is unchanged and shares the rest with it."""

    __slots__ = ("_buckets", "_len")

    def __init__(self, items: Iterable[tuple[str, V]] = ()) -> None:
        buckets: tuple[dict[str, V], ...] = _NOTHING
        if rows := dict(items):
            buckets = tuple({} for _ in range(_BUCKETS))
            for key, value in rows.items():
                buckets[_bucket(key)][key] = value
        self._buckets = buckets
        self._len = len(rows)

    def put(self, key: str, value: V) -> Table[V]:
        index = _bucket(key)
        grown = key not in self._buckets[index]
        return self._with(index, {**self._buckets[index], key: value}, self._len + grown)

    def without(self, key: str) -> Table[V]:
        """The table without `key`; the same table where it was not in it."""
        if key not in self:
            return self
        index = _bucket(key)
        rest = {k: v for k, v in self._buckets[index].items() if k != key}
        return self._with(index, rest, self._len - 1)

    def _with(self, index: int, bucket: dict[str, V], length: int) -> Table[V]:
        changed: Table[V] = Table.__new__(Table)
        changed._buckets = (*self._buckets[:index], bucket, *self._buckets[index + 1 :])
        changed._len = length
        return changed

    def __getitem__(self, key: str) -> V:
        return self._buckets[_bucket(key)][key]

    def __iter__(self) -> Iterator[str]:
        for bucket in self._buckets:
            yield from bucket

    def __len__(self) -> int:
        return self._len

    def __repr__(self) -> str:
        return f"Table({len(self)} rows)"


def oldest(table: Table[V], most: int, age: Callable[[V], Any]) -> list[str]:
    """What of `table` is to be forgotten so that it keeps to `most` rows, oldest first.

    `age` gives what sorts a row, and None for one that must stay. A tenth goes at a time: the rows are not
    looked through again for each new one.
    """
    if len(table) <= most:
        return []
    aged = ((age(value), key) for key, value in table.items())
    return [
        key for _, key in nsmallest(len(table) - most * 9 // 10, (one for one in aged if one[0] is not None))
    ]


def _bucket(key: str) -> int:
    return crc32(key.encode()) % _BUCKETS
