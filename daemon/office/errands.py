"""Lists on their way to the gates: each gate gets its list, however long it is away.

The law of this file: an errand is one file that is written whole or not at all, so that no start and no power
cut forgets it. It is signed anew each time it is tried, under the same id for each gate, which a gate does
once. A newer list of the same kind takes the place of an older one: no gate is ever given the older after the
newer. What is over keeps nothing of the list.

    <books>/errands/<number>-<list>.json
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from daemon.office.sending import LIST_S, NoAnswer, Order, Sender

log = logging.getLogger(__name__)

FOLDER = "errands"
LOOK_S = 2.0
LATER_S = 30.0
"""Until a gate that was busy, full or silent is tried again."""
LATER = frozenset({"busy", "disk_refuses", "parts_missing", "too_many"})
"""What a gate says that will obey another time."""

How = Literal["waiting", "done", "refused", "replaced"]


class Leg(BaseModel):
    """One gate's part of an errand."""

    model_config = ConfigDict(frozen=True)

    how: How = "waiting"
    why: str = ""
    """What the gate said, or why it has not been reached."""
    tries: int = 0
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Names the command at that gate."""


class Errand(BaseModel):
    """A whole list for some gates."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1] = 1
    list: str
    """Which one; a newer one of the same takes its place."""
    body: dict[str, Any]
    """What the request `give_<list>` says of it."""
    attached: dict[str, Any]
    """And the list itself; empty once it is over."""
    made_at: AwareDatetime
    legs: dict[str, Leg]

    @property
    def is_over(self) -> bool:
        return all(leg.how != "waiting" for leg in self.legs.values())


def keep(folder: Path, errand: Errand) -> Path:
    """Write a new errand down; where it is."""
    where = folder / FOLDER
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    last = max((int(path.name.partition("-")[0]) for path in _files(folder)), default=0)
    path = where / f"{last + 1:06d}-{errand.list}.json"
    write(path, errand)
    return path


def write(path: Path, errand: Errand) -> None:
    """Put it in the place of what was there, whole or not at all. Raises OSError."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        kept = errand.model_copy(update={"attached": {}}) if errand.is_over else errand
        file.write(kept.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def read(path: Path) -> Errand | None:
    """The errand in that file; None where it is none any more."""
    try:
        return Errand.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as why:
        log.warning("%s: no errand: %s", path.name, why.__class__.__name__)
        return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / FOLDER).glob("*.json") if path.name[0].isdigit())


class Errands:
    """The errands of a folder, run by one signer."""

    def __init__(self, folder: Path, sender: Sender) -> None:
        self._folder = folder
        self._sender = sender
        self._not_before: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled. What the disk refuses is tried again."""
        while True:
            try:
                await self.go_round()
            except OSError as refused:
                log.warning("an errand cannot be written down: %s", refused)
            await asyncio.sleep(LOOK_S)

    async def go_round(self) -> None:
        """Take every errand as far as it comes now: one at a time at each gate, all gates at once."""
        now = asyncio.get_running_loop().time()
        due = [
            (gate, path)
            for gate, path in self._first_of_each_gate()
            if self._not_before.get(gate, now) <= now and self._sender.is_online(gate)
        ]
        await asyncio.gather(*(self._deliver(gate, path) for gate, path in due))

    def _first_of_each_gate(self) -> Iterator[tuple[str, Path]]:
        errands = [(path, errand) for path in _files(self._folder) if (errand := read(path)) is not None]
        seen: set[str] = set()
        for place, (path, errand) in enumerate(errands):
            newer = [other for _, other in errands[place + 1 :] if other.list == errand.list]
            for gate, leg in errand.legs.items():
                if leg.how != "waiting" or gate in seen:
                    continue
                if any(gate in other.legs for other in newer):
                    _set(
                        path,
                        gate,
                        leg.model_copy(update={"how": "replaced", "why": "有更新的名单 a newer list"}),
                    )
                    continue
                seen.add(gate)
                yield gate, path

    async def _deliver(self, gate: str, path: Path) -> None:
        errand = read(path)
        if errand is None:
            return
        leg = errand.legs[gate]
        order = Order(
            gate=gate,
            op=f"give_{errand.list}",
            body=errand.body,
            attached=errand.attached,
            id=leg.id,
        )
        try:
            reply = await self._sender.obeyed(order, patience_s=LIST_S)
        except (NoAnswer, ValueError) as silence:
            why = str(silence)
            leg = leg.model_copy(update={"why": why, "tries": leg.tries + 1})
            self._later(gate)
        else:
            why = " ".join(filter(None, (reply.why, reply.detail)))
            leg = leg.model_copy(update={"why": why, "tries": leg.tries + 1})
            if reply.answer in {"accepted", "done"}:
                leg = leg.model_copy(update={"how": "done"})
            elif reply.why in LATER:
                self._later(gate)
            else:
                leg = leg.model_copy(update={"how": "refused"})
            log.info("%s: %s: %s %s", gate, path.stem, leg.how, why)
        _set(path, gate, leg)

    def _later(self, gate: str) -> None:
        self._not_before[gate] = asyncio.get_running_loop().time() + LATER_S


def _set(path: Path, gate: str, leg: Leg) -> None:
    """Write down how far that gate has come; the others may have come further meanwhile."""
    errand = read(path)
    if errand is not None:
        write(path, errand.model_copy(update={"legs": {**errand.legs, gate: leg}}))
