"""The access list against a real Mosquitto: every identity, every topic, publish and subscribe."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.cli import main
from daemon.mqtt.contract import CHANNELS
from tests.mqtt.rig import Ear, running, until
from tests.rigs.broker import Mosquitto

HERE, OTHER = "gatepost/garden/east", "gatepost/garden/west"

MATRIX: dict[str, tuple[str, str]] = {
    # topic: who reads, who writes; of East, West, Office, Control room, Home assistant
    f"{HERE}/fact/entry-1/boom_moved": ("O", "E"),
    f"{HERE}/fact/gate/gate_started": ("O", "E"),
    f"{HERE}/state/link": ("OCH", "E"),
    f"{HERE}/state/lane/entry-1": ("EOCH", "E"),
    f"{HERE}/state/lot": ("OCH", "E"),
    f"{HERE}/state/health": ("OCH", "E"),
    f"{HERE}/state/shift": ("OCH", "E"),
    f"{HERE}/state/challenge": ("O", "E"),
    f"{HERE}/alert/fire-0123456789ab": ("EOCH", "E"),
    f"{HERE}/event/entry-1": ("OCH", "E"),
    f"{HERE}/sibling/west/ask": ("WO", "E"),
    f"{HERE}/sibling/west/told": ("WO", "E"),
    f"{HERE}/sibling/north/told": ("O", "E"),
    f"{HERE}/reply": ("O", "E"),
    f"{HERE}/command": ("E", "O"),
    f"{HERE}/command/c-1": ("E", "O"),
    f"{HERE}/office/ack": ("E", "O"),
    f"{HERE}/office/resend": ("E", "O"),
    # the other gate's, the other way round
    f"{OTHER}/fact/entry-1/boom_moved": ("O", "W"),
    f"{OTHER}/state/lane/entry-1": ("WOCH", "W"),
    f"{OTHER}/alert/fire-0123456789ab": ("WOCH", "W"),
    f"{OTHER}/sibling/east/ask": ("EO", "W"),
    f"{OTHER}/sibling/east/told": ("EO", "W"),
    f"{OTHER}/command": ("W", "O"),
    f"{OTHER}/office/ack": ("W", "O"),
    # Home Assistant's and Frigate's own
    "homeassistant/device/gatepost_garden_east/config": ("H", "E"),
    "homeassistant/device/gatepost_garden_west/config": ("H", "W"),
    "homeassistant/device/somebody/config": ("H", ""),
    "homeassistant/status": ("H", "H"),
    "frigate/tracked_object_update": ("EW", ""),
    "frigate/available": ("EW", ""),
    "frigate/events": ("", ""),
    # nobody's
    f"{HERE}/state/anything": ("", ""),
    f"{HERE}/anything": ("", ""),
    f"{HERE}/office/anything": ("", ""),
    "gatepost/garden/control-room/fact/entry-1/boom_moved": ("O", ""),
    "gatepost/palace/east/fact/entry-1/boom_moved": ("", ""),
    "gatepost/palace/east/command": ("", ""),
    "other/garden/east/command": ("", ""),
    "anything": ("", ""),
}

WHO = {"E": "east", "W": "west", "O": "office", "C": "control-room", "H": "home-assistant"}
END = "test/end"

CONFIG = """
site: {id: garden, name: 花园}
gate: {id: east, name: 东门}
lanes:
  - id: entry-1
    name: 入口
    direction: entry
    mode: plate_only
    frigate: {camera: east-in}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
office: {host: 127.0.0.1, home_assistant: homeassistant}
panel: null
"""


@pytest.fixture
def acl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `gatepost mqtt acl` prints for a gate with a sibling."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    assert main(["mqtt", "acl", "--config", str(config), "--sibling", "west"]) == 0
    return capsys.readouterr().out


@pytest.fixture
def guarded(acl: str, tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "guarded"
    folder.mkdir()
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    for user in (*WHO.values(), "admin"):
        subprocess.run(
            ["mosquitto_passwd", "-b", str(passwords), user, user], check=True, capture_output=True
        )
    (folder / "acl").write_text(f"topic read {END}\n{acl}\nuser admin\ntopic readwrite #\n", encoding="utf-8")
    for user in WHO.values():  # so that each hears when there is nothing more to hear
        text = (folder / "acl").read_text(encoding="utf-8")
        (folder / "acl").write_text(
            text.replace(f"user {user}\n", f"user {user}\ntopic read {END}\n"), encoding="utf-8"
        )
    broker = Mosquitto(
        folder,
        settings=("allow_anonymous false", f"password_file {passwords}", f"acl_file {folder / 'acl'}"),
    )
    broker.start()
    yield broker
    broker.kill()


def signed_in(user: str, broker: Mosquitto, folder: Path, *subscriptions: str) -> Ear:
    secret = folder / f"{user}.password"
    secret.write_text(user, encoding="utf-8")
    return Ear(broker.port, *subscriptions, client_id=f"test-{user}", username=user, password_file=secret)


async def test_each_identity_hears_what_it_may_and_nothing_else(guarded: Mosquitto, tmp_path: Path) -> None:
    ears = {short: signed_in(user, guarded, tmp_path, "#") for short, user in WHO.items()}
    admin = signed_in("admin", guarded, tmp_path)
    async with running(admin, *ears.values()):
        await until(lambda: all(ear.broker.connected for ear in ears.values()), what="all signed in")
        for ear in ears.values():  # its own word comes back once its subscription holds
            await ear.says("nowhere", b"")
        for topic in (*MATRIX, END):
            assert await admin.says(topic, b"{}") is None
        await until(
            lambda: all(any(topic == END for topic, _, _ in ear.messages) for ear in ears.values()),
            what="the end is heard by all",
        )
    heard = {
        topic: "".join(short for short in WHO if topic in {told for told, _, _ in ears[short].messages})
        for topic in MATRIX
    }
    assert heard == {topic: readers for topic, (readers, _) in MATRIX.items()}


async def test_each_identity_says_what_it_may_and_nothing_else(guarded: Mosquitto, tmp_path: Path) -> None:
    people = {short: signed_in(user, guarded, tmp_path) for short, user in WHO.items()}
    said: dict[str, str] = dict.fromkeys(MATRIX, "")
    async with running(*people.values()):
        for topic in MATRIX:
            answers = await asyncio.gather(*(who.says(topic, b"{}") for who in people.values()))
            said[topic] = "".join(
                short for short, refusal in zip(people, answers, strict=True) if refusal is None
            )
    assert said == {topic: writers for topic, (_, writers) in MATRIX.items()}


def test_the_matrix_has_every_topic_of_the_contract() -> None:
    from daemon.mqtt.topics import fits

    for channel in CHANNELS:
        wanted = f"{HERE}/{channel.filter()}"
        assert any(fits(topic, wanted) for topic in MATRIX), channel.name


def test_a_role_may_be_had_alone_and_other_names_given(
    acl: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(tmp_path / "config.yaml")
    assert main(["mqtt", "acl", "-c", config, "--role", "office", "--office-user", "wuye"]) == 0
    alone = capsys.readouterr().out
    assert [line for line in alone.splitlines() if line.startswith("user")] == ["user wuye"]
    users = ["user east", "user west", "user office", "user control-room", "user home-assistant"]
    assert [line for line in acl.splitlines() if line.startswith("user")] == users
