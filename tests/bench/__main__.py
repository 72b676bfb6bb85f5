"""`scripts/bench`: what the gate's own work costs over a floor measured in the same run.

The law of this file: ratios are judged, milliseconds are shown. A shared machine is ten times slower from one
minute to the next, and floor and figure are measured side by side.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.bench import (
    age,
    backlog,
    broker_silent,
    frame_to_read,
    list_import,
    office_lag,
    store_speed,
    swipe_to_relay,
)

BENCHES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "swipe": ("刷卡到继电器，含落盘 / swipe to relay, commit included", swipe_to_relay.measure),
    "frame": ("画面到车牌 / frame to read", frame_to_read.measure),
    "store": ("落盘与启动 / commits and start-up", store_speed.measure),
    "import": ("导入两万张通行证 / a list of 20,000 permits", list_import.measure),
    "age": ("账本越来越长 / what the age of a ledger costs", age.measure),
    "broker": ("服务器连着却不出声 / a broker that is connected and silent", broker_silent.measure),
    "backlog": ("一个月的积压与刷卡 / a month's backlog, and a swipe meanwhile", backlog.measure),
    "office": ("十个门到物业的滞后与积压 / the office behind ten gates, and a backlog", office_lag.measure),
}
LONG: dict[str, Callable[[], dict[str, Any]]] = {
    "age": partial(age.measure, rows=1_000_000),
    "backlog": partial(backlog.measure, share=1),
    "office": partial(office_lag.measure, seconds=300.0, share=1),
}
"""What `--long` does instead."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)} (default: all)")
    parser.add_argument(
        "--long",
        action="store_true",
        help="office: five minutes, and all of 90,000 facts (about 8 minutes);"
        " age: a million rows (about 4 minutes)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    args = parser.parse_args()
    unknown = set(args.names) - BENCHES.keys()
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: 可选 / choose from {', '.join(BENCHES)}")
    figures = {}
    for name in args.names or BENCHES:
        words, measure = BENCHES[name]
        measure = LONG.get(name, measure) if args.long else measure
        if not args.json:
            print(f"— {words}", flush=True)
        figures[name] = measure()
        if not args.json:
            for what, value in figures[name].items():
                print(f"    {what:<34} {value}")
    if args.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
