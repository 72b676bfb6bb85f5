"""Key pairs: made here, the private half kept in a file that only its owner may read.

The law of this file: a private key goes into its file and nowhere else, least of all into a message, a log or
the terminal; a file that exists is never written over.

    <folder>/<id>.key   the private half, PKCS #8 in PEM, mode 0600: stays with whoever signs
    <folder>/<id>.pub   the public half (`daemon.config.keys`): goes to every gate
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from daemon.config.keys import PRIVATE, PUBLIC, Key, as_text, read_key, text_of
from daemon.core.roles import Role
from daemon.mqtt.command.envelope import Signer

OTHERS = 0o077


class KeyUnusable(Exception):
    """That key cannot be made, or cannot sign; says why."""


def new_signer(key_id: str, *, name: str, role: Role, valid_from: datetime, valid_until: datetime) -> Signer:
    """A new pair, in memory."""
    private = Ed25519PrivateKey.generate()
    key = Key(
        id=key_id,
        name=name,
        role=role,
        valid_from=valid_from,
        valid_until=valid_until,
        public=private.public_key().public_bytes_raw(),
    )
    return Signer(key, private)


def keep(signer: Signer, folder: Path) -> tuple[Path, Path]:
    """Write both halves; the paths of the private and the public one.

    Raises KeyUnusable where one of them is there already, OSError where the folder takes nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / f"{signer.key.id}{PRIVATE}", folder / f"{signer.key.id}{PUBLIC}"
    for path in (private, public):
        if path.exists():
            raise KeyUnusable(f"{path}: 已存在，不会覆盖 / is there already and is not written over")
    pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(private, pem, 0o600)
    _write(public, text_of(signer.key).encode("utf-8"), 0o644)
    return private, public


def load_signer(path: Path) -> Signer:
    """Whoever signs with the private key in `path`; its public half lies beside it.

    Raises KeyUnusable, or ConfigProblems where the public half is not right.
    """
    private, public = _load(path), path.with_suffix(PUBLIC)
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"{path}: 不是 Ed25519 私钥 / is no Ed25519 key")
    key = read_key(public)
    if key.public != private.public_key().public_bytes_raw():
        raise KeyUnusable(f"{path}: 与 {public.name} 不是一对 / is not the other half of {public.name}")
    return Signer(key, private)


def new_seal(path: Path) -> str:
    """A key for reading what gates have sealed: the private half into `path`, the public one as text.

    Raises KeyUnusable where the file is there already, OSError where it cannot be written.
    """
    if path.exists():
        raise KeyUnusable(f"{path}: 已存在，不会覆盖 / is there already and is not written over")
    private = X25519PrivateKey.generate()
    _write(path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    return as_text(private.public_key().public_bytes_raw())


def load_seal(path: Path) -> X25519PrivateKey:
    """Raises KeyUnusable."""
    private = _load(path)
    if not isinstance(private, X25519PrivateKey):
        raise KeyUnusable(f"{path}: 不是密封用的私钥 / is no key for sealed numbers")
    return private


def revoke(path: Path) -> Key:
    """Mark the public key in `path` as taken back, for ever. Raises ConfigProblems, OSError."""
    key = replace(read_key(path), revoked=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    _write(beside, text_of(key).encode("utf-8"), 0o644)
    beside.replace(path)
    return key


def _load(path: Path) -> object:
    try:
        if path.stat().st_mode & OTHERS:
            raise KeyUnusable(f"{path}: 他人可读，请 chmod 600 / others may read it: chmod 600")
        return load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyUnusable(f"{path}: 无法读取 / cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise KeyUnusable(f"{path}: 不是私钥 / is no private key") from None


def _write(path: Path, data: bytes, mode: int) -> None:
    """A new file with that mode from its first moment, on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
