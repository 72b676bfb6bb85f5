"""A driven gate that is killed at one place of its code: `mortal_gate.py --config FILE --at SEAM WHAT`.

SEAM is one of SEAMS, WHAT names what it is about: a signal's class, or the kind of a fact that came of it.
The kill is SIGKILL by the process itself, at that place and at no other. What no kill can touch is written by
the lane, as metal and rubber would keep it:

    pulses.jsonl   every pulse of the relays that raise and lower, with what the ledger on the disk said then
    world.json     where boom and car were when the gate died; the next start finds them there
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from typing import Any

import daemon.engine
from daemon.app import App
from daemon.perform import Performer
from daemon.store import ledger
from daemon.store.store import Store
from drivers.barriers.gpio import GpioBarrier
from drivers.protocols import Card
from drivers.readers.serial_reader import SerialReader
from drivers.simulated.lane import Car, Pins, Place, SimulatedLane
from tests.system.driven_gate import Hands, made_app, run

LANE = "entry-1"

SEAMS = (
    "before the reader is read",
    "after the reader is read",
    "before the decision",
    "after the decision",
    "before the transaction",
    "after a row is written",
    "before the commit",
    "after the commit",
    "before the state changes",
    "before the order is performed",
    "before the relay",
    "after the relay",
)


class Death:
    """Comes at one seam, about one thing, once."""

    def __init__(self, seam: str | None, about: str | None) -> None:
        self._seam, self._about = seam, about
        self.last_will: Callable[[], None] = lambda: None

    def passes(self, seam: str, about: Iterable[str]) -> None:
        if seam == self._seam and self._about in list(about):
            self.last_will()
            os.kill(os.getpid(), signal.SIGKILL)


def lay_seams(death: Death) -> None:
    """Put `death` before and after every step from the reader's bytes to the relay."""

    def around(
        owner: Any, name: str, about: Callable[..., Iterable[str]], *, before: str = "", after: str = ""
    ) -> None:
        step = getattr(owner, name)

        def stepping(*given: Any, **named: Any) -> Any:
            death.passes(before, about(None, *given))
            result = step(*given, **named)
            death.passes(after, about(result, *given))
            return result

        setattr(owner, name, stepping)

    def cards(found: Any, *_: Any) -> list[str]:
        return ["CardRead"] if found is None or any(isinstance(item, Card) for item in found) else []

    written: list[str] = []

    class Connection(sqlite3.Connection):
        """Every transaction of the store goes through here."""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                death.passes("before the commit", written)
            cursor = super().execute(sql, *values)
            if sql == "COMMIT":
                death.passes("after the commit", written)
            return cursor

    def about_to_write(_: Any, _store: Store, facts: Any) -> list[str]:
        written[:] = [fact.kind for fact in facts]
        return written

    sqlite3.connect = partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]
    around(SerialReader, "read", cards, before=SEAMS[0], after=SEAMS[1])
    around(
        daemon.engine,
        "decide",
        lambda facts, _state, signal: [type(signal).__name__, *(fact.kind for fact in facts or ())],
        before=SEAMS[2],
        after=SEAMS[3],
    )
    around(Store, "append", about_to_write, before=SEAMS[4])
    around(ledger, "append", lambda _, _db, _seq, _seal, fact: [fact.kind], after=SEAMS[5])
    around(daemon.engine, "evolve", lambda _, _state, fact: [fact.kind], before=SEAMS[8])
    around(Performer, "__call__", lambda _, _performer, fact: [fact.kind], before=SEAMS[9])
    for method, kind in (("raise_boom", "boom_raise_ordered"), ("lower_boom", "boom_lower_ordered")):
        around(GpioBarrier, method, lambda *_, kind=kind: [kind], before=SEAMS[10], after=SEAMS[11])


class World:
    """What is outside of the process, and stays."""

    def __init__(self, app: App, lane: SimulatedLane) -> None:
        self._app, self._lane = app, lane
        self._file = app.config.folder / "world.json"
        self._pulses = app.config.folder / "pulses.jsonl"
        for pin, name in ((Pins.RAISE, "raise"), (Pins.LOWER, "lower")):
            relay = lane.factory.pin(pin)
            relay._listener = partial(self._switched, name, relay._listener)

    def keep(self) -> None:
        # A barrier goes on by itself to the end that it was told to go to.
        step = {1: 30, 0: self._lane._step, -1: 0}[self._lane._direction]
        kept = {"step": step, "place": self._place(), "struck": self._lane.struck}
        self._file.write_text(json.dumps(kept), encoding="utf-8")

    def restore(self, hands: Hands) -> None:
        """Boom and car as the last gate left them."""
        if not self._file.exists():
            return
        kept = json.loads(self._file.read_text(encoding="utf-8"))
        self._lane._step, self._lane.struck = kept["step"], kept["struck"]
        if kept["place"] is not None:
            self._lane.car = Car("粤B12345", "blue")
            hands.put(LANE, Place(kept["place"]))
        self._lane._settle()

    def _place(self) -> str | None:
        car = self._lane.car
        return car.place.value if car is not None else None

    def _switched(self, name: str, moves_the_boom: Callable[[bool], None], level: bool) -> None:
        if level:
            car = self._lane.car
            pulse = {
                "pulse": name,
                "place": car.place.value if car is not None else None,
                **self._ledger_says(),
            }
            with self._pulses.open("a", encoding="utf-8") as log:
                log.write(json.dumps(pulse) + "\n")
        moves_the_boom(level)

    def _ledger_says(self) -> dict[str, Any]:
        """As another process would find it: what is not durable does not count."""
        path = self._app.config.folder / self._app.config.storage.folder / "gatepost.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            (start,) = db.execute("SELECT max(seq) FROM ledger WHERE kind = 'gate_started'").fetchone()
            orders = db.execute(
                "SELECT kind FROM ledger WHERE seq > ? AND kind LIKE 'boom_%_ordered'",
                (start,),
            ).fetchall()
            loop = db.execute(
                "SELECT json_extract(body, '$.state') FROM ledger WHERE seq > ? AND kind = 'loop_reported'"
                " AND json_extract(body, '$.loop') = 'safety' ORDER BY seq DESC LIMIT 1",
                (start,),
            ).fetchone()
        return {"start": start, "orders": [kind for (kind,) in orders], "safety": loop[0] if loop else None}


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--at", nargs=2, default=(None, None))
    death = Death(*parser.parse_known_args()[0].at)
    lay_seams(death)
    app = made_app()
    hands = Hands(app)
    world = World(app, hands.lanes[LANE])
    world.restore(hands)
    death.last_will = world.keep
    await run(app)
    print("struck", hands.lanes[LANE].struck, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
