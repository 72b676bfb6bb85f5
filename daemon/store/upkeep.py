"""Long work on the ledger, in a process of its own: the copy, and what a start has left unread.

The law of this file: the gate's process spends nothing on it but waiting. Going through a million rows takes
minutes of a core, and a thread that does it takes turns with whoever decides about a car. The child has the
lowest priority, writes to nothing but the copy and the snapshot, and may be killed at any time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from daemon.core.state import LaneRules, SiteRules, State, empty_state
from daemon.store import copies, snapshot, starting
from daemon.store.errors import LedgerDamaged, StoreUnusable

NICENESS = 19
EX_DATAERR, EX_IOERR = 65, 74
"""sysexits.h: the ledger is damaged; it could not be done as things are."""


class Upkeep:
    """What a gate has done for its folder; `gate` and `lanes` are the names that its state has."""

    def __init__(self, folder: Path, gate: str, lanes: Iterable[str]) -> None:
        self._folder = folder
        self._gate = gate
        self._lanes = tuple(lanes)

    async def copy(self, *, look_owed: bool = False) -> None:
        """`make_copy`, and the snapshot brought up to the copy. Raises LedgerDamaged or OSError.

        `look_owed`: a start has believed the snapshot, and nobody has looked at it yet: it stays as it is.
        """
        await self._in_child("copy", *(("--look-owed",) if look_owed else ()))

    async def revisit(self, trusted: str | None) -> None:
        """`starting.revisit`. Raises LedgerDamaged or OSError."""
        await self._in_child("revisit", *(() if trusted is None else ("--trusted", trusted)))

    async def _in_child(self, task: str, *more: str) -> None:
        own = (
            "--end-with-stdin",
            "--code",
            snapshot.fingerprint(),
            "--gate",
            self._gate,
            "--lanes",
            *self._lanes,
        )
        await _run(sys.executable, "-m", "daemon.store.upkeep", task, str(self._folder), *own, *more)


async def _run(*command: str) -> None:
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,  # open for as long as we live: see `_end_with_the_gate`
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    try:
        said = await child.stderr.read()
        await child.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        raise
    why = said.decode(errors="replace").strip().rpartition("\n")[2]
    if child.returncode == EX_DATAERR:
        raise LedgerDamaged(why)
    if child.returncode:
        raise StoreUnusable(why or f"{' '.join(command)} ended with {child.returncode}")


# ---------------------------------------------------------------- the child


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m daemon.store.upkeep", description=__doc__)
    parser.add_argument("task", choices=("copy", "revisit"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--code", required=True, help="the fingerprint of the gate that asks")
    parser.add_argument("--gate", default="")
    parser.add_argument("--lanes", nargs="*", default=())
    parser.add_argument("--trusted", help="the digest of the snapshot that it has started from")
    parser.add_argument("--look-owed", action="store_true", help="leave the snapshot as it is")
    parser.add_argument("--end-with-stdin", action="store_true", help="as when whoever asked has died")
    args = parser.parse_args()
    os.nice(NICENESS)
    if args.end_with_stdin:
        Thread(target=_end_with_the_gate, daemon=True).start()
    empty = nameplate(args.gate, args.lanes)
    # Where the program was replaced under the running gate, the next start goes through everything anyway.
    is_same = args.code == snapshot.fingerprint()
    try:
        if args.task == "copy":
            copy(args.folder, empty if is_same and not args.look_owed else None)
        elif is_same:
            starting.revisit(args.folder, empty, args.trusted)
    except LedgerDamaged as damage:
        print(damage, file=sys.stderr)
        return EX_DATAERR
    except OSError as trouble:
        print(trouble, file=sys.stderr)
        return EX_IOERR
    return 0


def _end_with_the_gate() -> None:
    """A gate that was killed has left this undone; the next one has it done anew, and not twice at once."""
    os.read(0, 1)
    os._exit(EX_IOERR)


def copy(folder: Path, empty: State | None, *, long: int = starting.LONG) -> None:
    """Make the copy, and then the snapshot of it, where `empty` says for which lanes."""
    copies.make_copy(folder)
    if empty is not None:
        starting.renew(folder, empty, long=long)


def nameplate(gate: str, lanes: Iterable[str]) -> State:
    """The state of an empty ledger, with all of the rules that replay asks for: the names."""
    rules = (LaneRules(id=name, name=name, direction="entry", mode="card_only") for name in lanes)
    return empty_state(tuple(rules), SiteRules(gate=gate))


if __name__ == "__main__":
    sys.exit(main())
