"""What `gatepost simulate` says, to people and to scripts.

The law of this file: nothing is simulated here. Progress goes to stderr, and only where it is a terminal; the
report goes to stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from daemon.worlds import plants
from daemon.worlds.simulate import Report, simulate, worlds_until_found

_BAR = 30


def run(worlds: int, seed: int, *, plant: str | None = None, as_json: bool = False) -> int:
    """Simulate and tell; the exit status: 0 where every law held, or every planted bug was found.

    `plant` is one of `plants.names()`, or `all`. Raises KeyError for any other name.
    """
    if plant == "all":
        return _all_plants(worlds, seed, as_json=as_json)
    report = simulate(worlds, seed, plant, stop_at_first=plant is not None, progress=_bar(worlds))
    _clear()
    print(json.dumps(report.as_json(), ensure_ascii=False) if as_json else text(report))
    return int(bool(report.violations) is (plant is None))


def text(report: Report) -> str:
    """The report as people read it."""
    lines = [
        f"世界 worlds        {report.worlds}",
        f"通行 passages      {report.passages}（{report.passages_a_second:.0f}/s）",
        f"断电 power cuts    {report.power_cuts}",
        f"重启 restarts      {report.restarts}",
        f"虚拟天数 days      {report.virtual_days:.2f}",
        f"违例 violations    {report.violations}",
        f"摘要 digest        {report.digest[:16]}",
    ]
    for found in report.found:
        lines += ["", f"✗ {found.law}: {found.what}", f"  --worlds 1 --seed {found.seed}, {found.at_s} s"]
        lines += [f"    {trouble}" for trouble in found.troubles]
        lines += [f"  {line}" for line in found.history]
    return "\n".join(lines)


def _all_plants(worlds: int, seed: int, *, as_json: bool) -> int:
    found: dict[str, int | None] = {}
    for name in plants.names():
        found[name] = worlds_until_found(name, seed=seed, at_most=worlds)
        if not as_json:
            after = found[name]
            print(f"{'✓' if after else '✗'} {name:48} {after or f'> {worlds}'}", flush=True)
    if as_json:
        print(json.dumps(found))
    return int(None in found.values())


def _bar(worlds: int) -> Callable[[Report], None]:
    if not sys.stderr.isatty():
        return lambda _report: None

    def show(report: Report) -> None:
        done = "█" * (_BAR * report.worlds // worlds)
        sys.stderr.write(f"\r{done:·<{_BAR}} {report.worlds}/{worlds} {report.passages_a_second:.0f}/s ")
        sys.stderr.flush()

    return show


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
