"""The office's side of the conversation: take in order, keep, acknowledge, ask for what is missing.

The law of this file: an acknowledgement leaves only after the facts it speaks of are on the disk. A fact that
comes again is acknowledged again, since the gate may not have heard it the first time. What is not a fact of
this site is dropped with a counted warning and never raises. The books are written by a thread of their own,
so that the link goes on while a disk takes its time; what comes meanwhile is the next batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from pydantic import ValidationError

from daemon.mqtt.link import Listener
from daemon.mqtt.messages import Acknowledgement, FactMessage, ResendRequest, Topics, gate_of
from daemon.mqtt.publisher import Way
from daemon.office.books import Books, Taken
from daemon.office.chain import why_not_kept
from daemon.office.database import RETRY
from daemon.office.ledgers import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST = 65_536
"""Bytes of one fact; the broker is told the same."""
ASK_AGAIN_S = 5.0
"""How long a request for missing facts may go unanswered before it is said again."""
INBOX = 10_000
"""Facts waiting to be written; more are dropped, and asked for later."""
BATCH = 2_000
"""Facts of one transaction: what waits for it is in memory twice."""
FORGET_EVERY_S = 6 * 3600.0
RETRY_S = 0.5
RETRY_LIMIT_S = 10.0
"""The wait for a database that does not take anything doubles from the one to the other."""


class Office:
    """All gates of one site."""

    def __init__(
        self,
        open_books: Callable[[], Books],
        *,
        root: str,
        site: str,
        way: Callable[[Listener], Way],
        say: Callable[[FactMessage, str | None], None] = lambda _fact, _trouble: None,
        forget_before: Callable[[], datetime] | None = None,
    ) -> None:
        self._open_books = open_books
        self._root = root
        self._site = site
        self._say = say
        self._forget_before = forget_before
        self._inbox: deque[FactMessage] = deque()
        self._woken = asyncio.Event()
        self._to_acknowledge: set[Ledger] = set()
        self._to_ask: set[Ledger] = set()
        self._asked: dict[Ledger, tuple[int, float]] = {}
        self._dropped = 0
        self.books: Books | None = None
        """Open while the office runs."""
        self.why: str | None = None
        """What the database does not do; None while it does."""
        self._way = way(self)

    async def run(self) -> None:
        """Until cancelled. Raises Unusable and OSError where the books cannot be opened as things are."""
        with ThreadPoolExecutor(1, "books") as thread:
            self.books = await self._patiently(thread, self._open_books)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._way.run(), name="broker")
                    tasks.create_task(self._work(thread, self.books), name="office")
                    tasks.create_task(self._forget(thread, self.books), name="forgetting")
            finally:
                # Behind whatever is being written, which is not acknowledged and comes again.
                thread.submit(self.books.close)

    # ------------------------------------------------------------ from the link

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        gate = gate_of(self._root, self._site, topic)
        try:
            if gate is None or retained or len(payload) > LONGEST or len(self._inbox) >= INBOX:
                raise ValueError("not taken")
            fact = FactMessage.model_validate_json(payload)
            if fact.gate != gate or why_not_kept(fact) is not None:
                raise ValueError("speaks for another gate, or is no row of any ledger")
        except (ValueError, ValidationError):
            self._dropped += 1
            if self._dropped == 10 ** (len(str(self._dropped)) - 1):
                log.warning("dropped a message on %s (%d so far)", topic, self._dropped)
            return
        self._inbox.append(fact)
        self._woken.set()

    def link_changed(self) -> None:
        if self._way.connected and self.books is not None:
            # A gate that waits for an acknowledgement lost on the way need not wait longer.
            self._to_acknowledge.update(self.books.held())
        self._woken.set()

    # ------------------------------------------------------------ the work

    async def _work(self, thread: ThreadPoolExecutor, books: Books) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._inbox:
                some = list(islice(self._inbox, BATCH))
                self._received(await self._patiently(thread, partial(books.take, some)))
                for _ in some:
                    self._inbox.popleft()
                self._answer(books)
            self._answer(books)

    async def _forget(self, thread: ThreadPoolExecutor, books: Books) -> None:
        while self._forget_before is not None:
            gone = await self._patiently(thread, partial(books.forget, self._forget_before()))
            if gone.facts:
                log.info("forgotten: the text of %d facts, %d alerts", gone.facts, gone.alerts)
            await asyncio.sleep(FORGET_EVERY_S)

    async def _patiently(self, thread: ThreadPoolExecutor, do: Callable[[], T]) -> T:
        """Have it done by the thread, again and again while the database is away or full."""
        wait = RETRY_S
        while True:
            try:
                done = await asyncio.get_running_loop().run_in_executor(thread, do)
            except RETRY as error:
                # Not acknowledged, so not lost: it is kept here, and the gates keep it until then.
                why = str(getattr(error, "orig", None) or error).strip()
                log.log(
                    logging.DEBUG if self.why else logging.WARNING,
                    "the database does not take anything: %s; trying again until it does",
                    why,
                )
                self.why = why
                await asyncio.sleep(wait)
                wait = min(2 * wait, RETRY_LIMIT_S)
            else:
                if self.why is not None:
                    log.info("the database is back")
                    self.why = None
                return done

    def _received(self, taken: Taken) -> None:
        for gate, words in taken.refused.items():
            log.error("%s: the database will not have these facts: %s", gate, words)
        for trouble in taken.troubles:
            log.warning("%s: fact %d: %s", trouble.gate, trouble.seq, trouble.what)
        for entry in taken.entries:
            self._say(entry.fact, entry.trouble)
        self._to_acknowledge.update(taken.held)
        self._to_ask.update(taken.missing)

    def _answer(self, books: Books) -> None:
        now = asyncio.get_running_loop().time()
        for ledger in sorted(self._to_acknowledge):
            gate, name = ledger
            held = Acknowledgement(gate=gate, seq=books.held_of(ledger), ledger=name or None)
            if self._publish(self._topics(gate).ack, held.model_dump_json(exclude_none=True)):
                self._to_acknowledge.discard(ledger)
        for ledger in sorted(self._to_ask):
            gate, name = ledger
            missing = books.held_of(ledger) + 1
            asked, asked_at = self._asked.get(ledger, (0, now))
            if asked == missing and now - asked_at < ASK_AGAIN_S:
                self._to_ask.discard(ledger)
                continue
            wanted = ResendRequest.model_validate({"gate": gate, "from": missing, "ledger": name or None})
            if self._publish(self._topics(gate).resend, wanted.model_dump_json(exclude_none=True)):
                log.info("%s: asked for everything from fact %d on", gate, missing)
                self._asked[ledger] = (missing, now)
                self._to_ask.discard(ledger)

    def _publish(self, topic: str, message: str) -> bool:
        return self._way.publish(topic, message.encode(), self._published)

    def _published(self, refusal: str | None) -> None:
        if refusal is not None:
            log.warning("the broker refuses what the office says: %s; see its access list", refusal)
        self._woken.set()

    def _topics(self, gate: str) -> Topics:
        return Topics(root=self._root, site=self._site, gate=gate)
