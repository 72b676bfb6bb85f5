"""Whether a message on the command topic is to be obeyed: every question in one order, the cheap ones first.

The law of this file: pure. Whatever arrives becomes one value and no input raises. Nothing that a message
says is believed before its signature is right, and until then no answer is sent: strangers learn nothing.

What holds while the gate's clock is not trusted: dates cannot be judged then, neither a command's nor a
key's. Freshness goes by elapsed time instead: the challenge is another every `RENEWED_EVERY`, and a command
has to name the one that holds or the one before (`daemon.mqtt.command.challenge`). A key that should count no
more without a clock is to be revoked, or its file taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from daemon.config.keys import Key, KeyRing
from daemon.core.commands import Taken
from daemon.core.signals import Actor, Asked, Command, Commanded, Fault, GuardAsked, Instant
from daemon.mqtt.command.envelope import LASTS, LONGEST, Envelope, NoCommand, Signed, is_signed_by, opened
from daemon.mqtt.command.operations import BodyWrong, asked_for, is_allowed, is_known

SKEW = timedelta(seconds=2)
"""So far may the sender's clock be ahead of the gate's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the gate goes by at this moment."""

    site: str
    gate: str
    ring: KeyRing
    challenges: tuple[str, ...]
    """Those that a command may name now."""
    taken: Mapping[str, Taken]
    now: Instant


@dataclass(frozen=True, slots=True)
class Refused:
    """Not to be obeyed. `key_id` is "" unless the gate knows a key of the id that was named."""

    why: Fault
    key_id: str = ""
    reply_to: str | None = None
    """The command's id, where its signature was right."""
    detail: str = ""
    """For whoever sent it, where that is known."""


@dataclass(frozen=True, slots=True)
class Again:
    """The same command, signed anew because no answer came: nothing is done, the first answer is repeated."""

    command_id: str


@dataclass(frozen=True, slots=True)
class Genuine:
    """To be obeyed, as soon as its parts, if it has any, are there."""

    command: Command
    actor: Actor
    envelope: Envelope

    def asks(self, body: Mapping[str, object], at: Instant) -> Commanded:
        """What the core is told. Raises BodyWrong."""
        asks: Asked | GuardAsked = asked_for(self.command.operation, body, at=at, actor=self.actor)
        return Commanded(at=at, command=self.command, asks=asks)


def judge(standing: Standing, payload: bytes, *, retained: bool) -> Genuine | Again | Refused:
    """What a message on the command topic is to this gate."""
    if retained:
        return Refused(Fault.RETAINED)
    if len(payload) > LONGEST:
        return Refused(Fault.TOO_LONG)
    try:
        signed = opened(payload)
    except NoCommand:
        return Refused(Fault.MALFORMED)
    envelope = signed.envelope
    key = standing.ring.get(envelope.key)
    if key is None:
        return Refused(Fault.KEY_UNKNOWN)
    if (envelope.site, envelope.gate) != (standing.site, standing.gate):
        return Refused(Fault.OTHER_GATE, key.id)
    if not is_signed_by(signed, key):
        return Refused(Fault.SIGNATURE_WRONG, key.id)
    fault = _key_fault(key, envelope, standing.now)
    before = standing.taken.get(envelope.id)
    if fault is None and before is not None and _is_the_very(before, signed, key):
        # However late: what was done must not be called refused because it comes again.
        return Refused(Fault.REPLAYED, key.id, envelope.id)
    fault = fault or _age_fault(envelope, standing)
    if fault is not None:
        return Refused(fault, key.id, envelope.id)
    if before is not None:
        return _again(before, signed, key)
    if not is_known(envelope.op):
        return Refused(Fault.OPERATION_UNKNOWN, key.id, envelope.id, envelope.op)
    if not is_allowed(key.role, envelope.op):
        return Refused(Fault.ROLE_NOT_ALLOWED, key.id, envelope.id, f"{key.role}: {envelope.op}")
    genuine = _genuine(signed, key)
    if envelope.parts:
        return genuine
    try:
        genuine.asks(envelope.body, standing.now)
    except BodyWrong as wrong:
        return Refused(Fault.BODY_WRONG, key.id, envelope.id, str(wrong))
    return genuine


def _key_fault(key: Key, envelope: Envelope, now: Instant) -> Fault | None:
    if key.revoked:
        return Fault.KEY_REVOKED
    if now.trusted and now.wall < key.valid_from:
        return Fault.KEY_NOT_YET_VALID
    if now.trusted and now.wall >= key.valid_until:
        return Fault.KEY_EXPIRED
    return None if (envelope.who, envelope.role) == (key.name, key.role) else Fault.SIGNER_WRONG


def _age_fault(envelope: Envelope, standing: Standing) -> Fault | None:
    if not timedelta(0) < envelope.expires - envelope.issued <= LASTS:
        return Fault.LASTS_TOO_LONG
    if envelope.challenge not in standing.challenges:
        return Fault.CHALLENGE_OLD
    if standing.now.trusted and envelope.issued > standing.now.wall + SKEW:
        return Fault.FROM_THE_FUTURE
    if standing.now.trusted and envelope.expires <= standing.now.wall:
        return Fault.EXPIRED
    return None


def _again(before: Taken, signed: Signed, key: Key) -> Again | Refused:
    if (before.command.key_id, before.command.digest) != (key.id, signed.digest):
        return Refused(Fault.ID_TAKEN, key.id)
    return Again(signed.envelope.id)


def _is_the_very(before: Taken, signed: Signed, key: Key) -> bool:
    known = (before.command.key_id, before.command.digest, before.command.nonce)
    return known == (key.id, signed.digest, signed.envelope.nonce)


def _genuine(signed: Signed, key: Key) -> Genuine:
    envelope = signed.envelope
    command = Command(
        id=envelope.id,
        nonce=envelope.nonce,
        key_id=key.id,
        operation=envelope.op,
        digest=signed.digest,
        lasts=LASTS + SKEW,
    )
    return Genuine(command, Actor(name=key.name, role=key.role), envelope)
