"""A tariff that contradicts itself, or leaves a gap, is refused: with the line, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.problems import ConfigProblems, Problem
from daemon.config.tariffs import EXAMPLES, load_book, parse_book
from daemon.core.tariff import Book

GOOD = """\
name: 东门停车场
phone: "12345"
versions:
  - id: v1
    effective: 2026-01-01T00:00+08:00
    classes:
      small:
        label: 小型车
        free: {minutes: 30, counts: only_within}
        bands:
          - {name: 白, start: 07:00, end: 20:00, first: {minutes: 60, yuan: 4}, then: {minutes: 30, yuan: 2}}
          - {name: 夜, start: 20:00, end: 07:00, then: {minutes: 120, yuan: 1}}
        cap_yuan: {day: 30}
      large: {label: 大型车, like: small, percent: 150}
    discounts:
      new_energy: {label: 新能源, percent_off: 50, classes: [small]}
    calendar:
      - {name: 国庆, dates: ["2026-10-01..2026-10-07"], use: free}
"""


def problems_with(old: str, new: str) -> list[Problem]:
    """What is said of the good file with one thing changed."""
    assert old in GOOD
    with pytest.raises(ConfigProblems) as refused:
        parse_book(GOOD.replace(old, new))
    return list(refused.value.problems)


def test_the_good_file_is_a_book() -> None:
    book = parse_book(GOOD)

    rates = book.versions[0].classes
    assert [band.then.fen for band in rates["large"].schedules["normal"] if band.then] == [300, 150]
    assert rates["large"].caps.day == 4500
    assert book.versions[0].digest != parse_book(GOOD.replace("yuan: 4", "yuan: 3")).versions[0].digest


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_load_and_say_that_the_current_notice_counts(path: Path) -> None:
    assert isinstance(load_book(path), Book)
    assert "以当地现行公示为准 / check the current notice" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ("start: 07:00, end: 20:00", "start: 06:00, end: 20:00", "bands[1].start", "06:00 起与 白 重叠"),
        ("start: 07:00, end: 20:00", "start: 07:00, end: 18:30", "small.bands", "18:30-20:00 没有时段"),
        ("start: 20:00, end: 07:00", "start: 20:00, end: 06:59", "small.bands", "no band covers 06:59"),
        ("name: 夜", "name: 白", "bands[1].name", "重名"),
        (", then: {minutes: 30, yuan: 2}", "", "bands[0].then", "首段之后无价"),
        (", then: {minutes: 120, yuan: 1}", "", "bands[1].then", "没有价格"),
        ("{day: 30}", "{day: 3}", "cap_yuan.day", "低于第"),
        ("{day: 30}", "{hours: 30}", "cap_yuan.hours", "hours_24"),
        ("yuan: 4}", "yuan: 4.005}", "first.yuan", "两位小数"),
        ("yuan: 4}", "yuan: -4}", "first.yuan", "两位小数"),
        ('yuan: 4}', 'yuan: "4"}', "first.yuan", "两位小数"),
        ("minutes: 60", "minutes: 0", "first.minutes", "超出范围"),
        ("T00:00+08:00", "T00:00", "effective", "时区"),
        ("2026-01-01T00:00+08:00", "2026-02-30T00:00+08:00", "effective", "时区"),
        ("like: small", "like: smal", "large.like", "did you mean small?"),
        ("yuan: 4}", "yuan: 4.01}", "large.percent", "不是整分"),
        ("classes: [small]", "classes: [smal]", "new_energy.classes[0]", "did you mean small?"),
        ("percent_off: 50", "percent_off: 150", "new_energy.percent_off", "超出范围"),
        (", percent_off: 50", "", "discounts.new_energy", "percent_off"),
        ("use: free", "use: weekend", "calendar[0].use", "没有这套时段"),
        ("2026-10-01..2026-10-07", "2026-10-07..2026-10-01", "calendar[0].dates[0]", ""),
        ("counts: only_within", "counts: only_withn", "free.counts", "did you mean only_within?"),
        ("    effective:", "    efective:", "efective", "did you mean effective?"),
        ('phone: "12345"', "operator: 物业", "phone", "缺少必填项"),
        ("name: 东门停车场", "name: 东门停车场\ntimezone: Asia/Shanghia", "timezone", "Asia/Shanghai"),
        ("        bands:", "        restart_gives_free_time: true\n        bands:", "free_time", "never"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(old: str, new: str, path: str, said: str) -> None:
    found = problems_with(old, new)

    matching = [problem for problem in found if problem.path.endswith(path)]
    assert matching, found
    assert said in " ".join((matching[0].hint, matching[0].allowed))
    assert matching[0].line is not None


def test_two_versions_of_one_date_or_one_id_are_refused() -> None:
    second = GOOD[GOOD.index("  - id: v1") :].replace("T00:00+08:00", "T01:00+09:00")

    with pytest.raises(ConfigProblems) as refused:
        parse_book(GOOD + second)

    assert {problem.path for problem in refused.value.problems} == {"versions[1].id", "versions[1].effective"}


def test_a_free_time_that_would_make_longer_stays_dearer_is_refused() -> None:
    """The class deducts its minutes; a discount that does not would take that away."""
    text = GOOD.replace("counts: only_within", "counts: deducted")
    text = text.replace("percent_off: 50", "free: {minutes: 60, counts: only_within}")

    with pytest.raises(ConfigProblems, match="反而更贵"):
        parse_book(text)


def test_days_that_two_rules_want_and_schedules_that_nobody_uses_are_refused() -> None:
    text = (
        f"{GOOD}"
        '      - {name: 中秋, dates: ["2026-10-04"], use: free}\n'
        "      - {name: 周末, weekdays: [sun, sun], use: free}\n"
    )
    spare = "{name: 全天, start: 00:00, end: 24:00, then: {minutes: 60, yuan: 1}}"
    text = text.replace("        cap_yuan:", f"        schedules: {{weekend: [{spare}]}}\n        cap_yuan:")

    with pytest.raises(ConfigProblems) as refused:
        parse_book(text)

    assert [problem.path.partition("versions[0].")[2] for problem in refused.value.problems] == [
        "classes.small.schedules.weekend",
        "classes.large.schedules.weekend",
        "calendar[1].dates[0]",
        "calendar[2].weekdays[1]",
    ]


def test_everything_is_said_at_once_also_past_a_syntax_error() -> None:
    text = GOOD.replace("start: 20:00", "start: 19:00").replace("{day: 30}", "{day: 3}")
    text = text.replace("label: 新能源", "label: [新")

    with pytest.raises(ConfigProblems) as refused:
        parse_book(text)

    paths = " ".join(problem.path for problem in refused.value.problems)
    assert "bands" in paths
    assert "cap_yuan.day" in paths
    assert any(not problem.path for problem in refused.value.problems)


@pytest.mark.parametrize(
    "data", [b"", b"- 1\n", b"\xff\xfe\x00", b"name: 1\nversions: 3\n", "名: 停".encode("gbk")]
)
def test_whatever_the_bytes_only_problems_come_out(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "tariff.yaml"
    path.write_bytes(data)

    with pytest.raises(ConfigProblems):
        load_book(path)
    with pytest.raises(ConfigProblems, match=r"nowhere\.yaml"):
        load_book(tmp_path / "nowhere.yaml")
