"""What the office's files may look like, and what is said of a row that is not right."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from daemon.config.problems import Problem
from daemon.core.card_numbers import Presentation
from daemon.core.register import ListName
from daemon.imports import Checked, Unreadable, check, read
from daemon.imports.lists import Site

SITE = Site(lanes=("entry-1", "exit-1"), zone=ZoneInfo("Asia/Shanghai"))
PERMITS = (
    "编号,卡号,车牌,姓名,房号\nP1,62E3086CED,粤B12345,陈志远,1-101\nP2,01026F6C3A,粤BD12345,林晓燕,1-203\n"
)


def written(folder: Path, content: str | bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, *rows: tuple[Any, ...], sheets: tuple[str, ...] = ("车辆",)) -> Path:
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        book.create_sheet(sheet)
    for row in rows:
        book[sheets[0]].append(row)
    path = folder / "list.xlsx"
    book.save(path)
    return path


def checked(path: Path, name: ListName = "permits", site: Site = SITE, sheet: str | None = None) -> Checked:
    return check(name, read(path, sheet), site)


def rows(path: Path, name: ListName = "permits", site: Site = SITE) -> list[dict[str, Any]]:
    found = checked(path, name, site)
    assert found.problems == ()
    return list(found.rows)


def problems(path: Path, name: ListName = "permits", site: Site = SITE) -> tuple[Problem, ...]:
    return checked(path, name, site).problems


# ---------------------------------------------------------------- what is read


@pytest.mark.rule("R41")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_csv_in_the_encodings_of_chinese_spreadsheets(tmp_path: Path, encoding: str) -> None:
    found = rows(written(tmp_path, PERMITS.encode(encoding)))
    assert [(row["id"], row["plate"], row["holder"]) for row in found] == [
        ("P1", "粤B12345", "陈志远"),
        ("P2", "粤BD12345", "林晓燕"),
    ]


@pytest.mark.rule("R41")
def test_a_workbook_with_a_title_dates_and_numbers(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ("香蜜湖花园 车辆登记表",),
        (),
        ("卡号", "车牌号码", "车主", "房号", "有效期至", "车道"),
        ("62E3086CED", "粤b·12345", "陈志远", 1101.0, datetime(2030, 12, 31), "entry-1、exit-1"),  # noqa: DTZ001 - as a cell has it
        (1122334455, "粤ＢＤ１２３４５", "林晓燕", "1-203", "2030年1月5日", None),
    )
    first, second = rows(path)
    assert first["plate"] == "粤B12345"
    assert first["household"] == "1101"
    assert first["lanes"] == ("entry-1", "exit-1")
    assert first["valid_until"] == "2031-01-01T00:00:00+08:00", "that day still counts"
    assert (second["card"], second["valid_until"]) == ("1122334455", "2030-01-06T00:00:00+08:00")
    assert second["id"] == "1122334455", "without a column of its own a permit is known by its card"


@pytest.mark.parametrize(
    "plate", ["粤b12345", "粤B·12345", "粤Ｂ１２３４５", " 粤B 12345 ", "粤B.12345", "粤b•12345"]
)
def test_plates_as_people_write_them(tmp_path: Path, plate: str) -> None:
    (row,) = rows(written(tmp_path, f"card,plate\n62E3086CED,{plate}\n"))
    assert row["plate"] == "粤B12345"


@pytest.mark.parametrize(
    ("presentation", "text"),
    [
        (Presentation.D10, "573785173"),
        (Presentation.D10, "0573785173"),
        (Presentation.D8, "3359829"),
        (Presentation.WIEGAND, '"051,17493"'),
        (Presentation.HEX, "1122334455"),
        (Presentation.D10, "０５７３７８５１７３"),
    ],
)
def test_cards_in_the_declared_presentation(tmp_path: Path, presentation: Presentation, text: str) -> None:
    """The zeros that a spreadsheet drops are put back: what is declared leaves no doubt."""
    site = Site(SITE.lanes, SITE.zone, presentation)
    (row,) = rows(written(tmp_path, f"卡号,车牌\n{text},粤B12345\n"), site=site)
    assert "1122334455".endswith(row["card"])


@pytest.mark.rule("R41")
def test_the_other_lists(tmp_path: Path) -> None:
    households = rows(written(tmp_path, "房号,姓名\n1-101,陈志远、李梅\n1-102,John Smith\n"), "households")
    assert [(row["unit"], row["name"]) for row in households] == [
        ("1-101", "陈志远"),
        ("1-101", "李梅"),
        ("1-102", "John Smith"),
    ]
    staff = rows(written(tmp_path, "姓名,岗位,卡号\n李明,保安,0a0000000b\n周强,班长,\n"), "staff")
    assert staff == [
        {"name": "李明", "role": "guard", "card": "0A0000000B"},
        {"name": "周强", "role": "leader", "card": None},
    ]
    watched = rows(
        written(tmp_path, "车牌,卡号,原因,处置\n粤b99999,,欠费,留车报班长\n,0A0000000C,挂失,收卡\n"),
        "watchlist",
    )
    assert [(row["sign"], row["value"]) for row in watched] == [("plate", "粤B99999"), ("card", "0A0000000C")]


# ---------------------------------------------------------------- what is refused


@pytest.mark.rule("R41")
def test_every_bad_row_is_named_with_its_column_value_and_what_is_allowed(tmp_path: Path) -> None:
    text = (
        "编号,卡号,车牌,姓名,截止日期,车道\n"
        "P1,62E3086CED,粤B12345,陈,2030-12-31,entry-1\n"
        "P2,62E3,粤B12346,林,,\n"
        "P3,0102030405,粤O,王,,\n"
        "P4,0102030406,粤B12347,徐,明年,north\n"
        "P5,0102030407,,符,,\n"
    )
    found = {(problem.line, problem.path): problem for problem in problems(written(tmp_path, text))}
    assert set(found) == {(3, "卡号"), (4, "车牌"), (5, "截止日期"), (5, "车道"), (6, "车牌")}
    assert found[3, "卡号"].value == '"62E3"'
    assert "hexadecimal" in found[3, "卡号"].allowed
    assert "2026-01-31" in found[5, "截止日期"].allowed
    assert found[5, "车道"].allowed == "entry-1 | exit-1"
    assert found[6, "车牌"].hint == "不可为空 / may not be empty"
    assert {problem.place for problem in found.values()} >= {"list.csv:3", "list.csv:6"}


@pytest.mark.rule("R01")
@pytest.mark.rule("R41")
def test_a_second_car_on_a_card_and_a_second_card_on_a_car_are_named_with_both_rows(tmp_path: Path) -> None:
    text = PERMITS + "P3,62e3086ced,粤B00001,王,\nP4,0102030405,粤b·d12345,徐,\n"
    card, plate = problems(written(tmp_path, text))
    assert (card.line, card.path) == (4, "卡号")
    assert "第 2 行" in card.hint
    assert "on line 2 " in card.hint
    assert (plate.line, plate.path) == (5, "车牌")
    assert "第 3 行" in plate.hint


def test_a_card_that_is_not_written_as_declared_says_how_it_is_written(tmp_path: Path) -> None:
    site = Site(SITE.lanes, SITE.zone, Presentation.D8)
    (problem,) = problems(written(tmp_path, "卡号,车牌\n62E3086CED,粤B12345\n"), site=site)
    assert (problem.line, problem.path) == (2, "卡号")
    assert "03359829" in problem.allowed


def test_a_card_number_that_lost_its_zeros_is_not_taken_for_a_shorter_card(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("卡号", "车牌"), ("62E3086CED", "粤B12345"), (11223344, "粤B12346"))
    (problem,) = problems(path)
    assert (problem.line, problem.path) == (3, "卡号")
    assert "drop zeros" in problem.hint


def test_rows_of_the_other_lists_that_are_not_right(tmp_path: Path) -> None:
    staff = problems(
        written(tmp_path, "姓名,岗位,卡号\n李,保按,\n周,班长,0A0000000B\n周,主管,0A0000000B\n"), "staff"
    )
    assert [(problem.line, problem.path) for problem in staff] == [(2, "岗位"), (4, "姓名"), (4, "卡号")]
    assert "保安" in staff[0].allowed
    watched = problems(
        written(tmp_path, "车牌,卡号,原因,处置\n粤B1,,欠费,留车\n,,欠费,留车\n粤B12345,,欠费,\n"), "watchlist"
    )
    assert [(problem.line, problem.path) for problem in watched] == [(2, "车牌"), (3, "车牌"), (4, "处置")]
    (twice,) = problems(written(tmp_path, "房号,姓名\n1-101,陈\n1-101,陈\n"), "households")
    assert (twice.line, "row 2" in twice.hint) == (3, True)


def test_a_column_that_nobody_knows_stops_the_list(tmp_path: Path) -> None:
    """Else the dates in it would be lost without a word."""
    (problem,) = problems(written(tmp_path, "卡号,车牌,截至日期\n62E3086CED,粤B12345,2030-12-31\n"))
    assert (problem.line, problem.value) == (1, "截至日期")
    assert "截止日期" in problem.hint


def test_a_column_that_is_missing_or_stands_twice(tmp_path: Path) -> None:
    (missing,) = problems(written(tmp_path, "编号,卡号,姓名\nP1,62E3086CED,陈\n"))
    assert missing.path == "车牌"
    twice = problems(written(tmp_path, "卡号,card,车牌\n62E3086CED,62E3086CED,粤B12345\n"))
    assert [problem.path for problem in twice] == ["卡号"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.xls", b"old", "save it as"),
        ("list.xlsx", b"no zip", "not a readable .xlsx"),
        ("list.csv", b"\xff\xff\xff", "neither UTF-8 nor GBK"),
        ("list.csv", b'a,b\n"x"y,z\n', "broken CSV"),
        ("list.csv", None, "cannot be read"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=said):
        read(path)


def test_of_several_sheets_one_has_to_be_named(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("卡号", "车牌"), ("62E3086CED", "粤B12345"), sheets=("车辆", "旧表"))
    with pytest.raises(Unreadable) as told:
        read(path)
    assert told.value.problem.allowed == "车辆 | 旧表"
    assert len(checked(path, sheet="车辆").rows) == 1
    with pytest.raises(Unreadable, match="did you mean 旧表"):
        read(path, "旧表 ")
