"""What is asked of the post afterwards: the logbook by any of its words, and who was on duty when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.core.logbook import EntryKind, FinishEntry, FollowUpEntry, PassOnEntry, WriteEntry
from daemon.core.shifts import PrepareHandover, SignHandover, SignOn
from daemon.core.signals import Actor
from daemon.store import reading
from daemon.store.tables_duty import on_duty_at
from tests.desk.rig import GUARD, Desk

NEXT = Actor(name="赵门岗", role="guard")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.start()
    yield desk
    desk.finish()


@pytest.fixture
def book(desk: Desk) -> Desk:
    """Three entries: one done, one passed on, one open with a sign in it that LIKE would take for its own."""
    for entry, text, who in (
        (EntryKind.KEY_LOAN, "天台钥匙", "电梯维保 王工"),
        (EntryKind.INCIDENT, "3 栋水管爆裂", "3-402"),
        (EntryKind.CALL, "电表剩 5% 电量", "1-101 陈女士"),
    ):
        desk.ask(GUARD, WriteEntry(entry=entry, text=text, who=who, contact="13800000000"))
    desk.ask(GUARD, FinishEntry(number="L0000001", text="已归还"))
    desk.ask(GUARD, PassOnEntry(number="L0000002", post="工程部", text="请关总阀"))
    desk.ask(GUARD, FollowUpEntry(number="L0000002", text="总阀已关"))
    return desk


@pytest.mark.rule("R39")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["L0000003", "L0000002", "L0000001"]),
        ("钥匙", ["L0000001"]),
        ("王工", ["L0000001"]),
        ("归还", ["L0000001"]),
        ("总阀已关", ["L0000002"]),
        ("工程部", ["L0000002"]),
        ("1380000", ["L0000003", "L0000002", "L0000001"]),
        ("5%", ["L0000003"]),
        ("%", ["L0000003"]),
        ("_", []),
        ("' OR 1=1 --", []),
        ("L0000002", ["L0000002"]),
    ],
)
def test_an_entry_is_found_by_any_of_its_words(book: Desk, text: str, numbers: list[str]) -> None:
    assert [row.number for row in book.store.search_logbook(text)] == numbers


@pytest.mark.rule("R39")
def test_open_passed_on_and_done_are_told_apart(book: Desk) -> None:
    def state(which: str) -> list[str]:
        return [row.number for row in book.store.search_logbook(state=which)]

    assert (state("open"), state("passed_on"), state("done")) == (["L0000003"], ["L0000002"], ["L0000001"])
    (row,) = book.store.search_logbook("水管")
    assert row.steps.splitlines() == [
        "entry_passed_on 李门岗 工程部 请关总阀",
        "entry_followed_up 李门岗 总阀已关",
    ]
    assert [row.number for row in book.store.search_logbook(entry="call")] == ["L0000003"]


@pytest.mark.rule("R39")
def test_another_process_searches_while_the_gate_runs(book: Desk) -> None:
    assert [row.number for row in reading.logbook(book.store.path, "水管")] == ["L0000002"]


@pytest.mark.rule("R37")
def test_every_number_of_the_ledger_has_its_guard(desk: Desk) -> None:
    desk.ask(GUARD, SignOn())
    first = desk.store.last_seq()
    desk.ask(GUARD, WriteEntry(entry=EntryKind.INCIDENT, text="夜间有人翻墙"))
    desk.ask(NEXT, SignOn())
    desk.ask(GUARD, PrepareHandover(cash_fen=500))
    desk.ask(NEXT, SignHandover())
    desk.ask(NEXT, WriteEntry(entry=EntryKind.CALL, text="来电询问停车费"))
    last = desk.store.last_seq()
    assert [on_duty_at(desk.store.db, seq) for seq in range(first - 2, last + 1)] == [
        None, None, "李门岗", "李门岗", "李门岗", "李门岗", "李门岗", "赵门岗", "赵门岗",
    ]  # fmt: skip
    shift = desk.store.db.execute("SELECT guard, signed_by, left_open, cash_fen FROM shifts").fetchall()
    assert shift == [("李门岗", "赵门岗", 1, 500), ("赵门岗", None, None, None)]
    attendance = desk.store.db.execute("SELECT what, guard FROM attendance ORDER BY seq").fetchall()
    assert attendance == [("arrived", "李门岗"), ("arrived", "赵门岗")]
