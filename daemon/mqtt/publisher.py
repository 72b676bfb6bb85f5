"""The ledger on its way to the office: a cursor, and nothing else that could disagree with it.

The law of this file: a fact is delivered when the office has said that it holds it; that it was sent, or that
the broker took it, counts for nothing. What is not delivered is sent again, in order, from the first missing
fact on; the office dedupes by (gate, seq). At most `WINDOW` facts are ahead of what the office holds, so that
no queue on the way has to grow. Silence is probed with one fact at a time, ever more slowly; the first
acknowledgement opens the window again. Nothing here waits for the broker but `run()`.

A site whose consumer acknowledges nothing says `delivery: broker`: then a fact counts as delivered when the
broker has taken it and all before it, which proves no more than that.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, assert_never

from daemon.mqtt.inbound import Acknowledged, Refused, RefusedWhy, ResendAsked, judge
from daemon.mqtt.line import Opened
from daemon.mqtt.line import Way as Way
from daemon.mqtt.link import Done
from daemon.mqtt.messages import Topics, fact_message
from daemon.mqtt.presence import Post, Presence
from daemon.store.errors import StoreError

if TYPE_CHECKING:
    from daemon.core.signals import Instant
    from daemon.runtime.clock import Clock
    from daemon.store.ledger import LedgerRow

log = logging.getLogger(__name__)

Delivery = Literal["office", "broker"]
"""Whose acknowledgement makes a fact delivered."""

WINDOW = 100
"""Facts ahead of the office at most. Ten gates fit into the 1,000 messages that Mosquitto queues for an
office that is away (mosquitto.conf(5), max_queued_messages)."""
BATCH = 20
"""Facts sent before the loop may do something else: a backlog must not delay a decision."""
NEWS_FOR = timedelta(minutes=1)
"""A fact older than this when the connection came up is history to whoever receives it."""
OBEY_EVERY_S = 1.0
"""Resend requests that come faster wait and are obeyed as one: an office gone mad costs no more than this."""


class Ledger(Protocol):
    """What the publisher needs of the store."""

    def identity(self) -> str: ...
    def last_seq(self) -> int: ...
    def rows(self, after: int, limit: int) -> Sequence[LedgerRow]: ...
    def acked(self) -> int: ...
    def set_acked(self, seq: int) -> None:
        """Raises StoreError where the disk refuses."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the publisher waits, in seconds."""

    resend_after_s: float = 30.0
    """For the office to acknowledge; doubles with each silence up to the limit."""
    resend_limit_s: float = 600.0
    grace_s: float = 10.0
    """A loss of the broker shorter than this is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeStatus:
    """How the office is reached, as the panel shows it."""

    connected: bool
    """To the broker."""
    why: str | None
    """What is wrong, None when nothing is."""
    delivery: Delivery
    office_seen: bool
    """The office has acknowledged over this connection and answers in time."""
    last_seq: int
    published: int
    """The last fact that the broker took since the daemon started; proves nothing."""
    acked: int
    """The last fact that the office holds; that the broker has taken, where its word is enough."""
    refused_by_broker: int
    refused_from_office: int
    """Messages on the office's topics that were not obeyed."""


class Publisher:
    """Brings every fact of the ledger to the office, in order. `run()` it, and `wake()` it after a commit."""

    def __init__(
        self,
        ledger: Ledger,
        topics: Topics,
        *,
        way: Opened,
        clock: Clock,
        post: Post,
        patience: Patience = Patience(),
        delivery: Delivery = "office",
    ) -> None:
        self._ledger = ledger
        self._delivery = delivery
        self._topics = topics
        self._clock = clock
        self._patience = patience
        self._woken = asyncio.Event()
        self._way = way(self)

        self._holds = ledger.acked()
        """The highest seq that the office says it holds; below `acked` while it recovers from a loss."""
        self._cursor = self._holds
        """The last fact sent in this pass."""
        self._sent = self._holds
        """The last fact sent at all, unless the broker refused it."""
        # A publisher before this one, killed, may have been this far ahead.
        self._sent_before = min(ledger.last_seq(), self._holds + WINDOW)
        self._window = WINDOW
        self._resend_s = patience.resend_after_s
        self._resend_at: int | None = None
        self._not_before: int | None = None
        self._keeps_failing = False
        self._again_up_to = 0
        """What was asked for again goes out whole, also where the office holds it: others may listen."""
        self._taken: set[int] = set()
        """Facts that the broker took while it has not taken one before them (`delivery: broker`)."""
        self._asked: int | None = None
        """What the office asked to be sent again from, as long as that has not been obeyed."""
        self._obey_at: int | None = None

        self._connected_at: Instant | None = None
        self._presence = Presence(clock, post, _ns(patience.grace_s))
        self._published = 0
        self._office_seen = False
        self._refused_by_broker = 0
        self._refusal: tuple[int, str] | None = None
        """The first fact that the broker would not take, and why."""
        self._junk: Counter[RefusedWhy] = Counter()

    # ------------------------------------------------------------ for the rest of the gate

    def wake(self) -> None:
        """The ledger has grown. On the loop; costs nothing."""
        self._woken.set()

    def send_again(self, since: int) -> None:
        """Somebody who may has asked for everything from this fact on; beyond the last there is nothing."""
        if since <= max(self._sent, self._sent_before):
            self._resend(since)

    def status(self) -> OfficeStatus:
        return OfficeStatus(
            connected=self._way.connected,
            why=self._way.why or (self._refusal and self._refusal[1]),
            delivery=self._delivery,
            office_seen=self._office_seen,
            last_seq=self._ledger.last_seq(),
            published=self._published,
            acked=self._ledger.acked(),
            refused_by_broker=self._refused_by_broker,
            refused_from_office=self._junk.total(),
        )

    # ------------------------------------------------------------ sending

    async def run(self) -> None:
        """Until cancelled, beside the way. An exception that leaves it is a bug, not the network."""
        while True:
            self._woken.clear()
            self._presence.tell(self._way.why or "no connection")
            self._give_up_waiting()
            self._obey()
            if self._send_some():
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(self._time_to_next()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _send_some(self) -> bool:
        """Send up to a batch; True where there may be more to send at once."""
        now = self._clock.boottime_ns()
        if self._connected_at is None or (self._not_before is not None and now < self._not_before):
            return False
        self._not_before = None
        wanted = min(self._holds + self._window - self._cursor, self._way.room(), BATCH)
        if wanted <= 0:
            return False
        rows = self._ledger.rows(self._cursor, wanted)
        for row in rows:
            topic = self._topics.fact(row.lane, row.kind)
            historical = row.seq <= self._sent or self._was_old(row.at)
            payload = fact_message(
                row, gate=self._topics.gate, ledger=self._ledger.identity(), historical=historical
            )
            if not self._way.publish(topic, payload, self._answered(row.seq)):
                return False
            self._cursor = row.seq
            self._sent = max(self._sent, row.seq)
            if self._resend_at is None:
                self._resend_at = now + _ns(self._resend_s)
        return len(rows) == wanted

    def _was_old(self, at: Instant) -> bool:
        connected_at = self._connected_at
        if connected_at is None or at.boot != connected_at.boot:
            return True
        return connected_at.mono - at.mono > NEWS_FOR

    def _answered(self, seq: int) -> Done:
        """What to do with the broker's answer to fact `seq`."""

        def done(refusal: str | None) -> None:
            if refusal is None:
                self._published = max(self._published, seq)
                if self._refusal is not None and self._refusal[0] == seq:
                    self._refusal = None
                if self._delivery == "broker":
                    self._taken_by_broker(seq)
            else:
                self._refused(seq, refusal)
            self._woken.set()

        return done

    def _taken_by_broker(self, seq: int) -> None:
        """Delivered, where nobody acknowledges but the broker: up to the first fact that it has not taken."""
        self._taken.add(seq)
        last = self._holds
        while last + 1 in self._taken:
            last += 1
            self._taken.remove(last)
        if last > self._holds:
            self._delivered(last)

    def _refused(self, seq: int, words: str) -> None:
        self._refused_by_broker += 1
        if self._refusal is None:
            self._refusal = (seq, f"the broker refuses fact {seq}: {words}; see its access list")
            log.warning("fact %d was refused by the broker: %s; it stays undelivered", seq, words)
        self._sent = min(self._sent, seq - 1)
        if seq <= self._cursor:
            self._not_before = self._clock.boottime_ns() + _ns(self._resend_s)
            self._go_back(seq - 1)

    def _give_up_waiting(self) -> None:
        """The office has been silent too long: start again behind what it holds, with one fact."""
        if self._resend_at is None or self._connected_at is None:
            return
        now = self._clock.boottime_ns()
        if now < self._resend_at:
            return
        if self._cursor > self._holds:
            log.log(
                logging.INFO if self._office_seen else logging.DEBUG,
                "the office has not acknowledged fact %d for %.0f s; sending again",
                self._holds + 1,
                self._resend_s,
            )
            self._office_seen = False
            self._resend_s = min(self._resend_s * 2, self._patience.resend_limit_s)
            self._go_back(self._holds)
        self._resend_at = None

    def _go_back(self, seq: int) -> None:
        self._cursor = min(self._cursor, seq)
        self._window = 1

    # ------------------------------------------------------------ what the office says

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message from the broker; whatever it is, it does no harm."""
        ledger = self._ledger.identity()
        match judge(self._topics, topic, payload, retained=retained, ledger=ledger):
            case Acknowledged(seq) if seq <= max(self._sent, self._sent_before):
                self._acknowledged(seq)
            case ResendAsked(since) if since <= max(self._sent, self._sent_before) + 1:
                self._resend(since)
            case Acknowledged() | ResendAsked():
                self._disobey(RefusedWhy.NEVER_SENT, topic)
            case Refused(why):
                self._disobey(why, topic)
            case nothing_else:
                assert_never(nothing_else)

    def _acknowledged(self, seq: int) -> None:
        self._office_seen = True
        self._delivered(seq)

    def _delivered(self, seq: int) -> None:
        self._keep(seq)
        if seq <= self._holds:
            return
        self._holds = seq
        if self._cursor >= self._again_up_to:
            self._cursor = max(self._cursor, seq)
        self._window = WINDOW
        self._resend_s = self._patience.resend_after_s
        waiting = self._cursor > seq
        self._resend_at = self._clock.boottime_ns() + _ns(self._resend_s) if waiting else None
        self._woken.set()

    def _keep(self, seq: int) -> None:
        if seq <= self._ledger.acked():
            return
        try:
            self._ledger.set_acked(seq)
        except StoreError as refused:
            # Costs no fact: after a restart some are sent again, and the office knows them.
            log.log(logging.DEBUG if self._keeps_failing else logging.WARNING, "cannot keep: %s", refused)
            self._keeps_failing = True
        else:
            self._keeps_failing = False

    def _resend(self, since: int) -> None:
        self._office_seen = True
        self._asked = since if self._asked is None else min(since, self._asked)
        self._woken.set()

    def _obey(self) -> None:
        """Go back to where the office asked for, as soon as that is due."""
        now = self._clock.boottime_ns()
        if self._asked is None or self._connected_at is None:
            return
        if self._obey_at is not None and now < self._obey_at:
            return
        log.debug("the office asks for everything from fact %d on", self._asked)
        self._taken.clear()
        self._again_up_to = max(self._cursor, self._again_up_to)
        self._holds = min(self._holds, self._asked - 1)
        self._cursor = min(self._cursor, self._asked - 1)
        self._window = WINDOW
        self._resend_s = self._patience.resend_after_s
        self._resend_at = now + _ns(self._resend_s)
        self._asked, self._obey_at = None, now + _ns(OBEY_EVERY_S)

    def _disobey(self, why: RefusedWhy, topic: str) -> None:
        self._junk[why] += 1
        times = self._junk[why]
        if times == 10 ** (len(str(times)) - 1):
            log.warning("refused a message on %s: %s (%d so far)", topic, why, times)

    # ------------------------------------------------------------ the broker comes and goes

    def link_changed(self) -> None:
        if self._way.connected:
            self._connected_at = self._clock.now()
            self._presence.came()
            self._cursor = self._holds
            self._taken.clear()
            self._window = WINDOW
            self._not_before = None
        elif self._connected_at is not None:
            self._connected_at = None
            self._presence.went()
            self._office_seen = False
        self._resend_at = None
        self._woken.set()

    def _time_to_next(self) -> float | None:
        """Seconds to whatever is due next without anybody waking us; None where nothing is."""
        if self._connected_at is None:
            times = [self._presence.due()]
        else:
            times = [self._resend_at, self._not_before, None if self._asked is None else self._obey_at]
        due = [at for at in times if at is not None]
        return max(0.0, (min(due) - self._clock.boottime_ns()) / 1e9) if due else None


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
