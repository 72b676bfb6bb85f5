"""The one loop: inbox -> decide -> store -> evolve -> perform. It owns the state.

The law of this file: one signal at a time, in the order of arrival; facts are durable before the state shows
them and before anything moves because of them. Nothing here waits for a network, a camera or a device. A
commit that fails leaves the state as it was, moves nothing and tells whoever asked; what a loop, a limit
switch or a device said meanwhile is still so when the disk takes facts again, and is said first then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

from daemon.core.decide import decide, next_deadline
from daemon.core.evolve import evolve
from daemon.core.facts import Fact
from daemon.core.lane import DECIDED
from daemon.core.signals import (
    Boom,
    BoomReported,
    DeviceLost,
    DeviceRestored,
    FireReported,
    Instant,
    LoopChanged,
    PrintReported,
    Signal,
    TimerElapsed,
)
from daemon.core.state import State
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)

WATCHED = 256
"""How many facts a slow watcher may fall behind before it misses some."""


QUIET_WITHIN_S = 60.0
GLANCE_S = 0.1


class Busy(Exception):
    """Cars come and go without a pause."""


async def until_quiet(state: Callable[[], State]) -> None:
    """Wait until nobody is being let through and no boom is moving: for what holds the loop up for longer
    than a car under a boom can wait (R26). Raises Busy."""
    for _ in range(round(QUIET_WITHIN_S / GLANCE_S)):
        if not any(
            lane.phase in DECIDED or lane.boom is Boom.MOVING or lane.close_from is not None
            for lane in state().lanes.values()
        ):
            return
        await asyncio.sleep(GLANCE_S)
    raise Busy("车流不断，请稍后再导入 / cars come and go without a pause: try again later")


class Clock(Protocol):
    def now(self) -> Instant: ...


class FactStore(Protocol):
    def append(self, facts: Sequence[Fact]) -> list[int]: ...


class Engine:
    """`run()` is the loop; `post` and `ask` are safe from any callback of the same event loop.

    `prepare` sees every signal before the inbox does: what it takes out, no decision ever hears of.
    `perform` is given every fact once it is durable; `observe` hears of the signal and its facts after that.
    """

    def __init__(
        self,
        *,
        state: State,
        store: FactStore,
        clock: Clock,
        perform: Callable[[Fact], None],
        observe: Callable[[Signal, tuple[Fact, ...]], None] = lambda _signal, _facts: None,
        call_later: Callable[[float, Callable[[], None]], asyncio.TimerHandle] | None = None,
        prepare: Callable[[Signal], Signal] = lambda signal: signal,
    ) -> None:
        self.state = state
        self._store = store
        self._clock = clock
        self._perform = perform
        self._observe = observe
        self._call_later = call_later
        self._prepare = prepare
        self._inbox: asyncio.Queue[tuple[Signal, asyncio.Future[tuple[Fact, ...]] | None]] = asyncio.Queue()
        self._watchers: set[_Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._store_fails = False
        self._unsaid: dict[object, Signal] = {}
        """The newest word of each device that the disk has refused: an edge says a change only once."""
        self.rounds = 0
        """How many signals have gone all the way round: the watchdog's evidence."""

    # ------------------------------------------------------------ the way in

    def post(self, signal: Signal) -> None:
        """Put a signal into the inbox and go on."""
        self._inbox.put_nowait((self._prepare(signal), None))

    async def ask(self, signal: Signal) -> tuple[Fact, ...]:
        """The facts that `signal` led to, once they are durable. Raises StoreError where they cannot be."""
        answer: asyncio.Future[tuple[Fact, ...]] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait((self._prepare(signal), answer))
        return await answer

    async def beat(self) -> None:
        """Return after one whole round of the loop, disk included: what the watchdog goes by."""
        await self.ask(TimerElapsed(at=self._clock.now()))

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[tuple[int, Fact]]]:
        """Facts with their numbers from now on. A watcher that is too slow misses the oldest."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher.facts()
        finally:
            self._watchers.discard(watcher)

    # ------------------------------------------------------------ the loop

    async def run(self) -> None:
        """Go round until cancelled. Raises what `decide` or `evolve` raise: such a bug ends the process."""
        self._arm()
        while True:
            signal, answer = await self._inbox.get()
            try:
                self._say_unsaid()
                facts = self.handle(signal)
            except StoreError as failed:
                self._say_store_fails(failed)
                self._keep_unsaid(signal)
                if answer is not None and not answer.done():
                    answer.set_exception(failed)
            except BaseException as bug:
                if answer is not None and not answer.done():
                    answer.set_exception(bug)
                raise
            else:
                if answer is not None and not answer.done():
                    answer.set_result(facts)
            self._arm()

    def handle(self, signal: Signal) -> tuple[Fact, ...]:
        """One signal, all the way. Raises StoreError, and then nothing has happened."""
        facts = decide(self.state, signal)
        if facts:
            numbers = self._store.append(facts)
            self._store_fails = False
            for fact in facts:
                self.state = evolve(self.state, fact)
            for number, fact in zip(numbers, facts, strict=True):
                self._perform(fact)
                for watcher in self._watchers:
                    watcher.put(number, fact)
            self._observe(signal, facts)
        self.rounds += 1
        return facts

    def _keep_unsaid(self, signal: Signal) -> None:
        subject = _subject_of(signal)
        if subject is not None:
            self._unsaid.pop(subject, None)
            self._unsaid[subject] = signal

    def _say_unsaid(self) -> None:
        """Catch up with the devices before anything else is decided. Raises StoreError."""
        for subject, signal in list(self._unsaid.items()):
            self.handle(signal)
            del self._unsaid[subject]

    def _say_store_fails(self, failed: StoreError) -> None:
        if not self._store_fails:
            log.error("the ledger takes nothing, and so nothing moves: %s", failed)
        self._store_fails = True

    # ------------------------------------------------------------ time

    def _arm(self) -> None:
        """Have a TimerElapsed come at the next deadline of the state."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._inbox.empty():
            return  # armed again after the signal that is waiting
        now = self._clock.now().mono
        due = now if self._unsaid else next_deadline(self.state, now)
        if due is not None:
            # A deadline that is past and stays (the disk refuses) must not spin.
            soonest = _WHILE_REFUSED if self._store_fails else _SOONEST
            wait = max(due - now, soonest).total_seconds()
            later = self._call_later or asyncio.get_running_loop().call_later
            self._timer = later(wait, lambda: self.post(TimerElapsed(at=self._clock.now())))


_SOONEST = timedelta(milliseconds=10)
_WHILE_REFUSED = timedelta(milliseconds=250)


def _subject_of(signal: Signal) -> object | None:
    """What a signal tells the present state of; None where it tells of something that happened."""
    match signal:
        case LoopChanged():
            return signal.lane, signal.loop
        case BoomReported():
            return signal.lane, "boom"
        case DeviceLost() | DeviceRestored():
            return signal.device
        case PrintReported():
            return "print", signal.number, signal.copy
        case FireReported():
            return "fire", signal.input  # that it burned is not undone by its falling quiet again
        case _:
            return None


class _Watcher:
    """A bounded line of facts for one reader."""

    def __init__(self) -> None:
        self._line: deque[tuple[int, Fact]] = deque(maxlen=WATCHED)
        self._some = asyncio.Event()

    def put(self, number: int, fact: Fact) -> None:
        self._line.append((number, fact))
        self._some.set()

    async def facts(self) -> AsyncIterator[tuple[int, Fact]]:
        while True:
            while self._line:
                yield self._line.popleft()
            self._some.clear()
            await self._some.wait()
