"""The control room opens the gate over a real broker: answered by the limit switch, and strangers are not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from daemon.cli import main
from daemon.config.keys import text_of
from daemon.core.signals import Fault
from daemon.mqtt.command.envelope import Command
from tests.mqtt.commands import RING, SIGNERS, command, hostile
from tests.mqtt.rig import TOPICS
from tests.rigs.broker import Mosquitto
from tests.system.gate import Gate, eventually, lane, site


class ControlRoom:
    """Somebody with a key and any MQTT client: nothing here is the gate's own."""

    def __init__(self, port: int) -> None:
        self.challenge = ""
        self.gate_knows_the_time = False
        self.replies: list[dict[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = self._heard
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(TOPICS.challenge, 1), (TOPICS.reply, 1)])
        self._client.loop_start()

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        content = json.loads(message.payload)
        if message.topic == TOPICS.challenge:
            self.challenge = content["challenge"]
            self.gate_knows_the_time = content["at"]["trusted"]
        else:
            self.replies.append(content)

    def sign(self, **changes: Any) -> Command:
        eventually("a challenge", lambda: self.challenge)
        return command(**{"challenge": self.challenge, "now": datetime.now(UTC), **changes})

    def send(self, payload: bytes, topic: str = TOPICS.command, *, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(30)

    def answers(self, command: Command) -> list[tuple[str, str | None]]:
        return [(reply["answer"], reply["why"]) for reply in self.replies if reply["id"] == command.id]

    def orders(self, **changes: Any) -> Command:
        """Sign it, send it, and wait for the last word about it."""
        one = self.sign(**changes)
        self.hands_over(one)
        return one

    def hands_over(self, one: Command) -> None:
        before = len(self.replies)
        self.send(one.payload)
        for part in one.parts:
            self.send(part, TOPICS.command_part(one.id))
        eventually(
            f"the end of {one.id}; heard {self.replies[-5:]}",
            lambda: any(reply["id"] == one.id and reply["final"] for reply in self.replies[before:]),
        )

    def tells_the_time(self) -> None:
        """On a machine without a server of time the gate does not know it, and takes a signed word for it."""
        eventually("a challenge", lambda: self.challenge)
        one = self.orders(op="offer_time", body={"now": datetime.now(UTC).isoformat()})
        expected = ("rejected", "time_known") if self.gate_knows_the_time else ("done", None)
        assert self.answers(one)[-1] == expected

    def leave(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()


@contextmanager
def control_room(port: int) -> Iterator[ControlRoom]:
    room = ControlRoom(port)
    try:
        yield room
    finally:
        room.leave()


@pytest.fixture
def commanded(gates: Callable[..., Gate], broker: Mosquitto, tmp_path: Path) -> Gate:
    """A gate that takes commands signed with one of the keys of `tests.mqtt.commands`."""
    broker.start()
    reached = {"host": "127.0.0.1", "port": broker.port, "keys": "keys"}
    gate = gates(site(lane("entry-1"), lane("exit-1"), office=reached), driven=True)
    (gate.folder / "keys").mkdir()
    for key in RING.keys.values():
        (gate.folder / "keys" / f"{key.id}.pub").write_text(text_of(key), encoding="utf-8")
    return gate.start()


@pytest.mark.rule("R28")
@pytest.mark.rule("R35")
def test_the_control_room_opens_and_hears_done_from_the_limit_switch(
    commanded: Gate, broker: Mosquitto
) -> None:
    gate = commanded
    with control_room(broker.port) as room:
        # when the control room opens a lane, it is accepted, and done when the switch says so
        one = room.orders()
        assert room.answers(one) == [("accepted", None), ("done", None)]
        order, there, done = (
            gate.fact("boom_raise_ordered", lane="entry-1"),
            gate.fact("boom_moved", lane="entry-1", boom="up"),
            gate.fact("command_answered", command_id=one.id, answer="done"),
        )
        assert order["by"] == {"name": "leader 王", "role": "leader"}
        assert order["seq"] < there["seq"] < done["seq"]

        # a car under the boom is never closed on, whoever orders it
        gate.do("stand", "entry-1", "粤B99999")
        gate.fact("loop_reported", lane="entry-1", loop="safety", state="occupied")
        assert room.answers(room.orders(op="close")) == [("rejected", "safety_loop_occupied")]
        assert not gate.facts("boom_lower_ordered", lane="entry-1")

        # and when the gate is killed and starts again, what was signed before counts no more
        challenge, never_sent = room.challenge, room.sign()
        gate.end()
        gate.start()
        eventually("another challenge", lambda: room.challenge != challenge)
        room.hands_over(never_sent)
        assert room.answers(never_sent) == [("rejected", "challenge_old")]
        # the very bytes that were obeyed are not called refused, and do nothing
        room.hands_over(one)
        assert room.answers(one)[-1] == ("done", None)
        # while the same command, signed anew, is answered as the first time and not done again
        again = room.orders(command_id=one.id)
        assert room.answers(again)[-1] == ("done", None)
    assert len(gate.facts("command_received", lane="entry-1")) == 2
    assert gate.stop() == 0


@pytest.mark.rule("R41")
def test_permits_and_a_tariff_come_over_the_broker(commanded: Gate, broker: Mosquitto) -> None:
    gate = commanded
    rows = [
        {
            "id": f"P{n:04}",
            "card": f"62E3{n:04X}",
            "plate": f"粤B{n:05}",
            "holder": "张三",
            "household": "1-101",
        }
        for n in range(2000)
    ]
    with control_room(broker.port) as room:
        one = room.orders(
            who=SIGNERS["office"], op="give_permits", body={"source": "all.xlsx"}, attached={"rows": rows}
        )
        assert len(one.parts) > 3
        assert room.answers(one) == [("done", None)]
        gate.fact("list_given", name="permits", rows=2000)
        text = (Path(__file__).parents[2] / "daemon/config/examples/tariffs/yichang-core.yaml").read_text(
            "utf-8"
        )
        room.orders(who=SIGNERS["office"], op="give_tariff", body={"source": "new"}, attached={"text": text})
        gate.fact("tariff_given", source="new")
        wrong = room.orders(
            who=SIGNERS["office"], op="give_tariff", body={"source": "new"}, attached={"text": "name: ["}
        )
        assert room.answers(wrong) == [("rejected", "body_wrong")]
        assert "tariff.yaml:1" in room.replies[-1]["detail"]


def test_two_thousand_hostile_commands_over_the_broker_none_obeyed_genuine_ones_all(
    commanded: Gate, broker: Mosquitto
) -> None:
    gate = commanded
    with control_room(broker.port) as room:
        room.tells_the_time()
        # given one that was retained: the broker would hand it to every gate that comes
        room.send(room.sign().payload, retain=True)
        pool = [room.orders(op="take_picture") for _ in range(5)]
        genuine: list[Command] = list(pool)
        # when a storm comes, with genuine commands in it
        sent = Counter([Fault.RETAINED])
        storm = hostile(2000, seed=8, pool=pool, challenge=room.challenge, now=datetime.now(UTC))
        for number, one in enumerate(storm):
            if one.what is Fault.TOO_LONG and sent[one.what] == 3:
                continue  # ten megabytes cost the broker more than the gate, which never sees them
            room.send(one.payload, retain=one.retained)
            sent[one.what] += 1
            if number % 100 == 0:
                genuine.append(room.orders(op="take_picture"))
        # then every genuine one was done and nothing else
        assert all(("done", None) in room.answers(one) for one in genuine)
        done = gate.facts("command_received", lane="entry-1")
        assert {row["command"]["id"] for row in done} == {one.id for one in genuine}
        assert not gate.facts("boom_raise_ordered")
        # and when the gate stops, every one that reached it is in some fact
    assert gate.stop() == 0
    refused = gate.facts("command_refused")
    assert len(refused) < 150
    counted = sum(row["times"] for row in refused)
    assert counted == sum(sent.values()) - sent[Fault.TOO_LONG], "what is over 64 KiB the broker keeps"


@pytest.mark.rule("R28")
def test_the_office_sends_with_a_key_made_today_until_it_is_revoked_and_no_gate_is_restarted(
    commanded: Gate, broker: Mosquitto, tmp_path: Path
) -> None:
    gate, keys, lines = commanded, tmp_path / "office-keys", len(RING) + 1
    gate.hears(f"{len(RING)} keys are known")

    # given a new pair, whose public half is copied to the gate
    made = ["keys", "new", "duty", "--name", "周班长", "--role", "leader", "--folder", str(keys)]
    assert main(made) == 0
    public = gate.folder / "keys" / "duty.pub"
    public.write_bytes((keys / "duty.pub").read_bytes())
    gate.hears(f"{lines} keys are known")

    # when the office sends with it, the answer is the limit switch's
    wish = ("--lane", "entry-1", "--reason", "试杆", "--key", str(keys / "duty.key"))
    sent = gate.gatepost("office", "send", "east", "open", *wish)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert "已完成 done" in sent.stdout
    assert gate.fact("boom_raise_ordered", lane="entry-1")["by"] == {"name": "周班长", "role": "leader"}
    assert gate.facts("boom_moved", lane="entry-1", boom="up")

    # and when it is revoked, it opens nothing more
    assert main(["keys", "revoke", str(public)]) == 0
    gate.until(
        "the keys to be read", lambda: sum(f"{lines} keys are known" in line for line in gate.said) > 1
    )
    sent = gate.gatepost("office", "send", "east", "open", *wish)
    assert sent.returncode == 1
    assert "key_revoked" in sent.stdout + sent.stderr
    assert len(gate.facts("boom_raise_ordered")) == 1
