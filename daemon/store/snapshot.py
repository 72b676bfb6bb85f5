"""The state as it was after one row, in a file beside the ledger, so that a start need not replay them all.

The law of this file: a snapshot is a shortcut and never a source. It is made of rows that are in the ledger,
names the last of them by its hash, and counts only for the very code that would replay them. Whatever is
odd about it, it is left unused; nothing is lost with it but a minute.

A line each: the SHA-256 of all that follows, what it is a state of, and then every part of the state under
its name as JSON. No rule of config.yaml is in it: replay asks for none, and a start has its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from functools import cache
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints

import pydantic
from pydantic import TypeAdapter

import daemon.core
from daemon.core.state import LaneRules, State
from daemon.core.table import Table
from daemon.store import codec, file, schema

FILE = "gatepost.state"


class NoSnapshot(Exception):
    """There is none that counts here, and why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    seq: int
    hash: str
    """Of row `seq`, the last one that the state has seen."""
    state: State
    digest: str = ""
    """Of the file that it was read from."""


@dataclass(frozen=True, slots=True)
class _Header:
    code: str
    """`fingerprint()` of whoever made it."""
    gate: str
    lanes: list[str]
    seq: int
    hash: str


_HEADERS = TypeAdapter(_Header)

_NO_RULES = LaneRules(id="", name="", direction="entry", mode="card_only")
"""What stands in a lane's line: nobody shall find old rules there."""


def write(folder: Path, snapshot: Snapshot) -> None:
    """Put it in place: whole and durable, or the one before stays. Raises OSError, ValueError."""
    fresh = folder / f"{FILE}.new-{os.getpid()}"
    _remove_unfinished(folder)
    try:
        file.make_private_file(fresh)
        fresh.write_bytes(_encoded(snapshot))
        file.put_in_place(fresh, folder / FILE)
    finally:
        fresh.unlink(missing_ok=True)


def read(folder: Path, empty: State) -> Snapshot:
    """The snapshot, its state with the rules of `empty`. Raises NoSnapshot.

    That its row is in the ledger is for the caller to see.
    """
    try:
        told, _, rest = (folder / FILE).read_bytes().partition(b"\n")
        digest = sha256(rest).hexdigest()
        if told != digest.encode():
            raise NoSnapshot(f"{folder / FILE} is damaged or cut off")
        head, *lines = rest.split(b"\n")
        header = _HEADERS.validate_json(head)
        if header.code != fingerprint():
            raise NoSnapshot("another version of the program made it")
        if (header.gate, header.lanes) != (empty.rules.gate, sorted(empty.lanes)):
            raise NoSnapshot(f"it was made for the lanes {', '.join(header.lanes)} of {header.gate!r}")
        return Snapshot(header.seq, header.hash, _decoded(lines, empty), digest)
    except FileNotFoundError:
        raise NoSnapshot("there is none yet") from None
    except (OSError, ValueError) as odd:  # pydantic's ValidationError is a ValueError
        raise NoSnapshot(f"{folder / FILE} cannot be read: {odd}") from odd


@cache
def fingerprint() -> str:
    """Of all that decides what state a ledger's rows make: the core, the codec, and what they run on.

    Raises OSError where the program cannot read its own source.
    """
    core = Path(daemon.core.__file__ or "").parent
    sources = [*sorted(core.rglob("*.py")), Path(codec.__file__), Path(__file__)]
    if len(sources) < 3 or any(source.suffix != ".py" for source in sources):
        raise FileNotFoundError(f"{core}: the program has come without its source")
    digest = sha256(f"{sys.version}\n{pydantic.VERSION}\n{schema.VERSION}\n".encode())
    for source in sources:
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _remove_unfinished(folder: Path) -> None:
    """What a power cut has left of others."""
    for unfinished in folder.glob(f"{FILE}.new-*"):
        unfinished.unlink(missing_ok=True)


# ---------------------------------------------------------------- the text


def _encoded(snapshot: Snapshot) -> bytes:
    whole = snapshot.state
    header = _Header(fingerprint(), whole.rules.gate, sorted(whole.lanes), snapshot.seq, snapshot.hash)
    lanes = {key: replace(lane, rules=_NO_RULES) for key, lane in whole.lanes.items()}
    state = replace(whole, lanes=lanes)
    lines = [_HEADERS.dump_json(header)]
    lines += [name.encode() + b"\t" + leaf.dump(attrgetter(name)(state)) for name, leaf in _leaves().items()]
    rest = b"\n".join(lines)
    return sha256(rest).hexdigest().encode() + b"\n" + rest


def _decoded(lines: Iterable[bytes], empty: State) -> State:
    """Raises ValueError where a part is missing, or no part of this state."""
    found = dict(line.split(b"\t", 1) for line in lines)
    if set(found) != {name.encode() for name in _leaves()}:
        raise ValueError("it has other parts than the state")
    parts: dict[str, Any] = {}
    inside: dict[str, dict[str, Any]] = {}
    for name, leaf in _leaves().items():
        whole, _, field = name.rpartition(".")
        of = inside.setdefault(whole, {}) if whole else parts
        of[field] = leaf.load(found[name.encode()])
    for name, fields in inside.items():
        parts[name] = replace(getattr(empty, name), **fields)
    lanes = {key: replace(parts["lanes"][key], rules=lane.rules) for key, lane in empty.lanes.items()}
    return replace(empty, **{**parts, "lanes": MappingProxyType(lanes)})


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One line: a value, or a mapping of values."""

    values: TypeAdapter[Any]
    plain: Callable[[Any], Any]
    kept: Callable[[Any], Any]

    def dump(self, value: Any) -> bytes:
        return self.values.dump_json(self.plain(value), warnings="error")

    def load(self, text: bytes) -> Any:
        return self.kept(self.values.validate_json(text))


@cache
def _leaves() -> dict[str, _Leaf]:
    """Every part of the state by its name: `permits`, `money.accounts`."""
    leaves: dict[str, _Leaf] = {}
    for name, hint in _hints(State).items():
        inside = _hints(hint) if is_dataclass(hint) else {}
        if any(get_origin(part) in _KEPT for part in inside.values()):
            leaves |= {f"{name}.{field}": _leaf(part) for field, part in inside.items()}
        else:
            leaves[name] = _leaf(hint)
    return leaves


def _hints(kind: Any) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if name != "rules"}


def _leaf(hint: Any) -> _Leaf:
    """Raises PydanticSchemaGenerationError for a type of which a line can not be made."""
    kept = _KEPT.get(get_origin(hint))
    if kept is None:
        return _Leaf(TypeAdapter(hint), lambda value: value, lambda value: value)
    *key, value = get_args(hint)
    rows: Any = dict[key[0] if key else str, value]  # type: ignore[misc]  # known only now
    return _Leaf(TypeAdapter(rows), dict, kept)


_KEPT: dict[Any, Callable[[dict[Any, Any]], Mapping[Any, Any]]] = {
    Table: lambda rows: Table(rows.items()),
    Mapping: MappingProxyType,
}
"""What state keeps a mapping in. The order of a table's rows is that of its buckets, and comes back so."""
