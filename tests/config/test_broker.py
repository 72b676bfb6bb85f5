"""The office's broker in config.yaml: files that go together, and what should be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import main
from tests.config.conftest import Check, Good

GATE = """\
site: {id: garden, name: 花园}
gate: {id: east, name: 东门}
lanes:
  - id: entry-1
    name: 入口
    direction: entry
    mode: card_only
    reader: {driver: simulated}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
panel: null
"""


def office(**keys: str) -> str:
    inside = "".join(f"  {key}: {value}\n" for key, value in {"host": "127.0.0.1", **keys}.items())
    return f"{GATE}office:\n{inside}"


def test_everything_may_be_written(good: Good) -> None:
    section = good(
        office(
            username="east",
            password_file="p",
            ca_file="ca.pem",
            cert_file="c.pem",
            key_file="k.pem",
            protocol="3.1.1",
            delivery="broker",
        )
    ).office
    assert section is not None
    assert (section.protocol, section.delivery) == ("3.1.1", "broker")
    assert good(office(protocol="5")).office.protocol == "5"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("keys", "path", "needs"),
    [
        ({"ca_file": "ca.pem", "cert_file": "c.pem"}, "office.cert_file", "key_file"),
        ({"ca_file": "ca.pem", "key_file": "k.pem"}, "office.key_file", "cert_file"),
        ({"cert_file": "c.pem", "key_file": "k.pem"}, "office.cert_file", "ca_file"),
        ({"password_file": "p"}, "office.password_file", "username"),
    ],
)
def test_what_goes_together_is_written_together(
    problems: Check, keys: dict[str, str], path: str, needs: str
) -> None:
    (problem,) = problems(office(**keys))
    assert problem.path == path
    assert f"needs {needs} as well" in problem.hint


@pytest.mark.parametrize("wrong", ["4", "3.1", "true", "mqtt5"])
def test_a_protocol_that_is_none_is_told_with_those_that_are(problems: Check, wrong: str) -> None:
    (problem,) = problems(office(protocol=wrong))
    assert problem.path == "office.protocol"
    assert "3.1.1" in problem.allowed


PASSWORD = {"username": "east", "password_file": "p"}


@pytest.mark.parametrize(
    ("keys", "cautioned"),
    [
        (PASSWORD | {"host": "192.168.1.9"}, True),
        (PASSWORD | {"host": "broker.garden.example"}, True),
        (PASSWORD | {"host": "192.168.1.9", "ca_file": "ca.pem"}, False),
        (PASSWORD | {"host": "127.0.0.1"}, False),
        (PASSWORD | {"host": "localhost"}, False),
        (PASSWORD | {"host": "'::1'"}, False),
        ({"host": "192.168.1.9"}, False),
    ],
)
def test_a_password_in_the_clear_is_a_caution_and_no_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, str], cautioned: bool
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(office(**keys), encoding="utf-8")
    assert main(["check-config", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert ("in the clear" in said) is cautioned
    assert "没有问题" in said


def test_an_unseen_refusal_that_counts_as_delivery_is_a_caution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(office(protocol="3.1.1", delivery="broker"), encoding="utf-8")
    main(["check-config", "--config", str(file)])
    assert "facts are lost and nobody knows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, ["MQTT 5", "not encrypted", "已确认 acknowledged 0"]),
        ({"ca_file": "ca.pem"}, ["MQTT 5, TLS"]),
        ({"protocol": "3.1.1"}, ["MQTT 3.1.1", "cannot be seen"]),
        ({"delivery": "broker"}, ["服务器已收 taken by the broker 0", "nobody acknowledges it"]),
    ],
)
def test_the_status_says_how_the_office_is_reached_and_what_that_is_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, str], told: list[str]
) -> None:
    from daemon.store import Store

    file = tmp_path / "config.yaml"
    file.write_text(office(**keys), encoding="utf-8")
    store = Store(tmp_path / "var", ballast_bytes=0)
    store.open()
    store.close()
    assert main(["status", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    for words in told:
        assert words in said
