"""What hangs at the entrance, and what a new tariff would have brought."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest

from daemon.config.tariffs import EXAMPLES, load_book
from daemon.core.tariff import (
    Parked,
    PastStay,
    explain_text,
    notice,
    quote,
    replay,
    replay_text,
)
from tests.tariff.rig import book, parked

OLD = """
    classes:
      small:
        label: 小型车
        free: {minutes: 30, counts: only_within}
        then: {minutes: 60, yuan: 2}
        cap_yuan: {day: 10}
    same_day: share_caps
    """
NEW = OLD.replace("minutes: 30", "minutes: 60").replace("yuan: 2", "yuan: 3").replace("day: 10", "day: 12")


@pytest.mark.rule("R16")
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_notice_says_what_the_law_wants_said(path: Path) -> None:
    tariff = load_book(path)

    text = explain_text(tariff, datetime(2026, 3, 1, tzinfo=tariff.zone))

    for word in ("服务内容", "收费标准", "计费方式", "免费时间", "投诉电话", tariff.phone, tariff.service):
        assert word in text
    assert all(source in text for source in tariff.sources)
    assert "以当地现行公示为准" in text


def test_no_free_time_is_said_too() -> None:
    none = book(OLD.replace("minutes: 30", "minutes: 0"))

    assert "无免费时段" in explain_text(none, datetime(2026, 3, 1, tzinfo=none.zone))


def test_the_examples_on_the_notice_are_what_is_billed() -> None:
    tariff = load_book(EXAMPLES / "yichang-core.yaml")

    told = notice(tariff, datetime(2026, 3, 1, 15, tzinfo=tariff.zone))

    assert told.columns == ("小型车 08:00", "小型车 21:00")
    for example in told.examples:
        for hour, due in zip((8, 21), example.fen, strict=True):
            entered = datetime(2026, 3, 2, hour, tzinfo=tariff.zone)
            assert quote(tariff, Parked(entered=entered, elapsed=example.stayed)).total_fen == due


def test_the_notice_is_that_of_the_day_and_tells_what_comes() -> None:
    coming = "- id: v2\n  effective: 2026-07-01T00:00+08:00\n" + indent(dedent(NEW), "  ")
    both = book(OLD, more=coming)

    before = explain_text(both, datetime(2026, 6, 30, tzinfo=both.zone))
    after = explain_text(both, datetime(2026, 7, 1, tzinfo=both.zone))

    assert "每日最高10.00元" in before
    assert "v2，2026-07-01 00:00 起" in before.splitlines()[-1]
    assert "每日最高12.00元" in after


def test_last_months_stays_are_billed_again_under_the_new_tariff() -> None:
    """Wang: 45 min, 2 yuan before and free after; 3 h, 6 and 9; then 8 h, 4 left to the cap of 10, 3 of 12.

    Li: two days, 10 each before and 12 each after.
    """
    old, new = book(OLD), book(NEW)
    new = type(new)(name="新标准", zone=new.zone, versions=new.versions, service=new.service, phone=new.phone)
    stays = [
        PastStay("S3", "粤B12345", parked(old, "2026-02-03 14:00", "22:00")),
        PastStay("S2", "粤B12345", parked(old, "2026-02-03 10:00", "13:00")),
        PastStay("S1", "粤B12345", parked(old, "2026-02-02 10:00", "10:45")),
        PastStay("S4", "粤B67890", parked(old, "2026-02-07 00:00", "2026-02-09 00:00")),
    ]

    report = replay(old, new, stays)

    assert [(one.stay.id, one.old_fen, one.new_fen) for one in report.biggest] == [
        ("S4", 2000, 2400),
        ("S2", 600, 900),
        ("S1", 200, 0),
        ("S3", 400, 300),
    ]
    assert (report.old_fen, report.new_fen) == (3200, 3600)
    assert (report.dearer, report.cheaper, report.free_before, report.free_after) == (2, 2, 0, 1)
    assert sum(report.distribution) == report.stays == 4
    assert "32.00 → 36.00  4.00（+12.5%）" in replay_text(report)


def test_stays_from_before_the_new_tariff_are_billed_by_it_all_the_same() -> None:
    old, new = book(OLD), load_book(EXAMPLES / "yichang-core.yaml")
    entered = datetime(2021, 5, 4, 8, tzinfo=old.zone)

    report = replay(
        old, new, [PastStay("S1", "粤B12345", Parked(entered=entered, elapsed=timedelta(hours=1)))]
    )

    assert (report.old_fen, report.new_fen, report.flagged) == (200, 400, 0)


def test_no_stays_are_no_trouble() -> None:
    assert "0.00 → 0.00" in replay_text(replay(book(OLD), book(NEW), []))
