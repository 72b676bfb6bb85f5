"""The printer in config.yaml: taken with its defaults, and what is wrong with it said with line and key."""

from __future__ import annotations

import pytest

from daemon import wiring
from tests.config.conftest import GOOD, Check, Good, line_of


def with_printer(*lines: str) -> str:
    return GOOD + "printer:\n" + "".join(f"  {line}\n" for line in ("driver: escpos", *lines))


def test_a_gate_with_a_printer_prints_its_receipts(good: Good) -> None:
    config = good(with_printer("port: /dev/usb/lp0"))
    assert config.printer is not None
    assert wiring.site_rules(config).has_printer
    assert not wiring.site_rules(good(GOOD)).has_printer


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ("port: /dev/ttyUSB0", "printer.port", "by-path"),
        ("port: tcp://printer.local", "printer.port", "name server"),
        ("columns: 12", "printer.columns", "24"),
        ("encoding: big5", "printer.encoding", "gb18030"),
        ("cut: yes please", "printer.cut", "partial"),
        ("colums: 48", "printer.colums", "columns"),
    ],
)
def test_what_is_wrong_with_it_is_said_with_its_line(
    problems: Check, line: str, key: str, words: str
) -> None:
    text = with_printer(line) if line.startswith("port") else with_printer("port: /dev/usb/lp0", line)
    (problem,) = problems(text)
    assert problem.path == key
    assert problem.line == line_of(line, text)
    assert words in f"{problem.allowed} {problem.hint}"


def test_a_driver_that_is_none_is_answered_with_those_there_are(problems: Check) -> None:
    (problem,) = problems(GOOD + "printer: {driver: escpo, port: /dev/usb/lp0}\n")
    assert problem.path == "printer.driver"
    assert "escpos" in f"{problem.allowed} {problem.hint}"
