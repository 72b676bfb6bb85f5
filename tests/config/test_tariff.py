"""`site.tariff` in config.yaml: the book reaches the core, and its problems stand among the others."""

from __future__ import annotations

from pathlib import Path

from daemon import wiring
from daemon.config import load
from daemon.config.tariffs import EXAMPLES
from tests.config.conftest import Check, Good, changed

ROOT = Path(__file__).parents[2]
SITE = "site: {id: garden, name: 花园}"
SHIPPED = EXAMPLES / "shenzhen-yuanshan.yaml"


def with_tariff(file: str) -> str:
    return changed(SITE, f"site: {{id: garden, name: 花园, tariff: {file}}}")


def test_without_one_the_site_is_free(good: Good) -> None:
    assert wiring.site_rules(good(changed(SITE, SITE))).tariff is None


def test_the_book_reaches_the_core_with_the_name_of_the_gates_receipts(good: Good, tmp_path: Path) -> None:
    (tmp_path / "tariff.yaml").write_bytes(SHIPPED.read_bytes())
    rules = wiring.site_rules(good(with_tariff("tariff.yaml")))
    assert rules.tariff is not None
    assert [version.id for version in rules.tariff.versions] == ["深发改函-2021-340"]
    assert rules.receipts == "east"


def test_a_file_that_is_not_there_is_named_where_it_is_asked_for(problems: Check) -> None:
    (problem,) = problems(with_tariff("nowhere.yaml"))
    assert (problem.path, problem.line, problem.value) == ("site.tariff", 1, '"nowhere.yaml"')


def test_what_is_wrong_in_it_is_told_with_its_own_lines_beside_the_rest(
    problems: Check, tmp_path: Path
) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("yuan: 10}", "yuan: ten}")
    (tmp_path / "tariff.yaml").write_text(text, encoding="utf-8")
    told = problems(with_tariff("tariff.yaml").replace("direction: entry", "direction: in"))
    assert {(problem.file, problem.path) for problem in told} >= {
        ("tariff.yaml", "versions[0].classes.small.first.yuan"),
        ("config.yaml", "lanes[0].direction"),
    }


def test_a_tariff_at_the_top_of_the_file_is_no_key(problems: Check) -> None:
    (problem,) = problems(changed("permits:", "tariff: tariff.yaml\npermits:"))
    assert problem.path == "tariff"


def test_the_line_that_config_yaml_offers_is_right(tmp_path: Path) -> None:
    """Uncommented, the demonstration asks for money."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    assert load(ROOT / "config.yaml").tariff is None
    line = next(line for line in text.splitlines() if line.strip().startswith("# tariff:"))
    written = line.strip().removeprefix("# tariff:").split("#")[0].strip()
    (tmp_path / "daemon").symlink_to(ROOT / "daemon")
    (tmp_path / "config.yaml").write_text(text.replace("  # tariff:", "  tariff:"), encoding="utf-8")
    assert (ROOT / written).samefile(SHIPPED)
    assert load(tmp_path / "config.yaml").tariff is not None
