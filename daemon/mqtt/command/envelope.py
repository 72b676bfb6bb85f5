"""A command as it travels: one signed envelope, and the parts of what is too long for it.

The law of this file: pure but for the chance that makes a nonce; one command has one form. The envelope is
JSON in the canonical form of RFC 8785 (keys in order, no spaces, UTF-8, whole numbers only), and bytes in any
other form are no command, so that not one of them can be changed without breaking it. The Ed25519 signature
(RFC 8032) is over `CONTEXT` and the envelope without its `sig`.

What does not fit, a list of 20,000 permits, travels beside the envelope in parts of at most `PART` bytes on
the command's own topic. The envelope names each by its SHA-256, so that parts are taken in any order, one
that nobody signed is known at once, and nothing long is read before the signature was right.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from daemon.config.keys import Key, as_text, from_text
from daemon.core.roles import Role
from daemon.mqtt.messages import At, Message, Name

CONTEXT = b"gatepost command v1\n"
"""Before what is signed: a key that signs other things as well can never be made to sign a command."""
LONGEST = 16_384
"""Bytes of one envelope."""
PART = 60_000
"""Bytes of one part: with its topic it stays below the 65,536 that a gate takes as one packet."""
MOST_PARTS = 256
"""15 MB; 20,000 permits take about 5."""
DEEPEST = 8
"""Objects and lists within each other."""
LASTS = timedelta(seconds=10)
"""No command is meant to be obeyed later than this after it was signed."""
HIGHEST = 2**53 - 1
"""The largest whole number that every JSON parser keeps exact (RFC 8259, section 6)."""

Hex96 = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
Hex128 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class Envelope(Message):
    """One command: what, where, when, by whom."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    v: Literal[1]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    """Names the command in every reply. The same id again, signed anew, is the same command: it is not done
    twice, and answered as the first time."""
    site: Name
    gate: Name
    op: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
    """One of `daemon.mqtt.command.operations`: `open`, or the kind of a request of the core."""
    body: dict[str, Any]
    """What the operation needs, by the names of the request's fields."""
    parts: Annotated[list[Digest], Field(max_length=MOST_PARTS)] = Field(default=[])
    """SHA-256 of each part, in order; joined they are a JSON object with the rest of `body`."""
    issued: AwareDatetime
    expires: AwareDatetime
    nonce: Hex96
    challenge: Hex128
    """What the gate asks everybody to name; it is another after each start of the gate."""
    who: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    key: Name
    sig: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$")]


class Challenge(Message):
    """`state/challenge`, retained: what a command has to name to be obeyed now."""

    v: Literal[1] = 1
    gate: Name
    challenge: Hex128
    at: At
    """The gate's own time: where it is not trusted, the challenge is another every few seconds."""


Answer = Literal["accepted", "rejected", "done", "failed"]


class Reply(Message):
    """What became of a command. One command may get two: `accepted`, and later `done` or `failed`."""

    v: Literal[1] = 1
    gate: Name
    id: str
    answer: Answer
    why: str | None = None
    """The reason, as in the facts (`lane_locked`, `expired`…): of what is rejected or has failed, or why
    `accepted` is all that will ever be said."""
    detail: str | None = None
    """What exactly was wrong with it, where that helps whoever sent it."""
    final: bool
    """False: another reply follows."""
    at: At
    """The gate's own time: a sender whose clock is wrong sees it here."""


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope in its one form, and the bytes that its signature is over. Nothing is verified yet."""

    envelope: Envelope
    signed: bytes
    digest: str
    """Of what is to be done, whoever asks and whenever: operation, body and parts."""


class NoCommand(Exception):
    """The bytes are no command in its one form."""


def opened(payload: bytes) -> Signed:
    """The envelope in `payload`. Raises NoCommand."""
    if len(payload) > LONGEST:
        raise NoCommand(f"{len(payload)} bytes, at most {LONGEST}")
    try:
        plain = from_json(payload, allow_inf_nan=False)
        if not isinstance(plain, dict) or canonical(plain) != payload:
            raise NoCommand("not in the canonical form of RFC 8785")
        envelope = Envelope.model_validate_json(payload)
    except (ValidationError, ValueError) as wrong:
        raise NoCommand(str(wrong)) from None
    signature = plain.pop("sig")
    assert signature == envelope.sig
    done = {key: plain[key] for key in ("op", "body", "parts") if key in plain}
    return Signed(envelope, CONTEXT + canonical(plain), as_text(sha256(canonical(done)).digest()))


def is_signed_by(command: Signed, key: Key) -> bool:
    """True where the holder of `key` signed exactly this."""
    signature = from_text(command.envelope.sig, 64)
    if signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, command.signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who can sign. Its repr shows no secret."""

    key: Key
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.key.id})"


@dataclass(frozen=True, slots=True)
class Command:
    """What goes out: the envelope on the gate's command topic, then each part on the command's own."""

    id: str
    payload: bytes
    parts: tuple[bytes, ...] = ()


def sign(
    signer: Signer,
    *,
    site: str,
    gate: str,
    challenge: str,
    op: str,
    body: Mapping[str, Any],
    now: datetime,
    attached: Mapping[str, Any] | None = None,
    command_id: str | None = None,
    nonce: str | None = None,
    lasts: timedelta = LASTS,
) -> Command:
    """One command, signed. `attached` are the fields of the body that are too long for the envelope.

    Raises ValueError for what does not fit, and for what JSON's whole numbers and texts cannot say.
    """
    parts = parts_of(attached) if attached else ()
    command_id = command_id or secrets.token_hex(16)
    plain: dict[str, Any] = {
        "v": 1,
        "id": command_id,
        "site": site,
        "gate": gate,
        "op": op,
        "body": dict(body),
        "issued": now.isoformat(timespec="milliseconds"),
        "expires": (now + lasts).isoformat(timespec="milliseconds"),
        "nonce": nonce or secrets.token_hex(12),
        "challenge": challenge,
        "who": signer.key.name,
        "role": signer.key.role,
        "key": signer.key.id,
    }
    if parts:
        plain["parts"] = [digest_of(part) for part in parts]
    plain["sig"] = as_text(signer.private.sign(CONTEXT + canonical(plain)))
    payload = canonical(plain)
    if len(payload) > LONGEST:
        raise ValueError(
            f"{len(payload)} 字节，最多 {LONGEST} / bytes, at most {LONGEST}: attach what is long"
        )
    return Command(command_id, payload, parts)


def parts_of(attached: Mapping[str, Any]) -> tuple[bytes, ...]:
    """What is too long for an envelope, in parts. Raises ValueError beyond MOST_PARTS."""
    whole = canonical(dict(attached), deepest=DEEPEST)
    parts = tuple(whole[at : at + PART] for at in range(0, len(whole), PART))
    if len(parts) > MOST_PARTS:
        raise ValueError(f"{len(whole)} 字节，最多 {MOST_PARTS * PART} / bytes, at most {MOST_PARTS * PART}")
    return parts


def joined(parts: list[bytes]) -> dict[str, Any]:
    """The fields that the parts carry. Raises NoCommand."""
    try:
        plain = from_json(b"".join(parts), allow_inf_nan=False)
        _check(plain, DEEPEST)
    except ValueError as wrong:
        raise NoCommand(str(wrong)) from None
    if not isinstance(plain, dict):
        raise NoCommand("the parts are no JSON object")
    return plain


def digest_of(part: bytes) -> str:
    return as_text(sha256(part).digest())


def canonical(value: dict[str, Any], *, deepest: int = DEEPEST) -> bytes:
    """The form of RFC 8785. Raises ValueError for what it is not used for here: fractions, huge numbers,
    keys beyond ASCII, half characters, too much within each other."""
    _check(value, deepest)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def _check(value: Any, deepest: int) -> None:
    match value:
        case str() | bool() | None:
            return
        case int() if abs(value) <= HIGHEST:
            return
        case dict() | list() if deepest > 0:
            if isinstance(value, dict) and not all(isinstance(key, str) and key.isascii() for key in value):
                raise ValueError("a key beyond ASCII")
            for one in value.values() if isinstance(value, dict) else value:
                _check(one, deepest - 1)
        case dict() | list():
            raise ValueError(f"more than {DEEPEST} levels within each other")
        case _:
            raise ValueError(f"{type(value).__name__} {value!r:.40}: whole numbers up to 2^53 - 1 only")
