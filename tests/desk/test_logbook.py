"""The logbook of the post (R39): typed entries, passed on, followed up, done; and found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from daemon.core.handover import open_items
from daemon.core.logbook import (
    CallBack,
    CalledBack,
    EntryDone,
    EntryFollowedUp,
    EntryKind,
    EntryPassedOn,
    EntryWritten,
    FinishEntry,
    FollowUpEntry,
    PassOnEntry,
    WriteEntry,
)
from daemon.core.reasons import Reason
from tests.desk.rig import GUARD, LEADER, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.start()
    yield desk
    desk.finish()


def written(
    desk: Desk, entry: EntryKind = EntryKind.INCIDENT, text: str = "3 栋楼道有烟味", **more: str
) -> str:
    (fact,) = desk.ask(GUARD, WriteEntry(entry=entry, text=text, **more))
    assert isinstance(fact, EntryWritten)
    return fact.entry.number


@pytest.mark.rule("R39")
@pytest.mark.parametrize("entry", list(EntryKind))
def test_every_kind_of_entry_is_open_until_it_is_done(desk: Desk, entry: EntryKind) -> None:
    number = written(desk, entry, "内容", who="1-101 陈女士", contact="13800000000")
    assert [item.ref for item in open_items(desk.state)] == [number], "it stands in the handover while open"
    if entry is EntryKind.COMPLAINT:
        desk.ask(GUARD, CallBack(number=number, text="已说明", satisfied=True))
    (done,) = desk.ask(LEADER, FinishEntry(number=number, text="办妥"))
    assert isinstance(done, EntryDone)
    assert open_items(desk.state) == ()
    assert desk.why_not(GUARD, FollowUpEntry(number=number, text="又来了")) is Reason.ENTRY_DONE


@pytest.mark.rule("R39")
def test_an_entry_is_passed_on_to_a_post_and_followed_up_there(desk: Desk) -> None:
    number = written(desk)
    (passed,) = desk.ask(GUARD, PassOnEntry(number=number, post="工程部", text="请派电工"))
    assert isinstance(passed, EntryPassedOn)
    assert "工程部" in open_items(desk.state)[0].text
    assert desk.why_not(GUARD, PassOnEntry(number=number, post="工程部")) is Reason.ENTRY_PASSED_ON
    (followed,) = desk.ask(LEADER, FollowUpEntry(number=number, text="电工已到"))
    assert isinstance(followed, EntryFollowedUp)
    assert desk.state.logbook.open[number].post == "工程部"


@pytest.mark.rule("R39")
def test_a_complaint_is_done_only_when_a_call_back_has_satisfied_the_resident(desk: Desk) -> None:
    number = written(desk, EntryKind.COMPLAINT, "半夜施工", who="2-502", contact="13900000000")
    assert desk.why_not(GUARD, FinishEntry(number=number, text="已制止")) is Reason.CALL_BACK_NEEDED
    (first,) = desk.ask(GUARD, CallBack(number=number, text="还在吵", satisfied=False))
    assert isinstance(first, CalledBack)
    assert desk.why_not(GUARD, FinishEntry(number=number, text="已制止")) is Reason.CALL_BACK_NEEDED
    desk.ask(GUARD, CallBack(number=number, text="安静了，谢谢", satisfied=True))
    assert isinstance(desk.ask(GUARD, FinishEntry(number=number, text="已制止"))[0], EntryDone)
    assert (
        desk.why_not(GUARD, CallBack(number=written(desk), text="?", satisfied=True)) is Reason.NO_COMPLAINT
    )


@pytest.mark.rule("R39")
def test_a_double_click_is_one_entry_and_the_same_an_hour_later_is_another(desk: Desk) -> None:
    loan = WriteEntry(entry=EntryKind.KEY_LOAN, text="天台钥匙", who="电梯维保 王工")
    desk.ask(GUARD, loan)
    assert desk.why_not(GUARD, loan) is Reason.ENTRY_WRITTEN_ALREADY
    assert isinstance(desk.ask(LEADER, loan)[0], EntryWritten), "somebody else's is his own"
    desk.time(hours=1)
    assert isinstance(desk.ask(GUARD, loan)[0], EntryWritten)


@pytest.mark.rule("R39")
@pytest.mark.parametrize("number", ["L0000001", "L0000000", "X", "", "L-1", "L" + "9" * 5000, "Ⅷ"])
def test_a_number_that_was_never_written_is_unknown(desk: Desk, number: str) -> None:
    assert desk.why_not(GUARD, FinishEntry(number=number, text="办妥")) is Reason.ENTRY_UNKNOWN


@pytest.mark.rule("R39")
def test_an_entry_says_something_and_a_passing_on_says_to_whom(desk: Desk) -> None:
    assert desk.why_not(GUARD, WriteEntry(entry=EntryKind.CALL, text=" ")) is Reason.TEXT_NEEDED
    number = written(desk)
    assert desk.why_not(GUARD, FollowUpEntry(number=number, text="")) is Reason.TEXT_NEEDED
    assert desk.why_not(GUARD, FinishEntry(number=number, text="")) is Reason.TEXT_NEEDED
    assert desk.why_not(GUARD, PassOnEntry(number=number, post="")) is Reason.POST_NEEDED


@pytest.mark.rule("R39")
def test_when_a_loan_is_due_back_is_meant_in_the_sites_own_time(desk: Desk) -> None:
    due = datetime.fromisoformat("2026-06-02T18:00")
    (fact,) = desk.ask(GUARD, WriteEntry(entry=EntryKind.EQUIPMENT_LOAN, text="手推车", who="1-203", due=due))
    assert isinstance(fact, EntryWritten)
    assert fact.entry.due is not None
    assert fact.entry.due.isoformat() == "2026-06-02T18:00:00+08:00"
