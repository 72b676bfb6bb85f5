"""`gatepost scenario`: a story of the gate in plain words, played on the shipped rules."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

_DESCRIPTION = """
在一个临时文件夹里用真正的规则演一遍；不碰正在运行的门岗和设备。每行一句，中英文皆可：
Plays it with the real rules in a folder of its own; touches no gate and no device. One sentence a line:

    车道 entry-1 入口 刷卡加车牌      lane entry-1 entry card_and_plate
    登记 王 62E3086CED 粤B12345      permit 王 62E3086CED 粤B12345
    车到 entry-1                     car at entry-1
    车牌 粤B12345                    plate 粤B12345
    刷卡 62E3086CED                  card 62E3086CED
    应放行 卡与车牌相符               then granted permit_card_and_plate

写错一句，会列出可写的 / a sentence that is none is answered with those that are.
"""


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "演一段情景，看规则怎么判 / play a story, see what the rules make of it"
    parser = words.add_parser(
        "scenario",
        help=text,
        description=text + "\n" + _DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=_scenario)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="*.gate, UTF-8")
    parser.add_argument("-q", "--quiet", action="store_true", help="不逐步打印 / do not print each step")


def _scenario(args: argparse.Namespace) -> int:
    told = [_played(path, quiet=args.quiet) for path in args.files]
    return 0 if all(told) else 1


def _played(path: Path, *, quiet: bool) -> bool:
    from daemon.scenario import Broken, NotUnderstood, Step, play

    def done(step: Step) -> None:
        if not quiet:
            print(f"  ✓ {step.line:3} {step.text}", flush=True)

    print(path)
    try:
        with tempfile.TemporaryDirectory(prefix="gatepost-scenario-") as folder:
            play(path, Path(folder), told=done)
    except (Broken, NotUnderstood) as why:
        print(f"✗ {why}", file=sys.stderr)
        return False
    except UnicodeDecodeError:
        print(f"✗ {path}: 不是 UTF-8 文本 / not UTF-8 text", file=sys.stderr)
        return False
    except OSError as error:
        print(f"✗ {path}: 无法读取 / cannot be read: {error.strerror}", file=sys.stderr)
        return False
    print("✓ 全部相符 / all as it should be")
    return True
