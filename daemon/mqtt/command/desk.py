"""Where commands arrive: judged one by one, put to the core, answered.

The law of this file: nothing that arrives raises, waits in a line without end, or is answered before the
ledger holds what the answer says. What is not obeyed is counted into facts. A command never holds up a
decision: between two of them whatever else waits for the loop is done, and a list waits until no boom moves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, assert_never

from daemon.config.keys import KeyRing
from daemon.config.problems import report
from daemon.core.commands import CommandAnswered, Taken
from daemon.core.signals import Commanded, Fault, Signal
from daemon.engine import Busy, until_quiet
from daemon.mqtt.command.challenge import Challenges
from daemon.mqtt.command.envelope import Answer, Challenge, NoCommand, Reply, joined
from daemon.mqtt.command.judge import Again, Genuine, Refused, Standing, judge
from daemon.mqtt.command.operations import BodyWrong
from daemon.mqtt.command.parts import Parts
from daemon.mqtt.command.refusals import Refusals
from daemon.mqtt.messages import At
from daemon.mqtt.topics import alert_name
from daemon.store.errors import StoreError

if TYPE_CHECKING:
    from daemon.config.keys import KeyFolder
    from daemon.core.fact import Fact
    from daemon.core.signals import Instant
    from daemon.core.state import State
    from daemon.mqtt.link import Done, Listener
    from daemon.mqtt.topics import Topics
    from daemon.runtime.clock import Clock

log = logging.getLogger(__name__)

MOST_WAITING = 300
"""Messages that wait to be judged; the parts of one list are 256 at most."""
MOST_WAITING_BYTES = 20_000_000
MOST_REPLIES = 1000
"""Replies that wait for the broker; then the oldest goes."""
LOOK_S = 1.0
"""The challenge is looked after this often."""
KEYS_EVERY_S = 10.0
"""A key whose file was taken away counts no more after this."""
DISK = "disk_refuses"
BUSY = "busy"


class Outlet(Protocol):
    """What the desk needs of the way to the broker."""

    @property
    def connected(self) -> bool: ...
    def publish(self, topic: str, payload: bytes, done: Done) -> bool: ...


class CommandDesk:
    """The commands of one gate. `run()` it, and `look(facts)` after each commit."""

    def __init__(
        self,
        topics: Topics,
        *,
        keys: KeyFolder,
        ledger: str,
        way: Callable[[Listener], Outlet],
        show: Callable[[str, bytes], None],
        ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
        post: Callable[[Signal], None],
        state: Callable[[], State],
        clock: Clock,
        new_challenge: Callable[[], str],
    ) -> None:
        self._topics = topics
        self._keys = keys
        self._ring = KeyRing()
        self._read_keys()
        self._ledger = ledger
        self._show = show
        self._ask = ask
        self._post = post
        self._state = state
        self._clock = clock
        self._challenges = Challenges(new_challenge, clock.now())
        self._refusals = Refusals()
        self._parts = Parts()
        self._inbox: deque[tuple[str, bytes, bool]] = deque()
        self._inbox_bytes = 0
        self._is_judging = False
        self._replies: deque[bytes] = deque(maxlen=MOST_REPLIES)
        self._at_work: set[str] = set()
        """Commands with parts that are being put to the core."""
        self._woken = asyncio.Event()
        self._way = way(self)
        self._show_challenge(clock.now())

    # ------------------------------------------------------------ from the link

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message on the command topic or below it. Costs nothing: it is judged later."""
        full = len(self._inbox) >= MOST_WAITING or self._inbox_bytes + len(payload) > MOST_WAITING_BYTES
        if full:
            self._refuse(Refused(Fault.TOO_MANY), self._clock.now())
            return
        self._inbox.append((topic, payload, retained))
        self._inbox_bytes += len(payload)
        self._woken.set()

    def link_changed(self) -> None:
        self._woken.set()

    # ------------------------------------------------------------ from the engine

    def look(self, facts: Sequence[Fact]) -> None:
        """Answer what these facts answer."""
        for fact in facts:
            if isinstance(fact, CommandAnswered):
                final = fact.waits_for is None
                self._reply(fact.command_id, fact.answer, fact.why, final=final, now=fact.at)

    # ------------------------------------------------------------ the work

    async def run(self) -> None:
        """Until cancelled. An exception that leaves it is a bug, not the network."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_keys(), name="keys")
            tasks.create_task(self._work(tasks), name="commands")

    @property
    def is_busy(self) -> bool:
        """True while something waits to be judged, put to the core or answered."""
        has_replies = bool(self._replies) and self._way.connected
        return bool(self._inbox or self._is_judging or self._at_work or has_replies or self._woken.is_set())

    def last_words(self) -> None:
        """The run ends: whatever has been counted and not been said is said."""
        for said in self._refusals.rest(self._clock.now()):
            self._post(said)

    async def _watch_keys(self) -> None:
        while True:
            await asyncio.sleep(KEYS_EVERY_S)
            await asyncio.to_thread(self._read_keys)

    def _read_keys(self) -> None:
        """The keys as they are now; a file that is wrong is nobody's key, and said in the log."""
        changed = self._keys.changed()
        if changed is None:
            return
        self._ring, problems = changed
        log.info("commands: %d keys are known", len(self._ring))
        if problems:
            log.error("%s", report(problems, of=("公钥", "the keys")))

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            self._woken.clear()
            self._tend()
            if self._inbox:
                topic, payload, retained = self._inbox.popleft()
                self._inbox_bytes -= len(payload)
                self._is_judging = True
                await self._take(topic, payload, retained, tasks)
                self._is_judging = False
                await asyncio.sleep(0)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()

    def _tend(self) -> None:
        """Whatever is due without anybody asking for it."""
        now = self._clock.now()
        if self._challenges.look(now):
            self._show_challenge(now)
        for said in self._refusals.due(now):
            self._post(said)
        for genuine in self._parts.overdue(now.mono):
            self._refuse(self._of(genuine, Fault.PARTS_MISSING), now)
        while self._replies and self._way.connected:
            if not self._way.publish(self._topics.reply, self._replies[0], lambda _: self._woken.set()):
                break
            self._replies.popleft()

    def _show_challenge(self, now: Instant) -> None:
        message = Challenge(gate=self._topics.gate, challenge=self._challenges.current, at=At.of(now))
        self._show(self._topics.challenge, message.model_dump_json().encode())

    async def _take(self, topic: str, payload: bytes, retained: bool, tasks: asyncio.TaskGroup) -> None:
        now = self._clock.now()
        if topic != self._topics.command:
            self._take_part(topic, payload, retained, now, tasks)
            return
        match judge(self._standing(now), payload, retained=retained):
            case Refused() as refused:
                self._refuse(refused, now)
            case Again(command_id):
                self._repeat(command_id, now)
            case Genuine() as genuine if genuine.envelope.parts:
                self._expect(genuine, now)
            case Genuine() as genuine:
                await self._put(genuine.asks(genuine.envelope.body, now))
            case nothing_else:
                assert_never(nothing_else)

    def _standing(self, now: Instant) -> Standing:
        return Standing(
            site=self._topics.site,
            gate=self._topics.gate,
            ring=self._ring,
            challenges=self._challenges.holding(now),
            taken=self._state().commands.taken,
            now=now,
        )

    async def _put(self, commanded: Commanded) -> None:
        """Put it to the core; the answer follows from the facts (`look`)."""
        try:
            await self._ask(self._by_its_id(commanded))
        except StoreError:
            self._reply(commanded.command.id, "rejected", DISK, now=self._clock.now())

    def _by_its_id(self, commanded: Commanded) -> Commanded:
        """An alert may be called as its topic is, by those who are shown no more of it."""
        request = getattr(commanded.asks, "request", None)
        named = getattr(request, "alert_id", None)
        alerts = self._state().alerts
        if request is None or named is None or named in alerts:
            return commanded
        found = next((key for key in alerts if alert_name(key, self._ledger) == named), named)
        asks: Any = commanded.asks
        return replace(commanded, asks=replace(asks, request=replace(request, alert_id=found)))

    # ------------------------------------------------------------ what came in parts

    def _expect(self, genuine: Genuine, now: Instant) -> None:
        command_id = genuine.command.id
        if command_id in self._at_work or self._parts.waits(command_id):
            return
        if not self._parts.expect(genuine, now.mono):
            self._reply(command_id, "rejected", BUSY, now=now)

    def _take_part(
        self, topic: str, payload: bytes, retained: bool, now: Instant, tasks: asyncio.TaskGroup
    ) -> None:
        if retained:
            self._refuse(Refused(Fault.RETAINED), now)
            return
        match self._parts.take(topic.removeprefix(f"{self._topics.command}/"), payload):
            case False:
                self._refuse(Refused(Fault.PART_UNASKED), now)
            case True:
                return
            case genuine, parts:
                self._at_work.add(genuine.command.id)
                tasks.create_task(self._obey_whole(genuine, parts), name=genuine.command.operation)

    async def _obey_whole(self, genuine: Genuine, parts: list[bytes]) -> None:
        """Read it when no boom moves: 20,000 permits keep the machine busy for seconds."""
        try:
            await until_quiet(self._state)
            read = await asyncio.to_thread(_read, genuine, parts, self._clock.now())
            await until_quiet(self._state)
            now = self._clock.now()
            key = self._ring.get(genuine.command.key_id)
            if key is None or key.revoked:  # taken back while its parts came
                self._refuse(self._of(genuine, Fault.KEY_REVOKED), now)
                return
            await self._put(replace(read, at=now, asks=replace(read.asks, at=now)))
        except (NoCommand, BodyWrong) as wrong:
            self._refuse(self._of(genuine, Fault.BODY_WRONG, str(wrong)), self._clock.now())
        except Busy:
            self._reply(genuine.command.id, "rejected", BUSY, now=self._clock.now())
        finally:
            self._at_work.discard(genuine.command.id)

    # ------------------------------------------------------------ answers

    def _of(self, genuine: Genuine, why: Fault, detail: str = "") -> Refused:
        return Refused(why, genuine.command.key_id, genuine.command.id, detail)

    def _refuse(self, refused: Refused, now: Instant) -> None:
        """Count it, and answer whoever is known to have signed it."""
        said = self._refusals.add(refused.why, refused.key_id, now)
        if said is not None:
            log.warning("a command was not obeyed: %s %s", refused.why, refused.key_id)
            self._post(said)
        if refused.reply_to is None:
            return
        if refused.why is Fault.REPLAYED:
            self._repeat(refused.reply_to, now)
        else:
            self._reply(refused.reply_to, "rejected", refused.why, now=now, detail=refused.detail or None)

    def _repeat(self, command_id: str, now: Instant) -> None:
        """The first answer again."""
        taken: Taken | None = self._state().commands.taken.get(command_id)
        if taken is not None and taken.answer is not None:
            self._reply(command_id, taken.answer, taken.why, final=not taken.is_pending, now=now)

    def _reply(
        self,
        command_id: str,
        answer: Answer,
        why: str | None,
        *,
        now: Instant,
        final: bool = True,
        detail: str | None = None,
    ) -> None:
        message = Reply(
            gate=self._topics.gate,
            id=command_id,
            answer=answer,
            why=str(why) if why is not None else None,
            detail=detail,
            final=final,
            at=At.of(now),
        )
        self._replies.append(message.model_dump_json().encode())
        self._woken.set()


def _read(genuine: Genuine, parts: list[bytes], now: Instant) -> Commanded:
    """Raises NoCommand, BodyWrong."""
    attached, body = joined(parts), genuine.envelope.body
    if attached.keys() & body.keys():
        raise NoCommand("a field stands in the envelope and in the parts")
    return genuine.asks({**body, **attached}, now)
