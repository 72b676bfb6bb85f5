"""Facts as JSON text, and back. One form for the ledger, the hash chain and the wire."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from daemon.core.facts import AnyFact, Fact
from daemon.core.signals import Instant

_FACTS: TypeAdapter[AnyFact] = TypeAdapter(Annotated[AnyFact, Field(discriminator="kind")])
_INSTANTS = TypeAdapter(Instant)


def fact_to_json(fact: Fact) -> str:
    """Canonical text: sorted keys, no spaces, Chinese left as it is.

    A fact read back from it gives the same text again. Raises ValueError for what JSON or UTF-8 cannot say: a
    number that is none, half a character.
    """
    values = _FACTS.dump_python(fact, mode="json")  # type: ignore[arg-type]  # every Fact is one of AnyFact
    return canonical(values)


def canonical(values: dict[str, Any]) -> str:
    """The text that is sealed, from a fact's plain values as they travel. Raises ValueError."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def fact_from_json(text: str) -> AnyFact:
    """The fact again. Raises pydantic.ValidationError for text that is no fact of this version."""
    return _FACTS.validate_json(text)


def plain(text: str) -> dict[str, Any]:
    """The fact as plain values, without making the fact. Raises ValueError for text that is no object."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"no JSON object: {text[:40]}")  # noqa: TRY004 - wrong text, not a wrong type
    return value


def instant(values: dict[str, Any]) -> Instant:
    """When a fact in plain values was. Raises pydantic.ValidationError."""
    return _INSTANTS.validate_python(values.get("at"))
