"""Keeps the result of each test beside the rule that it drives; a full run writes build/rulebook.json.

`gatepost rulebook` reads that file. `--rulebook FILE` writes it for any run, collected tests included. A run
may be shared by several processes (`-n`): each test carries its rules in its report to the one that writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.rulebook_pending import PENDING

ROOT = Path(__file__).parents[1]
WORST_FIRST = ("failed", "skipped", "passed", "collected")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rulebook", type=Path, metavar="FILE", help="write rules, tests and results as JSON")


def pytest_configure(config: pytest.Config) -> None:
    target = config.getoption("--rulebook")
    if target is None and is_whole_run(config):
        target = ROOT / "build" / "rulebook.json"
    is_shared_out = hasattr(config, "workerinput")
    if target is not None and not is_shared_out:
        config.pluginmanager.register(Results(target), "rulebook-results")


def pytest_itemcollected(item: pytest.Item) -> None:
    item.user_properties += [("rule", rule) for rule in sorted(set(rules_of(item)))]


def is_whole_run(config: pytest.Config) -> bool:
    chosen = ("keyword", "markexpr", "collectonly", "lf", "failedfirst", "deselect")
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(
        config.getoption(name, None) for name in chosen
    )


class Results:
    """Rule to tests to the worst that each of them came to."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._rules: dict[str, dict[str, None]] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self._note(item.nodeid, item.user_properties, "collected")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report.nodeid, report.user_properties, report.outcome)

    def _note(self, test: str, properties: list[tuple[str, object]], outcome: str) -> None:
        for name, rule in properties:
            if name == "rule":
                self._rules.setdefault(str(rule), {})[test] = None
                both = (self._outcomes.get(test, "collected"), outcome)
                self._outcomes[test] = min(both, key=WORST_FIRST.index)

    def pytest_sessionfinish(self) -> None:
        written = {
            "rules": {
                rule: {test: self._outcomes[test] for test in tests}
                for rule, tests in sorted(self._rules.items())
            },
            "pending": PENDING,
        }
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._target.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")


def rules_of(item: pytest.Item) -> Iterator[str]:
    for marker in item.iter_markers("rule"):
        yield from marker.args
