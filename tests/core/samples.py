"""One fact of every kind, made from its own annotations, for tests that go through all of them."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from daemon.core.facts import Fact
from daemon.core.signals import Instant

WALL = datetime(2026, 6, 1, 8, tzinfo=UTC)
AT = Instant(boot="boot-1", mono=timedelta(seconds=100), wall=WALL, trusted=True)

PLAIN: dict[Any, Any] = {str: "粤B12345", int: 1, float: 0.5, bool: True, datetime: WALL, timedelta: AT.mono}


def sample(kind: type[Fact], *, lane: str | None = None, passage: str | None = None) -> Fact:
    return _made(kind, at=AT, lane=lane, passage=passage)


def _made(kind: type[Any], **given: Any) -> Any:
    hints = get_type_hints(kind)
    needed = {
        field.name: value_of(hints[field.name])
        for field in fields(kind)
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING
    }
    return kind(**needed, **given)


def value_of(annotation: Any) -> Any:
    """Some value of that annotation. Raises TypeError for one that no fact has had so far."""
    origin = get_origin(annotation)
    if annotation is Instant:
        return AT
    if annotation in PLAIN:
        return PLAIN[annotation]
    if origin is Literal:
        return get_args(annotation)[0]
    if origin in (Union, types.UnionType):
        return None if type(None) in get_args(annotation) else value_of(get_args(annotation)[0])
    if origin is tuple:
        return ()
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    if is_dataclass(annotation) and isinstance(annotation, type):
        return _made(annotation)
    raise TypeError(f"no sample value for {annotation!r}: say one here")


def name_of(kind: type[Fact]) -> str:
    """What the ledger calls this kind."""
    name: str = kind.__dataclass_fields__["kind"].default
    return name
