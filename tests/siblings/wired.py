"""Gates of one site over a real broker: the shipped engine and store, each gate with a cable of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from daemon.core.facts import Fact
from daemon.core.signals import Permit, SiblingSaid
from daemon.core.state import SiteRules
from daemon.mqtt.broker import Broker
from daemon.mqtt.line import Line, Way
from daemon.mqtt.link import LinkSpec, Listener
from daemon.mqtt.siblings import Patience, Siblings
from daemon.mqtt.topics import Topics
from daemon.runtime.clock import SystemClock
from daemon.scenario.bench import Bench, entry, exit_
from tests.rigs.tcp_proxy import TcpProxy

QUICK = Patience(answer_s=0.2, again_s=0.4, lost_s=1.2)
"""Real brokers are waited for in real time; the numbers only keep the tests short."""


class WiredGate(Bench):
    """A gate on the bench with a line to a broker: `run()` it, `cut()` it off, `join()` it again."""

    def __init__(
        self, folder: Path, name: str, others: Sequence[str], port: int, permits: Iterable[Permit]
    ) -> None:
        self.siblings: Siblings | None = None
        self.proxy = TcpProxy(port)
        rules = SiteRules(gate=name, siblings=tuple(others))
        super().__init__(folder / name, (entry(), exit_()), permits, rules)
        self.name = name
        self.line = Line()
        topics = Topics(root="gatepost", site="garden", gate=name)
        self.siblings = Siblings(
            topics,
            others,
            line=self.line,
            ledger=self.store,
            state=lambda: self.engine.state,
            ask=self._ask,
            post=self.send,
            clock=SystemClock(),
            patience=QUICK,
        )

        def way(listener: Listener) -> Way:
            spec = LinkSpec(
                host="127.0.0.1",
                port=self.proxy.port,
                client_id=f"gatepost-garden-{name}",
                subscriptions=self.line.filters,
                presence=topics.link,
                connect_timeout_s=1.0,
                retry_s=0.05,
                retry_limit_s=0.5,
            )
            return Broker(spec, listener, Random(1))

        self.line.open(way)

    async def _ask(self, signal: SiblingSaid) -> tuple[Fact, ...]:
        return self.send(signal)

    def send(self, signal: Any) -> tuple[Fact, ...]:
        facts = super().send(signal)
        if self.siblings is not None:
            self.siblings.wake()
        return facts

    def works(self) -> tuple[Any, Any]:
        assert self.siblings is not None
        return self.line.run(), self.siblings.run()

    def cut(self) -> None:
        """Nobody answers any more, as with a pulled cable."""
        self.proxy.stall()

    def join(self) -> None:
        self.proxy.cut()
        self.proxy.resume()

    def unheard(self) -> tuple[str, ...]:
        return self.engine.state.unheard
