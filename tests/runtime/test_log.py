"""One event, one line, and no whole plate or card in it."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.runtime import log


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def logged(*args: object, exc_info: BaseException | None = None) -> str:
    stream = io.StringIO()
    log.set_up(logging.DEBUG, environ={}, stream=stream)
    logging.getLogger("daemon.engine").warning(*args, exc_info=exc_info)
    return stream.getvalue()


def test_what_comes_from_outside_cannot_begin_a_line_or_reach_the_terminal() -> None:
    line = logged("frame %s", "a\r\n2026-01-01 ERROR forged\x1b[2J\u2028")
    assert line.count("\n") == 1
    assert line.endswith("frame a\\r\\n2026-01-01 ERROR forged\\x1b[2J\\u2028\n")


def test_an_exception_is_one_line_with_its_place_and_its_cause() -> None:
    def opens_the_port() -> None:
        raise OSError(5, "input/output error")

    try:
        try:
            opens_the_port()
        except OSError as error:
            raise ValueError("no card\nframe") from error
    except ValueError as error:
        line = logged("reader failed", exc_info=error)
    assert line.count("\n") == 1
    assert "ValueError: no card\\nframe [test_log.py:" in line
    assert "caused by OSError: [Errno 5] input/output error" in line
    assert "opens_the_port < test_log.py" in line


def test_every_part_of_a_group_is_told() -> None:
    line = logged("task group", exc_info=ExceptionGroup("two", [KeyError("lane"), OSError("port")]))
    assert "KeyError: 'lane'" in line
    assert "OSError: port" in line


@pytest.mark.parametrize(("level", "prefix"), [(logging.ERROR, "<3>"), (logging.INFO, "<6>"), (5, "<7>")])
def test_the_journal_gets_the_priority_and_no_time(tmp_path: Path, level: int, prefix: str) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        log.set_up(1, environ={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, stream=stream)
        logging.getLogger("daemon.app").log(level, "hello")
        stream.seek(0)
        assert stream.read() == f"{prefix}daemon.app: hello\n"


def test_output_that_goes_elsewhere_is_not_written_as_for_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+", encoding="utf-8") as stream:
        log.set_up(logging.INFO, environ={"JOURNAL_STREAM": "1:2"}, stream=stream)
        logging.getLogger("daemon.app").info("hello")
        stream.seek(0)
        assert "INFO    daemon.app: hello" in stream.read()
