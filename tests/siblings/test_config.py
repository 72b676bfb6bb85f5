"""`gate.siblings` of config.yaml: who is heard, and what is wrong said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import main
from daemon.config import load
from daemon.config.problems import ConfigProblems
from daemon.wiring import site_rules

CONFIG = """
site: {id: garden, name: 花园}
gate: {id: east, name: 东门, siblings: SIBLINGS}
lanes:
  - id: entry-1
    name: 入口
    direction: entry
    mode: card_only
    reader: {driver: simulated}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
OFFICE
panel: null
"""


def written(folder: Path, siblings: str, office: str = "office: {host: 127.0.0.1}") -> Path:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("SIBLINGS", siblings).replace("OFFICE", office), encoding="utf-8")
    return path


def test_the_gates_that_are_named_are_heard(tmp_path: Path) -> None:
    rules = site_rules(load(written(tmp_path, "[west, north]")))
    assert (rules.gate, rules.siblings) == ("east", ("west", "north"))


def test_nobody_is_heard_where_nobody_is_named(tmp_path: Path) -> None:
    assert site_rules(load(written(tmp_path, "[]", office=""))).siblings == ()


@pytest.mark.parametrize(
    ("siblings", "office", "hint"),
    [
        ("[east]", "office: {}", "that is this gate itself"),
        ("[west, west]", "office: {}", "stands there twice"),
        ("[West Gate]", "office: {}", "gate.siblings[0]"),
        ("[west]", "", "over office's broker"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, siblings: str, office: str, hint: str) -> None:
    with pytest.raises(ConfigProblems, match=hint.replace("[", r"\[")):
        load(written(tmp_path, siblings, office))


def test_the_access_list_lets_them_talk_without_being_asked_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mqtt", "acl", "--config", str(written(tmp_path, "[west]"))]) == 0
    said = capsys.readouterr().out
    assert "topic write gatepost/garden/east/sibling/+/told" in said
    assert "user west" in said
    assert "topic read gatepost/garden/+/sibling/west/told" in said
