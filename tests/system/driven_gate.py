"""The gate itself, with hands on its simulated lanes: `driven_gate.py --config FILE`.

Everything of `gatepost run` is here but its traffic: cars come when a line on stdin says so. Each command is
answered by `done` and the command.

    arrive LANE PLATE COLOUR   a car drives up
    card LANE NUMBER           somebody holds a card in front of the reader
    bytes LANE HEX             the reader sends just that
    unplug LANE / plug LANE    the reader's plug
    stand LANE PLATE           a car stands under the boom and stays there
    drive LANE                 the car under the boom drives on
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from daemon.app import App
from daemon.config import load
from daemon.runtime.clock import SystemClock
from daemon.runtime.log import set_up
from drivers.simulated.lane import Car, Place, SimulatedLane, lane_named

QUICKER = 6.0
"""Cars and booms move so much faster than real ones; every loop is still seen, however busy the machine is,
since the lane and the gate share one event loop."""


class Hands:
    """What people do at the lanes."""

    def __init__(self, app: App) -> None:
        loop = asyncio.get_running_loop()
        self.lanes: dict[str, SimulatedLane] = {
            lane.id: lane_named(app.run_dir, lane.id, lambda wait, act: loop.call_later(wait / QUICKER, act))
            for lane in app.config.lanes
            if lane.barrier.driver == "simulated"
        }
        self._words: dict[str, Callable[..., object]] = {
            "arrive": lambda lane, plate, colour: self.lanes[lane].arrive(plate, colour),
            "card": lambda lane, number: self.lanes[lane].present_card(number),
            "bytes": lambda lane, text: os.write(self.lanes[lane]._terminal[0], bytes.fromhex(text)),  # type: ignore[index]
            "unplug": lambda lane: self.lanes[lane].unplug_reader(),
            "plug": lambda lane: self.lanes[lane].plug_reader_in(),
            "stand": self._stand,
            "drive": lambda lane: self.put(lane, Place.UNDER),
        }
        self._unread = b""
        os.set_blocking(sys.stdin.fileno(), False)
        loop.add_reader(sys.stdin.fileno(), self._listen)

    def put(self, lane: str, place: Place) -> None:
        """The car at that lane is there now, and drives on from there."""
        car = self.lanes[lane].car
        assert car is not None
        self.lanes[lane]._move_to(car, place)

    def _stand(self, lane: str, plate: str) -> None:
        metal = self.lanes[lane]
        metal.car = Car(plate, "blue")
        metal.car.place = Place.UNDER
        metal._settle()

    def _listen(self) -> None:
        heard = os.read(sys.stdin.fileno(), 65536)
        if not heard:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            word, *about = line.decode().split(" ")
            self._words[word](*about)
            print("done", line.decode(), flush=True)


async def run(app: App) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await app.run(stop)


def made_app() -> App:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    set_up(logging.INFO)
    return App(
        load(parser.parse_known_args()[0].config), SystemClock(), say=lambda text: print(text, flush=True)
    )


async def main() -> None:
    app = made_app()
    hands = Hands(app)
    await run(app)
    print("struck", sum(lane.struck for lane in hands.lanes.values()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
