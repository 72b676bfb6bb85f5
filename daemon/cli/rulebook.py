"""`gatepost rulebook`: each rule, the tests that drive it, and what they came to."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

RESULTS = Path("build/rulebook.json")


def add_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "规则、测试与结果对照 / each rule, its tests, and what they came to"
    parser = words.add_parser("rulebook", help=text, description=text)
    parser.set_defaults(run=_rulebook)
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="default: %(default)s")
    parser.add_argument(
        "--tests", action="store_true", help="列出每条规则的测试 / name the tests of each rule"
    )


def _rulebook(args: argparse.Namespace) -> int:
    """1 where a test of a rule failed, or none drives it and none is awaited."""
    from daemon.core.rulebook import SECTIONS

    try:
        results = json.loads(args.results.read_text(encoding="utf-8"))
    except FileNotFoundError:
        print(
            f"{args.results}: 还没有测试结果；请在源码目录运行 scripts/test /"
            " no results yet: run scripts/test in a checkout",
            file=sys.stderr,
        )
        return 1
    except (OSError, ValueError) as error:
        print(f"{args.results}: 无法读取 / cannot be read: {error}", file=sys.stderr)
        return 1
    all_good = True
    for zh, en, rules in SECTIONS:
        print(f"\n{zh} / {en}")
        for rule in rules:
            tests: dict[str, str] = results["rules"].get(rule.id, {})
            mark, told = _judged(tests, results["pending"].get(rule.id))
            all_good = all_good and mark != "✗"
            print(f"{mark} {rule.id} {rule.zh} / {rule.en}: {told}")
            if args.tests:
                for test, outcome in tests.items():
                    print(f"      {outcome:9} {test}")
    return 0 if all_good else 1


def _judged(tests: dict[str, str], awaited: str | None) -> tuple[str, str]:
    """✓ driven and holds, ✗ does not hold or nothing drives it, ○ not run here, … still to come."""
    outcomes = Counter(tests.values())
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    if outcomes["failed"]:
        return "✗", told
    if outcomes["passed"]:
        return "✓", told
    if tests:
        return "○", told
    return ("✗", "没有测试 no test") if awaited is None else ("…", awaited)
