"""An event loop on which time costs nothing.

The law of this file: while anything is ready it runs and time stands still; when nothing is, the clock jumps
to the next timer, or to what comes earlier outside of the loop (`ahead`); when there is neither, nothing can
ever happen again and `Deadlock` says so. Callbacks run in the order in which they were put, as asyncio
promises. No thread is started: `run_in_executor` runs its function on the spot. No descriptor is real:
whoever made one up says `readable(descriptor)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar, TypeVarTuple

from daemon.runtime.clock import ManualClock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_TICK = timedelta(microseconds=1)


class Deadlock(Exception):
    """Every task waits for something that nobody will ever do."""


class Livelock(Exception):
    """Something is always ready, and time never goes on."""


_MOST_ROUNDS = 50_000
"""Of the loop at one instant. No work that comes to an end has ever taken a hundredth of it."""


class _JumpingSelector:
    """Where asyncio would sleep until the next timer, the clock is put there instead."""

    def __init__(self, clock: ManualClock, ahead: Callable[[], timedelta | None]) -> None:
        self._clock = clock
        self._ahead = ahead
        self._rounds = 0

    def select(self, timeout_s: float | None) -> list[Any]:
        if timeout_s is not None and timeout_s <= 0:
            self._rounds += 1
            if self._rounds > _MOST_ROUNDS:
                self._rounds = 0
                raise Livelock(f"{_MOST_ROUNDS} rounds, and no time has passed")
            return []
        self._rounds = 0
        ahead = self._ahead()
        if timeout_s is None and ahead is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(asyncio.get_running_loop()))
            raise Deadlock(f"nothing is ready and no timer is set; waiting for ever: {', '.join(waiting)}")
        timer = None if timeout_s is None else max(timedelta(seconds=timeout_s), _TICK)
        self._clock.advance(min(wait for wait in (timer, ahead) if wait is not None))
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """asyncio's own loop over a clock that jumps; `loop.time()` is that clock's CLOCK_BOOTTIME."""

    def __init__(self, clock: ManualClock, ahead: Callable[[], timedelta | None] = lambda: None) -> None:
        """`ahead()` is how long until something happens outside; `clock.advance` makes it happen."""
        super().__init__()
        self.clock = clock
        self._selector = _JumpingSelector(clock, ahead)
        self._readers: dict[int, Callable[[], object]] = {}
        # A timer within one tick of now is due: ManualClock counts whole microseconds.
        self._clock_resolution = _TICK.total_seconds()

    def time(self) -> float:
        return self.clock.mono.total_seconds()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        del executor
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def add_reader(self, fd: Any, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        self._readers[fd] = lambda: callback(*args)

    def remove_reader(self, fd: Any) -> bool:
        return self._readers.pop(fd, None) is not None

    def readable(self, descriptor: int) -> None:
        """Bytes have come on a made-up descriptor. Who reads it, if anybody, is called soon."""
        self.call_soon(self._read, descriptor)

    def _read(self, descriptor: int) -> None:
        if descriptor in self._readers:
            self._readers[descriptor]()

    def _process_events(self, event_list: list[Any]) -> None:
        """BaseEventLoop hands over what the selector found: here, always nothing."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in the selector, so nobody needs to be woken."""


@contextmanager
def virtual_loop(clock: ManualClock | None = None) -> Iterator[VirtualLoop]:
    """A virtual loop to call `run_until_complete` on; what is left at the end is cancelled."""
    loop = VirtualLoop(clock or ManualClock())
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop()
        yield loop


def run_virtual(main: Coroutine[Any, Any, T], clock: ManualClock | None = None) -> T:
    """Run `main` on a virtual loop and return what it returned. `clock` is moved as time goes on."""
    with virtual_loop(clock) as loop:
        return loop.run_until_complete(main)
