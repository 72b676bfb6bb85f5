"""The desk by command line: requests over a private socket, answered with the facts that they led to.

The law of this file: whoever may read the data folder may ask, in the name and role that he gives; the role's
limits are the core's to keep, and every request leaves a fact. One JSON object a line, either way.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from daemon.core.facts import Fact
from daemon.core.requests import AnyRequest
from daemon.core.signals import Actor, Asked, Signal
from daemon.runtime.clock import Clock
from daemon.store.codec import fact_to_json
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

SOCKET = "control.sock"
LONGEST = 1 << 20
"""Bytes of one request."""
ANSWER_WITHIN_S = 10.0


class Question(BaseModel):
    """One line from the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor: Actor
    request: Annotated[AnyRequest, Field(discriminator="kind")]


_QUESTIONS: TypeAdapter[Question] = TypeAdapter(Question)


class NotRunning(Exception):
    """No gate answers at that socket."""


async def serve_control(
    folder: Path,
    up: Callable[[], None],
    *,
    ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
    clock: Clock,
) -> None:
    """Answer at `<folder>/control.sock` until cancelled. Raises OSError where it cannot be made."""
    path = folder / SOCKET
    path.unlink(missing_ok=True)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            writer.write((await _answered(line, ask, clock)).encode() + b"\n")
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


async def _answered(line: bytes, ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]], clock: Clock) -> str:
    try:
        question = _QUESTIONS.validate_json(line)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            facts = await ask(Asked(at=clock.now(), actor=question.actor, request=question.request))
    except ValidationError as wrong:
        return json.dumps({"error": explained(wrong)}, ensure_ascii=False)
    except (StoreError, TimeoutError) as failed:
        return json.dumps({"error": str(failed) or "the gate did not answer in time"}, ensure_ascii=False)
    return json.dumps({"facts": [json.loads(fact_to_json(fact)) for fact in facts]}, ensure_ascii=False)


def explained(wrong: ValidationError) -> str:
    """Every field that is wrong, in one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
        for error in wrong.errors(include_url=False, include_input=False)
    )


def ask_gate(folder: Path, actor: Actor, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Put a request to the gate that runs on this folder; returns the facts it led to.

    Raises NotRunning where none answers, ValueError with the gate's own words where it cannot be asked so.
    """
    person = {"name": actor.name, "role": actor.role}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(2 * ANSWER_WITHIN_S)
        try:
            line.connect(str(folder / SOCKET))
        except OSError as nobody:
            raise NotRunning(
                f"{folder / SOCKET}: 门岗没有运行，或无权访问 / no gate runs here, or it is not yours to ask"
            ) from nobody
        line.sendall(json.dumps({"actor": person, "request": request}, ensure_ascii=False).encode() + b"\n")
        with line.makefile("rb") as answers, suppress(OSError):
            answer: dict[str, Any] = json.loads(answers.readline() or b'{"error": "no answer"}')
            if "error" in answer:
                raise ValueError(answer["error"])
            facts: list[dict[str, Any]] = answer["facts"]
            return facts
    raise NotRunning(f"{folder / SOCKET}: 没有答复 / no answer")
