"""YAML as the gate reads it: what it looks like is what it is, and every value knows its line."""

from __future__ import annotations

import pytest

from daemon.config.document import DEEPEST, MOST_VALUES, read


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("22:00", "22:00"),
        ("010", "010"),
        ("0012345678", "0012345678"),
        ("62E30869", "62E30869"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("2026-01-31", "2026-01-31"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0.5", 0.5),
        ("1.5e2", 150.0),
        ('"12"', "12"),
        ("'true'", "true"),
        ("9" * 30, "9" * 30),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_it_looks_like(written: str, means: object) -> None:
    document = read(f"key: {written}\n")
    assert document.problems == []
    assert document.root is not None
    value = document.root.plain()["key"]
    assert value == means
    assert type(value) is type(means)


def test_every_value_and_key_knows_its_line() -> None:
    document = read("a: 1\nb:\n  - x\n  - c: 2\n    d:\n      e\n")
    assert document.line(("a",)) == 1
    assert document.line(("b",)) == 2
    assert document.line(("b", 0)) == 3
    assert document.line(("b", 1, "d")) == 6
    assert document.key_line(("b", 1, "d")) == 5


def test_what_is_not_there_has_the_line_of_the_section_around_it() -> None:
    document = read("a: 1\nb:\n  c: 2\n")
    assert document.line(("b", "missing", 3, "x")) == 2
    assert document.key_line(("b", "missing")) == 2
    assert document.line(("missing",)) == 1


def test_a_duplicate_key_is_refused_with_the_line_of_the_first() -> None:
    (problem,) = read("mode: a\nname: b\nmode: c\n").problems
    assert (problem.line, problem.path) == (3, "mode")
    assert "首次在第 1 行 / duplicate key, first on line 1" in problem.hint


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: !!str 1\n", 2, "tags are refused"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags are refused"),
        ("a: 1\n---\nb: 2\n", 2, "one document only"),
        ("a: 1\n? [x]\n: 2\n", 2, "a key must be text"),
        ("a: &x 1\n<<: {b: 2}\n", 2, "merge keys are refused"),
        ("a: 1\nb: *gone\n", 2, "no such anchor"),
        ("a: 1\nb: &b [*b]\n", 2, "an alias inside what it stands for"),
        ('a: 1\nb: "\\e[2J"\n', 2, "control characters"),
        ('a: 1\nb: "\\ud800"\n', 2, "control characters"),
        ("a: " + "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), 1, "nested deeper"),
        ("a: " + "[" * 20_000, 1, "nested deeper"),
    ],
)
def test_what_strict_yaml_has_not_is_refused(text: str, line: int, says: str) -> None:
    (problem,) = read(text).problems
    assert problem.line == line
    assert says in problem.hint


def test_aliases_are_allowed() -> None:
    document = read("a: &camera {driver: rtsp}\nb: *camera\n")
    assert document.problems == []
    assert document.root is not None
    assert document.root.plain() == {"a": {"driver": "rtsp"}, "b": {"driver": "rtsp"}}
    assert document.line(("b", "driver")) == 1


def test_a_billion_laughs_are_refused_before_they_are_counted_out() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (problem,) = read("\n".join(lines)).problems
    assert f"more than {MOST_VALUES} values" in problem.hint
    assert problem.line == 5  # 9 ** 5 values


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: 1\n\tb: 2\n", 2, 1, "no tabs"),
        ("a:\n  b: 1\n \tc: 2\n", 3, 2, "no tabs"),
        ("a: x: y\n", 1, 5, "quote a value that holds a colon"),
        ("a: 1\n  b: 2\n", 2, 4, "check the indentation"),
        ("a:\n    b: 1\n  c: 2\n", 3, 3, "indentation"),
        ('a: 1\nb: "open\nc: 3\n', 2, 4, "quote is not closed"),
        ('a: 1\nb: "open\nc: "x"\nd: 4\n', 2, 4, "quote is not closed"),
        ("a: [1, 2\nb: 3\n", 1, 4, "bracket is not closed"),
        ("a: {b: 1\nc: 3\n", 1, 4, "bracket is not closed"),
        ("a: 1\nb：2\nc: 3\n", 2, 2, "full-width colon"),
        ("a: @home\n", 1, 4, "quote a value that starts"),
        ('a: "C:\\Users"\n', 1, 9, "backslash"),
        ('a: 1\nb: "\\UFFFFFFFF"\n', 2, None, "syntax error"),
        ("a: 1\nb: \x07\n", 2, 4, "control characters"),
    ],
)
def test_a_syntax_error_has_a_line_a_column_and_a_remedy(
    text: str, line: int, column: int | None, says: str
) -> None:
    problem, *others = read(text).problems
    assert (problem.line, problem.column) == (line, column)
    assert says in problem.hint
    assert others == []


def test_reading_goes_on_behind_a_syntax_error() -> None:
    text = "a: x: y\nb: [1\nc:\n  d: 1\n\te: 2\nf: 'open\ng: 7\ng: 8\n"
    document = read(text)
    assert [problem.line for problem in document.problems] == [1, 2, 5, 6, 8]
    assert document.mended
    assert document.root is not None
    assert document.root.plain()["g"] == 7


def test_a_quoted_text_over_two_lines_is_not_blamed_for_what_comes_after() -> None:
    document = read('a: "one\n  two"\nb: x: y\n')
    assert [problem.line for problem in document.problems] == [3]
