"""The broker, connected to again for ever.

The law of this file: nothing a broker does raises out of `run()`. Absent, refusing, hanging up or accepting
and staying silent, it costs time, is said in the log once a loss and once when it is over, and stands in
`why`. At most one thread lives here, for one `connect()`; nothing else waits.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from daemon.mqtt.link import BrokerLost, Done, Link, LinkSpec, Listener

if TYPE_CHECKING:
    from random import Random

log = logging.getLogger(__name__)


class Broker:
    """The broker as the gate sees it: there or not, and what may be sent."""

    def __init__(self, spec: LinkSpec, listener: Listener, random: Random) -> None:
        self._spec = spec
        self._listener = listener
        self._random = random
        self._link: Link | None = None
        self._attempt: asyncio.Future[None] | None = None
        self._refused_topics: set[str] = set()
        self.why: str | None = "not tried yet"
        """What is wrong with the link; None when nothing is."""

    @property
    def connected(self) -> bool:
        return self._link is not None

    def room(self) -> int:
        """How many messages `publish` would take now."""
        return 0 if self._link is None else self._link.room()

    def publish(self, topic: str, payload: bytes, done: Done, *, retain: bool = False) -> bool:
        """Hand one QoS 1 message to the broker; False where it is not there or has no room."""
        return self._link is not None and self._link.publish(topic, payload, done, retain=retain)

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        loop = asyncio.get_running_loop()
        failures = 0
        lost_was_said = False
        while True:
            began = loop.time()
            try:
                link = await self._open()
                if lost_was_said:
                    log.info("broker %s:%d is back", self._spec.host, self._spec.port)
                    lost_was_said = False
                await self._serve(link)
            except BrokerLost as lost:
                self.why = str(lost)
                log.log(
                    logging.DEBUG if lost_was_said else logging.WARNING,
                    "broker %s:%d: %s; trying again until it is there",
                    self._spec.host,
                    self._spec.port,
                    lost,
                )
                lost_was_said = True
            if loop.time() - began > self._spec.retry_limit_s:
                failures = 0
            await asyncio.sleep(self._wait_after(failures))
            failures += 1

    def _wait_after(self, failures: int) -> float:
        # Jitter: the gates of a site lose the broker in the same second and must not come back in one.
        longest = min(self._spec.retry_limit_s, self._spec.retry_s * 2.0 ** min(failures, 16))
        return longest * (0.5 + self._random.random() / 2)

    async def _open(self) -> Link:
        """A connection that the broker has accepted. Raises BrokerLost."""
        if self._attempt is not None and not self._attempt.done():
            raise BrokerLost("the attempt before still hangs in the network")
        link = Link(self._spec, self._listener)
        loop = asyncio.get_running_loop()
        try:
            self._attempt = loop.run_in_executor(None, link.connect)
            self._attempt.add_done_callback(link.tried)
            async with asyncio.timeout(self._spec.connect_timeout_s):
                await asyncio.shield(self._attempt)
            link.adopt()
            async with asyncio.timeout(self._spec.connect_timeout_s):
                await link.accepted
        except BaseException as error:
            link.close()
            if isinstance(error, TimeoutError):
                what = "accepts connections but does not answer" if link.adopted else "cannot be reached"
                raise BrokerLost(f"{what} within {self._spec.connect_timeout_s:g} s") from None
            if isinstance(error, (OSError, ValueError)):
                raise BrokerLost(f"cannot be reached: {error}") from error
            raise
        return link

    async def _serve(self, link: Link) -> None:
        """Be connected until the connection ends. Raises BrokerLost."""
        self._link = link
        self.why = None
        try:
            link.introduce(self._subscription_refused)
            self._listener.link_changed()
            await link.watch()
        finally:
            self._link = None
            link.close()
            self._listener.link_changed()

    def _subscription_refused(self, topic: str, words: str) -> None:
        self.why = f"the broker refuses the subscription to {topic}: {words}; see its access list"
        if topic not in self._refused_topics:
            self._refused_topics.add(topic)
            log.warning("broker %s:%d: %s", self._spec.host, self._spec.port, self.why)
