"""Every `.gate` file here, played; and what the reader says of a line that is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.scenario import Broken, NotUnderstood, play
from daemon.scenario.words import read
from tests.core.rig import GateRig

FILES = sorted(Path(__file__).parent.glob("*.gate"))


def rules_of(path: Path) -> list[str]:
    """The rows of the rulebook that the first line names."""
    return re.findall(r"R\d\d", path.read_text(encoding="utf-8").splitlines()[0])


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.rule(rule) for rule in rules_of(path)])
        for path in FILES
    ],
)
def test_scenario(path: Path, tmp_path: Path) -> None:
    assert rules_of(path), f"{path.name}: the first line names no rule: # R02 ..."
    play(path, tmp_path / "gate", bench=GateRig)


def written(folder: Path, text: str) -> Path:
    path = folder / "story.gate"
    path.write_text(text, encoding="utf-8")
    return path


LANE = "车道 entry-1 入口 刷卡加车牌\n登记 王 62E3086CED 粤B12345\n"


def test_every_line_that_is_no_sentence_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    path = written(tmp_path, f"{LANE}车来了\n刷卡 xyz  # a remark\n过 3 秒\n")
    with pytest.raises(NotUnderstood) as told:
        read(path)
    first, second = str(told.value).splitlines()
    assert first.startswith("story.gate:3:")
    assert "'车来了'" in first
    assert second.startswith("story.gate:4:")
    assert "刷卡 <card>" in second


def test_a_claim_that_does_not_hold_shows_the_scenario_and_what_was_so(tmp_path: Path) -> None:
    path = written(tmp_path, f"{LANE}车到 entry-1\n车牌 粤B12345\n应放行\n")
    with pytest.raises(Broken) as told:
        play(path, tmp_path / "gate")
    text = str(told.value)
    assert text.startswith("story.gate:5:")
    assert ">>   5 应放行" in text
    assert "entry-1: identifying" in text


def test_a_reason_that_nobody_knows_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = written(tmp_path, f"{LANE}车到 entry-1\n车牌 粤B12345\n过 11 秒\n应拦下 没刷卡\n")
    with pytest.raises(Broken, match=r"no such words: '没刷卡'.*未刷卡"):
        play(path, tmp_path / "gate")


def test_a_file_without_a_lane_says_so(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no lane"):
        play(written(tmp_path, "过 3 秒\n"), tmp_path / "gate")


def test_both_languages_say_the_same(tmp_path: Path) -> None:
    chinese = read(written(tmp_path, "车到 entry-1\n刷卡 62E3086CED\n门岗 放行 忘带卡\n应抬杆\n"))
    english = read(
        written(tmp_path, "car at entry-1\ncard 62E3086CED\nguard release 忘带卡\nthen boom raised\n")
    )
    assert [step.what for step in chinese] == [step.what for step in english]


def test_a_user_sees_each_step_and_the_one_that_broke(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = FILES[0]
    bad = written(tmp_path, f"{LANE}车到 entry-1\n车牌 粤B12345\n应放行\n")
    assert main(["scenario", str(good), str(bad)]) == 1
    out, err = capsys.readouterr()
    assert "全部相符" in out, "the first one holds"
    assert "✓   4 车牌 粤B12345" in out
    assert ">>   5 应放行" in err


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_is_no_story_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "story.gate"
    if content is not None:
        path.write_bytes(content)
    assert main(["scenario", str(path)]) == 1
    assert str(path) in capsys.readouterr().err
