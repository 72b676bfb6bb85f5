"""Document numbers that only the office can read: sealed to its key before the ledger hears of them (R20).

The law of this file: HPKE in base mode (RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305), which needs
nothing secret on the gate: whoever takes the gate away, or reads its ledger, holds nothing that opens what
was sealed. The number itself goes no further than the decision that checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from daemon.config.keys import KEY_BYTES, as_text, from_text
from daemon.core.identity import RegisterIdentity
from daemon.core.signals import Asked, Commanded, Signal

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO = b"gatepost document number v1\n"
_LONGEST = 500
"""Bytes of what is sealed; a document's number has some twenty."""


class NotSealedForUs(Exception):
    """It is no sealed number, or sealed to another key."""


def seal(text: str, public: bytes) -> str:
    """The text for the holder of that X25519 key alone; another one each time. base64url."""
    return as_text(_SUITE.encrypt(text.encode(), X25519PublicKey.from_public_bytes(public), _INFO))


def unseal(sealed: str, private: X25519PrivateKey) -> str:
    """The text again. Raises NotSealedForUs."""
    raw = from_text(sealed, len(sealed) * 3 // 4)
    if raw is None or len(raw) > _LONGEST:
        raise NotSealedForUs("不是密文 / no sealed number")
    try:
        return _SUITE.decrypt(raw, private, _INFO).decode()
    except (InvalidTag, ValueError):
        raise NotSealedForUs("不是用这把钥匙密封的 / sealed to another key") from None


def sealer(public: str | None) -> Callable[[Signal], Signal]:
    """What puts the seal on every number that comes in; where there is no key, none is ever on it."""
    key = from_text(public, KEY_BYTES) if public is not None else None

    def sealed(signal: Signal) -> Signal:
        match signal:
            case Asked(request=RegisterIdentity() as request):
                text = seal(request.document_number, key) if key is not None else ""
                return replace(signal, request=replace(request, sealed=text))
            case Commanded(asks=Asked() as asks):
                inner: Any = sealed(asks)
                return replace(signal, asks=inner)
            case _:
                return signal

    return sealed
