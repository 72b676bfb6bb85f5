"""Dates at the ends of the calendar: refused with their reason, and never the end of the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.commands import OfferTime
from daemon.core.decide import decide
from daemon.core.facts import ActionRefused
from daemon.core.reasons import Reason
from daemon.core.requests import ALL_REQUESTS, kind_of
from daemon.core.roles import MAY
from daemon.core.shifts import PlanShift
from daemon.core.signals import Actor, Asked, Request
from daemon.core.state import empty_state
from daemon.runtime.clock import ManualClock
from tests.desk.rig import LEADER, Desk

EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
ENDS = [
    *(datetime.min.replace(tzinfo=zone) for zone in (None, UTC, EAST, WEST)),
    *(datetime.max.replace(tzinfo=zone) for zone in (None, UTC, EAST, WEST)),
]
AT = ManualClock().now()


def dated(request: type[Request]) -> list[str]:
    hints = get_type_hints(request)
    return [name for name, hint in hints.items() if hint is datetime or datetime in get_args(hint)]


DATED = [request for request in ALL_REQUESTS if dated(request)]


@pytest.mark.parametrize("request_of", DATED, ids=kind_of)
@pytest.mark.parametrize("trusted", [True, False])
@given(data=st.data())
def test_no_date_of_a_request_stops_the_gate(request_of: Any, trusted: bool, data: st.DataObject) -> None:
    moments: dict[str, Any] = {name: st.sampled_from(ENDS) for name in dated(request_of)}
    request: Request = data.draw(st.builds(request_of, **moments))
    actor = Actor(name="王", role=min(MAY[request_of]))
    signal = Asked(at=replace(AT, trusted=trusted), actor=actor, request=request)
    (said,) = decide(empty_state(()), signal)
    assert isinstance(said, ActionRefused)
    assert said.reason is Reason.DATE_WRONG


def test_a_shift_or_a_time_beyond_the_calendar_is_not_written_down(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    assert (
        desk.why_not(LEADER, PlanShift(starts=datetime(9999, 12, 31, 23, tzinfo=UTC), guard="赵"))
        is Reason.DATE_WRONG
    )
    desk.clock.trusted = False
    beyond = OfferTime(now=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    assert desk.why_not(LEADER, beyond) is Reason.DATE_WRONG
    desk.time(days=2)
    desk.finish()
