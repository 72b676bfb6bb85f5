"""Commands that get lost, come too late or are refused; lists that reach each gate, the newest of a kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.mqtt.command.envelope import opened
from daemon.mqtt.line import Line
from daemon.mqtt.topics import Topics
from daemon.office import errands, sending
from daemon.office.errands import Errand, Errands, Leg, keep, read
from daemon.office.sending import NoAnswer, Order, Sender
from daemon.runtime.clock import ManualClock
from tests.mqtt.commands import SIGNERS
from tests.mqtt.rig import running_tasks, until

AT = {"wall": "2026-06-01T08:00:00Z", "trusted": True, "boot": "boot-1", "mono_s": 100.0}


class Gates:
    """A broker with gates behind it, which answer as the test says."""

    def __init__(self, sender_of: Any = None) -> None:
        self.connected = True
        self.why: str | None = None
        self.answers: dict[str, Any] = {}
        """By gate: what it says to each command, in turn; the last for ever. None: nothing."""
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.parts: dict[str, list[bytes]] = {}
        self.line = Line()
        self.line.open(lambda _listener: self)
        self.sender = Sender("gatepost", "garden", SIGNERS["office"], way=self.line.join, clock=ManualClock())

    def room(self) -> int:
        return 100

    async def run(self) -> None:
        await asyncio.Future()

    def publish(self, topic: str, payload: bytes, done: Any, *, retain: bool = False) -> bool:
        assert not retain, "a command is never retained"
        gate, _, rest = topic.removeprefix("gatepost/garden/").partition("/")
        if rest != "command":
            self.parts.setdefault(rest.removeprefix("command/"), []).append(payload)
            return True
        command = json.loads(payload)
        opened(payload)
        self.got.append((gate, command))
        says = self.answers.get(gate, ["done"])
        answer = says.pop(0) if len(says) > 1 else says[0]
        asyncio.get_running_loop().call_soon(done, None if answer != "denied" else "Not authorized")
        if answer is not None and answer != "denied":
            for one in answer.split(" "):
                self.replies(gate, command["id"], *one.split(":"))
        return True

    def replies(self, gate: str, command_id: str, answer: str, why: str | None = None) -> None:
        final = answer != "accepted"
        message = {
            "v": 1,
            "gate": gate,
            "id": command_id,
            "answer": answer,
            "why": why,
            "final": final,
            "at": AT,
        }
        topic = Topics(root="gatepost", site="garden", gate=gate).reply
        asyncio.get_running_loop().call_soon(
            lambda: self.line.heard(topic, json.dumps(message).encode(), retained=False)
        )

    def shows(self, gate: str, challenge: str | None = "c" * 32, *, link: bytes = b"online") -> None:
        topics = Topics(root="gatepost", site="garden", gate=gate)
        self.line.heard(topics.link, link, retained=True)
        if challenge is not None:
            message = {"v": 1, "gate": gate, "challenge": challenge, "at": AT}
            self.line.heard(topics.challenge, json.dumps(message).encode(), retained=True)


ORDER = Order(gate="east", op="issue_slip", body={"number": "F-1"})


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Gates:
    monkeypatch.setattr(sending, "AGAIN_S", 0.05)
    monkeypatch.setattr(sending, "AGAIN_LIST_S", 0.05)
    return Gates()


async def test_a_command_is_obeyed_and_everything_said_of_it_is_passed_on(gates: Gates) -> None:
    gates.shows("east")
    gates.answers["east"] = ["accepted done"]
    told: list[str] = []
    reply = await gates.sender.obeyed(ORDER, told=lambda one: told.append(one.answer))
    assert (reply.answer, told) == ("done", ["accepted"])
    ((gate, command),) = gates.got
    assert (gate, command["op"], command["who"], command["challenge"]) == (
        "east",
        "issue_slip",
        "office 王",
        "c" * 32,
    )


async def test_an_answer_that_got_lost_is_asked_for_under_the_same_id_signed_anew(gates: Gates) -> None:
    gates.shows("east")
    gates.answers["east"] = [None, None, "done"]
    assert (await gates.sender.obeyed(ORDER)).answer == "done"
    ids = {command["id"] for _, command in gates.got}
    nonces = {command["nonce"] for _, command in gates.got}
    assert (len(gates.got), len(ids), len(nonces)) == (3, 1, 3)


async def test_a_gate_that_was_started_anew_is_asked_with_its_new_challenge(gates: Gates) -> None:
    gates.shows("east", "1" * 32)
    gates.answers["east"] = ["rejected:challenge_old", "done"]
    obeyed = asyncio.ensure_future(gates.sender.obeyed(ORDER))
    await until(lambda: len(gates.got) == 1)
    gates.shows("east", "2" * 32)
    assert (await obeyed).answer == "done"
    assert [command["challenge"] for _, command in gates.got] == ["1" * 32, "2" * 32]


async def test_a_refusal_is_a_refusal(gates: Gates) -> None:
    gates.shows("east")
    gates.answers["east"] = ["rejected:role_not_allowed"]
    reply = await gates.sender.obeyed(ORDER)
    assert (reply.answer, reply.why, len(gates.got)) == ("rejected", "role_not_allowed", 1)
    gates.answers["east"] = ["denied"]
    with pytest.raises(ValueError, match="Not authorized"):
        await gates.sender.obeyed(ORDER)


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ({}, "nothing is heard of such a gate"),
        ({"link": b"offline"}, "offline"),
        ({"challenge": None}, "takes no commands"),
        ({"challenge": "c" * 32}, "may have been done"),
    ],
)
async def test_silence_is_told_from_refusal(gates: Gates, shown: dict[str, Any], says: str) -> None:
    if shown:
        gates.shows("east", **shown)
    gates.answers["east"] = [None]
    with pytest.raises(NoAnswer, match=says):
        await gates.sender.obeyed(ORDER, patience_s=0.2)


async def test_what_others_say_in_a_gates_name_is_not_believed(gates: Gates) -> None:
    gates.shows("east")
    gates.answers["east"] = [None]
    obeyed = asyncio.ensure_future(gates.sender.obeyed(ORDER, patience_s=0.3))
    await until(lambda: gates.got != [])
    reply = Topics(root="gatepost", site="garden", gate="east").reply
    for junk in (b"", b"{}", b"[" * 1000, b'{"gate": "west"}'):
        gates.line.heard(reply, junk, retained=False)
    gates.replies("west", ORDER.id, "done")
    gates.replies("east", "f" * 32, "done")
    with pytest.raises(NoAnswer):
        await obeyed


# ---------------------------------------------------------------- lists


def errand(*names: str, rows: int = 1, kind: str = "households", **gates: Leg) -> Errand:
    legs = {name: Leg(id=f"{number:032x}") for number, name in enumerate(names)} | gates
    return Errand(
        list=kind,
        body={"source": "h.csv", "allow_empty": False},
        attached={"rows": [{"unit": f"3-{number}", "name": "李明"} for number in range(rows)]},
        made_at=datetime(2026, 6, 1, tzinfo=UTC),
        legs=legs,
    )


@asynccontextmanager
async def working(folder: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(errands, "LOOK_S", 0.01)
    monkeypatch.setattr(errands, "LATER_S", 0.05)
    async with running_tasks(Errands(folder, gates.sender).run()):
        yield


def how(path: Path) -> dict[str, str]:
    found = read(path)
    return {} if found is None else {gate: leg.how for gate, leg in found.legs.items()}


async def test_each_gate_gets_the_list_when_it_is_there(
    tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(tmp_path, errand("east", "west", rows=2000))
    gates.shows("east")
    async with working(tmp_path, gates, monkeypatch):
        await until(lambda: how(path) == {"east": "done", "west": "waiting"})
        gates.shows("west")
        await until(lambda: how(path) == {"east": "done", "west": "done"})
    assert [gate for gate, _ in gates.got] == ["east", "west"]
    whole = json.loads(b"".join(gates.parts[gates.got[0][1]["id"]]))
    assert len(whole["rows"]) == 2000
    assert gates.got[0][1]["body"] == {"source": "h.csv", "allow_empty": False}
    assert "李明" not in path.read_text(encoding="utf-8")


async def test_a_busy_gate_is_tried_again_and_one_that_refuses_is_not(
    tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates.shows("east")
    gates.shows("west")
    gates.answers = {"east": ["rejected:busy", None, "done"], "west": ["rejected:body_wrong"]}
    path = keep(tmp_path, errand("east", "west"))
    async with working(tmp_path, gates, monkeypatch):
        await until(lambda: how(path) == {"east": "done", "west": "refused"})
    found = read(path)
    assert found is not None
    assert found.legs["west"].why == "body_wrong"
    assert len({command["id"] for gate, command in gates.got if gate == "east"}) == 1


async def test_a_newer_list_takes_the_place_of_one_that_has_not_arrived(
    tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = keep(tmp_path, errand("east", "west"))
    other = keep(tmp_path, errand("east", kind="permits"))
    newer = keep(tmp_path, errand("east"))
    gates.shows("east")
    async with working(tmp_path, gates, monkeypatch):
        await until(lambda: how(newer) == {"east": "done"})
        await until(lambda: how(other) == {"east": "done"})
    assert how(older) == {"east": "replaced", "west": "waiting"}
    assert [command["op"] for _, command in gates.got] == ["give_permits", "give_households"]


async def test_a_file_that_is_no_errand_stops_no_other(
    tmp_path: Path, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep(tmp_path, errand("east"))
    first.write_bytes(b'{"v": 1, "list"')
    path = keep(tmp_path, errand("east"))
    gates.shows("east")
    async with working(tmp_path, gates, monkeypatch):
        await until(lambda: how(path) == {"east": "done"})
