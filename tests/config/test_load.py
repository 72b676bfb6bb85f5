"""One look at config.yaml finds everything that is wrong with it, and says it so that it can be put right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.config import ConfigProblems, load
from daemon.config.load import LARGEST_CONFIG, parsed
from tests.config.conftest import GOOD, Check, Good, changed, line_of

ROOT = Path(__file__).parents[2]

BROKEN = """\
site: {id: garden, name: 花园}
gate: {id: east, name: 东门}
lanes:
  - id: entry-1
    name: "入口
    direction: entry
    mode: card_or_plate
\tmatch_window_s: 10
    match_window_s: 200
    camera:
      driver: rtsp
      url: rtsp://admin:s3cret@192.168.1.64/1
      password: 123456
    barrier: {driver: simulatd}
    loops:
      safety: {driver: gpio, pin: 19, normally_closed: yes}
    close_delay_s: 010
    close_delay_s: 2
panel:
  prot: 8080
"""

REPORT = """\
配置有 9 处问题 / 9 problems in the configuration
config.yaml:5:11                                         引号没有闭合 / the quote is not closed
config.yaml:7     lanes[0].mode                          值 "card_or_plate"  允许 card_and_plate | plate_only | card_only  是否想写 card_and_plate? / did you mean card_and_plate?
config.yaml:8:1                                          缩进不能用制表符，请用空格 / no tabs in the indentation: use spaces
config.yaml:9     lanes[0].match_window_s                值 200  允许 > 0, ≤ 120  超出范围 / out of range
config.yaml:13    lanes[0].camera.password               未知的键 / unknown key  是否想写 password_file? / did you mean password_file?
config.yaml:14    lanes[0].barrier.driver                值 "simulatd"  允许 gpio | simulated  是否想写 simulated? / did you mean simulated?
config.yaml:16    lanes[0].loops.safety.normally_closed  值 "yes"  允许 true | false  请写 true / write true
config.yaml:18:5  lanes[0].close_delay_s                 键重复，首次在第 17 行 / duplicate key, first on line 17
config.yaml:20    panel.prot                             未知的键 / unknown key  是否想写 port? / did you mean port?
语法改好后再检查是否缺项 / what is missing is looked for once the syntax is right
"""  # noqa: E501 one problem, one line


def test_the_report_names_everything_at_once(good: Good) -> None:
    with pytest.raises(ConfigProblems) as caught:
        good(BROKEN)
    assert str(caught.value) + "\n" == REPORT


def test_five_broken_places_are_five_problems_on_their_lines(problems: Check) -> None:
    text = changed("direction: entry", "direction: in")
    text = changed("name: 入口", 'name: "入口', text)
    text = changed("barrier: {driver: simulated}", "barrier: {driver: simulated", text)
    text = changed("loop: safety", "lop: safety", text)
    text = changed("gate: {id: east,", "gate: {id: East,", text)
    places = ["gate:", 'name: "入口', "direction:", "barrier:", "lop:"]
    assert [problem.line for problem in problems(text)] == [line_of(place, text) for place in places]


def test_a_good_file_gives_values(good: Good, tmp_path: Path) -> None:
    config = good(GOOD)
    assert config.lanes[0].mode == "card_and_plate"
    assert config.lanes[0].loops.safety.options == {"loop": "safety"}
    assert [permit.plate for permit in config.permits] == ["粤B12345", "粤BD12345"]
    assert config.site.timezone.key == "Asia/Shanghai"
    assert config.folder == tmp_path


def test_the_config_that_ships_is_right() -> None:
    config = load(ROOT / "config.yaml")
    assert [lane.direction for lane in config.lanes] == ["entry", "exit"]
    assert len(config.permits) >= 12
    assert len({permit.plate[0] for permit in config.permits}) >= 10
    assert config.panel is not None
    assert config.panel.host == "127.0.0.1"


def test_the_real_devices_in_its_comments_are_right(tmp_path: Path) -> None:
    """Given the shipped file, when the entry lane is switched over as its comments say, then it loads."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    entry, exit_lane = text.split("  - id: exit-1")
    onvif = entry.index("      #\n      # driver: onvif")
    entry = entry[:onvif] + entry[entry.index("\n    barrier:", onvif) :]
    entry = re.sub(r"^ +(driver: simulated|loop: \w+)\n", "", entry, flags=re.MULTILINE)
    entry = re.sub(r"^( {6,8})# (?=[a-z_]+: )", r"\1", entry, flags=re.MULTILINE)
    config = parsed(f"{entry}  - id: exit-1{exit_lane}", folder=tmp_path)
    lane = config.lanes[0]
    assert lane.reader is not None
    assert lane.camera is not None
    assert lane.loops.approach is not None
    devices = (lane.reader, lane.camera, lane.barrier, lane.loops.safety, lane.loops.approach)
    assert [device.driver for device in devices] == ["serial", "rtsp", "gpio", "gpio", "gpio"]


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        ("mode: card_and_plate", "mode: 3", "lanes[0].mode", "card_and_plate | plate_only | card_only"),
        ("name: 入口", "name: 12", "lanes[0].name", "put it in quotes"),
        ("    name: 入口\n", "", "lanes[0].name", "a required key is missing"),
        ("    name: 入口\n", "    name:\n", "lanes[0].name", "there is no value"),
        ("name: 花园}", "name: 花园, timezone: Asia/Shanhai}", "site.timezone", "did you mean Asia/Shanghai"),
        ("name: 花园}", "name: 花园, timezone: Asia}", "site.timezone", "an IANA time zone"),
        ("id: garden", "id: Garden", "site.id", "lower-case letters, digits and dashes"),
        ("permits:", "panel: {port: 010}\npermits:", "panel.port", "no leading zeros: 10"),
        ("permits:", 'panel: {port: "80"}\npermits:', "panel.port", "remove the quotes"),
        ("permits:", "panel: 8080\npermits:", "panel", "a section of keys"),
        ("permits:", "folder: /\npermits:", "folder", "unknown key"),
        ("permits:", "vision: {recogniser: {driver: onx}}\npermits:", "vision.recogniser.driver", "onnx"),
        ("name: 入口", "name: 入口\n    region: [0, 0, 1.5, 1]", "lanes[0].region[2]", "out of range"),
        ("name: 入口", "name: 入口\n    region: [0.5, 0, 0.2, 1]", "lanes[0].region", "left < right"),
        ("name: 入口", "name: 入口\n    region: [0, 0, 1]", "lanes[0].region", "too few values"),
        ("loop: safety", "loop: saftey", "lanes[0].loops.safety.loop", "did you mean safety"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(
    problems: Check, old: str, new: str, path: str, says: str
) -> None:
    found = [problem for problem in problems(changed(old, new)) if problem.path == path]
    assert len(found) == 1
    assert says in f"{found[0].allowed} {found[0].hint}"


def test_a_missing_section_is_said_once_for_the_whole(problems: Check) -> None:
    text = GOOD[: GOOD.index("lanes:")]
    (problem,) = problems(text)
    assert (problem.path, problem.hint) == ("lanes", "缺少必填项 / a required key is missing")


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- b\n", "just text\n"])
def test_a_file_that_is_no_mapping_is_refused(problems: Check, text: str) -> None:
    (problem,) = problems(text)
    assert "key: value" in problem.hint


def test_a_driver_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    class Registry:
        def names(self, role: str) -> list[str]:
            return ["simulated"]

        def driver(self, role: str, name: str) -> object:
            raise ModuleNotFoundError(f"No module named 'vendor_{role}'")

    with pytest.raises(ConfigProblems) as caught:
        parsed(GOOD, folder=tmp_path, registry=Registry())
    hints = {problem.path: problem.hint for problem in caught.value.problems}
    assert "vendor_reader" in hints["lanes[0].reader.driver"]
    assert "vendor_camera" in hints["lanes[0].camera.driver"]


# ---------------------------------------------------------------- the file itself


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (GOOD.encode("gbk"), 1, "perhaps GBK"),
        (b"site: 1\nname: \xff\xfe\xff", 2, "not UTF-8 text"),
        (b"#" * (LARGEST_CONFIG + 1), None, "larger than"),
    ],
)
def test_a_file_that_is_not_utf8_text_is_refused_clearly(
    tmp_path: Path, data: bytes, line: int | None, says: str
) -> None:
    path = tmp_path / "gate.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigProblems) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.file == "gate.yaml"
    assert problem.line == line
    assert says in problem.hint


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD.replace("\n", "\r\n"), encoding="utf-8-sig")
    assert load(path).gate.name == "东门"


@pytest.mark.parametrize(("name", "says"), [("missing.yaml", "no such file"), ("", "cannot be read")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(ConfigProblems, match=says):
        load(tmp_path / name)


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "camera",
    [
        "{driver: rtsp, url: 'rtsp://admin:hunter2@cam/1', read_timeout_s: 99}",
        "{driver: rtsp, url: 'http://admin:hunter2@cam/1'}",
        "{driver: rtsp, url: 'rtsp://admin:hun/ter2hunter2@cam', username: x}",
        "{driver: rtsp, password: hunter2}",
        "{driver: rtsp, url: rtsp://cam, password_file: [hunter2]}",
        "{driver: rtsp, url: rtsp://cam, password_file: !!str hunter2}",
        "{driver: rtsp, url: {password: hunter2}}",
        "password:hunter2",
        "'password: hunter2'",
        "{driver: 'rtsp://admin:hunter2@cam'}",
    ],
)
def test_secrets_are_never_printed(problems: Check, good: Good, camera: str) -> None:
    text = changed("camera: {driver: simulated}", f"camera: {camera}")
    assert problems(text)
    with pytest.raises(ConfigProblems) as caught:
        good(text)
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.problems}"


def test_a_value_cannot_move_the_cursor_of_the_terminal(problems: Check) -> None:
    found = problems(changed("mode: card_and_plate", "mode: a\u202eb\u200b"))
    assert found[0].value == '"a\\u202eb\\u200b"'


# ---------------------------------------------------------------- whatever the text


_PARTS = st.sampled_from(
    (
        *("lanes:", "permits:", "site:", "id: ", "driver: gpio", "pin: 5", "timezone: ", "valid_from: "),
        *(
            "- ",
            "  ",
            "\n",
            "\t",
            "{",
            "}",
            "[",
            "]",
            "'",
            '"',
            "&a ",
            "*a",
            "!!x ",
            "| ",
            "> ",
            ": ",
            "? ",
            "#",
        ),
        *("---", "%YAML 9", "9999-12-31"),
        *GOOD.splitlines(keepends=True),
    )
)


def report_on(text: str, folder: Path) -> str:
    """What is printed about a text; "" where it is right. Any error but ConfigProblems comes through."""
    try:
        parsed(text, folder=folder)
    except ConfigProblems as wrong:
        return str(wrong)
    return ""


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(), st.lists(_PARTS, max_size=40).map("".join)))
def test_any_text_at_all_gives_a_config_or_problems(text: str, tmp_path: Path) -> None:
    headline, *lines = report_on(text, tmp_path).splitlines() or [""]
    assert bool(headline) == bool(lines)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_config_gives_a_config_or_problems(data: st.DataObject, tmp_path: Path) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 30)))
    text = GOOD[:start] + data.draw(st.text(max_size=8)) + GOOD[end:]
    report = report_on(text, tmp_path)
    assert report == "" or "config.yaml" in report


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_at_all_give_a_config_or_problems(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(data)
    (tmp_path / "permits.csv").write_bytes(b"id,card,plate\n" + data)
    with pytest.raises(ConfigProblems):
        load(tmp_path / "config.yaml")
    text = GOOD[: GOOD.index("permits:")] + "permits: permits.csv\n"
    report = report_on(text, tmp_path)
    assert report == "" or "permits.csv:" in report
