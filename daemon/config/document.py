"""YAML text to a tree in which every value knows its line.

The law of this file: a value is what it looks like. `22:00`, `010`, `on`, `yes`, `1_000`, `62E30869` and
dates are text; numbers are plain decimal, booleans are `true` and `false` alone (PyYAML by itself reads 1320,
8, True, True, 1000, infinity and a date). Keys are text and stand once. Tags and a second document are
refused; aliases are allowed within a bound. After a syntax error the reading goes on behind it, so that one
look at the file finds them all. Nothing is raised: what is wrong is in `Document.problems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from unicodedata import category

import yaml

from daemon.config.problems import Path, Problem, both, dotted, shown
from daemon.config.syntax import Mender, explain_syntax

MOST_VALUES = 20_000
"""A gate's configuration has some hundred values; aliases that multiply to more are an attack or a slip."""
DEEPEST = 24

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it starts; `size` counts the values in it, aliases unfolded."""

    value: Any
    """A scalar, a list of nodes, or a dict of `Entry`."""
    line: int
    size: int = 1

    def plain(self) -> Any:
        """The value with all lines forgotten."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's own line, and its value."""

    line: int
    node: Node


@dataclass(frozen=True, slots=True)
class Document:
    """What was read. `mended`: lines with syntax errors were left out, so that keys may be missing."""

    root: Node | None
    problems: list[Problem]
    mended: bool = False

    def line(self, path: Path, /) -> int | None:
        """The line of the value at `path`, or of the innermost section around it that is there."""
        node, line = self.root, None if self.root is None else 1
        for part in path:
            match (node.value if node is not None else None), part:
                case dict() as entries, str() if part in entries:
                    entry: Entry = entries[part]
                    node = entry.node
                    line = entry.line if isinstance(node.value, (dict, list)) else node.line
                case list() as nodes, int() if 0 <= part < len(nodes):
                    node = nodes[part]
                    line = node.line
                case _:
                    break
        return line

    def key_line(self, path: Path, /) -> int | None:
        """The line of the key that `path` ends in."""
        parent = self.root
        for part in path[:-1]:
            value = parent.value if parent is not None else None
            if isinstance(value, dict) and part in value:
                parent = value[part].node
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                parent = value[part]
        if parent is not None and isinstance(parent.value, dict) and path[-1] in parent.value:
            entry: Entry = parent.value[path[-1]]
            return entry.line
        return self.line(path)


def read(text: str) -> Document:
    """The tree of `text`; root is None where there is none."""
    mender = Mender(text)
    found: list[Problem] = []
    while True:
        builder = _Builder(mender.text)
        try:
            root = builder.document()
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # ValueError and OverflowError: PyYAML's own, from "\UFFFFFFFF" and the like
            blamed, problem = explain_syntax(error, mender.lines, builder.line)
            if mender.is_new(blamed):
                found.append(problem)
            if not mender.leave_out(blamed):
                return Document(None, found, mended=True)
        else:
            return Document(root, found + builder.problems, mended=bool(found))


class _TooMuch(Exception):
    """The rest of the document is not worth reading."""


@dataclass(slots=True)
class _Builder:
    text: str
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    """None while the anchored value is still being read."""
    loader: Any = None

    @property
    def line(self) -> int:
        """Where the scanner stands, from 1."""
        return 1 if self.loader is None else int(self.loader.line) + 1

    def document(self) -> Node | None:
        self.loader = yaml.SafeLoader(self.text)
        events = iter(self.loader.get_event, None)
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return None
        try:
            root = self._node(next(events), events, ())
        except _TooMuch:
            return None
        next(events)
        rest = next(events)
        if not isinstance(rest, yaml.StreamEndEvent):
            self._refuse(rest, (), both("只能有一个文档，删去 ---", "one document only: remove the ---"))
        return root

    def _node(self, event: Any, events: Iterator[Any], path: Path) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        tag, anchor = getattr(event, "tag", None), getattr(event, "anchor", None)
        if tag is not None:
            self._refuse(
                event,
                path,
                both("不支持标签，文本请用引号", "tags are refused; quote what is text"),
                _as_written(tag),
            )
        if anchor is not None:
            self.anchors[anchor] = None
        if len(path) > DEEPEST:
            self._refuse(event, path, both(f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST}"))
            raise _TooMuch
        match event:
            case yaml.MappingStartEvent():
                node = self._mapping(event, events, path)
            case yaml.SequenceStartEvent():
                node = self._sequence(event, events, path)
            case _:
                node = self._scalar(event, path)
        if node.size > MOST_VALUES:
            self._refuse(event, path, both(f"超过 {MOST_VALUES} 个值", f"more than {MOST_VALUES} values"))
            raise _TooMuch
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _mapping(self, start: Any, events: Iterator[Any], path: Path) -> Node:
        entries: dict[str, Entry] = {}
        size = 1
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, line = self._key(event, events, path), _line(event)
            node = self._node(next(events), events, (*path, key))
            if key == "<<":
                hint = both("不支持合并键 <<，请把各键写全", "merge keys are refused: write the keys out")
                self._refuse(event, (*path, key), hint)
            elif key in entries:
                first = entries[key].line
                hint = both(f"键重复，首次在第 {first} 行", f"duplicate key, first on line {first}")
                self._refuse(event, (*path, key), hint)
            else:
                entries[key] = Entry(line, node)
                size += node.size
        return Node(entries, _line(start), size)

    def _key(self, event: Any, events: Iterator[Any], path: Path) -> str:
        is_text = isinstance(event, yaml.ScalarEvent) and event.tag is None
        if is_text and (event.value or not event.implicit[0]):
            self._scalar(event, path)
            return str(event.value)
        self._refuse(event, path, both("键必须是文本", "a key must be text"))
        self._node(event, events, (*path, "?"))
        return "?"

    def _sequence(self, start: Any, events: Iterator[Any], path: Path) -> Node:
        nodes: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            nodes.append(self._node(event, events, (*path, len(nodes))))
        return Node(nodes, _line(start), 1 + sum(node.size for node in nodes))

    def _scalar(self, event: Any, path: Path) -> Node:
        text: str = event.value
        if any(category(char) in {"Cc", "Cs"} and char not in "\t\n" for char in text):
            self._refuse(event, path, both("文本中有控制字符", "control characters in text"), text)
            return Node(None, _line(event))
        return Node(plain_scalar(text) if event.implicit[0] else text, _line(event))

    def _alias(self, event: Any, path: Path) -> Node:
        node = self.anchors.get(event.anchor)
        if node is not None:
            return Node(node.value, node.line, node.size)
        hint = (
            both("别名指向自身", "an alias inside what it stands for")
            if event.anchor in self.anchors
            else both("前面没有这个锚点", "no such anchor before this line")
        )
        self._refuse(event, path, hint, f"*{event.anchor}")
        return Node(None, _line(event))

    def _refuse(self, event: Any, path: Path, hint: str, value: str | None = None) -> None:
        column = event.start_mark.column + 1
        self.problems.append(
            Problem(path=dotted(path), line=_line(event), column=column, value=shown(value, path), hint=hint)
        )


def plain_scalar(text: str) -> Any:
    """What an unquoted scalar means; see the law of this file."""
    match text:
        case "" | "~" | "null":
            return None
        case "true":
            return True
        case "false":
            return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text


def _as_written(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
