"""The desk by command line: requests over a private socket, answered with the facts that they led to.

The law of this file: whoever may read the data folder may ask, in the name and role that he gives; the role's
limits are the core's to keep, and every request leaves a fact. One JSON object a line, either way. A question
may be put as a trial: then it is answered with what would follow, and nothing does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from daemon.core.decide import decide
from daemon.core.facts import ActionRefused, Fact
from daemon.core.register import GivenList
from daemon.core.register_desk import Difference, difference
from daemon.core.requests import AnyRequest
from daemon.core.signals import Actor, Asked, Signal
from daemon.core.state import State
from daemon.engine import QUIET_WITHIN_S, Busy, until_quiet
from daemon.runtime.clock import Clock
from daemon.store.codec import fact_to_json
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

SOCKET = "control.sock"
LONGEST = 16 << 20
"""Bytes of one request: 20,000 permits take about 5 million."""
ANSWER_WITHIN_S = 10.0
LIST_WITHIN_S = 120.0
LONG = 64 << 10
"""Bytes of a request that may hold the gate up for longer than a car under a boom can wait (R26)."""
NAMED = 200
"""Rows that the answer to a list names; beyond that it only counts."""


class Question(BaseModel):
    """One line from the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor: Actor
    request: Annotated[AnyRequest, Field(discriminator="kind")]
    trial: bool = False


_QUESTIONS: TypeAdapter[Question] = TypeAdapter(Question)


class NotRunning(Exception):
    """No gate answers at that socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a list changed, or would change; `named` are the rows, `+` new, `~` changed, `-` gone."""

    new: int
    changed: int
    gone: int
    unchanged: int
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The facts that a request led to. For a list: its outcome, and no facts but a refusal."""

    facts: tuple[dict[str, Any], ...]
    outcome: Outcome | None = None


async def serve_control(
    folder: Path,
    up: Callable[[], None],
    *,
    ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
    state: Callable[[], State],
    clock: Clock,
) -> None:
    """Answer at `<folder>/control.sock` until cancelled. Raises OSError where it cannot be made."""
    path = folder / SOCKET
    path.unlink(missing_ok=True)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            writer.write((await _answered(line, ask, state, clock)).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, ValueError) as gone:
            log.info("control: a question was not answered: %s", gone)
        finally:
            writer.close()

    # Nobody else may so much as connect between the socket's making and its mode.
    mask = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(answer, path, limit=LONGEST)
    finally:
        os.umask(mask)
    async with server:
        up()
        try:
            await server.serve_forever()
        finally:
            path.unlink(missing_ok=True)


async def _answered(
    line: bytes,
    ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
    state: Callable[[], State],
    clock: Clock,
) -> str:
    try:
        if len(line) > LONG:
            await until_quiet(state)
        question = _QUESTIONS.validate_json(line)
        is_list = isinstance(question.request, GivenList)
        async with asyncio.timeout(LIST_WITHIN_S if is_list else ANSWER_WITHIN_S):
            answer = await _answer(question, ask, state, clock)
    except ValidationError as wrong:
        return json.dumps({"error": explained(wrong)}, ensure_ascii=False)
    except (StoreError, TimeoutError, Busy) as failed:
        return json.dumps({"error": str(failed) or "the gate did not answer in time"}, ensure_ascii=False)
    return json.dumps(asdict(answer), ensure_ascii=False)


async def _answer(
    question: Question,
    ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
    state: Callable[[], State],
    clock: Clock,
) -> Answer:
    request, outcome = question.request, None
    if isinstance(request, GivenList):
        outcome = _outcome(difference(state(), request))
    asked = Asked(at=clock.now(), actor=question.actor, request=request)
    facts = decide(state(), asked) if question.trial else await ask(asked)
    if outcome is not None:
        facts = tuple(fact for fact in facts if isinstance(fact, ActionRefused))
    return Answer(facts=tuple(json.loads(fact_to_json(fact)) for fact in facts), outcome=outcome)


def _outcome(changes: Difference) -> Outcome:
    return Outcome(
        new=len(changes.new),
        changed=len(changes.changed),
        gone=len(changes.gone),
        unchanged=changes.unchanged,
        named=tuple(islice(_named(changes), NAMED)),
    )


def _named(changes: Difference) -> Iterator[str]:
    for row in changes.gone.values():
        yield f"- {_row(row)}"
    for before, after in changes.changed.values():
        yield f"~ {_row(before)} -> {_row(after)}"
    for row in changes.new.values():
        yield f"+ {_row(row)}"


def _row(row: Any) -> str:
    """A row of a list as one line: what stands in it, in its order."""
    values = (getattr(row, field.name) for field in fields(row))
    return " ".join("/".join(value) if isinstance(value, tuple) else str(value) for value in values if value)


def explained(wrong: ValidationError) -> str:
    """Every field that is wrong, in one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
        for error in wrong.errors(include_url=False, include_input=False)
    )


def ask_gate(folder: Path, actor: Actor, request: dict[str, Any], *, trial: bool = False) -> Answer:
    """Put a request to the gate that runs on this folder.

    Raises NotRunning where none answers, ValueError with the gate's own words where it cannot be asked so.
    """
    person = {"name": actor.name, "role": actor.role}
    question = {"actor": person, "request": request, "trial": trial}
    text = json.dumps(question, ensure_ascii=False).encode() + b"\n"
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} 字节，最多 {LONGEST} / bytes, at most {LONGEST}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(LIST_WITHIN_S + QUIET_WITHIN_S)
        try:
            line.connect(str(folder / SOCKET))
        except OSError as nobody:
            raise NotRunning(
                f"{folder / SOCKET}: 门岗没有运行，或无权访问 / no gate runs here, or it is not yours to ask"
            ) from nobody
        with line.makefile("rb") as answers, suppress(OSError):
            line.sendall(text)
            return _told(json.loads(answers.readline() or b'{"error": "no answer"}'))
    raise NotRunning(f"{folder / SOCKET}: 没有答复 / no answer")


def _told(answer: dict[str, Any]) -> Answer:
    if "error" in answer:
        raise ValueError(answer["error"])
    outcome = answer.get("outcome")
    return Answer(
        facts=tuple(answer["facts"]),
        outcome=None if outcome is None else Outcome(**{**outcome, "named": tuple(outcome["named"])}),
    )
