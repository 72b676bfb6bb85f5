"""Rounds, roll calls, checks, inspections and drills (R38): what is due, done, missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.core.facts import AlertCleared, AlertRaised, Fact
from daemon.core.logbook import EntryWritten
from daemon.core.reasons import AlertKind, Reason
from daemon.core.rota import ShiftRules
from daemon.core.rounds import CheckIn, DutyDone, DutyMissed, PatrolCard
from daemon.core.schedule import Duty, next_slot
from daemon.core.shifts import SignOn
from daemon.core.signals import Actor, CardRead
from daemon.core.state import CHINA, SiteRules
from daemon.core.wall_clock import ClockSet
from tests.desk.rig import GUARD, LEADER, OFFICE, Desk

NIGHT = (time(22), time(6))
CAR_PARK = Duty(id="car-park", name="车场巡查", per="minutes", every=timedelta(hours=1))
BARRIERS = Duty(id="barriers", name="道闸标牌检查", per="shift")
ROLL_CALL = Duty(id="roll-call", name="夜间点名", per="minutes", every=timedelta(minutes=30), between=NIGHT)
LEADER_CHECK = Duty(
    id="leader-check", name="班长查岗", per="day", times=3, between=(time(0), time(6)), by_leader=True
)
DRILL = Duty(id="drill", name="消防演练", per="quarter")
STARTS = (time(7), time(15), time(23))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    return tmp_path


class Post(Desk):
    """A desk with these duties, at this time of the site."""

    def __init__(self, folder: Path, *duties: Duty, at: str = "2026-06-01T14:00", **site: object) -> None:
        shifts = ShiftRules(starts=STARTS if BARRIERS in duties else ())
        super().__init__(folder, SiteRules(duties=duties, shifts=shifts, **site))  # type: ignore[arg-type]
        self.clock.wall = local(at).astimezone(UTC)
        self.start()

    def missed(self, **by: float) -> list[tuple[str, str, int]]:
        """Duty, end of the slot, how many were done: for everything missed in that time."""
        return [
            (fact.duty, f"{fact.slot_until.astimezone(CHINA):%d %H:%M}", fact.count)
            for fact in self.time(**by)
            if isinstance(fact, DutyMissed)
        ]


def kinds(facts: tuple[Fact, ...] | list[Fact]) -> list[type[Fact]]:
    return [type(fact) for fact in facts]


@pytest.mark.rule("R38")
@pytest.mark.parametrize(
    ("duty", "after", "starts", "ends"),
    [
        (CAR_PARK, "2026-06-01T14:00", "2026-06-01T14:00", "2026-06-01T15:00"),
        (CAR_PARK, "2026-06-01T14:59", "2026-06-01T14:00", "2026-06-01T15:00"),
        (ROLL_CALL, "2026-06-01T14:00", "2026-06-01T22:00", "2026-06-01T22:30"),
        (ROLL_CALL, "2026-06-02T05:40", "2026-06-02T05:30", "2026-06-02T06:00"),
        (ROLL_CALL, "2026-06-02T06:00", "2026-06-02T22:00", "2026-06-02T22:30"),
        (BARRIERS, "2026-06-01T14:00", "2026-06-01T07:00", "2026-06-01T15:00"),
        (BARRIERS, "2026-06-01T23:30", "2026-06-01T23:00", "2026-06-02T07:00"),
        (LEADER_CHECK, "2026-06-01T14:00", "2026-06-02T00:00", "2026-06-02T06:00"),
        (LEADER_CHECK, "2026-06-01T05:59", "2026-06-01T00:00", "2026-06-01T06:00"),
        (Duty(id="d", name="d", per="day"), "2026-06-01T14:00", "2026-06-01T00:00", "2026-06-02T00:00"),
        (Duty(id="w", name="w", per="week"), "2026-06-03T14:00", "2026-06-01T00:00", "2026-06-08T00:00"),
        (Duty(id="m", name="m", per="month"), "2026-12-03T14:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        (Duty(id="m", name="m", per="month"), "2028-02-29T14:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        (DRILL, "2026-06-30T23:59", "2026-04-01T00:00", "2026-07-01T00:00"),
        (DRILL, "2026-12-31T14:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        (Duty(id="y", name="y", per="year"), "2026-06-01T14:00", "2026-01-01T00:00", "2027-01-01T00:00"),
        (
            Duty(id="n", name="n", per="day", between=NIGHT),
            "2026-06-01T14:00",
            "2026-06-01T22:00",
            "2026-06-02T06:00",
        ),
        (
            Duty(id="x", name="x", per="minutes", every=timedelta(hours=5)),
            "2026-06-01T23:00",
            "2026-06-01T20:00",
            "2026-06-02T00:00",
        ),
    ],
)
def test_the_slots_of_a_duty_follow_the_calendar(duty: Duty, after: str, starts: str, ends: str) -> None:
    slot = next_slot(duty, STARTS, CHINA, local(after).astimezone(UTC))
    assert slot is not None
    assert (slot.starts, slot.ends) == (local(starts), local(ends))


@pytest.mark.rule("R38")
@pytest.mark.parametrize("duty", [CAR_PARK, ROLL_CALL, BARRIERS, LEADER_CHECK, DRILL])
@pytest.mark.parametrize("zone", [CHINA, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns")])
def test_slots_come_one_after_another_and_never_stand_still(duty: Duty, zone: ZoneInfo) -> None:
    """Also over the night in which the clocks change."""
    at = datetime(2026, 3, 27, tzinfo=UTC)
    for _ in range(200):
        slot = next_slot(duty, STARTS, zone, at)
        assert slot is not None
        assert slot.ends > at
        assert slot.starts < slot.ends
        at = slot.ends


@pytest.mark.rule("R38")
def test_a_round_is_done_each_hour_or_missed_with_an_alert(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    (done,) = post.ask(GUARD, CheckIn(duty="car-park", place="地下一层"))
    assert isinstance(done, DutyDone)
    assert (done.slot_until, done.count, done.wanted) == (local("2026-06-01T15:00"), 1, 1)
    assert post.missed(minutes=119) == [], "15:59: nothing is missed yet"
    said = post.time(minutes=1)
    assert kinds(said) == [DutyMissed, AlertRaised]
    assert post.missed(minutes=60) == [("car-park", "01 17:00", 0)]
    assert kinds(post.ask(GUARD, CheckIn(duty="car-park"))) == [DutyDone, AlertCleared]
    assert post.missed(minutes=60) == []
    post.finish()


@pytest.mark.rule("R38")
def test_three_checks_after_midnight_by_a_leader_and_by_nobody_else(folder: Path) -> None:
    post = Post(folder, LEADER_CHECK, at="2026-06-01T23:00")
    post.time(hours=2)
    assert post.why_not(GUARD, CheckIn(duty="leader-check")) is Reason.DUTY_OF_A_LEADER
    for count in (1, 2):
        (done,) = post.ask(LEADER, CheckIn(duty="leader-check"))
        assert isinstance(done, DutyDone)
        assert done.count == count
        post.time(minutes=40)
    assert post.missed(hours=6) == [("leader-check", "02 06:00", 2)]
    post.time(hours=17)
    for _ in range(3):
        post.ask(LEADER, CheckIn(duty="leader-check"))
        post.time(minutes=40)
    assert post.missed(hours=8) == []
    post.finish()


@pytest.mark.rule("R38")
def test_the_roll_is_called_every_half_hour_at_night_and_not_by_day(folder: Path) -> None:
    post = Post(folder, ROLL_CALL, at="2026-06-01T20:00")
    missed = post.missed(hours=24)
    assert len(missed) == 16
    assert (missed[0], missed[-1]) == (("roll-call", "01 22:30", 0), ("roll-call", "02 06:00", 0))
    post.finish()


@pytest.mark.rule("R38")
@pytest.mark.rule("R39")
def test_a_finding_goes_into_the_logbook(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    done, written = post.ask(GUARD, CheckIn(duty="car-park", place="B2", finding="消防栓玻璃破损"))
    assert isinstance(done, DutyDone)
    assert isinstance(written, EntryWritten)
    assert (written.entry.entry, written.entry.text) == ("patrol_finding", "车场巡查 B2 消防栓玻璃破损")
    post.finish()


@pytest.mark.rule("R38")
def test_a_patrol_card_at_a_reader_is_a_check_in_and_no_car(folder: Path) -> None:
    cards = (
        PatrolCard(card="0F0F0F", duty="car-park"),
        PatrolCard(card="0E0E0E", duty="leader-check", holder=Actor(name="周班长", role="leader")),
    )
    post = Post(folder, CAR_PARK, LEADER_CHECK, patrol_cards=cards)
    post.ask(GUARD, SignOn())

    def shown(card: str) -> tuple[Fact, ...]:
        return post.send(CardRead(at=post.clock.now(), lane="entry-1", card=card, bits=24))

    (done,) = shown("0F0F0F")
    assert isinstance(done, DutyDone)
    assert (done.by, done.how, done.place) == (GUARD, "card", "entry-1"), "it is the guard's on duty"
    assert shown("0F0F0F") == (), "held to the reader twice, it is one check-in"
    (done,) = shown("0E0E0E")
    assert isinstance(done, DutyDone)
    assert done.by.name == "周班长"
    assert done.slot_until is None, "by day it is done, and was not due"
    post.finish()


@pytest.mark.rule("R38")
@pytest.mark.rule("R43")
def test_without_a_clock_rounds_pause_and_say_so_and_go_on_with_one(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    post.clock.trusted = False
    assert kinds(post.beat()) == [ClockSet, AlertRaised]
    assert post.time(days=2) == []
    (done,) = post.ask(GUARD, CheckIn(duty="car-park"))
    assert isinstance(done, DutyDone)
    assert done.slot_until is None
    post.clock.trusted = True
    assert kinds(post.beat()) == [ClockSet, AlertCleared]
    assert post.missed(hours=1) == [("car-park", "03 15:00", 0)]
    post.finish()


@pytest.mark.rule("R38")
@pytest.mark.rule("R43")
def test_a_clock_that_was_a_year_ahead_leaves_no_year_without_rounds(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    post.clock.step_wall(timedelta(days=365))
    post.beat()
    post.ask(GUARD, CheckIn(duty="car-park"))
    post.clock.step_wall(-timedelta(days=365))
    post.beat()
    assert post.missed(hours=1) == [("car-park", "01 15:00", 0)]
    post.finish()


@pytest.mark.rule("R38")
def test_a_week_without_power_is_said_once_and_then_it_goes_on(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    post.ask(GUARD, CheckIn(duty="car-park"))
    post.reboot(off_for=timedelta(days=7))
    assert len(post.missed(minutes=30)) == 1
    post.ask(GUARD, CheckIn(duty="car-park"))
    assert post.missed(minutes=80) == []
    post.finish()


@pytest.mark.rule("R38")
def test_a_duty_that_nobody_has_listed_and_one_done_a_moment_ago(folder: Path) -> None:
    post = Post(folder, CAR_PARK)
    assert post.why_not(GUARD, CheckIn(duty="swimming-pool")) is Reason.DUTY_UNKNOWN
    assert post.why_not(OFFICE, CheckIn(duty="car-park")) is Reason.ROLE_NOT_ALLOWED
    post.ask(GUARD, CheckIn(duty="car-park"))
    assert post.why_not(GUARD, CheckIn(duty="car-park")) is Reason.CHECKED_IN_ALREADY
    assert AlertKind.DUTY_MISSED not in {alert.alert for alert in post.state.alerts.values()}
    post.finish()
