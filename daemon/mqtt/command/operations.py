"""What can be commanded: one table, made from what the desk knows.

The law of this file: no second vocabulary. An operation is one of the five things a guard may do with a boom
or a car (`MOVES`), or the kind of a request of `daemon.core.requests`; its body has the names and types of
that request's fields, no more and no fewer, read as strictly as JSON is (`true` is not 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from daemon.config.problems import ConfigProblems
from daemon.config.tariffs import parse_book
from daemon.core.posted import GiveTariff
from daemon.core.requests import ALL_REQUESTS, kind_of
from daemon.core.roles import Role, may_ask, may_move
from daemon.core.signals import Actor, Asked, GuardAsked, Instant, LaneAction, Request
from daemon.mqtt.command.envelope import canonical

MOVES: frozenset[str] = frozenset(get_args(LaneAction))
REQUESTS: Mapping[str, type[Request]] = {kind_of(request): request for request in ALL_REQUESTS}


class Move(BaseModel):
    """The body of `open`, `close`, `stop`, `release` and `refuse`: what the guard's buttons say."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    lane: str
    reason: Annotated[str, Field(max_length=500)]
    passage: str | None = None
    """The passage that was looked at: a decision about another one is refused."""
    resync: bool = False
    stay: str | None = None


class BodyWrong(Exception):
    """The body does not say what the operation needs; names the fields."""


def is_known(operation: str) -> bool:
    return operation in MOVES or operation in REQUESTS


def is_allowed(role: Role, operation: str) -> bool:
    """Whether that role may command it at all. What it may do with this very car, the core says."""
    if operation in MOVES:
        return may_move(role, operation)
    return operation in REQUESTS and may_ask(role, REQUESTS[operation])


def asked_for(operation: str, body: Mapping[str, Any], *, at: Instant, actor: Actor) -> Asked | GuardAsked:
    """What the desk would be asked. Raises BodyWrong; `operation` must be a known one."""
    text = canonical(dict(body))
    try:
        if operation in MOVES:
            move = Move.model_validate_json(text)
            action: Any = operation
            return GuardAsked(at=at, actor=actor, action=action, **dict(move))
        unknown = body.keys() - _names(operation)
        if unknown:
            raise BodyWrong(f"{', '.join(sorted(unknown))}: no such field of {operation}")
        request = _reader(operation).validate_json(text, strict=True)
        if isinstance(request, GiveTariff):
            parse_book(request.text)
        return Asked(at=at, actor=actor, request=request)
    except ValidationError as wrong:
        raise BodyWrong(_explained(wrong)) from None
    except ConfigProblems as wrong:
        raise BodyWrong(str(wrong)[:2000]) from None


@cache
def _names(operation: str) -> frozenset[str]:
    return frozenset(field.name for field in fields(REQUESTS[operation]) if field.name != "kind")


@cache
def _reader(operation: str) -> TypeAdapter[Any]:
    return TypeAdapter(REQUESTS[operation])


def _explained(wrong: ValidationError) -> str:
    """Every field that is wrong, without what stood in it: a body may carry names and numbers of people."""
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
        for error in wrong.errors(include_url=False, include_input=False)
    )[:500]
