"""Facts as JSON text, and back. One form for the ledger, the hash chain and the wire."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from daemon.core.facts import AnyFact, Fact

_FACTS: TypeAdapter[AnyFact] = TypeAdapter(Annotated[AnyFact, Field(discriminator="kind")])


def fact_to_json(fact: Fact) -> str:
    """Canonical text: sorted keys, no spaces, Chinese left as it is. Equal facts give equal text."""
    values = _FACTS.dump_python(fact, mode="json")  # type: ignore[arg-type]  # every Fact is one of AnyFact
    return canonical(values)


def canonical(values: dict[str, Any]) -> str:
    """The text that is sealed, from a fact's plain values as they travel."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fact_from_json(text: str) -> AnyFact:
    """The fact again. Raises pydantic.ValidationError for text that is no fact of this version."""
    return _FACTS.validate_json(text)


def plain(text: str) -> dict[str, Any]:
    """The fact as plain values, without making the fact."""
    value: dict[str, Any] = json.loads(text)
    return value
