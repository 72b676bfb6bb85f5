"""What no single key can say: lanes, permits, pins, and the boom that opens by itself at a power cut."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.config.pins import ranges
from daemon.config.problems import Problem
from tests.config.conftest import GOOD, Check, Good, changed, line_of

HEAD = GOOD[: GOOD.index("permits:")]
BARRIER = "barrier: {driver: simulated}"
SAFETY = "safety: {driver: simulated, loop: safety}"


def with_permits(*rows: str) -> str:
    return HEAD + "permits:\n" + "".join(f"  - {row}\n" for row in rows)


def said(problem: Problem) -> str:
    return f"{problem.value} {problem.allowed} {problem.hint}"


# ---------------------------------------------------------------- lanes


def test_two_lanes_with_one_id_are_refused(problems: Check) -> None:
    lane = HEAD[HEAD.index("  - id: entry-1") :]
    text = changed("permits:", f"{lane}permits:")
    (problem,) = problems(text)
    assert problem.path == "lanes[1].id"
    assert "the same as on line 4" in problem.hint
    assert problem.line == 13


@pytest.mark.parametrize(
    ("mode", "lacks", "is_refused"),
    [
        ("card_and_plate", "reader", True),
        ("card_and_plate", "camera", True),
        ("plate_only", "camera", True),
        ("plate_only", "reader", False),
        ("card_only", "reader", True),
        ("card_only", "camera", False),
    ],
)
def test_a_lane_has_the_devices_that_its_mode_needs(
    problems: Check, good: Good, mode: str, lacks: str, is_refused: bool
) -> None:
    text = changed("card_and_plate", mode, changed(f"    {lacks}: {{driver: simulated}}\n", ""))
    if not is_refused:
        assert good(text).lanes[0].mode == mode
        return
    (problem,) = problems(text)
    assert problem.path == f"lanes[0].{lacks}"
    assert f"a {mode} lane needs a {lacks}" in problem.hint


FRIGATE = "frigate: {camera: gate-in}"
OFFICE = "office: {host: 127.0.0.1}\n"


def test_an_nvr_that_reads_plates_serves_a_lane_as_a_camera_does(good: Good) -> None:
    config = good(changed("camera: {driver: simulated}", FRIGATE) + OFFICE)
    assert config.lanes[0].camera is None
    assert config.lanes[0].frigate is not None


def test_plates_that_come_over_a_broker_need_one(problems: Check) -> None:
    (problem,) = problems(changed("camera: {driver: simulated}", FRIGATE))
    assert problem.path == "lanes[0].frigate"
    assert "come over office's broker" in problem.hint


def test_a_camera_of_an_nvr_looks_at_one_lane(problems: Check) -> None:
    lane = HEAD[HEAD.index("  - id: entry-1") :].replace("entry-1", "entry-2")
    text = changed("permits:", f"{lane}permits:").replace("camera: {driver: simulated}", FRIGATE)
    (problem,) = problems(text + OFFICE)
    assert problem.path == "lanes[1].frigate.camera"
    assert "the same as of lane entry-1" in problem.hint


# ---------------------------------------------------------------- permits


def test_plates_cards_and_moments_are_written_one_way(good: Good) -> None:
    (permit,) = good(
        with_permits(
            "{id: P1, card: 62e3086ced, plate: ' 粤b·d１２３４５', "
            "valid_from: 2026-01-31 22:00, valid_until: 2026-02-28}"
        )
    ).permits
    assert (permit.card, permit.plate) == ("62E3086CED", "粤BD12345")
    assert permit.valid_from == datetime(2026, 1, 31, 14, 0, tzinfo=UTC)
    assert permit.valid_until == datetime(2026, 2, 28, 16, 0, tzinfo=UTC), "the last day still counts"


def test_a_naive_moment_is_in_the_time_zone_of_the_site(good: Good) -> None:
    text = with_permits('{id: P1, card: "62E3086CED", plate: 粤B12345, valid_from: 2026-07-01T00:00}')
    (permit,) = good(changed("name: 花园", "name: 花园, timezone: Europe/Berlin", text)).permits
    assert permit.valid_from == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


def test_for_ever_is_a_date_too(good: Good) -> None:
    (permit,) = good(
        with_permits('{id: P1, card: "62E3086CED", plate: 粤B12345, valid_until: 9999-12-31}')
    ).permits
    assert permit.valid_until is not None
    assert permit.valid_until.astimezone(UTC).year > 9000


@pytest.mark.parametrize(
    ("row", "path", "says"),
    [
        ("{id: P1, card: 6208864, plate: 粤B12345}", "permits[0].card", "put it in quotes"),
        ('{id: P1, card: "62E308G", plate: 粤B12345}', "permits[0].card", "10, 8 or 6 hexadecimal digits"),
        ('{id: P1, card: "62E3086", plate: 粤B12345}', "permits[0].card", "10, 8 or 6 hexadecimal digits"),
        ('{id: P1, card: "62E3086C", plate: B12345}', "permits[0].plate", "not a Chinese number plate"),
        ('{id: P1, card: "62E3086C"}', "permits[0].plate", "a required key is missing"),
        (
            '{id: P1, card: "62E3086C", plate: 粤B12345, lanes: [entry]}',
            "permits[0].lanes[0]",
            "mean entry-1",
        ),
        ('{id: P1, card: "62E3086C", plate: 粤B12345, lane: [entry-1]}', "permits[0].lane", "mean lanes"),
        (
            '{id: P1, card: "62E3086C", plate: 粤B12345, valid_from: 31.1.2026}',
            "permits[0].valid_from",
            "2026-01-31",
        ),
        (
            '{id: P1, card: "62E3086C", plate: 粤B12345, valid_from: 2026-02-30}',
            "permits[0].valid_from",
            "22:00",
        ),
        (
            '{id: P1, card: "62E3086C", plate: 粤B12345, valid_from: "20260131"}',
            "permits[0].valid_from",
            "22:00",
        ),
        (
            '{id: P1, card: "62E3086C", plate: 粤B12345, valid_from: 2026-02-02, valid_until: 2026-02-01}',
            "permits[0].valid_until",
            "must be later",
        ),
    ],
)
def test_a_permit_that_would_not_work_is_refused(problems: Check, row: str, path: str, says: str) -> None:
    (problem,) = problems(with_permits(row))
    assert problem.path == path
    assert says in said(problem)


@pytest.mark.parametrize(
    ("second", "path"),
    [
        ('{id: P1, card: "01026F6C3A", plate: 粤BD12345}', "permits[1].id"),
        ("{id: P2, card: 62e3086ced, plate: 粤BD12345}", "permits[1].card"),
        ('{id: P2, card: "01026F6C3A", plate: 粤b·12345}', "permits[1].plate"),
    ],
)
def test_one_car_one_card(problems: Check, second: str, path: str) -> None:
    text = with_permits('{id: P1, card: "62E3086CED", plate: 粤B12345}', second)
    (problem,) = problems(text)
    assert problem.path == path
    assert problem.line == 15
    assert "the same as on line 14" in problem.hint


def test_permits_that_are_no_list_are_refused(problems: Check) -> None:
    (problem,) = problems(HEAD + "permits: {P1: x}\n")
    assert "the path of a CSV file" in problem.allowed


# ---------------------------------------------------------------- permits in a file

CSV = (
    "id,card,plate,holder,household,lanes,valid_from,valid_until\n"
    "P1,62e3086ced,粤B12345,陈志远,1-1-101,entry-1,,\n"
    '\nP2,01026F6C3A,粤BD12345,"林,晓燕",,,2026-01-01,2026-12-31\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_permits_are_read_from_a_file_as_spreadsheets_write_it(
    good: Good, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "permits.csv").write_bytes(CSV.replace("\n", "\r\n").encode(encoding))
    permits = good(HEAD + "permits: permits.csv\n").permits
    assert [(permit.card, permit.holder, permit.lanes) for permit in permits] == [
        ("62E3086CED", "陈志远", ["entry-1"]),
        ("01026F6C3A", "林,晓燕", []),
    ]


def test_every_bad_row_is_named_with_its_line(problems: Check, tmp_path: Path) -> None:
    rows = (
        "P3,12,粤C12345,,,,,\n"
        "P4,0801161DD6,粤B12345,,,exit-9;entry-1,,\n"
        "P5,1122334455,,,,,,\n"
        "P6,a,b,c,d,e,f,g,h\n"
    )
    (tmp_path / "permits.csv").write_text(CSV + rows, encoding="utf-8")
    found = problems(HEAD + "permits: permits.csv\n")
    assert [(problem.place, problem.path) for problem in found] == [
        ("permits.csv:5", "card"),
        ("permits.csv:6", "lanes[0]"),
        ("permits.csv:6", "plate"),
        ("permits.csv:7", "plate"),
        ("permits.csv:8", ""),
    ]
    assert "the same as on line 2" in found[2].hint


def test_columns_are_known_by_their_names(problems: Check, tmp_path: Path) -> None:
    (tmp_path / "permits.csv").write_text("id,crad,plate,plate\nP1,1,2,3\n", encoding="utf-8")
    found = problems(HEAD + "permits: permits.csv\n")
    assert [(problem.place, problem.path) for problem in found] == [
        ("permits.csv:1", ""),
        ("permits.csv:1", "card"),
        ("permits.csv:1", "plate"),
    ]
    assert "did you mean card" in found[0].hint


def test_a_file_of_permits_that_is_not_there_is_named(problems: Check) -> None:
    (problem,) = problems(HEAD + "permits: permit.csv\n")
    assert (problem.path, problem.line, problem.value) == ("permits", 13, '"permit.csv"')
    assert "no such file" in problem.hint


# ---------------------------------------------------------------- pins


def test_a_pin_that_two_devices_want_names_both(problems: Check) -> None:
    text = changed(BARRIER, "barrier: {driver: gpio, open: {pin: 17}, close: {pin: 27}}")
    text = changed(SAFETY, "safety: {driver: gpio, pin: 27}", text)
    (problem,) = problems(text)
    assert problem.path == "lanes[0].loops.safety.pin"
    assert problem.line == line_of("safety:", text)
    assert "entry-1.barrier (close relay)" in problem.hint
    assert "entry-1.loop.safety (contact)" in problem.hint


def test_a_pin_twice_in_one_device_is_a_conflict_too(problems: Check) -> None:
    text = changed(BARRIER, "barrier:\n      driver: gpio\n      open: {pin: 17}\n      close: {pin: 17}")
    (problem,) = problems(text)
    assert problem.path == "lanes[0].barrier.close.pin"
    assert problem.line == line_of("close:", text)


HIGH_IS_SAFE = {9, 10, 11, 12, 13, *range(15, 28)}
LOW_IS_SAFE = set(range(2, 9))


@pytest.mark.parametrize("pin", range(28))
@pytest.mark.parametrize("active_high", [True, False])
def test_no_boom_opens_because_the_pi_boots(problems: Check, good: Good, pin: int, active_high: bool) -> None:
    word = "true" if active_high else "false"
    text = changed(BARRIER, f"barrier: {{driver: gpio, open: {{pin: {pin}, active_high: {word}}}}}")
    if pin in (HIGH_IS_SAFE if active_high else LOW_IS_SAFE):
        assert good(text).lanes[0].barrier.driver == "gpio"
        return
    (problem,) = problems(text)
    assert problem.path == "lanes[0].barrier.open.pin"
    assert problem.allowed == ("9-13, 15-27" if active_high else "2-8")
    assert "at boot" in problem.hint


def test_the_pins_that_are_offered_are_free(problems: Check) -> None:
    text = changed(BARRIER, "barrier: {driver: gpio, open: {pin: 4}, close: {pin: 10}, stop: {pin: 27}}")
    (problem,) = problems(text)
    assert problem.allowed == "9, 11-13, 15-26"


def test_no_boom_comes_down_because_the_pi_boots(problems: Check) -> None:
    (problem,) = problems(changed(BARRIER, "barrier: {driver: gpio, open: {pin: 17}, close: {pin: 4}}"))
    assert problem.path == "lanes[0].barrier.close.pin"
    assert "GPIO4" in said(problem)


def test_what_only_stops_a_boom_may_idle_at_any_level(good: Good) -> None:
    text = changed(BARRIER, "barrier: {driver: gpio, open: {pin: 17}, close: {pin: 27}, stop: {pin: 14}}")
    assert good(text).lanes[0].barrier.driver == "gpio"


@pytest.mark.parametrize("pin", [-1, 28, 40])
def test_a_pin_that_the_pi_has_not_is_refused(problems: Check, pin: int) -> None:
    (problem,) = problems(changed(SAFETY, f"safety: {{driver: gpio, pin: {pin}}}"))
    assert problem.path == "lanes[0].loops.safety.pin"
    assert "27" in said(problem)


def test_ranges_are_short() -> None:
    assert ranges([9, 10, 11, 13, 15, 16]) == "9-11, 13, 15-16"
    assert ranges([]) == ""
