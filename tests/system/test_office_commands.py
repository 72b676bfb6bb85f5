"""The office at work: a command, an alert, a list, typed by a person and obeyed by a real gate."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.mqtt.command.keypair import keep, new_signer
from tests.rigs.broker import Mosquitto
from tests.system.gate import GATEPOST, ROOT, Gate, eventually, lane, site

OFFICE = """\
site: {{id: garden, name: 花园}}
office: {{port: {port}}}
books: {{folder: books}}
key: keys/office-1.key
gates:
  - {{id: east, lanes: [entry-1, exit-1]}}
"""


class OfficeRoom:
    """A folder with office.yaml and a key, and somebody who types."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "office.yaml").write_text(OFFICE.format(port=port), encoding="utf-8")
        now = datetime.now(UTC)
        for name, role in (("office-1", "office"), ("leader-1", "leader")):
            dates = {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=30)}
            keep(new_signer(name, name=f"{role} 王", role=role, **dates), folder / "keys")  # type: ignore[arg-type]

    def types(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*GATEPOST, "office", *words, "-c", str(self.folder / "office.yaml")]
        return subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True, encoding="utf-8"
        )

    def leads(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same with the shift leader's key."""
        return self.types(*words, "--key", str(self.folder / "keys" / "leader-1.key"))

    def alerts(self) -> list[dict[str, object]]:
        done = self.types("alerts", "--json")
        return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        command = [*GATEPOST, "office", "--quiet", "-c", str(self.folder / "office.yaml")]
        office = subprocess.Popen(command, cwd=ROOT)
        try:
            yield
        finally:
            office.terminate()
            office.wait()


@pytest.fixture
def room(tmp_path: Path, broker: Mosquitto) -> OfficeRoom:
    broker.start()
    return OfficeRoom(tmp_path / "room", broker.port)


@pytest.fixture
def gate(gates: Callable[..., Gate], broker: Mosquitto, room: OfficeRoom) -> Gate:
    reached = {"host": "127.0.0.1", "port": broker.port, "keys": str(room.folder / "public")}
    public = room.folder / "public"
    public.mkdir()
    for path in (room.folder / "keys").glob("*.pub"):
        (public / path.name).write_bytes(path.read_bytes())
    return gates(
        site(lane("entry-1", stand_limit_s=3.0), lane("exit-1"), office=reached), driven=True
    ).start()


@pytest.mark.rule("R41")
def test_what_the_office_types_is_done_at_the_gate_and_said(gate: Gate, room: OfficeRoom) -> None:
    # when the front desk writes a release slip
    slip = ("--number", "F-1", "--household", "3-2-501", "--items", "冰箱", "--plate", "粤B88888")
    done = room.types("send", "east", "issue-slip", *slip, "--valid-until", "2030-01-01T00:00:00+08:00")
    # then the gate has taken it up, and the terminal says so
    assert done.returncode == 0, done.stderr
    assert "east: 已完成 done" in done.stdout
    assert gate.fact("slip_issued")["by"]["name"] == "office 王"

    # and what its role may not do is refused, with the reason
    done = room.types("send", "east", "close", "--lane", "entry-1", "--reason", "试试")
    assert done.returncode == 1
    assert "被拒绝 rejected" in done.stdout

    # and a boom is up when its limit switch says so
    done = room.leads("send", "east", "open", "--lane", "entry-1", "--reason", "救护车")
    assert done.stdout.splitlines() == ["east: 已接受 accepted", "east: 已完成 done"]
    gate.fact("boom_moved", lane="entry-1", boom="up")

    # and a gate that is not there is said not to be
    done = room.types("send", "west", "take-picture", "--lane", "entry-1", "--reason", "x")
    assert done.returncode == 1
    assert "west" in done.stderr


@pytest.mark.rule("R35")
def test_an_alert_is_seen_acknowledged_and_closed_from_the_office(gate: Gate, room: OfficeRoom) -> None:
    with room.at_work():
        # given a car that stands under the boom
        gate.do("stand", "entry-1", "粤B99999")
        alert = eventually("the office to see the alert", lambda: next(iter(room.alerts()), {}))
        assert alert["gate"] == "east"
        assert alert["lane"] == "entry-1"
        assert alert["what_to_do"] != {"zh": "", "en": ""}
        number = str(alert["number"])
        text = room.types("alerts", "--once").stdout
        assert f"[{number}]" in text
        assert "处置 to do" in text

        # when somebody acknowledges it, sends a guard, notes what was found and closes it
        for words in (
            ("ack", number),
            ("dispatch", number, "李队"),
            ("note", number, "已拦下"),
            ("close", number, "劝离"),
        ):
            done = room.leads(*words)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
        # then the gate says so, and it is gone from the table
        gate.fact("someone_sent", who="李队")
        gate.fact("alert_cleared", outcome="劝离")
        eventually("the alert to be over", lambda: all(str(one["number"]) != number for one in room.alerts()))
        assert room.leads("ack", number).returncode == 1


@pytest.mark.rule("R41")
def test_a_list_reaches_a_gate_that_was_away_when_it_was_given(gate: Gate, room: OfficeRoom) -> None:
    with room.at_work():
        gate.fact("gate_started")
        eventually("the office to hear the gate", lambda: "east" in room.types("status").stdout)
        wrong = room.folder / "wrong.csv"
        wrong.write_text("房号,姓名\n3-2-501,\n", encoding="utf-8")
        done = room.types("import", "households", str(wrong))
        assert done.returncode == 1
        assert "wrong.csv:2" in done.stderr
        right = room.folder / "right.csv"
        right.write_text("房号,姓名\n3-2-501,李明\n3-2-502,王芳\n", encoding="utf-8")
        assert "nothing sent" in room.types("import", "households", str(right), "--dry-run").stdout
        assert not gate.facts("resident_registered")

        # when the gate is away while the office gives the list
        assert gate.stop() == 0
        command = [*GATEPOST, "office", "import", "households", str(right)]
        typed = subprocess.Popen(
            [*command, "-c", str(room.folder / "office.yaml")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert typed.stdout is not None
        assert "2 行" in typed.stdout.readline()
        assert "waiting for the gate" in typed.stdout.readline()

    # and even the office is started anew before the gate is back
    with room.at_work():
        gate.start()
        assert "已收下" in typed.stdout.readline()
        assert typed.wait(timeout=60) == 0
        typed.stdout.close()
    assert {fact["name"] for fact in gate.facts("resident_registered")} == {"李明", "王芳"}
    (errand,) = (room.folder / "books" / "errands").glob("*.json")
    assert "李明" not in errand.read_text(encoding="utf-8"), "what is delivered keeps nobody's name"
