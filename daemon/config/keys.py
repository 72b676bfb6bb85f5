"""The public keys of those who may command this gate from outside: one small file each, in one folder.

The law of this file: a gate knows public keys and nothing that could sign, so that a stolen gate commands no
other. A key speaks for one name and one role, and only between its two dates; to take it back before them,
take its file away, or write `revoked: true` into it. Whatever the bytes, only `ConfigProblems` is raised.

    id: wang-2026                                  # names the key in every command; never used again
    name: 王主管                                    # who acts with it: a person, or a post such as 控制室
    role: supervisor                               # what may be commanded with it (core/roles)
    valid_from: "2026-01-01T00:00:00+08:00"
    valid_until: "2027-01-01T00:00:00+08:00"       # the first moment at which it is over
    public: 3q2-7w…                                # Ed25519 (RFC 8032), 32 bytes, base64url without padding
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from pydantic import AwareDatetime

from daemon.config.document import read
from daemon.config.explain import validated
from daemon.config.problems import ConfigProblems, Problem, Source, both
from daemon.config.section import Name, Section
from daemon.core.roles import Role

PUBLIC = ".pub"
PRIVATE = ".key"
LARGEST = 4096
"""Bytes; a larger file is no key."""
MOST = 256
"""Keys in a folder; a site has a dozen."""
KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Whose commands are known by which public key."""

    id: str
    name: str
    role: Role
    valid_from: datetime
    valid_until: datetime
    public: bytes
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys that a gate knows, by their ids."""

    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, key_id: str) -> Key | None:
        return self.keys.get(key_id)

    def __len__(self) -> int:
        return len(self.keys)


class KeyFile(Section):
    """A public key as it stands in its file."""

    id: Name
    name: str
    role: Role
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    public: str
    revoked: bool = False


def text_of(key: Key) -> str:
    """The key as `read_key` reads it."""
    lines = [
        "# 门岗公钥，可以公开；放进门岗的 office.keys 文件夹",
        "# a public key of gatepost, no secret: belongs into the folder office.keys of each gate",
        f"id: {key.id}",
        f"name: {_quoted(key.name)}",
        f"role: {key.role}",
        f'valid_from: "{key.valid_from.isoformat()}"',
        f'valid_until: "{key.valid_until.isoformat()}"',
        f'public: "{as_text(key.public)}"',
    ]
    if key.revoked:
        lines.append("revoked: true")
    return "\n".join(lines) + "\n"


def read_key(path: Path) -> Key:
    """The key in that file. Raises `ConfigProblems`."""
    key, problems = _read(path)
    if key is None or problems:
        raise ConfigProblems(problems)
    return key


def read_keys(folder: Path) -> tuple[KeyRing, list[Problem]]:
    """Every key of the folder that is right, and what is wrong with the others.

    Two files that share an id or a key are both wrong: nobody could say which of them is meant.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in {PUBLIC, PRIVATE})
    except OSError as error:
        hint = both("公钥文件夹无法读取", f"the folder of keys cannot be read: {error.strerror}")
        return KeyRing(), [Problem(path="", file=folder.name, hint=hint)]
    public = [path for path in files if path.suffix == PUBLIC]
    problems = [_private(path) for path in files if path.suffix == PRIVATE]
    if len(public) > MOST:
        hint = both(f"公钥超过 {MOST} 个", f"more than {MOST} keys")
        return KeyRing(), [*problems, Problem(path="", file=folder.name, hint=hint)]
    read_ones = [(path, *_read(path)) for path in public]
    problems += [problem for _, _, wrong in read_ones for problem in wrong]
    found = [(path, key) for path, key, wrong in read_ones if key is not None and not wrong]
    twice = list(_twice(found))
    named_wrong = {problem.file for problem in twice}
    keys = {key.id: key for path, key in found if path.name not in named_wrong}
    return KeyRing(MappingProxyType(keys)), [*problems, *twice]


class KeyFolder:
    """A folder of keys that may change while the gate runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None

    def changed(self) -> tuple[KeyRing, list[Problem]] | None:
        """As `read_keys`, where a file is another one than at the last look; else None. Reads the disk."""
        seen = self._look()
        if seen == self._seen:
            return None
        self._seen = seen
        return read_keys(self._folder)

    def _look(self) -> object:
        try:
            return sorted(
                (path.name, (about := path.stat()).st_mtime_ns, about.st_size, about.st_ino)
                for path in self._folder.iterdir()
                if path.suffix in {PUBLIC, PRIVATE}
            )
        except OSError as error:
            return error.errno


def as_text(raw: bytes) -> str:
    """base64url without padding (RFC 4648, section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_text(text: str, length: int) -> bytes | None:
    """The bytes that `as_text` wrote; None for any other text, and for another length."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == length and as_text(raw) == text else None


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read(path: Path) -> tuple[Key | None, list[Problem]]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        hint = both("文件无法读取", f"the file cannot be read: {error.strerror}")
        return None, [Problem(path="", file=path.name, hint=hint)]
    if len(data) > LARGEST:
        hint = both(f"文件超过 {LARGEST} 字节", f"the file is larger than {LARGEST} bytes")
        return None, [Problem(path="", file=path.name, hint=hint)]
    document = read(data.decode("utf-8", errors="replace"))
    said = [replace(problem, file=path.name) for problem in document.problems]
    source = Source(path.name, document, is_whole=not document.mended)
    if document.root is None or said:
        hint = both("不是公钥文件", "no file of a public key")
        return None, said or [source.problem(hint=hint)]
    match validated(KeyFile, document.root.plain(), source):
        case list() as wrong:
            return None, wrong
        case one:
            return _key(one, source)


def _key(one: KeyFile, source: Source) -> tuple[Key | None, list[Problem]]:
    public = from_text(one.public, KEY_BYTES)
    if public is None:
        allowed = both("32 字节的 base64url", "32 bytes as base64url")
        return None, [source.problem(("public",), value=one.public, allowed=allowed)]
    if not one.name.strip():
        return None, [source.problem(("name",), hint=both("须写明是谁的", "say whose it is"))]
    if one.valid_until <= one.valid_from:
        hint = both("早于 valid_from", "not after valid_from")
        return None, [source.problem(("valid_until",), value=one.valid_until.isoformat(), hint=hint)]
    key = Key(
        id=one.id,
        name=one.name.strip(),
        role=one.role,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        public=public,
        revoked=one.revoked,
    )
    return key, []


def _private(path: Path) -> Problem:
    hint = both(
        "这是私钥，不应放在门岗上：移走，并换用新的一对",
        "a private key does not belong on a gate: move it away, and make a new pair",
    )
    return Problem(path="", file=path.name, hint=hint)


def _twice(found: Iterable[tuple[Path, Key]]) -> Iterator[Problem]:
    ids: dict[str, list[Path]] = {}
    publics: dict[bytes, list[Path]] = {}
    for path, key in found:
        ids.setdefault(key.id, []).append(path)
        publics.setdefault(key.public, []).append(path)
    for what, paths in [
        *(("id", found) for found in ids.values()),
        *(("public", p) for p in publics.values()),
    ]:
        for path in paths if len(paths) > 1 else ():
            others = ", ".join(other.name for other in paths if other != path)
            hint = both(f"与 {others} 重复", f"the same as in {others}")
            yield Problem(path=what, file=path.name, hint=hint)
