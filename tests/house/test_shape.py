"""The rules of the house that no linter knows: how long a file is, what it is called, what it may import."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("daemon", "drivers") for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MOST_LINES = 400

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc", "stuff"}
"""Names that say nothing about what is inside: everything fits in, so everything ends up there."""

VALUE_MODULES = {
    "__future__", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "enum", "fractions",
    "functools", "hashlib", "heapq", "itertools", "math", "operator", "re", "types", "typing", "unicodedata",
    "zlib", "zoneinfo",
}  # fmt: skip
"""All of the standard library that the core may import: values, and functions of values."""


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                names.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module)
    return names


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=shown)
def test_a_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{shown(path)}: {lines} lines of {MOST_LINES}; find the second noun in it"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=shown)
def test_a_name_says_what_is_inside(path: Path) -> None:
    words = {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}
    assert not words & EMPTY_NAMES, f"{shown(path)}: call it by the noun that it is about"


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_module_states_its_law(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{shown(path)} has no docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "daemon" / "core").rglob("*.py")), ids=shown)
def test_the_core_imports_values_and_nothing_else(path: Path) -> None:
    foreign = {name for name in imported_by(path) - VALUE_MODULES if not name.startswith("daemon.core")}
    assert not foreign, f"{shown(path)} imports {sorted(foreign)}"


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_silencing_a_linter_names_the_rule_and_the_reason(path: Path) -> None:
    """`# noqa: S608  # the names are ours`: a bare one hides whatever comes later."""
    whole = re.compile(r"(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])\W+\w+\W+\w+")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        silenced = re.search(r"# ?(noqa\b|type: ?ignore\b).*", line)
        assert not silenced or whole.search(line), f"{shown(path)}:{number}: which rule, and why?"
