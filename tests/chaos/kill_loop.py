"""One gate killed by SIGKILL again and again, at moments that nobody chose, with a real broker and an office.

    python -m tests.chaos.kill_loop [--kills 10000] [--seed N]

What every life was heard to say is compared with what the ledger holds at the end, and that with what the
office took. For a fifth of the lives the office is away, and then the broker is killed with all that it holds
for the office.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from daemon.mqtt.messages import FactMessage
from daemon.office.database import Place
from daemon.store import Store
from daemon.store.copies import open_store
from tests.mqtt.rig import AT, Books, running, until
from tests.office.rig import kept as books_of_the_office
from tests.rigs.broker import Mosquitto
from tests.system.gate import ROOT, lane, site

KILLED = -signal.SIGKILL
MOST_ROWS = 60
"""A life is killed at some moment after it was about to write so many rows at most: a number and not a time,
for a busy machine to tell as much as an idle one. A tenth of all is killed at any time of its start."""
A_WHILE_S = 0.02
IDLE_S = 10.0
"""A life that has nothing to write for so long is killed all the same."""
CHAPTER = 50
OFFICE_IS_AWAY = 10
"""So many of the last lives of each chapter; at their end the broker dies, with all that it held."""


@dataclass
class Testimony:
    """What all lives were heard to say."""

    written: set[tuple[int, str]] = field(default_factory=set)
    """Number and hash of every row that a life was about to write."""
    durable: dict[int, str] = field(default_factory=dict)
    """Number to hash of every row that a life was told to be on the disk."""
    overwritten: int = 0
    """Numbers that two lives were told to be on the disk with different rows."""
    ends: dict[int, int] = field(default_factory=dict)
    """Exit status to how often."""
    _pending: dict[int, str] = field(default_factory=dict)

    def hear(self, line: bytes) -> str:
        match json.loads(line):
            case ["says", int(seq), str(seal)]:
                self.written.add((seq, seal))
                self._pending[seq] = seal
                return "says"
            case ["said", int(seq)]:
                for number in [number for number in self._pending if number <= seq]:
                    told = self._pending.pop(number)
                    self.overwritten += self.durable.setdefault(number, told) != told
                return "said"
            case ["died", int(status)]:
                self.ends[status] = self.ends.get(status, 0) + 1
                self._pending.clear()
                return "died"
            case [str(word), *_]:
                return word
            case odd:
                raise AssertionError(odd)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    kills: int
    rows: int
    cars: int
    """That drove in and were written down."""
    lost: int
    """Rows reported as durable that the ledger or the office does not hold as they were."""
    phantom: int
    """Rows that no life has ever said."""
    doubled: int
    """Facts that the office took more than once, or out of order; rows that two lives have written."""
    troubles: tuple[str, ...]


async def kill_loop(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Kill the same gate `kills` times; afterwards the office is given the time to hear the rest."""
    random = Random(seed)
    broker = Mosquitto(_made(folder / "broker"))
    broker.start()
    config = _site(folder, broker.port)
    heard = Testimony()
    office = _made(folder / "office")
    taken: list[FactMessage] = []
    troubles: list[str] = []
    mother = await _mother(config, _made(folder / "tmp"))
    try:
        for chapter in range(0, kills, CHAPTER):
            lives = min(CHAPTER, kills - chapter)
            books = Books(office, broker.port)
            async with running(books):
                for _ in range(lives - OFFICE_IS_AWAY):
                    await _live_and_die(mother, heard, random)
            taken, troubles = taken + books.taken, troubles + books.troubles
            for _ in range(min(lives, OFFICE_IS_AWAY)):
                await _live_and_die(mother, heard, random)
            broker.kill()
            broker.start()
        owed = dict(heard.durable)
        books = Books(office, broker.port)
        async with running(books):
            rows = await _last_life(mother, heard, folder, books)
        taken, troubles = taken + books.taken, troubles + books.troubles
        assert mother.stdin is not None
        mother.stdin.close()
        await mother.wait()
    finally:
        broker.kill()
        if mother.returncode is None:
            mother.kill()
            await mother.wait()
    assert heard.ends == {KILLED: kills + 1}, heard.ends
    told = [(fact.seq, fact.hash) for fact in taken]
    # What an office that is going away has kept, it may not have had the time to say: its books tell.
    kept = books_of_the_office(Place(folder=office))
    held = {seq: seal for seq, _, seal in rows}
    return Outcome(
        kills=kills,
        rows=len(rows),
        cars=sum(kind == "stay_opened" for _, kind, _ in rows),
        lost=len(heard.durable.items() - held.items()) + len(owed.items() - set(kept)),
        phantom=len((held.items() | set(kept)) - heard.written),
        doubled=sum(len(some) - len(set(some)) + (some != sorted(some)) for some in (told, kept))
        + heard.overwritten,
        troubles=tuple(troubles),
    )


async def _live_and_die(mother: asyncio.subprocess.Process, heard: Testimony, random: Random) -> None:
    pid = await _bear(mother, heard)
    if random.random() < 0.9:
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                for _ in range(random.randrange(MOST_ROWS)):
                    await _hear_until(mother, heard, "says")
        await asyncio.sleep(random.random() * A_WHILE_S)
    else:
        await asyncio.sleep(random.random() * 10 * A_WHILE_S)
    os.kill(pid, signal.SIGKILL)
    await _hear_until(mother, heard, "died")


async def _last_life(
    mother: asyncio.subprocess.Process, heard: Testimony, folder: Path, books: Books
) -> list[tuple[int, str, str]]:
    """One more life, until the office holds what was in the ledger before it; then what the ledger holds."""
    owed = max(heard.durable)
    pid = await _bear(mother, heard)
    listening = asyncio.ensure_future(_hear_until(mother, heard, "died"))
    await until(lambda: books.held >= owed, what=f"the office to hold {owed} facts")
    os.kill(pid, signal.SIGKILL)
    await listening
    store = Store(folder / "var", ballast_bytes=0)
    note = open_store(store, AT)
    assert note == "", note
    assert store.verify().misfit is None
    rows = [(row.seq, row.kind, row.hash) for row in store.rows(0, store.last_seq())]
    store.close()
    return rows


async def _mother(config: Path, scratch: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("short_lives.py")),
        str(config),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def _bear(mother: asyncio.subprocess.Process, heard: Testimony) -> int:
    assert mother.stdin is not None
    mother.stdin.write(b"live\n")
    await mother.stdin.drain()
    pid: int = json.loads(await _hear_until(mother, heard, "born"))[1]
    return pid


async def _hear_until(mother: asyncio.subprocess.Process, heard: Testimony, word: str) -> bytes:
    assert mother.stdout is not None
    async with asyncio.timeout(90):
        while True:
            line = await mother.stdout.readline()
            assert line, "the mother of all lives has ended"
            if heard.hear(line) == word:
                return line


def _site(folder: Path, port: int) -> Path:
    config = folder / "config.yaml"
    quick = {"barrier": {"driver": "simulated", "travel_s": 0.9}, "close_delay_s": 0.01}
    found = site(
        lane("entry-1", reader={"driver": "simulated", "hold_off_s": 0.01}, **quick),
        lane("exit-1", reader={"driver": "simulated", "hold_off_s": 0.01}, **quick),
        office={"host": "127.0.0.1", "port": port},
    )
    config.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return config


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gatepost-kills-") as folder:
        outcome = asyncio.run(kill_loop(Path(folder), kills=chosen.kills, seed=chosen.seed))
    print(outcome)
    sys.exit(bool(outcome.lost or outcome.phantom or outcome.doubled or outcome.troubles))


if __name__ == "__main__":
    main()
