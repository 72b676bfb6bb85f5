"""Following the other gates of the site, and letting them follow this one (R45).

The law of this file: a sibling is asked from where the ledger has got to with it, one question at a time, and
only after what the last answer brought is durable; so nothing is skipped, and nothing depends on a queue. The
office's cursor has no part in this: gates follow each other while the office is away. Asking is also how a
sibling is known to live: one that answers nothing in `lost_s`, or that this gate has not caught up with
since, counts as cut off. At most `SCANNED` rows are looked through at a time; no decision waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from daemon.core.siblings import (
    CONCERNS,
    FOLLOWED_EVERY,
    NAMELESS,
    Cursor,
    concerns,
    sibling_device,
)
from daemon.core.signals import DeviceLost, DeviceRestored, SiblingRow, SiblingSaid
from daemon.mqtt.line import Line, Way
from daemon.mqtt.sibling_messages import SiblingAsk, SiblingStretch, ToldRow
from daemon.mqtt.topics import Topics
from daemon.store.codec import canonical, fact_from_json
from daemon.store.errors import StoreError
from daemon.store.ledger import is_sealed

if TYPE_CHECKING:
    from daemon.core.state import State
    from daemon.runtime.clock import Clock
    from daemon.store.ledger import LedgerRow

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Rows of an answer: one decision, one transaction, a few milliseconds."""
LONGEST = 48_000
"""Bytes of rows in an answer; the broker is told to send nothing longer than 65,536."""
SCANNED = 2_000
"""Rows that are looked through before the loop may do something else."""


class Ledger(Protocol):
    """What is needed of the store."""

    def last_seq(self) -> int: ...
    def seal(self, seq: int) -> str | None: ...
    def rows_among(self, after: int, upto: int, kinds: Sequence[str], limit: int) -> Sequence[LedgerRow]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds."""

    answer_s: float = 5.0
    """An answer that has nothing to tell is held back so long: something may come."""
    again_s: float = 8.0
    """An answer that did not come in this time is asked for again."""
    lost_s: float = 20.0


@dataclass(slots=True)
class _Sibling:
    """One of them: what it has asked, and what was asked of it."""

    gate: str
    topics: Topics
    heard_at: int
    """When it was last known that all it has said is known here."""
    is_lost: bool = False
    ask_at: int | None = 0
    """When to ask it; None: in the hands of the engine."""
    told: list[SiblingStretch] = field(default_factory=list)
    asked: SiblingAsk | None = None
    answer_by: int = 0
    scanned: int = 0
    """Up to here its open question has been looked into, and nothing was found."""


class Siblings:
    """Both ends of every conversation. `run()` it, and `wake()` it after a commit."""

    def __init__(
        self,
        own: Topics,
        gates: Sequence[str],
        *,
        line: Line,
        ledger: Ledger,
        state: Callable[[], State],
        ask: Callable[[SiblingSaid], Awaitable[Any]],
        post: Callable[[DeviceLost | DeviceRestored], None],
        clock: Clock,
        patience: Patience = Patience(),
    ) -> None:
        self._own = own
        self._ledger = ledger
        self._state = state
        self._ask = ask
        self._post = post
        self._clock = clock
        self._patience = patience
        self._woken = asyncio.Event()
        self._junk: Counter[str] = Counter()
        now = clock.boottime_ns()
        self._siblings = {
            gate: _Sibling(gate, Topics(root=own.root, site=own.site, gate=gate), now) for gate in gates
        }
        heard = [
            topic
            for one in self._siblings.values()
            for topic in (one.topics.sibling_ask(own.gate), one.topics.sibling_told(own.gate))
        ]
        self._way: Way = line.join(*heard)(self)

    def wake(self) -> None:
        """The ledger has grown. On the loop; costs nothing."""
        self._woken.set()

    # ------------------------------------------------------------ from the line

    def link_changed(self) -> None:
        for one in self._siblings.values():
            one.asked = None
            one.ask_at = 0 if one.ask_at is not None else None
        self._woken.set()

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        for one in self._siblings.values():
            is_ask = topic == one.topics.sibling_ask(self._own.gate)
            if not is_ask and topic != one.topics.sibling_told(self._own.gate):
                continue
            try:
                if retained:
                    raise ValueError("retained")
                said = (SiblingAsk if is_ask else SiblingStretch).model_validate_json(payload)
                if said.gate != one.gate:
                    raise ValueError("in another gate's name")
            except ValidationError:
                self._refuse(topic, "malformed")
            except ValueError as why:
                self._refuse(topic, str(why))
            else:
                self._take(one, said)
            self._woken.set()

    def _take(self, one: _Sibling, said: SiblingAsk | SiblingStretch) -> None:
        if isinstance(said, SiblingStretch):
            one.told = [said]  # the newest answer is to the newest question
        else:
            one.asked = said
            one.scanned = said.after
            one.answer_by = self._clock.boottime_ns() + _ns(self._patience.answer_s)

    def _refuse(self, topic: str, why: str) -> None:
        self._junk[why] += 1
        times = self._junk[why]
        if times == 10 ** (len(str(times)) - 1):
            log.warning("refused a message on %s: %s (%d so far)", topic, why, times)

    # ------------------------------------------------------------ the work

    async def run(self) -> None:
        """Until cancelled, beside the way."""
        while True:
            self._woken.clear()
            for one in self._siblings.values():
                for told in one.told:
                    one.told = []
                    await self._hear(one, told)
                self._ask_if_due(one)
                self._miss_if_due(one)
                if self._answer(one):
                    self._woken.set()
                await asyncio.sleep(0)
            try:
                async with asyncio.timeout(self._time_to_next()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _time_to_next(self) -> float:
        now = self._clock.boottime_ns()
        due = [now + _ns(self._patience.again_s)]
        for one in self._siblings.values():
            due += [] if one.ask_at is None or not self._way.connected else [one.ask_at]
            due += [] if one.asked is None else [one.answer_by]
            due += [] if one.is_lost else [one.heard_at + _ns(self._patience.lost_s)]
        return max(0.02, (min(due) - now) / 1e9)

    # ------------------------------------------------------------ following

    def _cursor(self, gate: str) -> Cursor:
        return self._state().siblings.cursors.get(gate, Cursor())

    def _ask_if_due(self, one: _Sibling) -> None:
        now = self._clock.boottime_ns()
        if one.ask_at is None or now < one.ask_at:
            return
        cursor = self._cursor(one.gate)
        message = SiblingAsk(gate=self._own.gate, root=cursor.root, after=cursor.seq).model_dump_json()
        topic = self._own.sibling_ask(one.gate)
        if self._way.publish(topic, message.encode(), self._answered(topic)):
            one.ask_at = now + _ns(self._patience.again_s)

    async def _hear(self, one: _Sibling, told: SiblingStretch) -> None:
        """Have it taken down; what a full disk refuses is asked for again."""
        rows = [_row(row) for row in told.rows]
        if None in rows:
            self._refuse(self._own.sibling_ask(one.gate), "not sealed as it says")
            return
        before = self._cursor(one.gate)
        one.ask_at = None
        try:
            await self._ask(
                SiblingSaid(
                    at=self._clock.now(),
                    gate=one.gate,
                    root=told.root,
                    after=told.after,
                    after_hash=told.after_hash,
                    upto=told.upto,
                    upto_hash=told.upto_hash,
                    rows=tuple(row for row in rows if row is not None),
                )
            )
        except StoreError as refused:
            log.debug("what %s says cannot be kept: %s", one.gate, refused)
            one.ask_at = self._clock.boottime_ns() + _ns(self._patience.again_s)
            return
        has_moved = self._cursor(one.gate) != before
        is_whole = not told.more and (has_moved or not told.rows) and told.upto >= told.after
        wait_s = 0.0 if has_moved or is_whole else self._patience.again_s
        one.ask_at = self._clock.boottime_ns() + _ns(wait_s)
        if is_whole:
            self._is_in_step(one)

    def _is_in_step(self, one: _Sibling) -> None:
        one.heard_at = self._clock.boottime_ns()
        if one.is_lost:
            one.is_lost = False
            device = sibling_device(one.gate)
            self._post(DeviceRestored(at=self._clock.now(), device=device, lane=None, role="sibling"))

    def _miss_if_due(self, one: _Sibling) -> None:
        if one.is_lost or self._clock.boottime_ns() < one.heard_at + _ns(self._patience.lost_s):
            return
        one.is_lost = True
        why = self._way.why or f"{one.gate} has not answered for {self._patience.lost_s:.0f} s"
        device = sibling_device(one.gate)
        self._post(DeviceLost(at=self._clock.now(), device=device, lane=None, role="sibling", why=why))

    # ------------------------------------------------------------ being followed

    def _answer(self, one: _Sibling) -> bool:
        """Answer its open question if there is something to say, or it has waited long enough.

        True where more is to be looked through at once.
        """
        asked, root = one.asked, self._state().siblings.root
        if asked is None or not root or not self._way.connected:
            return False
        after = asked.after if asked.root == root else 0
        last = self._ledger.last_seq()
        if after > last:
            return self._tell(one, root, after, (), last, more=False)
        start = max(after, one.scanned if asked.root == root else 0)
        upto = min(last, start + SCANNED)
        found = self._ledger.rows_among(start, upto, _KINDS, AT_ONCE)
        told = _bounded([row for row in found if concerns(row.kind, row.body)])
        if told:
            return self._tell(one, root, after, told, told[-1].seq, more=told[-1].seq < last)
        one.scanned = found[-1].seq if len(found) == AT_ONCE else upto
        if one.scanned < last:
            return True
        is_long = one.scanned - after >= FOLLOWED_EVERY
        if is_long or self._clock.boottime_ns() >= one.answer_by:
            return self._tell(one, root, after, (), one.scanned, more=False)
        return False

    def _tell(
        self, one: _Sibling, root: str, after: int, rows: Sequence[LedgerRow], upto: int, *, more: bool
    ) -> bool:
        stretch = SiblingStretch(
            gate=self._own.gate,
            root=root,
            after=after,
            after_hash=self._ledger.seal(after) or NAMELESS,
            upto=upto,
            upto_hash=self._ledger.seal(upto) or NAMELESS,
            rows=tuple(
                ToldRow(seq=row.seq, kind=row.kind, body=row.body, hash=row.hash, prev=row.prev_hash)
                for row in rows
            ),
            more=more,
        )
        topic = self._own.sibling_told(one.gate)
        if self._way.publish(topic, stretch.model_dump_json().encode(), self._answered(topic)):
            one.asked = None
        return False

    def _answered(self, topic: str) -> Callable[[str | None], None]:
        def done(refusal: str | None) -> None:
            if refusal is not None:
                self._refuse(topic, f"the broker refuses it: {refusal}; see its access list")

        return done


_KINDS = tuple(sorted(CONCERNS))


def _bounded(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """As many as go into one message, one at least."""
    taken: list[LedgerRow] = []
    size = 0
    for row in rows:
        size += len(canonical(row.body).encode()) + 300
        if taken and size > LONGEST:
            break
        taken.append(row)
    return taken


def _row(row: ToldRow) -> SiblingRow | None:
    """As the core takes it; None where it is not what was sealed."""
    if not is_sealed(row.prev, row.seq, row.kind, row.body, row.hash):
        return None
    try:
        return SiblingRow(row.seq, row.hash, fact_from_json(canonical(row.body)))
    except ValueError:  # a newer version's word
        return SiblingRow(row.seq, row.hash, None)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
