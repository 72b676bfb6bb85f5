"""R07: dates, lanes and hours of a permit; its end is announced, and what comes after it is never silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from daemon.core.facts import AccessGranted, AccessRefused, AlertRaised
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.state import Phase, SiteRules
from daemon.core.validity import is_within_hours
from tests.core.conftest import Site
from tests.core.rig import GateRig, entry, exit_, permit

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
"""Noon in China."""


def gate_at_noon(site: Site, rules: SiteRules | None = None, **of_permit: Any) -> GateRig:
    gate = site(
        entry(), exit_(), permits=(permit("P", "A1", "粤B12345", **of_permit),), rules=rules or SiteRules()
    )
    gate.set_wall(NOON, trusted=True)
    return gate


def comes(gate: GateRig, lane: str = "entry-1") -> None:
    gate.car_arrives(lane)
    gate.plate("粤B12345", lane)
    gate.card("A1", lane)


@pytest.mark.rule("R07")
@pytest.mark.parametrize(
    ("hours", "at", "holds"),
    [
        ("", "03:00", True),
        ("07:00-20:00", "07:00", True),
        ("07:00-20:00", "20:00", False),
        ("07:00-20:00", "06:59", False),
        ("22:00-06:00", "23:30", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("18:00-24:00", "23:59", True),
    ],
)
def test_hours_begin_with_their_first_minute_and_may_go_over_midnight(
    hours: str, at: str, holds: bool
) -> None:
    assert is_within_hours(hours, datetime.fromisoformat(f"2026-06-01T{at}")) is holds


@pytest.mark.rule("R07")
def test_outside_its_hours_a_car_does_not_come_in_but_goes_out(site: Site) -> None:
    """Given a permit for the day, at noon it comes in; by night it leaves, and does not come back."""
    gate = gate_at_noon(site, hours="07:00-20:00")
    comes(gate)
    gate.drives_through()
    gate.set_wall(NOON + timedelta(hours=10), trusted=True)
    comes(gate, "exit-1")
    gate.drives_through("exit-1")
    assert gate.inside == set()
    comes(gate)
    assert gate.lane().passage.reason is Reason.OUTSIDE_HOURS


@pytest.mark.rule("R07")
def test_hours_are_those_of_the_site(site: Site) -> None:
    gate = gate_at_noon(
        site, SiteRules(timezone=timezone(timedelta(hours=-4), "elsewhere")), hours="07:00-20:00"
    )
    comes(gate)
    assert gate.lane().passage.reason is Reason.OUTSIDE_HOURS


@pytest.mark.rule("R07")
def test_an_end_in_sight_is_announced_once_a_day(site: Site) -> None:
    """Given a permit with three days to go, its driver hears so at each entry, the panel once a day."""
    gate = gate_at_noon(site, valid_until=NOON + timedelta(days=3))
    for day in range(2):
        gate.set_wall(NOON + timedelta(days=day), trusted=True)
        for _ in range(2):
            comes(gate)
            assert gate.last(AccessGranted).told == (Reason.EXPIRES_SOON,)
            gate.drives_through()
            gate.time(5)
            gate.comes_and_goes("A1", "粤B12345", "exit-1")
        assert len(gate.all(AlertRaised)) == day + 1
        assert gate.alerts == {AlertKind.PERMIT_ENDS_SOON}
    assert gate.last(AlertRaised).severity is Severity.NOTICE
    assert "2026-06-04 12:00" in gate.last(AlertRaised).detail


@pytest.mark.rule("R07")
def test_a_renewed_permit_is_announced_no_more(site: Site) -> None:
    gate = gate_at_noon(site, valid_until=NOON + timedelta(days=3))
    gate.comes_and_goes("A1", "粤B12345")
    gate.permits(permit("P", "A1", "粤B12345", valid_until=NOON + timedelta(days=365)))
    comes(gate, "exit-1")
    assert gate.last(AccessGranted).told == ()
    assert gate.alerts == set()


@pytest.mark.rule("R07")
def test_an_end_that_is_far_off_or_cannot_be_known_is_not_announced(site: Site) -> None:
    gate = gate_at_noon(site, valid_until=NOON + timedelta(days=8))
    gate.comes_and_goes("A1", "粤B12345")
    gate.set_wall(NOON + timedelta(days=7), trusted=False)
    comes(gate, "exit-1")
    assert gate.last(AccessGranted).told == ()
    assert gate.alerts == set()


@pytest.mark.rule("R07")
def test_expired_and_refused(site: Site) -> None:
    gate = gate_at_noon(site, SiteRules(expired="refuse"), valid_until=NOON)
    comes(gate)
    assert gate.last(AccessRefused).reason is Reason.EXPIRED
    assert gate.orders == []


@pytest.mark.rule("R07")
def test_nobody_is_shut_in_by_a_permit_that_ends(site: Site) -> None:
    gate = gate_at_noon(site, SiteRules(expired="refuse"), valid_until=NOON + timedelta(hours=1))
    gate.comes_and_goes("A1", "粤B12345")
    gate.set_wall(NOON + timedelta(hours=2), trusted=True)
    comes(gate, "exit-1")
    assert (gate.lane("exit-1").phase, gate.lane("exit-1").passage.reason) == (Phase.HELD, Reason.EXPIRED)


@pytest.mark.rule("R07")
@pytest.mark.parametrize("shows_card", [True, False])
def test_expired_and_taken_for_a_visit(site: Site, shows_card: bool) -> None:
    """Given that policy, it comes in as a temporary car, is told why, and leaves as one."""
    gate = gate_at_noon(site, SiteRules(expired="temporary"), valid_until=NOON)
    gate.car_arrives()
    gate.plate("粤B12345")
    if shows_card:
        gate.card("A1")
    gate.time(1)
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.permit_id) == (Reason.TEMPORARY_PASS, None)
    assert granted.told == (Reason.EXPIRED,)
    gate.drives_through()
    (stay,) = gate.engine.state.stays.values()
    assert (stay.kind, stay.permit_id) == ("temporary", None)
    comes(gate, "exit-1")
    assert gate.last(AccessGranted).reason is Reason.TEMPORARY_EXIT
    gate.drives_through("exit-1")
    assert gate.inside == set()


@pytest.mark.rule("R07")
def test_a_permit_that_ended_inside_leaves_as_a_visit(site: Site) -> None:
    gate = gate_at_noon(site, SiteRules(expired="temporary"), valid_until=NOON + timedelta(hours=1))
    gate.comes_and_goes("A1", "粤B12345")
    gate.set_wall(NOON + timedelta(hours=2), trusted=True)
    comes(gate, "exit-1")
    granted = gate.last(AccessGranted)
    assert (granted.reason, granted.told) == (Reason.TEMPORARY_EXIT, (Reason.EXPIRED,))
    gate.drives_through("exit-1")
    assert gate.inside == set()


@pytest.mark.rule("R07")
@pytest.mark.parametrize("temporary", ["guard", "refuse"])
def test_a_visit_is_let_in_as_far_as_the_lane_lets_visits_in(site: Site, temporary: Any) -> None:
    gate = site(
        entry(temporary=temporary),
        permits=(permit("P", "A1", "粤B12345", valid_until=NOON),),
        rules=SiteRules(expired="temporary"),
    )
    gate.set_wall(NOON, trusted=True)
    comes(gate)
    assert gate.orders == []
    if temporary == "guard":
        assert gate.lane().passage.reason is Reason.EXPIRED
    else:
        assert gate.last(AccessRefused).reason is Reason.EXPIRED


@pytest.mark.rule("R07")
def test_a_plate_misread_by_one_character_is_put_right_before_the_visit(site: Site) -> None:
    """The card names the car, and the pass bears the plate that the camera will read at the exit."""
    gate = site(
        entry(),
        permits=(permit("P", "A1", "粤BD1234", valid_until=NOON),),
        rules=SiteRules(expired="temporary"),
    )
    gate.set_wall(NOON, trusted=True)
    gate.car_arrives()
    gate.plate("粤B01234")
    gate.card("A1")
    gate.drives_through()
    assert gate.inside == {"粤BD1234"}
