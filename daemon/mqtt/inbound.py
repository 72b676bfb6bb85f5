"""What the office says to this gate, judged before anything acts on it.

The law of this file: pure. Whatever arrives becomes one value, and no input raises: retained, too long, not
JSON, wrongly typed, for another gate or on another topic is `Refused` with its reason. Whether the numbers
make sense is for the publisher to say, which knows the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from daemon.mqtt.messages import Acknowledgement, ResendRequest, Topics

LONGEST = 1024
"""Bytes. An acknowledgement needs about 80; more is not worth parsing."""


class RefusedWhy(StrEnum):
    RETAINED = "retained"
    """Kept by the broker since nobody knows when."""
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    FOREIGN_GATE = "foreign_gate"
    FOREIGN_LEDGER = "foreign_ledger"
    """It speaks of the ledger of another SD card."""
    UNKNOWN_TOPIC = "unknown_topic"
    NEVER_SENT = "never_sent"
    """It speaks of a fact that this gate has not sent."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    seq: int


@dataclass(frozen=True, slots=True)
class ResendAsked:
    since: int


@dataclass(frozen=True, slots=True)
class Refused:
    why: RefusedWhy


Heard = Acknowledged | ResendAsked | Refused


def judge(topics: Topics, topic: str, payload: bytes, *, retained: bool, ledger: str) -> Heard:
    """What a message from the broker means to the gate of `topics`, whose ledger is `ledger`."""
    if topic not in {topics.ack, topics.resend}:
        return Refused(RefusedWhy.UNKNOWN_TOPIC)
    if retained:
        return Refused(RefusedWhy.RETAINED)
    if len(payload) > LONGEST:
        return Refused(RefusedWhy.TOO_LONG)
    message: Acknowledgement | ResendRequest
    try:
        if topic == topics.ack:
            message = Acknowledgement.model_validate_json(payload)
        else:
            message = ResendRequest.model_validate_json(payload)
    except ValidationError:
        return Refused(RefusedWhy.MALFORMED)
    if message.gate is not None and message.gate != topics.gate:
        return Refused(RefusedWhy.FOREIGN_GATE)
    if message.ledger is not None and message.ledger != ledger:
        return Refused(RefusedWhy.FOREIGN_LEDGER)
    if isinstance(message, Acknowledgement):
        return Acknowledged(message.seq)
    return ResendAsked(message.since)
