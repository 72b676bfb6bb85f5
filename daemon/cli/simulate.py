"""`gatepost simulate`: whole gates in made-up worlds, the real code under a virtual clock."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict

_DESCRIPTION = """
在虚拟时间里运行整座门岗的真实程序：断电、磁盘坏、设备失灵、无序的车和人；每一步都核对定律。
Runs the real program in virtual time through power cuts, failing disks and devices, and people in a hurry;
the laws of the gate are checked after every event. The same seed gives the same world, always.

--plant 在程序里种下一个已知的错，看能否查出 / plants a known bug, to see that it is found.
"""


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "在虚拟世界里考验门岗 / prove the gate in simulated worlds"
    parser = words.add_parser(
        "simulate",
        help=text,
        description=text + "\n" + _DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_simulate)
    parser.add_argument("--worlds", type=int, default=200, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="(default: %(default)s)")
    parser.add_argument(
        "--sites",
        type=int,
        metavar="N",
        help="改为 N 个五门小区：断网、断电、乱序 / instead N sites of five gates, cut off and dying",
    )
    parser.add_argument("--plant", metavar="NAME|all|list", help="种下的错；list 列出 / list names them")
    parser.add_argument("--json", action="store_true", help="机器可读 / for machines")


def _simulate(args: argparse.Namespace) -> int:
    if args.sites is not None:
        return _sites(args)
    from daemon.worlds import plants
    from daemon.worlds.telling import run

    names = plants.names()
    if args.plant == "list":
        print("\n".join(names))
        return 0
    if args.plant not in (None, "all", *names):
        print(f"{args.plant}: 没有这个错，见 --plant list / no such bug, see --plant list", file=sys.stderr)
        return 2
    return run(args.worlds, args.seed, plant=args.plant, as_json=args.json)


def _sites(args: argparse.Namespace) -> int:
    """Each site as one line of JSON; the exit status is 1 where one broke a law."""
    from daemon.worlds.bugs_between_gates import BUGS, sites

    if args.plant == "list":
        print("\n".join(BUGS))
        return 0
    if args.plant is not None and args.plant not in BUGS:
        print(f"{args.plant}: 没有这个错，见 --plant list / no such bug, see --plant list", file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)  # a site is full of trouble that its gates rightly log
    broken = False
    for outcome in sites(args.sites, args.seed, args.plant):
        print(json.dumps(asdict(outcome), ensure_ascii=False), flush=True)
        broken = broken or outcome.violation is not None
    return int(broken)
