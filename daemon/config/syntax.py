"""Syntax errors: in words, on the line that is to blame, and one after the other.

The law of this file: PyYAML stops at the first error; here the line that caused it, with everything indented
below, is taken out and the text is read again. What is taken out is never guessed back.
"""

from __future__ import annotations

import re

import yaml

from daemon.config.problems import Problem, both

MOST_SYNTAX_ERRORS = 20

_KEY_LINE = re.compile(r"(?P<prefix> *(?:- +)*)(?P<key>[\w.-]+):(?: |$)")
_OPEN_QUOTE = re.compile(
    r""" *(?:- +)*(?:[\w.-]+: +)?(?:(?P<mark>["'])(?:(?<=")(?:[^"\\]|\\.)*|(?<=')(?:[^']|'')*))$"""
)
_TAB_INDENT = re.compile(r" *\t")
_WIDE_COLON = re.compile(r"\s*(?:- +)*[\w.-]+：")

_OPENED_BY = {
    "while parsing a flow sequence", "while parsing a flow mapping", "while scanning a quoted scalar",
    "while scanning a simple key",
}  # fmt: skip
"""Where PyYAML says these, what was opened is to blame, not the place at which it gave up."""

_WORDS: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "此处不能有冒号：检查缩进，值里有冒号时加引号",
     "no key may stand here: check the indentation; quote a value that holds a colon"),
    ("found unexpected end of stream", "引号没有闭合", "the quote is not closed"),
    ("could not find expected ':'", "键后缺少“: ”（半角冒号加空格）", "a key needs ': ' behind it"),
    ("expected <block end>", "缩进与上文不一致", "the indentation does not fit the lines above"),
    ("expected ',' or", "括号没有闭合", "the bracket is not closed"),
    ("expected the node content", "括号里有多余的标点", "stray punctuation in the brackets"),
    ("cannot start any token", "值以特殊字符开头，请加引号", "quote a value that starts with this character"),
    ("block sequence entries are not allowed", "此处不能有“-”", "no list item may stand here"),
    ("escape", "引号里的反斜杠写法不对，可改用单引号", "bad backslash escape; try single quotes"),
    ("special characters are not allowed", "文件里有控制字符", "the file holds control characters"),
)  # fmt: skip


def explain_syntax(error: Exception, lines: list[str], scanner_line: int) -> tuple[int, Problem]:
    """The line to blame, from 1, and the problem in words."""
    line, column = scanner_line, None
    text = str(error)
    if isinstance(error, yaml.MarkedYAMLError):
        text = error.problem or ""
        mark = error.context_mark if error.context in _OPENED_BY else error.problem_mark
        if mark := mark or error.problem_mark or error.context_mark:
            line, column = mark.line + 1, mark.column + 1
    elif isinstance(error, yaml.reader.ReaderError):
        before = "\n".join(lines)[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        text = "special characters are not allowed"
    line = min(max(line, 1), len(lines))
    blamed = _open_quote(lines, line) or line
    written = lines[blamed - 1]
    if wide := _WIDE_COLON.match(written):
        column = wide.end()
    elif blamed != line:
        column = min(at for mark in "\"'" if (at := written.find(mark)) >= 0) + 1
    return blamed, Problem(
        path="", line=blamed, column=column, hint=_hint(text, written, quote_is_open=blamed != line)
    )


def _hint(text: str, line: str, *, quote_is_open: bool) -> str:
    if _TAB_INDENT.match(line):
        return both("缩进不能用制表符，请用空格", "no tabs in the indentation: use spaces")
    if _WIDE_COLON.match(line):
        return both("冒号是全角的，请用半角冒号加空格", "a full-width colon: write ': '")
    if quote_is_open:
        return both("引号没有闭合", "the quote is not closed")
    for part, zh, en in _WORDS:
        if part in text:
            return both(zh, en)
    return both("语法错误", "syntax error")


def _open_quote(lines: list[str], before: int) -> int | None:
    """The line with the quote that was forgotten to be closed, where that is why `before` does not parse.

    Such a quote takes in the lines up to the next quote, and only there PyYAML stumbles.
    """
    for n in range(before, 0, -1):
        if opening := _OPEN_QUOTE.match(lines[n - 1]):
            mark = opening["mark"]
            ends_here = mark in lines[before - 1] and not any(mark in line for line in lines[n : before - 1])
            return n if n == before or ends_here else None
    return None


class Mender:
    """The text with the lines left out that did not parse; line numbers stay as they were."""

    def __init__(self, text: str) -> None:
        # YAML 1.1 breaks lines at these three, YAML 1.2 and every editor do not
        text = re.sub("[\x85\u2028\u2029]", " ", text)
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._times: dict[int, int] = {}

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def is_new(self, line: int) -> bool:
        """True where nothing on this line has been complained about."""
        return line not in self._times

    def leave_out(self, line: int) -> bool:
        """Take what is wrong on this line out: at first its value, then the whole of it.

        False where neither helped, or where the file is too broken to go on.
        """
        times = self._times.get(line, 0)
        self._times[line] = times + 1
        if times >= 2 or len(self._times) > MOST_SYNTAX_ERRORS:
            return False
        written = self.lines[line - 1]
        key = _KEY_LINE.match(written)
        indent = len(key["prefix"]) if key else len(written) - len(written.lstrip(" "))
        prefix = key["prefix"] if key and "-" in key["prefix"] else ""
        self.lines[line - 1] = f"{key['prefix']}{key['key']}:" if key and times == 0 else prefix
        # a tab says nothing about what belongs below it
        for below in () if _TAB_INDENT.match(written) else range(line, len(self.lines)):
            text = self.lines[below]
            if text.strip() and len(text) - len(text.lstrip(" ")) <= indent:
                break
            self.lines[below] = ""
        return True
