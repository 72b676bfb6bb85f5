"""Gates that live until they are killed: `short_lives.py CONFIG`, one life for each line on stdin.

Everything is imported once and each life is a fork of that, so that five hundred of them take minutes. A life
is the product itself: `daemon.app` with simulated lanes, through which cars with permits drive in and out as
fast as boom and loops let them. Its answer to the line is its process id.

What a life says is written to a pipe, which outlives it, a JSON list a line:

    ["says", seq, seal]     this row is about to be written
    ["said", seq]           everything up to this row has been reported as durable
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import daemon.cli  # noqa: F401 - everything that a start would import
from daemon.app import App
from daemon.config import load
from daemon.core.fact import Fact
from daemon.runtime.clock import SystemClock
from daemon.runtime.log import set_up
from daemon.store import ledger
from daemon.store.store import Store
from drivers.simulated.lane import SimulatedLane, lane_named

QUICKER = 60.0
"""How much faster than real ones boom and cars move."""
PATIENCE_S = 0.3
"""After that a car that nobody lets through backs off."""


class Testimony:
    """What this life has said, out of reach of the kill."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def say(self, *words: object) -> None:
        os.write(self._pipe, json.dumps(words).encode() + b"\n")

    def listen(self) -> None:
        """Hear of every row before it is written, and of every commit once the store has reported it."""
        seal, append = ledger.append, Store.append

        def sealing(db: object, seq: int, prev: str, fact: Fact) -> str:
            hash_ = ledger.row_hash(prev, seq, fact.kind, ledger.fact_to_json(fact))  # type: ignore[attr-defined]
            self.say("says", seq, hash_)
            return seal(db, seq, prev, fact)  # type: ignore[arg-type]

        def appending(store: Store, facts: Sequence[Fact]) -> list[int]:
            numbers = append(store, facts)
            self.say("said", numbers[-1])
            return numbers

        ledger.append = sealing
        Store.append = appending  # type: ignore[method-assign]


async def live(config: Path) -> None:
    app = App(load(config), SystemClock(), say=lambda _text: None)
    loop = asyncio.get_running_loop()
    lanes = [
        lane_named(app.run_dir, lane.id, lambda wait, act: loop.call_later(wait / QUICKER, act))
        for lane in app.config.lanes
    ]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(app.run(asyncio.Event()))
        while not hasattr(app, "_engine"):  # noqa: ASYNC110 - a step or two of the loop
            await asyncio.sleep(0)
        for lane in lanes:
            group.create_task(_drive(app, lane))
        await running


async def _drive(app: App, lane: SimulatedLane) -> None:
    """One car behind the other, for ever; whoever is inside drives out, whoever is outside drives in."""
    is_exit = app._engine.state.lanes[lane.id].direction == "exit"
    for permit in cycle(app.config.permits):
        if (app._engine.state.stay_by_permit(permit.id) is not None) is not is_exit:
            await asyncio.sleep(0)
            continue
        gone = asyncio.Event()
        lane.arrive(permit.plate, "blue")
        lane.present_card(permit.card)
        forget = lane.when(lambda: lane.car is None, gone.set)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await gone.wait()
        except TimeoutError:
            if not lane.back_off():
                await gone.wait()
        forget()


def main() -> None:
    config, pipe = Path(sys.argv[1]), os.dup(sys.stdout.fileno())
    set_up(logging.CRITICAL)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            Testimony(pipe).listen()
            try:
                asyncio.run(live(config))
            finally:
                os._exit(3)  # nothing but the kill ends a life
        print(json.dumps(["born", child]), flush=True)
        _, status = os.waitpid(child, 0)
        print(json.dumps(["died", os.waitstatus_to_exitcode(status)]), flush=True)


if __name__ == "__main__":
    main()
