"""What the office keeps, what it drops, and what a person sees of it."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC
from pathlib import Path

import pytest

from daemon.mqtt.messages import FactMessage, Topics, fact_message, gate_of
from daemon.office import lines
from daemon.office.office import Office
from daemon.office.shelf import Shelf
from tests.mqtt.rig import MemoryLedger, ScriptedWay, seals_are_right


def messages(count: int) -> list[FactMessage]:
    return [
        FactMessage.model_validate_json(fact_message(row, gate="east", historical=False))
        for row in MemoryLedger(count).all
    ]


def test_facts_are_kept_over_a_restart(tmp_path: Path) -> None:
    Shelf(tmp_path, "east").add(messages(5))
    again = Shelf(tmp_path, "east")
    assert (again.held, again.head) == (5, messages(5)[-1].hash)
    assert not again.add(messages(5)).taken
    assert [fact.seq for fact, _ in again.add(messages(7)).taken] == [6, 7]


def test_what_leaves_a_gap_is_not_kept_and_said_to_be_missing(tmp_path: Path) -> None:
    one, two, three, four = messages(4)
    shelf = Shelf(tmp_path, "east")
    assert shelf.add([one, three, four]).misses_something
    assert shelf.held == 1
    # a gap that closes within the same breath is none
    assert not shelf.add([four, two, three, two]).misses_something
    assert shelf.held == 3


@pytest.mark.parametrize("lost", [1, 2, 50, 200])
def test_a_torn_last_line_is_dropped_and_asked_for_again(tmp_path: Path, lost: int) -> None:
    Shelf(tmp_path, "east").add(messages(3))
    file = tmp_path / "east.jsonl"
    os.truncate(file, file.stat().st_size - lost)
    shelf = Shelf(tmp_path, "east")
    assert shelf.held == 2
    assert [fact.seq for fact, _ in shelf.add(messages(4)).taken] == [3, 4]
    assert Shelf(tmp_path, "east").held == 4


def test_damage_in_the_middle_is_put_aside_and_not_overwritten(tmp_path: Path) -> None:
    Shelf(tmp_path, "east").add(messages(10))
    file = tmp_path / "east.jsonl"
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole[:4]) + b"\0" * 512 + b"\n" + b"".join(whole[5:]))
    shelf = Shelf(tmp_path, "east")
    assert shelf.held == 4
    (aside,) = tmp_path.glob("east.cut-*")
    assert aside.read_bytes().endswith(b"".join(whole[5:]))
    shelf.add(messages(10))
    assert Shelf(tmp_path, "east").held == 10


def test_a_full_disk_acknowledges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path, "east")
    shelf.add(messages(2))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            shelf.add(messages(5))
    assert shelf.held == 2
    assert Shelf(tmp_path, "east").held == 2
    shelf.add(messages(5))
    assert Shelf(tmp_path, "east").held == 5


def test_a_chain_that_does_not_hold_is_kept_and_marked(tmp_path: Path) -> None:
    one, two, three = messages(3)
    edited = two.model_copy(update={"body": two.body | {"note": "京A·88888"}})
    stranger = three.model_copy(update={"prev": "f" * 64})
    shelf = Shelf(tmp_path, "east", seals_are_right)
    troubles = [trouble for _, trouble in shelf.add([one, edited, stranger]).taken]
    assert troubles[0] is None
    assert "content" in (troubles[1] or "")
    assert "before it" in (troubles[2] or "")
    kept = [json.loads(line) for line in (tmp_path / "east.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["trouble"] for entry in kept] == troubles


def test_two_versions_of_one_fact_are_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (one,) = messages(1)
    shelf = Shelf(tmp_path, "east")
    shelf.add([one])
    shelf.add([one.model_copy(update={"hash": "0" * 64})])
    assert "two versions" in caplog.text
    assert shelf.head == one.hash


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("gatepost/garden/east/fact/entry-1/x", b"junk"),
        ("gatepost/garden/east/fact/entry-1/x", b"[" * 60_000),
        ("gatepost/garden/east/fact/entry-1/x", b"x" * 100_000),
        ("gatepost/garden/west/fact/entry-1/x", messages(1)[0].model_dump_json().encode()),
        ("gatepost/garden/..%2f/fact/x/y", messages(1)[0].model_dump_json().encode()),
        ("gatepost/other/east/fact/entry-1/x", messages(1)[0].model_dump_json().encode()),
        ("gatepost/garden/east/office/ack", messages(1)[0].model_dump_json().encode()),
        (
            "gatepost/garden/../fact/x/y",
            messages(1)[0].model_copy(update={"gate": ".."}).model_dump_json().encode(),
        ),
    ],
)
async def test_what_is_no_fact_of_this_site_touches_no_file(
    tmp_path: Path, topic: str, payload: bytes
) -> None:
    office = Office(tmp_path / "books", root="gatepost", site="garden", way=ScriptedWay)
    office.heard(topic, payload, retained=False)
    office.heard(
        "gatepost/garden/east/fact/entry-1/x", messages(1)[0].model_dump_json().encode(), retained=True
    )
    assert office._inbox == []


def test_a_line_for_people_is_chinese_first_and_names_no_plate() -> None:
    (fact,) = messages(1)
    granted = fact.model_copy(
        update={
            "kind": "access_granted",
            "body": {"reason": "permit_card", "plate": "粤B12345", "card": "0A1B2C3D"},
        }
    )
    text = lines.line(granted, None, UTC)
    assert text == "06-01 08:00:00 east #1 entry-1 放行 let through: 卡有效 the card has a permit"

    odd = fact.model_copy(update={"kind": "\x1b[2Jnew_kind", "historical": True})
    assert "\x1b" not in lines.line(odd, None, UTC)
    assert "补传 historical" in lines.line(odd, None, UTC)
    assert "账本不符 chain broken: hash" in lines.line(fact, "hash", UTC)


def test_every_kind_of_fact_has_its_words() -> None:
    from daemon.core.facts import FACT_TYPES

    assert {kind.__dataclass_fields__["kind"].default for kind in FACT_TYPES} <= set(lines.KIND_WORDS)


def test_topics_are_read_as_they_are_written() -> None:
    topics = Topics(root="a/b", site="garden", gate="east")
    assert gate_of("a/b", "garden", topics.fact("entry-1", "boom_moved")) == "east"
    assert gate_of("a/b", "garden", topics.ack) is None
    assert gate_of("a", "garden", topics.fact(None, "boom_moved")) is None
