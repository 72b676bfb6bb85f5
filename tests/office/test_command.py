"""`gatepost office` as a person types it, on books that a gate has told."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from daemon.cli import main
from daemon.mqtt.messages import FactMessage, fact_message
from daemon.office import tables
from daemon.office.books import Books
from daemon.office.database import Place, alone, open_engine
from daemon.store import Store
from daemon.store.ledger import row_hash
from tests.office.rig import ZONE, rows_of
from tests.store.histories import History

GATE = """\
site: {id: garden, name: 花园, timezone: Asia/Shanghai}
gate: {id: east, name: 东门}
office: {host: 127.0.0.1}
lanes:
  - id: entry-1
    name: 入口
    direction: entry
    mode: plate_only
    camera: {driver: simulated}
    barrier: {driver: simulated}
    loops: {safety: {driver: simulated, loop: safety}}
"""
OFFICE = """\
site: {id: garden, name: 花园}
office: {host: 127.0.0.1}
books: {folder: var/office}
"""


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A gate with a history, and an office that has all of it."""
    (tmp_path / "config.yaml").write_text(GATE, encoding="utf-8")
    (tmp_path / "office.yaml").write_text(OFFICE, encoding="utf-8")
    store = Store(tmp_path / "var", ballast_bytes=0)
    store.open()
    for decision in History(seed=1).decisions(400):
        store.append(decision)
    place = Place(folder=tmp_path / "var" / "office")
    # The history's own time: nothing of it came late.
    books = Books(open_engine(place), zone=ZONE, now=lambda: datetime(2026, 6, 1, tzinfo=UTC))
    for gate in ("east", "west"):
        books.take(
            [
                FactMessage.model_validate_json(
                    fact_message(row, gate=gate, historical=True, ledger=store.identity())
                )
                for row in store.rows(0, 10_000)
            ]
        )
    books.close()
    store.close()
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *words: str | Path, status: int = 0) -> str:
    assert main([str(word) for word in words]) == status
    shown = capsys.readouterr()
    return shown.out + (shown.err if status else "")


@pytest.mark.rule("R40")
@pytest.mark.parametrize("report", ["flow", "stays", "takings", "manual", "alerts", "faults"])
def test_a_report_of_the_office_is_that_of_each_gate_beside_the_others(
    told: Path, capsys: pytest.CaptureFixture[str], report: str
) -> None:
    def rows(text: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))

    own = rows(asked(capsys, "report", report, "--csv", "-", "-c", told / "config.yaml"))
    all_gates = rows(asked(capsys, "office", "report", report, "--csv", "-", "-c", told / "office.yaml"))
    assert all_gates[0] == [own[0][0], "gate", *own[0][1:]]
    for gate in ("east", "west"):
        assert [[row[0], *row[2:]] for row in all_gates[1:] if row[1] == gate] == own[1:]
    assert len(all_gates) == 2 * len(own) - 1


def test_the_office_says_what_it_holds_of_each_gate(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = len(rows_of(Place(folder=told / "var" / "office"), tables.facts)) // 2
    text = asked(capsys, "office", "status", "-c", told / "office.yaml")
    assert f"east: 收到 held {held}" in text
    assert f"west: 收到 held {held}" in text
    status = json.loads(asked(capsys, "office", "-c", told / "config.yaml", "status", "--json"))
    assert [(gate["gate"], gate["held"], gate["in_use"]) for gate in status["gates"]] == [
        ("east", held, True),
        ("west", held, True),
    ]


@pytest.mark.rule("R18")
def test_the_books_are_verified_and_the_row_that_was_changed_is_named(
    told: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = asked(capsys, "office", "verify", "-c", told / "office.yaml")
    head = rows_of(Place(folder=told / "var" / "office"), tables.books)[0].head
    assert text.count("head") == 2
    assert head in text
    # the head is what the gate's own command asks for
    asked(capsys, "ledger", "verify", "--head", head, "-c", told / "config.yaml")

    engine = open_engine(Place(folder=told / "var" / "office"))
    with engine.begin() as db:
        row = tables.facts.c
        db.execute(update(tables.facts).where(row.book == 2, row.seq == 17).values(body="{}"))
    engine.dispose()
    text = asked(capsys, "office", "verify", "-c", told / "office.yaml", status=1)
    assert "west" in text.splitlines()[1]
    assert "第 17 行不符 / row 17 does not fit" in text


@pytest.mark.rule("R18")
def test_a_gates_ledger_that_was_sealed_anew_is_found_out_by_what_was_told(
    told: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = told / "var" / "gatepost.db"
    compare = ("office", "verify", "--ledger", ledger, "-c", told / "office.yaml")
    assert "as they were told" in asked(capsys, *compare)

    # when somebody with all rights at the gate changes a row and seals everything behind it anew
    with closing(sqlite3.connect(ledger)) as db:
        rows = db.execute("SELECT seq, prev, kind, body FROM ledger WHERE seq >= 50 ORDER BY seq").fetchall()
        prev = rows[0][1]
        for seq, _, kind, body in rows:
            text = body.replace('"trusted":true', '"trusted":false') if seq == 50 else body
            seal = row_hash(prev, seq, kind, text)
            change = (text, prev, seal, seq)
            db.execute("UPDATE ledger SET body = ?, prev = ?, hash = ? WHERE seq = ?", change)
            prev = seal
        db.commit()
    # then it fits in itself, and not with what was told
    asked(capsys, "ledger", "verify", "-c", told / "config.yaml")
    assert "第 50 行与所报不同" in asked(capsys, *compare, status=1)

    # and neither does one whose end was cut off
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("DELETE FROM ledger WHERE seq >= 50")
        db.commit()
    assert "第 50 行与所报不同" in asked(capsys, *compare, status=1)


def test_forgetting_leaves_accounts_and_seals(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = asked(capsys, "office", "report", "takings", "--csv", "-", "-c", told / "office.yaml")
    text = asked(capsys, "office", "forget", "--before", "2030-01-01", "-c", told / "office.yaml")
    assert "2030-01-01 00:00" in text
    asked(capsys, "office", "verify", "-c", told / "office.yaml")
    assert asked(capsys, "office", "report", "takings", "--csv", "-", "-c", told / "office.yaml") == before
    flow = asked(capsys, "office", "report", "flow", "--csv", "-", "-c", told / "office.yaml")
    assert len(flow.splitlines()) == 1

    # while the office runs, it forgets by itself
    with alone(Place(folder=told / "var" / "office")):
        text = asked(
            capsys, "office", "forget", "--before", "2030-01-01", "-c", told / "office.yaml", status=78
        )
    assert "keep_days" in text


@pytest.mark.parametrize(
    ("books", "says"),
    [
        ("{database: 'postgresql://gatepost:geheim@db/gatepost'}", "password_file"),
        ("{database: 'mysql://db/gatepost'}", "PostgreSQL"),
        ("{database: 'no url'}", "postgresql://gatepost@db.example/gatepost"),
        ("{keep_days: 0}", "keep_days"),
        ("{keep_day: 1}", "keep_days"),
        ("{database: 'postgresql://gatepost@db/gatepost', password_file: gone.secret}", "gone.secret"),
    ],
)
def test_what_is_wrong_in_office_yaml_is_said_and_no_secret_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], books: str, says: str
) -> None:
    file = tmp_path / "office.yaml"
    file.write_text(f"site: {{id: garden, name: 花园}}\nbooks: {books}\n", encoding="utf-8")
    text = asked(capsys, "office", "status", "-c", file, status=78)
    assert says in text
    assert "geheim" not in text


def test_without_books_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "office.yaml").write_text(OFFICE, encoding="utf-8")
    text = asked(capsys, "office", "status", "-c", tmp_path / "office.yaml", status=1)
    assert "还没有账簿" in text
    (tmp_path / "config.yaml").write_text(GATE.replace("office: {host: 127.0.0.1}\n", ""), encoding="utf-8")
    assert "office" in asked(capsys, "office", "status", "-c", tmp_path / "config.yaml", status=78)


def test_an_office_whose_books_cannot_be_used_says_why_and_does_not_start(
    told: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_engine(Place(folder=told / "var" / "office"))
    with engine.begin() as db:
        db.execute(update(tables.version).values(version=99))
    engine.dispose()
    assert "99" in asked(capsys, "office", "-c", told / "office.yaml", status=78)
    (told / "office.yaml").write_text(OFFICE.replace("var/office", "office.yaml"), encoding="utf-8")
    assert "office.yaml" in asked(capsys, "office", "-c", told / "office.yaml", status=1)
    (told / "office.yaml").write_text(OFFICE + "key: gone.key\n", encoding="utf-8")
    assert "gone.key" in asked(capsys, "office", "-c", told / "office.yaml", status=78)


def test_a_gate_never_loads_what_the_office_needs() -> None:
    program = (
        "import sys, daemon.cli, daemon.app, daemon.wiring; daemon.cli._parser();"
        " print(*({'sqlalchemy', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_silence_is_shown(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = open_engine(Place(folder=told / "var" / "office"))
    with engine.begin() as db:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        db.execute(
            update(tables.books).where(tables.books.c.gate == "west").values(heard_at=long_ago, lag_ms=250)
        )
    engine.dispose()
    text = asked(capsys, "office", "status", "-c", told / "office.yaml")
    (west,) = (line for line in text.splitlines() if line.startswith("west"))
    assert "久无消息 silent" in west
    assert "迟 lag 0.2 s" in west
