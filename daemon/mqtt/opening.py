"""From config.yaml to the gate's line: who talks over it, and as whom the broker knows us.

The law of this file: everything is made here and nothing is connected; `Wire.run()` does that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from daemon.config.keys import KeyFolder
from daemon.core.commands import FactsAskedAgain
from daemon.mqtt import publisher as publishing
from daemon.mqtt import siblings as following
from daemon.mqtt.broker import Broker
from daemon.mqtt.command.desk import CommandDesk
from daemon.mqtt.discovery import Device, discovery
from daemon.mqtt.frigate import FrigatePlates, Watched
from daemon.mqtt.heralding import Herald
from daemon.mqtt.line import Line, Opened, Way
from daemon.mqtt.link import LinkSpec, Listener
from daemon.mqtt.publisher import WINDOW, Publisher
from daemon.mqtt.showing import Showing
from daemon.mqtt.shown import Gate
from daemon.mqtt.siblings import Siblings
from daemon.mqtt.topics import Topics

if TYPE_CHECKING:
    from random import Random

    from daemon.config.model import OfficeConfig
    from daemon.core.fact import Fact
    from daemon.core.signals import Signal
    from daemon.core.state import State
    from daemon.runtime.clock import Clock


class Ledger(publishing.Ledger, following.Ledger, Protocol):
    """What all of them together need of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Facts, state and news on their way out, over one connection."""

    line: Line
    """Whoever else has something to hear or to say joins it before `run()`."""
    publisher: Publisher
    showing: Showing
    herald: Herald
    siblings: Siblings | None
    desk: CommandDesk | None
    """Where commands arrive; None where nobody may command this gate."""
    way: Opened

    def tell(self, facts: Sequence[Fact]) -> None:
        """These facts are durable, and the state shows them. On the loop; costs next to nothing."""
        self.publisher.wake()
        self.showing.wake()
        self.herald.tell(facts)
        if self.siblings is not None:
            self.siblings.wake()
        if self.desk is not None:
            self.desk.look(facts)
        for fact in facts:
            if isinstance(fact, FactsAskedAgain):
                self.publisher.send_again(fact.since)

    def last_words(self) -> None:
        """The run ends: whatever is still to be said is said now."""
        if self.desk is not None:
            self.desk.last_words()

    async def run(self) -> None:
        """Until cancelled. An exception that leaves it is a bug, not the network."""
        self.line.open(self.way)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.line.run(), name="broker")
            tasks.create_task(self.publisher.run(), name="publisher")
            tasks.create_task(self.showing.run(), name="showing")
            if self.siblings is not None:
                tasks.create_task(self.siblings.run(), name="siblings")
            if self.desk is not None:
                tasks.create_task(self.desk.run(), name="commands")


def wire_to(
    office: OfficeConfig,
    topics: Topics,
    *,
    site: str,
    name: str,
    version: str,
    cameras: Mapping[str, Watched],
    ledger: Ledger,
    state: Callable[[], State],
    clock: Clock,
    random: Random,
    post: Callable[[Any], None],
    ask: Callable[[Signal], Awaitable[tuple[Fact, ...]]],
) -> Wire:
    """The wire of one gate as config.yaml describes it; `office`'s files must be absolute paths.

    `site` and `name` are for people, `cameras` what Frigate's cameras look at; `ledger` must be open.
    `random` must be one that nobody can guess: the challenge for commands is made with it.
    """
    line = Line()
    publisher = Publisher(
        ledger,
        topics,
        way=line.join(topics.ack, topics.resend),
        clock=clock,
        post=post,
        delivery=office.delivery,
    )
    gate = Gate(topics=topics, name=name, ledger=ledger.identity(), version=version)
    mirrors = (topics.alert("+"), topics.lane("+"))
    showing = Showing(gate, state=state, way=line.join(*mirrors), clock=clock)

    if office.home_assistant is not None:
        as_device = Device(topics=topics, site=site, name=name, version=version, prefix=office.home_assistant)
        showing.show(*discovery(as_device, state()))
    if cameras:
        FrigatePlates(office.frigate_topic, cameras, way=line.join, clock=clock, post=post)

    def way(listener: Listener) -> Way:
        spec = LinkSpec(
            host=office.host,
            port=office.port,
            client_id=f"gatepost-{topics.site}-{topics.gate}",
            protocol=office.protocol,
            subscriptions=tuple(wanted for wanted in line.filters if wanted not in mirrors),
            mirrors=mirrors,
            presence=topics.link,
            username=office.username,
            password_file=office.password_file,
            ca_file=office.ca_file,
            cert_file=office.cert_file,
            key_file=office.key_file,
            window=WINDOW,
        )
        return Broker(spec, listener, random)

    herald = Herald(topics, line.join())
    siblings = None
    if others := state().rules.siblings:
        siblings = Siblings(
            topics, others, line=line, ledger=ledger, state=state, ask=ask, post=post, clock=clock
        )
    desk = None
    if office.keys is not None:
        desk = CommandDesk(
            topics,
            keys=KeyFolder(office.keys),
            ledger=ledger.identity(),
            way=line.join(topics.commands),
            show=showing.show,
            ask=ask,
            post=post,
            state=state,
            clock=clock,
            new_challenge=lambda: f"{random.getrandbits(128):032x}",
        )
    return Wire(
        line=line,
        publisher=publisher,
        showing=showing,
        herald=herald,
        siblings=siblings,
        desk=desk,
        way=way,
    )
