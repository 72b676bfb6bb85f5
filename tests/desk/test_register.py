"""The office's lists: whole or not at all, the same again says nothing, and config.yaml gives way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.core.facts import PermitGranted, PermitWithdrawn
from daemon.core.reasons import Reason
from daemon.core.register import (
    GiveHouseholds,
    GivePermits,
    GiveStaff,
    GiveWatchlist,
    ListGiven,
    Resident,
)
from daemon.core.register_desk import difference
from daemon.core.rota import ShiftRules, Staff
from daemon.core.signals import CardRead, DirectoryGiven, Permit
from daemon.core.special import Watch
from daemon.core.state import SiteRules
from daemon.core.visits import AdmitVisitor, VisitorAdmitted
from tests.desk.rig import GUARD, OFFICE, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.finish()


def permit(key: str, card: str, plate: str) -> Permit:
    return Permit(id=key, card=card, plate=plate, holder=key, household="1-101")


CHEN = permit("陈", "62E3086CED", "粤B12345")
LIN = permit("林", "01026F6C3A", "粤BD12345")
WANG = permit("王", "0801161DD6", "京A8K27F")


def give(*permits: Permit, allow_empty: bool = False) -> GivePermits:
    return GivePermits(rows=permits, source="permits.csv", allow_empty=allow_empty)


def by_config(desk: Desk, *permits: Permit) -> None:
    desk.send(DirectoryGiven(at=desk.clock.now(), actor=OFFICE, permits=permits))


@pytest.mark.rule("R41")
def test_what_is_new_is_granted_what_is_missing_withdrawn_and_the_same_list_again_says_nothing(
    desk: Desk,
) -> None:
    desk.ask(OFFICE, give(CHEN, LIN))
    facts = desk.ask(OFFICE, give(LIN, WANG))
    assert [type(fact) for fact in facts] == [PermitWithdrawn, PermitGranted, ListGiven]
    assert set(desk.state.permits) == {"林", "王"}
    assert desk.ask(OFFICE, give(LIN, WANG)) == ()


@pytest.mark.rule("R41")
def test_config_yaml_counts_until_the_first_import_and_never_again(desk: Desk) -> None:
    by_config(desk, CHEN)
    desk.ask(OFFICE, give(LIN))
    desk.restart()
    by_config(desk, CHEN)
    assert set(desk.state.permits) == {"林"}


@pytest.mark.rule("R41")
def test_an_import_that_changes_nothing_still_takes_the_list_over(desk: Desk) -> None:
    by_config(desk, CHEN)
    (fact,) = desk.ask(OFFICE, give(CHEN))
    assert isinstance(fact, ListGiven)
    by_config(desk, LIN)
    assert set(desk.state.permits) == {"陈"}


@pytest.mark.rule("R41")
def test_an_empty_list_has_to_be_meant(desk: Desk) -> None:
    desk.ask(OFFICE, give(CHEN))
    assert desk.why_not(OFFICE, give()) is Reason.LIST_IS_EMPTY
    assert set(desk.state.permits) == {"陈"}
    desk.ask(OFFICE, give(allow_empty=True))
    assert not desk.state.permits


@pytest.mark.rule("R01")
@pytest.mark.rule("R41")
@pytest.mark.parametrize(
    "second", [permit("乙", CHEN.card, "粤B00001"), permit("乙", "0102030405", CHEN.plate), CHEN]
)
def test_a_list_with_two_cars_on_a_card_is_not_taken_at_all(desk: Desk, second: Permit) -> None:
    desk.ask(OFFICE, give(LIN))
    assert desk.why_not(OFFICE, give(CHEN, second)) is Reason.LIST_CONTRADICTS_ITSELF
    assert set(desk.state.permits) == {"林"}


@pytest.mark.rule("R41")
def test_what_would_change_can_be_seen_before(desk: Desk) -> None:
    desk.ask(OFFICE, give(CHEN, LIN))
    sold = permit("陈", CHEN.card, "粤B00002")
    found = difference(desk.state, give(sold, WANG))
    assert (list(found.new), list(found.gone), found.unchanged) == (["王"], ["林"], 0)
    assert found.changed == {"陈": (CHEN, sold)}


@pytest.mark.rule("R13")
@pytest.mark.rule("R41")
def test_a_visitor_is_checked_against_the_residents_that_were_given(desk: Desk) -> None:
    residents = (Resident(unit="1-101", name="陈志远"), Resident(unit="1-101", name="李梅"))
    desk.ask(OFFICE, GiveHouseholds(rows=residents, source="households.csv"))
    to_chen = AdmitVisitor(unit="1-101", name="陈志远", visitor="访客")
    assert isinstance(desk.ask(GUARD, to_chen)[0], VisitorAdmitted)
    desk.ask(OFFICE, GiveHouseholds(rows=residents[1:], source="households.csv"))
    assert desk.why_not(GUARD, to_chen) is Reason.HOUSEHOLD_UNKNOWN
    assert desk.ask(OFFICE, GiveHouseholds(rows=residents[1:], source="households.csv")) == ()


@pytest.mark.rule("R08")
@pytest.mark.rule("R41")
def test_the_watch_list_is_the_one_that_was_given(desk: Desk) -> None:
    def give_watchlist(*plates: str) -> GiveWatchlist:
        rows = tuple(Watch(sign="plate", value=plate, why="欠费", what_to_do="留车") for plate in plates)
        return GiveWatchlist(rows=rows, source="watch.xlsx")

    desk.ask(OFFICE, give_watchlist("粤B00001", "粤B00002"))
    desk.ask(OFFICE, give_watchlist("粤B00002"))
    assert set(desk.state.special.watched) == {"plate:粤B00002"}


@pytest.mark.rule("R37")
@pytest.mark.rule("R41")
def test_the_staff_that_was_given_signs_on_by_card_and_the_one_of_config_yaml_no_more(tmp_path: Path) -> None:
    old, new = "0A00000001", "0A00000002"
    configured = ShiftRules(staff=(Staff(name="老张", role="guard", card=old),))
    desk = Desk(tmp_path, SiteRules(shifts=configured))

    def swipe(card: str) -> str | None:
        desk.send(CardRead(at=desk.clock.now(), lane="", card=card, bits=40))
        on_duty = desk.state.shifts.on_duty
        return None if on_duty is None else on_duty.guard.name

    desk.ask(OFFICE, GiveStaff(rows=(Staff(name="李明", role="guard", card=new),), source="staff.csv"))
    assert swipe(old) is None
    assert swipe(new) == "李明"
    desk.finish()


@pytest.mark.rule("R44")
def test_a_guard_gives_no_lists(desk: Desk) -> None:
    assert desk.why_not(GUARD, give(CHEN)) is Reason.ROLE_NOT_ALLOWED
    assert not desk.state.permits
