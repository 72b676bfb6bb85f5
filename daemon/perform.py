"""From a durable fact to the device that has to move.

The law of this file: exactly one call for each order, after its fact is on the disk. A slow disk may take
seconds for that: before the boom is lowered the safety loop and the fire input are asked once more. No answer
is awaited and none is believed, the limit switches tell. A barrier that refuses is logged here; its lane
raises the alert when no limit switch answers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol, assert_never

from daemon.core.facts import (
    BoomLowerOrdered,
    BoomRaiseOrdered,
    BoomStopOrdered,
    Fact,
    LoopReported,
    Order,
)
from daemon.core.printing import ReceiptPrintOrdered
from daemon.core.signals import Loop, LoopState
from drivers.errors import DeviceError
from drivers.protocols import ContactState

log = logging.getLogger(__name__)


class Boom(Protocol):
    """The part of a barrier that takes orders."""

    def raise_boom(self) -> None: ...
    def lower_boom(self) -> None: ...
    def stop_boom(self) -> None: ...


class Level(Protocol):
    """The part of a contact that says how it is now."""

    def state(self) -> ContactState: ...


class Performer:
    """`perform` is given every fact; it acts on the orders, and tells the eyes where a car stands."""

    def __init__(
        self,
        *,
        barriers: Mapping[str, Boom],
        safety_loops: Mapping[str, Level],
        watch: Callable[[str, bool], None],
        fire: Level | None = None,
        print_receipt: Callable[[ReceiptPrintOrdered], None] | None = None,
    ) -> None:
        """`watch(lane, present)` turns a camera's attention to a lane, or away from it.

        `print_receipt` takes an order and returns at once; None where the gate has no printer.
        """
        self._barriers = barriers
        self._safety_loops = safety_loops
        self._watch = watch
        self._fire = fire
        self._print_receipt = print_receipt

    def __call__(self, fact: Fact) -> None:
        match fact:
            case BoomRaiseOrdered() | BoomLowerOrdered() | BoomStopOrdered():
                self._order(fact)
            case ReceiptPrintOrdered() if self._print_receipt is not None:
                self._print_receipt(fact)
            case LoopReported(loop=Loop.APPROACH, lane=str(lane)):
                self._watch(lane, fact.state is not LoopState.FREE)
            case _:
                pass

    def _order(self, order: Order) -> None:
        barrier = self._barriers.get(order.lane or "")
        if barrier is None:
            return
        try:
            match order:
                case BoomRaiseOrdered():
                    barrier.raise_boom()
                case BoomLowerOrdered() if self._is_occupied_by_now(order):
                    # What the loop says comes as a signal of its own, and then the boom is ordered up.
                    log.warning("%s: not lowered, its safety loop is no longer free", order.lane)
                case BoomLowerOrdered() if self._is_burning_by_now():
                    log.warning("%s: not lowered, there is a fire", order.lane)
                case BoomLowerOrdered():
                    barrier.lower_boom()
                case BoomStopOrdered():
                    barrier.stop_boom()
                case _:
                    assert_never(order)
        except DeviceError as error:
            log.warning("%s: %s was not carried out: %s", order.lane, order.kind, error)

    def _is_occupied_by_now(self, order: BoomLowerOrdered) -> bool:
        loop = self._safety_loops.get(order.lane or "")
        return loop is not None and loop.state() is not ContactState.OFF

    def _is_burning_by_now(self) -> bool:
        return self._fire is not None and self._fire.state() is ContactState.ON
