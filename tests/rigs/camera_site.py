"""Where a camera under test stands: its folders, its password file, and a context that needs no loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drivers.protocols import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.protocols import Timer

USERNAME, PASSWORD = "gate", "s3cret:/@%门"
PASSWORD_FILE = Path("camera.secret")


def _no_timers(delay_s: float, callback: Callable[[], None]) -> Timer:
    raise AssertionError(f"a camera asked for a timer: {delay_s} s, {callback}")


def camera_site(folder: Path) -> Context:
    (folder / PASSWORD_FILE).write_text(PASSWORD + "\n", encoding="utf-8")
    return Context(
        name="entry-1.camera", lane="entry-1", run_dir=folder, config_dir=folder, call_later=_no_timers
    )
