"""Signed commands to the gates, and what became of them.

The law of this file: a command is signed when it is sent, for the gate's run of that moment, and never kept
signed. Silence is told from refusal: a gate that does not answer may have obeyed, and is asked again under
the same id, which it does once. What a gate answers is passed on as it says it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from daemon.core.signals import Fault
from daemon.mqtt.command.envelope import Challenge, Command, Reply, Signer, sign
from daemon.mqtt.messages import OFFLINE
from daemon.mqtt.topics import Topics

if TYPE_CHECKING:
    from daemon.mqtt.line import Opened
    from daemon.runtime.clock import Clock

ANEW = frozenset({Fault.CHALLENGE_OLD, Fault.EXPIRED, Fault.PARTS_MISSING})
"""Refusals that a fresh signature mends: nothing was done."""
AGAIN_S = 5.0
AGAIN_LIST_S = 70.0
"""Without any answer for so long, it is said again; parts of a list may take a minute."""
REPLY_S = 15.0
"""For the first answer, and for a barrier to do what it was told; a boom has 6 seconds by default."""
LIST_S = 180.0
"""A long list waits at the gate until no boom moves."""
ROOM_S = 0.05
ANSWERS = 100
"""Of one command; a gate gives two."""


Answers = asyncio.Queue["Reply | str"]
"""What the gate says of one command, or why the broker does not pass it on."""


class NoAnswer(Exception):
    """The command may have been obeyed or not; says what is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done, at one gate."""

    gate: str
    op: str
    body: Mapping[str, Any]
    attached: Mapping[str, Any] | None = None
    """The fields of the body that are too long for an envelope."""
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    """The same id again is the same command."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a gate."""

    challenge: str | None = None
    online: bool | None = None


class Sender:
    """One signer's commands to every gate of a site. `way` is joined with `filters`, `mirrors` among them."""

    def __init__(
        self, root: str, site: str, signer: Signer, *, way: Callable[..., Opened], clock: Clock
    ) -> None:
        self._root = root
        self._site = site
        self._signer = signer
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._changed = asyncio.Event()
        self._waiting: dict[tuple[str, str], Answers] = {}
        anybody = Topics(root=root, site=site, gate="+")
        self.filters = (anybody.reply,)
        self.mirrors = (anybody.challenge, anybody.link)
        self._way = way(*self.filters, *self.mirrors)(self)

    @property
    def signer(self) -> Signer:
        return self._signer

    def gates(self) -> list[str]:
        """Every gate that has shown itself."""
        return sorted(self._seen)

    def is_online(self, gate: str) -> bool:
        """True where the gate is there and has said how it can be commanded."""
        seen = self._seen.get(gate, Seen())
        return self._way.connected and seen.challenge is not None and seen.online is not False

    # ------------------------------------------------------------ from the link

    def heard(self, topic: str, payload: bytes, *, retained: bool) -> None:
        gate = topic.removeprefix(f"{self._root}/{self._site}/").partition("/")[0]
        topics = Topics(root=self._root, site=self._site, gate=gate)
        try:
            if topic == topics.link:
                self._know(gate, online=payload != OFFLINE)
            elif topic == topics.challenge:
                shown = Challenge.model_validate_json(payload) if payload else None
                if shown is None or shown.gate == gate:
                    self._know(gate, challenge=None if shown is None else shown.challenge)
            elif topic == topics.reply and not retained:
                self._answered(gate, Reply.model_validate_json(payload))
        except ValidationError:
            return  # whoever writes there and is no gate is not heard

    def link_changed(self) -> None:
        self._changed.set()

    def _know(self, gate: str, **news: Any) -> None:
        before = self._seen.get(gate, Seen())
        self._seen[gate] = Seen(**{"challenge": before.challenge, "online": before.online, **news})
        self._changed.set()

    def _answered(self, gate: str, reply: Reply) -> None:
        queue = self._waiting.get((gate, reply.id))
        if queue is not None and reply.gate == gate and queue.qsize() < ANSWERS:
            queue.put_nowait(reply)

    # ------------------------------------------------------------ sending

    async def obeyed(
        self, order: Order, *, told: Callable[[Reply], None] = lambda _: None, patience_s: float = REPLY_S
    ) -> Reply:
        """Have it done; the gate's final answer, and every one before it to `told`.

        Raises NoAnswer where the gate is not there, or does not answer to the end within `patience_s`, and
        ValueError for what cannot be sent at all.
        """
        answers: Answers = asyncio.Queue()
        self._waiting[order.gate, order.id] = answers
        last: Reply | None = None
        try:
            async with asyncio.timeout(patience_s):
                stale: str | None = None
                while True:
                    challenge = await self._challenge(order.gate, stale)
                    await self._publish(order.gate, self._sign(order, challenge), answers)
                    # Once the gate has taken it up, it has only to be waited for; until then silence may be
                    # a loss, and the same is said again.
                    again_s = AGAIN_S if order.attached is None else AGAIN_LIST_S
                    while (reply := await _next(answers, None if last is not None else again_s)) is not None:
                        if reply.answer == "rejected" and reply.why in ANEW:
                            break
                        last = reply
                        if reply.final:
                            return reply
                        told(reply)
                    stale = challenge if reply is not None and reply.why == Fault.CHALLENGE_OLD else None
        except TimeoutError:
            raise NoAnswer(self._what_is_known(order.gate, last)) from None
        finally:
            del self._waiting[order.gate, order.id]

    async def _challenge(self, gate: str, stale: str | None) -> str:
        """What a command to that gate has to name now, once the gate is there; not `stale`."""
        while not self.is_online(gate) or self._seen[gate].challenge == stale:
            self._changed.clear()
            await self._changed.wait()
        challenge = self._seen[gate].challenge
        assert challenge is not None  # is_online has looked
        return challenge

    def _sign(self, order: Order, challenge: str) -> Command:
        return sign(
            self._signer,
            site=self._site,
            gate=order.gate,
            challenge=challenge,
            op=order.op,
            body=order.body,
            attached=order.attached,
            command_id=order.id,
            now=self._clock.now().wall,
        )

    async def _publish(self, gate: str, command: Command, answers: Answers) -> None:
        topic = Topics(root=self._root, site=self._site, gate=gate).command
        parts = [(f"{topic}/{command.id}", part) for part in command.parts]

        def published(refusal: str | None) -> None:
            if refusal is not None:
                answers.put_nowait(f"the broker refuses the command: {refusal}; see its access list")

        for where, payload in [(topic, command.payload), *parts]:
            while not self._way.publish(where, payload, published):  # noqa: ASYNC110 - a way has no event for room
                await asyncio.sleep(ROOM_S)

    def _what_is_known(self, gate: str, last: Reply | None) -> str:
        if last is not None:
            return f"{gate}: {last.answer}，之后没有下文 / and nothing since"
        seen = self._seen.get(gate)
        if not self._way.connected:
            return f"连不上 MQTT 服务 / the broker is not there: {self._way.why}"
        if seen is None:
            return f"{gate}: 没有这个门的消息 / nothing is heard of such a gate"
        if seen.online is False:
            return f"{gate}: 离线 / offline"
        if seen.challenge is None:
            return f"{gate}: 不接受指令（office.keys）/ takes no commands (office.keys)"
        return f"{gate}: 没有答复，可能已执行 / no answer; it may have been done"


async def _next(answers: Answers, within_s: float | None) -> Reply | None:
    """The next answer; None where there is none in that time. Raises ValueError for the broker's refusal."""
    try:
        async with asyncio.timeout(within_s):
            answer = await answers.get()
    except TimeoutError:
        return None
    if isinstance(answer, str):
        raise ValueError(answer)  # noqa: TRY004 - words of the broker, not a wrong type
    return answer
