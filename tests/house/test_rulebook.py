"""Every rule of the rulebook is driven by a test, or stands on the list of what is still to come."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.core.rulebook import RULES
from tests.house.rulebook_pending import PENDING

ROOT = Path(__file__).parents[2]
KNOWN = {rule.id for rule in RULES}


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Rule to the tests that carry its marker, collected as pytest does it."""
    target = tmp_path_factory.mktemp("rulebook") / "rulebook.json"
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider",
         "--rulebook", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert target.exists(), said.stdout[-2000:] + said.stderr
    rules: dict[str, dict[str, str]] = json.loads(target.read_text(encoding="utf-8"))["rules"]
    return rules


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_a_run_writes_what_each_test_of_a_rule_came_to(tmp_path: Path, processes: tuple[str, ...]) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\n"
        "@pytest.mark.rule('R02')\n"
        "def test_good(): pass\n"
        "@pytest.mark.rule('R02')\n"
        "@pytest.mark.rule('R01')\n"
        "def test_bad(): assert False\n",
        encoding="utf-8",
    )
    target = tmp_path / "out.json"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest",
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "--rulebook", str(target),
         *processes, str(tmp_path)],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    rules = json.loads(target.read_text(encoding="utf-8"))["rules"]
    assert {rule: sorted(tests.values()) for rule, tests in rules.items()} == {
        "R01": ["failed"],
        "R02": ["failed", "passed"],
    }


def test_every_rule_has_a_number_of_its_own() -> None:
    assert [rule.id for rule in RULES] == [f"R{number:02}" for number in range(1, len(RULES) + 1)]


def test_every_rule_is_driven_by_a_test_or_still_to_come(tested: dict[str, dict[str, str]]) -> None:
    missing = sorted(KNOWN - tested.keys() - PENDING.keys())
    assert not missing, f"no test is marked @pytest.mark.rule for {missing}"


def test_what_has_come_is_not_called_still_to_come(tested: dict[str, dict[str, str]]) -> None:
    done = sorted(PENDING.keys() & tested.keys())
    assert not done, f"{done} are tested now: take them out of tests/house/rulebook_pending.py"


def test_nothing_but_rules_is_marked_or_awaited(tested: dict[str, dict[str, str]]) -> None:
    assert (tested.keys() | PENDING.keys()) <= KNOWN


def results(folder: Path, rules: dict[str, dict[str, str]], pending: dict[str, str] | None = None) -> Path:
    path = folder / "rulebook.json"
    path.write_text(json.dumps({"rules": rules, "pending": pending or {}}), encoding="utf-8")
    return path


def test_the_table_puts_rule_tests_and_result_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every = {rule: {"tests/a.py::test_it": "passed"} for rule in KNOWN}
    assert main(["rulebook", "--results", str(results(tmp_path, every))]) == 0
    out = capsys.readouterr().out
    assert "✓ R02" in out
    assert "认卡认车" in out

    every |= {"R02": {"tests/a.py::test_it": "passed", "tests/a.py::test_other": "failed"}}
    del every["R30"], every["R45"]
    path = results(tmp_path, every, {"R45": "第二个门"})
    assert main(["rulebook", "--results", str(path), "--tests"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("✗ R02") and "1 failed" in line for line in lines)
    assert any("test_other" in line for line in lines)
    assert any(line.startswith("✗ R30") for line in lines), "nothing drives it, and nobody awaits it"
    assert any(line.startswith("… R45") and "第二个门" in line for line in lines)


def test_without_results_it_says_how_to_get_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rulebook", "--results", str(tmp_path / "none.json")]) == 1
    assert "scripts/test" in capsys.readouterr().err
