"""Release slips: what is carried out needs one, and it works once (R22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.goods import CancelSlip, IssueSlip, SlipCancelled, SlipIssued, SlipUsed, UseSlip
from daemon.core.reasons import Reason
from tests.desk.rig import GUARD, OFFICE, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.finish()


def slip(
    desk: Desk, number: str = "17", *, plate: str | None = "粤B12345", person: str | None = None
) -> IssueSlip:
    until = desk.clock.now().wall + timedelta(hours=8)
    return IssueSlip(
        number=number, household="1-101", items="沙发一张", valid_until=until, plate=plate, person=person
    )


@pytest.mark.rule("R22")
def test_a_slip_works_once_for_its_own_car(desk: Desk) -> None:
    """Given a slip for 粤B12345, another car cannot use it, that car can, and then nobody."""
    (issued,) = desk.ask(OFFICE, slip(desk))
    assert isinstance(issued, SlipIssued)
    assert issued.slip.issuer == "前台"
    assert desk.why_not(GUARD, UseSlip(number="17", plate="粤B99999")) is Reason.SLIP_OF_ANOTHER
    (used,) = desk.ask(GUARD, UseSlip(number="17", plate="粤B12345"))
    assert isinstance(used, SlipUsed)
    assert used.by == GUARD
    assert desk.why_not(GUARD, UseSlip(number="17", plate="粤B12345")) is Reason.SLIP_USED


@pytest.mark.rule("R22")
def test_unknown_expired_and_cancelled_slips_are_refused_with_that_reason(desk: Desk) -> None:
    assert desk.why_not(GUARD, UseSlip(number="99", plate="粤B12345")) is Reason.SLIP_UNKNOWN
    desk.ask(OFFICE, slip(desk))
    (cancelled,) = desk.ask(GUARD, CancelSlip(number="17", reason="遗失"))
    assert isinstance(cancelled, SlipCancelled)
    assert desk.why_not(GUARD, UseSlip(number="17", plate="粤B12345")) is Reason.SLIP_CANCELLED
    desk.ask(OFFICE, slip(desk, "18"))
    desk.clock.advance(timedelta(hours=9))
    assert desk.why_not(GUARD, UseSlip(number="18", plate="粤B12345")) is Reason.SLIP_EXPIRED


@pytest.mark.rule("R22")
def test_a_slip_for_a_person_is_not_for_a_car(desk: Desk) -> None:
    desk.ask(OFFICE, slip(desk, plate=None, person="王小明"))
    assert desk.why_not(GUARD, UseSlip(number="17", plate="粤B12345")) is Reason.SLIP_OF_ANOTHER
    assert isinstance(desk.ask(GUARD, UseSlip(number="17", person="王小明"))[0], SlipUsed)


def test_a_slip_names_somebody_and_its_number_is_its_own(desk: Desk) -> None:
    assert desk.why_not(OFFICE, slip(desk, plate=None)) is Reason.SLIP_FOR_NOBODY
    desk.ask(OFFICE, slip(desk))
    assert desk.why_not(OFFICE, slip(desk)) is Reason.SLIP_NUMBER_TAKEN


@pytest.mark.rule("R44")
def test_a_guard_writes_no_slips_and_that_he_tried_is_on_record(desk: Desk) -> None:
    assert desk.why_not(GUARD, slip(desk)) is Reason.ROLE_NOT_ALLOWED
    (row,) = desk.store.rows(0, 10)
    assert (row.kind, row.body["action"], row.body["by"]["name"]) == (
        "action_refused",
        "issue_slip",
        "李门岗",
    )


def test_a_moment_without_an_offset_is_meant_in_the_sites_own_time(desk: Desk) -> None:
    """A front desk that writes "until 18:00" means its own clock, and a question must never stop the gate."""
    until = (desk.clock.now().wall + timedelta(hours=8 + 1)).replace(tzinfo=None)
    desk.ask(OFFICE, replace(slip(desk), valid_until=until))
    assert isinstance(desk.ask(GUARD, UseSlip(number="17", plate="粤B12345"))[0], SlipUsed)
    desk.ask(OFFICE, replace(slip(desk, "18"), valid_until=until))
    desk.clock.advance(timedelta(hours=2))
    assert desk.why_not(GUARD, UseSlip(number="18", plate="粤B12345")) is Reason.SLIP_EXPIRED
