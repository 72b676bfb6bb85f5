"""`gatepost simulate`: whole gates in made-up worlds, the real code under a virtual clock."""

from __future__ import annotations

import argparse
import sys

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
    parser.add_argument("--plant", metavar="NAME|all|list", help="种下的错；list 列出 / list names them")
    parser.add_argument("--json", action="store_true", help="机器可读 / for machines")


def _simulate(args: argparse.Namespace) -> int:
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
