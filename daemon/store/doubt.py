"""A note to the next start: something in this folder was found damaged, believe nothing unread.

The law of this file: the note is on the disk before the process that leaves it ends, and only a start that
has gone through everything takes it away.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from daemon.store import file

log = logging.getLogger(__name__)

NOTE = "gatepost.doubt"
_LONGEST = 2000


def leave(folder: Path, why: object) -> None:
    """Have the next start go through everything. Where the disk takes no note, the log says so."""
    note = folder / NOTE
    try:
        handle = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, f"{why}\n".encode()[:_LONGEST])
            os.fsync(handle)
        finally:
            os.close(handle)
        file.sync(folder)
    except OSError as refused:
        log.critical("%s could not be written, the next start may not know of the damage: %s", note, refused)


def left(folder: Path) -> str | None:
    """What a process before this one has found; None where nothing was. A note that cannot be read is one."""
    try:
        return (folder / NOTE).read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as unreadable:
        return str(unreadable)


def settle(folder: Path) -> None:
    """Everything has been gone through."""
    (folder / NOTE).unlink(missing_ok=True)
