"""Key pairs: the private half is nobody's to see, the public half says whose it is and until when."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.config import ConfigProblems
from daemon.config.keys import read_key, read_keys, text_of
from daemon.config.load import parsed
from daemon.mqtt.command.envelope import is_signed_by, opened
from daemon.mqtt.command.keypair import KeyUnusable, keep, load_signer, new_signer
from tests.mqtt.test_command_envelope import signed

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def make(folder: Path, key_id: str = "wang-2026", name: str = '王"主管\\') -> Path:
    signer = new_signer(
        key_id, name=name, role="supervisor", valid_from=NOW, valid_until=NOW + timedelta(days=30)
    )
    return keep(signer, folder)[0]


def test_a_pair_from_the_command_line_signs_what_its_public_half_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["keys", "new", "wang-2026", "--name", "王主管", "--role", "supervisor"]
    assert main([*words, "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr()
    private = tmp_path / "wang-2026.key"
    secret = private.read_text(encoding="ascii")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert not any(line in said.out + said.err for line in secret.splitlines())

    key = read_key(tmp_path / "wang-2026.pub")
    assert (key.id, key.name, key.role) == ("wang-2026", "王主管", "supervisor")
    assert key.valid_until - key.valid_from > timedelta(days=364)
    signer = load_signer(private)
    assert is_signed_by(opened(signed(signer).payload), key)
    assert secret.splitlines()[1] not in repr(signer)

    # a pair that is there is never written over
    assert main([*words, "--folder", str(tmp_path)]) == 1
    assert private.read_text(encoding="ascii") == secret


def test_the_list_says_what_each_key_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for key_id, role in (("wang", "supervisor"), ("control-room", "leader")):
        main(["keys", "new", key_id, "--name", key_id, "--role", role, "--folder", str(tmp_path)])
    assert main(["keys", "revoke", str(tmp_path / "wang.pub")]) == 0
    capsys.readouterr()
    assert main(["keys", "list", str(tmp_path)]) == 0
    wang, room = sorted(capsys.readouterr().out.splitlines(), reverse=True)
    assert "已吊销" in wang
    assert "有效" in room
    assert "leader" in room


def test_a_key_file_says_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    make(tmp_path)
    path = tmp_path / "wang-2026.pub"
    assert text_of(read_key(path)) == path.read_text(encoding="utf-8")


def test_a_private_key_that_others_may_read_signs_nothing(tmp_path: Path) -> None:
    private = make(tmp_path)
    private.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        load_signer(private)


def test_two_halves_that_do_not_belong_together_sign_nothing(tmp_path: Path) -> None:
    private, other = make(tmp_path), make(tmp_path / "other")
    private.with_suffix(".pub").write_bytes(other.with_suffix(".pub").read_bytes())
    with pytest.raises(KeyUnusable, match="不是一对"):
        load_signer(private)


def test_a_gate_takes_the_right_keys_and_names_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    make(tmp_path, "li-2026").unlink()
    text = (tmp_path / "li-2026.pub").read_text(encoding="utf-8")
    wrong = {
        "short.pub": text.replace('public: "', 'public: "AA').replace("li-2026", "a"),
        "role.pub": text.replace("supervisor", "king").replace("li-2026", "b"),
        "dates.pub": text.replace("2026-07", "2026-05").replace("li-2026", "c"),
        "cut.pub": text[:40],
        "bytes.pub": "\x00\x01",
        "long.pub": "x" * 5000,
    }
    for name, content in wrong.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    ring, problems = read_keys(tmp_path)
    assert list(ring.keys) == ["li-2026"]
    assert {problem.file for problem in problems} == wrong.keys()


def test_keys_that_share_an_id_or_are_one_key_are_both_wrong(tmp_path: Path) -> None:
    make(tmp_path, "li").unlink()
    make(tmp_path, "wang").unlink()
    text = (tmp_path / "li.pub").read_text(encoding="utf-8")
    (tmp_path / "copy.pub").write_text(text.replace("id: li", "id: chen"), encoding="utf-8")
    ring, problems = read_keys(tmp_path)
    assert list(ring.keys) == ["wang"]
    assert {problem.file for problem in problems} == {"li.pub", "copy.pub"}


def test_config_yaml_takes_the_folder_and_a_gate_holds_no_private_key(tmp_path: Path) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8").replace("  # keys: keys", "  keys: keys")
    private = make(tmp_path / "keys")
    with pytest.raises(ConfigProblems, match="不应放在门岗上"):
        parsed(text, folder=tmp_path)
    private.unlink()
    config = parsed(text, folder=tmp_path)
    assert list(config.keys.keys) == ["wang-2026"]
    (tmp_path / "keys" / "wang-2026.pub").write_text("id: [", encoding="utf-8")
    with pytest.raises(ConfigProblems, match=r"wang-2026\.pub"):
        parsed(text, folder=tmp_path)
