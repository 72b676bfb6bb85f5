"""What is wrong with a configuration, said so that the person at the gate can put it right.

The law of this file: one problem is one line: where, the value, what is allowed, what to do; Chinese first,
English beside it. A value under a key that names a password, and the user part of a URL, is never printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Protocol
from unicodedata import category, east_asian_width

Path = tuple[str | int, ...]
"""The way from the top of the document to a value: keys, and positions in lists."""

HIDDEN = "•••"
_SHOWN_CHARACTERS = 60
_LONGEST_SEARCHED = 2_000
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SECRET_KEY = re.compile(r"pas+w|pwd|secret|token", re.IGNORECASE)
_URL_USER = re.compile(r"(://)\S*@")
_SECRET_IN_TEXT = re.compile(r"(\S*(?:pas+w|pwd|secret|token)\S*\s*[:=：]\s*)\S.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to put right. `value` is as it may be shown; "" where there is none to show."""

    path: str
    """`lanes[0].mode`; "" for the file as a whole."""
    line: int | None = None
    """Counted from 1; None where no line says it."""
    value: str = ""
    allowed: str = ""
    hint: str = ""
    column: int | None = None
    """Counted from 1; given where the text itself cannot be read."""
    file: str = "config.yaml"

    @property
    def place(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class ConfigProblems(Exception):
    """Everything that is wrong with a configuration, at once, in the order of the lines."""

    def __init__(self, problems: Iterable[Problem], note: str = "") -> None:
        self.problems = tuple(sorted(set(problems), key=_reading_order))
        self.note = note
        super().__init__(report(self.problems, note))


class Lines(Protocol):
    """Where the values of a file stand."""

    def line(self, path: Path, /) -> int | None:
        """The line of the value at `path`, or of the section around it."""
        ...

    def key_line(self, path: Path, /) -> int | None:
        """The line of the key that `path` ends in."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or from `base` on a part of it, that problems are found in."""

    file: str
    lines: Lines
    base: Path = ()
    is_whole: bool = True
    """False where lines had to be left out: then nothing is said about what is missing."""

    def under(self, *path: str | int) -> Source:
        return replace(self, base=self.base + path)

    def problem(
        self, path: Path = (), *, value: Any = None, allowed: str = "", hint: str = "", at_key: bool = False
    ) -> Problem:
        """A problem with what is at `path`; on the line of its key where the key is what is wrong."""
        full = self.base + path
        return Problem(
            file=self.file,
            path=dotted(full),
            line=self.lines.key_line(full) if at_key else self.lines.line(full),
            value=shown(value, full),
            allowed=allowed,
            hint=printable(hint),
        )


def both(zh: str, en: str) -> str:
    """Chinese first, English beside it."""
    return f"{zh} / {en}"


def dotted(path: Path) -> str:
    """`("lanes", 0, "mode")` as people write it: `lanes[0].mode`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return printable(text)


def suggestion(written: str, allowed: Iterable[str]) -> str:
    """`是否想写 X? / did you mean X?` for the nearest of `allowed`, or "" where nothing is near."""
    by_folded = {name.casefold(): name for name in allowed}
    near = get_close_matches(written.casefold(), by_folded, n=1, cutoff=0.6)
    if not near:
        return ""
    name = by_folded[near[0]]
    return both(f"是否想写 {name}?", f"did you mean {name}?")


def shown(value: Any, path: Path = ()) -> str:
    """The value as it may be printed: quoted, short, without secrets; containers by their kind alone."""
    if value is None:
        return ""
    if is_secret(path):
        return HIDDEN
    match value:
        case dict():
            return both("(键值段)", "(section)")
        case list() | tuple():
            return both("(列表)", "(list)")
        case str():
            if len(value) > _LONGEST_SEARCHED:
                return both("(长文本)", "(long text)")
            text = redacted(value)
            cut = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
            return printable(json.dumps(cut, ensure_ascii=False))
        case _:
            return json.dumps(value, default=str)


def is_secret(path: Path) -> bool:
    """True for what lies under a key that names a password."""
    return any(isinstance(part, str) and _SECRET_KEY.search(part) for part in path)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without URL users, without `password: …` written into it, and without the `secrets` given."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _URL_USER.sub(rf"\1{HIDDEN}@", text)
    return _SECRET_IN_TEXT.sub(rf"\1{HIDDEN}", text)


def report(
    problems: Sequence[Problem], note: str = "", *, of: tuple[str, str] = ("配置", "the configuration")
) -> str:
    """All problems for a terminal: a headline, then one line each, places and paths in columns."""
    count = len(problems)
    lines = [both(f"{of[0]}有 {count} 处问题", f"{count} problem{'s' if count != 1 else ''} in {of[1]}")]
    place_width = max((_width(problem.place) for problem in problems), default=0)
    path_width = min(max((_width(problem.path) for problem in problems), default=0), 40)
    for problem in problems:
        cells = [_padded(problem.place, place_width), _padded(problem.path, path_width)]
        if problem.value:
            cells.append(f"值 {problem.value}")
        if problem.allowed:
            cells.append(f"允许 {problem.allowed}")
        cells.append(problem.hint)
        lines.append("  ".join(cells).rstrip())
    if note:
        lines.append(note)
    return "\n".join(lines)


def _reading_order(problem: Problem) -> tuple[str, int, int, str, str]:
    return (problem.file, problem.line or 0, problem.column or 0, problem.path, problem.hint)


def printable(text: str) -> str:
    """Control characters written out, so that a value cannot move the cursor or hide a line."""
    return "".join(
        char if category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else f"\\u{ord(char):04x}"
        for char in text
    )


def _width(text: str) -> int:
    """Terminal cells: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
