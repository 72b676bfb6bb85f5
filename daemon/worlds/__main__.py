"""`python -m daemon.worlds`: what `gatepost simulate` does, for scripts."""

from __future__ import annotations

import argparse
import sys

from daemon.worlds import plants
from daemon.worlds.telling import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="gatepost simulate")
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plant", choices=(*plants.names(), "all"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    return run(asked.worlds, asked.seed, plant=asked.plant, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
