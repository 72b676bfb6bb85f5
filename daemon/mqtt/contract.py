"""The contract as a table: every topic, who speaks there, how, and with which messages.

The law of this file: `daemon.mqtt.asyncapi` writes it down, `daemon.mqtt.acl` makes access lists of it, and
both are tested against real parts. A topic that is not here is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from daemon.mqtt.command.envelope import Challenge, Envelope, Reply
from daemon.mqtt.heralding import EventShown
from daemon.mqtt.messages import Acknowledgement, FactMessage, Message, ResendRequest
from daemon.mqtt.shown import AlertShown, HealthShown, LaneShown, LotShown, ShiftShown
from daemon.mqtt.sibling_messages import SiblingAsk, SiblingStretch
from daemon.mqtt.topics import Topics

Sender = Literal["gate", "office", "commander"]
"""Who writes there. Who commands is known by his key, wherever he sits: the office, or the control room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One kind of topic. `address` is as `Topics` makes it, with `{…}` for what differs."""

    name: str
    address: str
    sender: Sender
    retained: bool = False
    message: type[Message] | None
    """None: not JSON, or no message of its own."""
    summary: str
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def filter(self) -> str:
        """The topics of this kind, of one gate, for a subscription or an access list."""
        return "/".join(
            "+" if part in _WITHIN else part for part in self.address.removeprefix(PREFIX).split("/")
        )


ANY = Topics(root="{root}", site="{site}", gate="{gate}")
PREFIX = f"{ANY.prefix}/"
_WITHIN = {"{lane}", "{kind}", "{name}", "{id}", "{other}"}

_LANE = "The id of a lane in config.yaml."
_OTHER = "The id of the gate that is spoken to."

CHANNELS: tuple[Channel, ...] = (
    Channel(
        name="fact",
        address=ANY.fact("{lane}", "{kind}"),
        sender="gate",
        message=FactMessage,
        summary="What has become so, in order of `seq`, until the office has acknowledged it.",
        parameters={"lane": f"{_LANE} `gate` for a fact of the gate as a whole.", "kind": "The fact's kind."},
    ),
    Channel(
        name="link",
        address=ANY.link,
        sender="gate",
        retained=True,
        message=None,
        summary="`online`, or `offline` once the broker misses the gate: its last will. Plain text.",
    ),
    Channel(
        name="lane",
        address=ANY.lane("{lane}"),
        sender="gate",
        retained=True,
        message=LaneShown,
        summary="Boom, loops, and the car in front, masked.",
        parameters={"lane": _LANE},
    ),
    Channel(
        name="lot",
        address=ANY.lot,
        sender="gate",
        retained=True,
        message=LotShown,
        summary="Cars inside and bays free.",
    ),
    Channel(
        name="health",
        address=ANY.health,
        sender="gate",
        retained=True,
        message=HealthShown,
        summary="What does not work.",
    ),
    Channel(
        name="shift",
        address=ANY.shift,
        sender="gate",
        retained=True,
        message=ShiftShown,
        summary="Who is on duty.",
    ),
    Channel(
        name="challenge",
        address=ANY.challenge,
        sender="gate",
        retained=True,
        message=Challenge,
        summary="What a command must name to be obeyed now.",
    ),
    Channel(
        name="alert",
        address=ANY.alert("{name}"),
        sender="gate",
        retained=True,
        message=AlertShown,
        summary="An open alert, masked; an empty message when it is over.",
        parameters={"name": "Kind and a keyed digest; the `name` in the message."},
    ),
    Channel(
        name="event",
        address=ANY.event("{lane}"),
        sender="gate",
        message=EventShown,
        summary="What happens at a lane, masked, as it happens: news for whoever watches, sent once.",
        parameters={"lane": _LANE},
    ),
    Channel(
        name="siblingAsk",
        address=ANY.sibling_ask("{other}"),
        sender="gate",
        message=SiblingAsk,
        summary="A gate of the site asks another one what comes next in its ledger that concerns it.",
        parameters={"other": _OTHER},
    ),
    Channel(
        name="siblingTold",
        address=ANY.sibling_told("{other}"),
        sender="gate",
        message=SiblingStretch,
        summary="The answer, in order and without a gap; with plates and cards. Never retained.",
        parameters={"other": _OTHER},
    ),
    Channel(
        name="reply",
        address=ANY.reply,
        sender="gate",
        message=Reply,
        summary="What became of a command; `done` only when the limit switch says so.",
    ),
    Channel(
        name="command",
        address=ANY.command,
        sender="commander",
        message=Envelope,
        summary="A signed command. Never retained: a retained one is refused.",
    ),
    Channel(
        name="commandPart",
        address=ANY.command_part("{id}"),
        sender="commander",
        message=None,
        summary="A part of what is too long for the envelope, which names it by its SHA-256. Bytes.",
        parameters={"id": "The `id` of the command."},
    ),
    Channel(
        name="acknowledgement",
        address=ANY.ack,
        sender="office",
        message=Acknowledgement,
        summary="Up to which fact the office holds everything. Never retained.",
    ),
    Channel(
        name="resend",
        address=ANY.resend,
        sender="office",
        message=ResendRequest,
        summary="Say it again from here on. Never retained.",
    ),
)
