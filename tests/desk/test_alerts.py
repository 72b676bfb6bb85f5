"""What becomes of an alert (R35) and of the other alarms of the site (R33)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.core.alarms import AlarmReported, AlarmRules
from daemon.core.alerts import (
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertFollowedUp,
    AlertRules,
    CloseAlert,
    FollowUpAlert,
    Level,
    SendSomeone,
    SomeoneSent,
)
from daemon.core.facts import AlertCleared, AlertRaised, Fact
from daemon.core.reasons import Reason, Severity
from daemon.core.signals import AlarmChanged, DeviceLost, DeviceRestored
from daemon.core.state import SiteRules
from tests.desk.rig import GUARD, LEADER, OFFICE, Desk

SITE = SiteRules(
    alerts=AlertRules(
        acknowledge_within={
            Severity.URGENT: timedelta(minutes=2),
            Severity.WARNING: timedelta(minutes=10),
        }
    ),
    alarms=(
        AlarmRules(id="panic", name="岗亭紧急按钮", alarm="panic"),
        AlarmRules(id="north-wall", name="北墙", alarm="perimeter"),
        AlarmRules(id="cabinet", name="道闸机箱", alarm="tamper", severity=Severity.WARNING),
    ),
)
PANIC = "panic:panic"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, SITE)
    desk.start()
    yield desk
    desk.finish()


def alarm(desk: Desk, name: str, active: bool | None = True) -> tuple[Fact, ...]:
    return desk.send(AlarmChanged(at=desk.clock.now(), alarm=name, active=active))


def kinds(facts: tuple[Fact, ...] | list[Fact]) -> list[type[Fact]]:
    return [type(fact) for fact in facts]


@pytest.mark.rule("R33")
@pytest.mark.parametrize(
    ("name", "alert", "severity"),
    [
        ("panic", "panic", Severity.URGENT),
        ("north-wall", "perimeter", Severity.URGENT),
        ("cabinet", "tamper", Severity.WARNING),
    ],
)
def test_each_named_contact_is_an_alert_of_its_own(
    desk: Desk, name: str, alert: str, severity: Severity
) -> None:
    assert kinds(alarm(desk, name, active=False)) == [AlarmReported]
    reported, raised = alarm(desk, name)
    assert isinstance(reported, AlarmReported)
    assert isinstance(raised, AlertRaised)
    assert (raised.alert, raised.severity, raised.subject) == (alert, severity, name)


@pytest.mark.rule("R33")
def test_an_alarm_that_falls_silent_stays_open_until_somebody_has_looked(desk: Desk) -> None:
    alarm(desk, "panic")
    assert alarm(desk, "panic") == (), "said once"
    assert desk.why_not(GUARD, CloseAlert(alert_id=PANIC, outcome="误按")) is Reason.CAUSE_LASTS
    assert kinds(alarm(desk, "panic", active=False)) == [AlarmReported]
    assert kinds(alarm(desk, "panic")) == [AlarmReported], "the alert is open still"
    alarm(desk, "panic", active=False)
    assert kinds(desk.ask(GUARD, CloseAlert(alert_id=PANIC, outcome="误按"))) == [
        AlertAcknowledged,
        AlertCleared,
    ]
    assert kinds(alarm(desk, "panic")) == [AlarmReported, AlertRaised]


@pytest.mark.rule("R33")
def test_a_contact_that_cannot_be_read_or_is_not_of_this_site_is_no_alarm(desk: Desk) -> None:
    alarm(desk, "panic", active=False)
    assert kinds(alarm(desk, "panic", active=None)) == [AlarmReported]
    assert alarm(desk, "south-wall") == ()


@pytest.mark.rule("R35")
def test_an_alert_is_seen_somebody_is_sent_it_is_followed_up_and_closed(desk: Desk) -> None:
    alarm(desk, "north-wall")
    alarm(desk, "north-wall", active=False)
    alert = "perimeter:north-wall"
    (seen,) = desk.ask(OFFICE, AcknowledgeAlert(alert_id=alert, note="看监控"))
    assert isinstance(seen, AlertAcknowledged)
    assert desk.why_not(GUARD, AcknowledgeAlert(alert_id=alert)) is Reason.ALERT_ACKNOWLEDGED
    (sent,) = desk.ask(LEADER, SendSomeone(alert_id=alert, who="赵门岗"))
    assert isinstance(sent, SomeoneSent)
    assert desk.why_not(LEADER, SendSomeone(alert_id=alert, who="赵门岗")) is Reason.ALREADY_SENT
    (followed,) = desk.ask(GUARD, FollowUpAlert(alert_id=alert, text="是猫"))
    assert isinstance(followed, AlertFollowedUp)
    (closed,) = desk.ask(LEADER, CloseAlert(alert_id=alert, outcome="误报，是猫"))
    assert isinstance(closed, AlertCleared)
    assert (closed.by, closed.outcome) == (LEADER, "误报，是猫")
    assert desk.why_not(LEADER, CloseAlert(alert_id=alert, outcome="再关")) is Reason.ALERT_NOT_OPEN


@pytest.mark.rule("R35")
def test_an_alert_that_nobody_acknowledges_goes_up_level_by_level(desk: Desk) -> None:
    alarm(desk, "panic")
    assert desk.time(seconds=119) == []
    (first,) = desk.time(seconds=1)
    assert isinstance(first, AlertEscalated)
    assert (first.level, first.severity) == (Level.LEADER, Severity.URGENT)
    (second,) = desk.time(minutes=2)
    assert isinstance(second, AlertEscalated)
    assert second.level == Level.CONTROL_ROOM
    assert desk.time(days=1) == [], "there is nobody above"


@pytest.mark.rule("R35")
def test_an_alert_in_somebodys_hands_goes_nowhere(desk: Desk) -> None:
    alarm(desk, "panic")
    alarm(desk, "cabinet")
    assert kinds(desk.ask(GUARD, SendSomeone(alert_id=PANIC, who="赵门岗"))) == [
        AlertAcknowledged,
        SomeoneSent,
    ]
    said = desk.time(minutes=10)
    assert [fact.alert_id for fact in said if isinstance(fact, AlertEscalated)] == ["tamper:cabinet"]


@pytest.mark.rule("R35")
@pytest.mark.rule("R31")
def test_what_is_still_broken_cannot_be_closed_away_and_clears_itself_when_mended(desk: Desk) -> None:
    at = desk.clock.now()
    desk.send(DeviceLost(at=at, device="entry-1.reader", lane=None, role="reader", why="断线"))
    alert = "device_failed:entry-1.reader"
    assert desk.why_not(LEADER, CloseAlert(alert_id=alert, outcome="知道了")) is Reason.CAUSE_LASTS
    said = desk.send(DeviceRestored(at=at, device="entry-1.reader", lane=None, role="reader"))
    assert AlertCleared in kinds(said)
    assert desk.time(hours=1) == []


@pytest.mark.rule("R35")
def test_a_restart_forgets_no_level_and_a_reboot_lets_the_time_run_anew(desk: Desk) -> None:
    alarm(desk, "panic")
    desk.time(seconds=100)
    desk.restart()
    assert kinds(desk.time(seconds=20)) == [AlertEscalated]
    desk.time(seconds=100)
    desk.reboot()
    assert desk.time(seconds=119) == []
    assert kinds(desk.time(seconds=1)) == [AlertEscalated]


@pytest.mark.rule("R35")
def test_sending_following_up_and_closing_say_whom_and_what(desk: Desk) -> None:
    alarm(desk, "panic")
    alarm(desk, "panic", active=False)
    assert desk.why_not(GUARD, SendSomeone(alert_id=PANIC, who="")) is Reason.NAME_NEEDED
    assert desk.why_not(GUARD, FollowUpAlert(alert_id=PANIC, text=" ")) is Reason.TEXT_NEEDED
    assert desk.why_not(GUARD, CloseAlert(alert_id=PANIC, outcome="")) is Reason.TEXT_NEEDED
