"""The table of alerts as somebody in the control room sees it and types into it, on a real terminal."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.cli import office_alerts
from daemon.office import reading
from daemon.office.database import Place, open_engine
from tests.mqtt.rig import AT, MemoryLedger
from tests.office.rig import opened, told
from tests.office.test_reading import WANG, raised, says
from tests.system.gate import GATEPOST, ROOT
from tests.system.test_office_commands import OfficeRoom


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Any]:
    """Three open alerts of one gate, and one that is over."""
    ledger = MemoryLedger()
    raised(ledger, "queue:entry-1", alert="queue_at_lane", severity="notice")
    raised(ledger, "panic:booth", alert="panic", severity="urgent")
    raised(ledger, "tailgating:entry-1-7")
    raised(ledger, "over:1")
    says(ledger, "alert_escalated", alert_id="panic:booth", severity="urgent", level=2)
    says(ledger, "alert_acknowledged", alert_id="tailgating:entry-1-7", note="", by=WANG)
    says(ledger, "alert_cleared", alert_id="over:1", by=None, outcome="")
    place = Place(folder=tmp_path / "books")
    with opened(place) as books:
        books.take(told(ledger))
    engine = open_engine(place, reading=True)
    yield engine
    engine.dispose()


@pytest.mark.rule("R18")
def test_a_ledger_that_does_not_fit_is_shown_beside_the_alerts(tmp_path: Path) -> None:
    room = OfficeRoom(tmp_path / "room", 1)
    facts = told(MemoryLedger(3))
    with opened(Place(folder=room.folder / "books"), lambda: datetime.now(UTC)) as books:
        books.take([facts[0], facts[1].model_copy(update={"body": {}}), facts[2]])
    assert "east #2 账本 ledger: 内容与散列不符" in room.types("alerts", "--once").stdout
    (line,) = room.types("alerts", "--json").stdout.splitlines()
    assert (json.loads(line)["gate"], json.loads(line)["seq"]) == ("east", 2)
    assert "east #2" in room.types("status").stdout


@pytest.mark.rule("R35")
def test_the_gravest_that_nobody_has_seen_stands_first_with_all_that_is_needed(rows: Any) -> None:
    now = AT.wall + timedelta(minutes=75)
    found = office_alerts.in_order(reading.alerts(rows))
    assert [row.alert for row in found] == ["panic", "queue_at_lane", "tailgating"]
    head, detail, to_do, picture = office_alerts.as_lines(found[0], now)
    assert head == "[2] 紧急 urgent  east entry-1  紧急按钮 panic button  1:15 h  → 监控室 control room"
    assert "处置 to do" in to_do
    assert picture.endswith("2026-06-01/7.jpg")
    assert detail.strip().startswith("跟车")
    assert "已确认 acknowledged by 王主管" in "\n".join(office_alerts.as_lines(found[2], now))


def test_for_machines_it_is_one_object_a_line_without_the_gates_own_id(rows: Any) -> None:
    found = office_alerts.in_order(reading.alerts(rows))
    one = json.loads(office_alerts.as_json(found[0], AT.wall + timedelta(minutes=2)))
    assert (one["number"], one["severity"], one["level"], one["age_s"]) == (2, "urgent", 2, 120)
    assert one["what_to_do"]["zh"]
    assert "alert_id" not in one


def test_what_stands_in_an_alert_never_commands_the_terminal(rows: Any) -> None:
    row = reading.alerts(rows)[0]
    odd = row._asdict() | {"detail": "\x1b[2J\nx", "alert": "new_kind", "severity": "dire", "level": 7}
    lines = office_alerts.as_lines(type("Row", (), odd), AT.wall)
    assert "\x1b" not in "".join(lines)
    assert "new_kind" in lines[0]


def test_what_cannot_be_done_is_said_before_anything_is_sent(rows: Any) -> None:
    assert office_alerts.wanted(rows, "ack", 2, "").body == {"alert_id": "panic:booth"}
    assert office_alerts.wanted(rows, "dispatch", 2, "李队").body == {
        "alert_id": "panic:booth",
        "who": "李队",
    }
    for act, number, words in (("ack", 4, ""), ("ack", 99, ""), ("close", 2, " "), ("note", 2, "")):
        with pytest.raises(ValueError, match=str(number)):
            office_alerts.wanted(rows, act, number, words)


async def test_the_live_table_does_what_is_typed_and_says_what_came_of_it(
    rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(read, "rb"))
    shown: list[str] = []
    done: list[office_alerts.Wanted] = []

    async def do(what: office_alerts.Wanted) -> str:
        done.append(what)
        return "east: 已完成 done"

    live = office_alerts.Live(rows, now=lambda: AT.wall, zone=UTC, do=do, show=shown.append)
    running = asyncio.ensure_future(live.run())
    os.write(write, "\nack 2\nclose 2\nclose 2 '误触 已复位'\nwhat\nq\n".encode())
    async with asyncio.timeout(60):
        await running
    os.close(write)
    assert [(what.request, what.body) for what in done] == [
        ("acknowledge_alert", {"alert_id": "panic:booth"}),
        ("close_alert", {"alert_id": "panic:booth", "outcome": "误触 已复位"}),
    ]
    whole = "".join(shown)
    assert "未了结 open: 3" in whole
    assert "east: 已完成 done" in whole
    assert "close 2: 请写明" in whole
    assert "what: ack | dispatch | note | close N" in whole


def test_on_a_terminal_it_is_shown_and_left_with_q(tmp_path: Path, rows: Any) -> None:
    room = OfficeRoom(tmp_path / "room", 1)
    with suppress(FileNotFoundError):
        (tmp_path / "books").rename(room.folder / "books")
    near, far = pty.openpty()
    command = [*GATEPOST, "office", "alerts", "-c", str(room.folder / "office.yaml")]
    process = subprocess.Popen(command, cwd=ROOT, stdin=far, stdout=far, stderr=far)
    os.close(far)
    said = b""
    while b"panic button" not in said and select.select([near], [], [], 60)[0]:
        said += os.read(near, 65536)
    assert b"panic button" in said
    os.write(near, b"q\n")
    while process.poll() is None and select.select([near], [], [], 60)[0]:
        with suppress(OSError):  # the far end is closed
            os.read(near, 65536)
    assert process.wait(timeout=60) == 0
    os.close(near)
