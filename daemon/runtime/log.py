"""How the daemon logs: one event, one line, to standard error.

The law of this file: nothing that came from outside can begin a second line or move the terminal's cursor.
Under systemd the line carries its priority and no time, since the journal keeps both. Whoever logs a plate or
a card masks it (`daemon.core.masking`): whole numbers belong in the ledger and nowhere else.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO

FRAMES_SHOWN = 8
"""How many of the innermost calls a logged exception names."""

# sd-daemon(3): a line on standard error may begin with its syslog priority in angle brackets.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY = 7

_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def describe(error: BaseException) -> str:
    """An exception in one line: what it says, where it was raised, what led to it."""
    where = _innermost(error.__traceback__)
    text = f"{type(error).__name__}: {error}" + (f" [{where}]" if where else "")
    if isinstance(error, BaseExceptionGroup):
        text += " of " + "; ".join(f"({describe(part)})" for part in error.exceptions)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{text} caused by {describe(cause)}" if cause is not None else text


def set_up(level: int, *, environ: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Send the log of this process to `stream` (standard error), in place of what was set up before."""
    out = stream if stream is not None else sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(_OneLine(for_journal=_is_journal(out, environ)))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


class _OneLine(logging.Formatter):
    def __init__(self, *, for_journal: bool) -> None:
        super().__init__("%(name)s: %(message)s")
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" | {describe(record.exc_info[1])}"
        text = text.translate(_VISIBLE)
        if self._for_journal:
            return f"<{_priority(record.levelno)}>{text}"
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {record.levelname:<7} {text}"


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES if level >= least), _DEBUG_PRIORITY)


def _innermost(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-FRAMES_SHOWN:]
    return " < ".join(f"{os.path.basename(f.filename)}:{f.lineno} {f.name}" for f in reversed(frames))


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """True where `stream` is the very one that systemd connected to the journal: JOURNAL_STREAM names
    its device and inode (systemd.exec(5)), and stays set in children whose output goes elsewhere."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
