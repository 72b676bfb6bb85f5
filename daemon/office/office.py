"""The office's side of the conversation: take in order, keep, acknowledge, ask for what is missing.

The law of this file: an acknowledgement leaves only after the facts it speaks of are on the disk. A fact that
comes again is acknowledged again, since the gate may not have heard it the first time. What is not a fact of
this site is dropped with a counted warning and never raises.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from random import SystemRandom

from pydantic import ValidationError

from daemon.mqtt.broker import Broker
from daemon.mqtt.link import LinkSpec, Listener
from daemon.mqtt.messages import (
    Acknowledgement,
    FactMessage,
    ResendRequest,
    Topics,
    fact_filter,
    gate_of,
)
from daemon.mqtt.publisher import Way
from daemon.office.lines import line
from daemon.office.shelf import Shelf, Verify

log = logging.getLogger(__name__)

LONGEST = 65_536
"""Bytes of one fact; the broker is told the same."""
ASK_AGAIN_S = 5.0
"""How long a request for missing facts may go unanswered before it is said again."""
INBOX = 10_000
"""Facts waiting to be written; more are dropped, and asked for later."""


class Office:
    """All gates of one site."""

    def __init__(
        self,
        folder: Path,
        *,
        root: str,
        site: str,
        way: Callable[[Listener], Way],
        verify: Verify | None = None,
        say: Callable[[FactMessage, str | None], None] = lambda _fact, _trouble: None,
    ) -> None:
        self._folder = folder
        self._root = root
        self._site = site
        self._verify = verify
        self._say = say
        self._inbox: list[FactMessage] = []
        self._woken = asyncio.Event()
        self._to_acknowledge: set[str] = set()
        self._to_ask: set[str] = set()
        self._asked: dict[str, tuple[int, float]] = {}
        self._dropped = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.shelves = {
            path.stem: Shelf(folder, path.stem, verify) for path in sorted(folder.glob("*.jsonl"))
        }
        self._way = way(self)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._way.run(), name="broker")
            tasks.create_task(self._work(), name="office")

    # ------------------------------------------------------------ from the link

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        gate = gate_of(self._root, self._site, topic)
        try:
            if gate is None or retained or len(payload) > LONGEST or len(self._inbox) >= INBOX:
                raise ValueError("not taken")
            fact = FactMessage.model_validate_json(payload)
            if fact.gate != gate:
                raise ValueError("speaks for another gate")
        except (ValueError, ValidationError):
            self._dropped += 1
            if self._dropped == 10 ** (len(str(self._dropped)) - 1):
                log.warning("dropped a message on %s (%d so far)", topic, self._dropped)
            return
        self._inbox.append(fact)
        self._woken.set()

    def link_changed(self) -> None:
        if self._way.connected:
            # A gate that waits for an acknowledgement lost on the way need not wait longer.
            self._to_acknowledge.update(self.shelves)
        self._woken.set()

    # ------------------------------------------------------------ the work

    async def _work(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            facts, self._inbox = self._inbox, []
            for gate in sorted({fact.gate for fact in facts}):
                self._receive(gate, [fact for fact in facts if fact.gate == gate])
            self._answer()

    def _receive(self, gate: str, facts: Iterable[FactMessage]) -> None:
        shelf = self.shelves.get(gate)
        try:
            if shelf is None:
                shelf = self.shelves[gate] = Shelf(self._folder, gate, self._verify)
            taken, misses_something = shelf.add(facts)
        except OSError as error:
            # Not acknowledged, so not lost: the gate sends it again.
            log.warning("cannot store facts of %s: %s", gate, error)
            return
        for fact, trouble in taken:
            if trouble is not None:
                log.warning("%s: fact %d %s", gate, fact.seq, trouble)
            self._say(fact, trouble)
        self._to_acknowledge.add(gate)
        if misses_something:
            self._to_ask.add(gate)

    def _answer(self) -> None:
        now = asyncio.get_running_loop().time()
        for gate in sorted(self._to_acknowledge):
            seq = self.shelves[gate].held
            message = Acknowledgement(gate=gate, seq=seq).model_dump_json()
            if self._publish(self._topics(gate).ack, message):
                self._to_acknowledge.discard(gate)
        for gate in sorted(self._to_ask):
            missing = self.shelves[gate].held + 1
            asked, asked_at = self._asked.get(gate, (0, now))
            if asked == missing and now - asked_at < ASK_AGAIN_S:
                self._to_ask.discard(gate)
                continue
            message = ResendRequest.model_validate({"gate": gate, "from": missing}).model_dump_json()
            if self._publish(self._topics(gate).resend, message):
                log.info("%s: asked for everything from fact %d on", gate, missing)
                self._asked[gate] = (missing, now)
                self._to_ask.discard(gate)

    def _publish(self, topic: str, message: str) -> bool:
        return self._way.publish(topic, message.encode(), self._published)

    def _published(self, refusal: str | None) -> None:
        if refusal is not None:
            log.warning("the broker refuses what the office says: %s; see its access list", refusal)
        self._woken.set()

    def _topics(self, gate: str) -> Topics:
        return Topics(root=self._root, site=self._site, gate=gate)


async def run_office(
    host: str,
    port: int,
    *,
    root: str,
    site: str,
    folder: Path,
    quiet: bool = False,
    username: str | None = None,
    password_file: Path | None = None,
    ca_file: Path | None = None,
    verify: Verify | None = None,
) -> None:
    """Be the office of a site until cancelled: one line a fact on stdout, unless `quiet`."""

    def show(fact: FactMessage, trouble: str | None) -> None:
        print(line(fact, trouble), flush=True)

    spec = LinkSpec(
        host=host,
        port=port,
        client_id=f"gatepost-office-{site}",
        subscriptions=(fact_filter(root, site),),
        username=username,
        password_file=password_file,
        ca_file=ca_file,
        session_expiry_s=30 * 86_400,
        packet_limit=2 * LONGEST,
        retry_limit_s=10.0,
    )
    office = Office(
        folder,
        root=root,
        site=site,
        way=lambda listener: Broker(spec, listener, SystemRandom()),
        verify=verify,
        say=(lambda _fact, _trouble: None) if quiet else show,
    )
    await office.run()
