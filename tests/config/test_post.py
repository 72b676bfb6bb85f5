"""The guards' post in config.yaml: what it comes to in the core, and what is wrong with a wrong one."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from daemon.core.reasons import Severity
from daemon.core.rota import Staff
from daemon.core.schedule import Duty
from daemon.core.signals import Actor
from daemon.wiring import site_rules
from tests.config.conftest import GOOD, Check, Good

POST = """\
staff:
  - {name: 李门岗, card: "0a00811c2e"}
  - {name: 周班长, role: leader}
shifts:
  starts: ["15:00", "07:00", "23:00"]
  equipment: [对讲机, 手电]
alerts: {urgent_s: 120}
alarms:
  - {id: panic, name: 紧急按钮, alarm: panic, input: {driver: gpio, pin: 20, pull: up, bounce_s: 0.1}}
duties:
  - {id: car-park, name: 车场巡查, every_min: 60}
  - {id: leader-check, name: 班长查岗, per: day, times: 3, between: "00:00-06:00", by: leader}
patrol_cards:
  - {card: "0A00FF0001", duty: car-park}
  - {card: "0A00FF0002", duty: leader-check, holder: 周班长, role: leader}
"""


def with_post(old: str = "", new: str = "") -> str:
    assert POST.count(old) == 1 or not old
    return GOOD + (POST.replace(old, new) if old else POST)


@pytest.mark.rule("R37")
@pytest.mark.rule("R38")
def test_the_post_reaches_the_core(good: Good) -> None:
    site = site_rules(good(with_post()))
    assert site.shifts.starts == (time(7), time(15), time(23)), "in order, whatever was written"
    assert site.shifts.early == timedelta(minutes=10)
    assert site.shifts.of_card("0A00811C2E") == Staff(name="李门岗", role="guard", card="0A00811C2E")
    assert site.alerts.acknowledge_within == {Severity.URGENT: timedelta(minutes=2)}
    assert [(alarm.id, alarm.severity) for alarm in site.alarms] == [("panic", Severity.URGENT)]
    assert site.duties == (
        Duty(id="car-park", name="车场巡查", per="minutes", every=timedelta(hours=1)),
        Duty(
            id="leader-check", name="班长查岗", per="day", times=3, between=(time(0), time(6)), by_leader=True
        ),
    )
    assert site.patrol_cards[0].holder is None
    assert site.patrol_cards[1].holder == Actor(name="周班长", role="leader")


def test_a_site_without_a_post_has_no_shifts_and_misses_nobody(good: Good) -> None:
    site = site_rules(good(GOOD))
    assert (site.shifts.starts, site.duties, site.alarms) == ((), (), ())
    assert site.alerts.acknowledge_within == {}


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"15:00"', '"25:00"', "shifts.starts[0]"),
        ('starts: ["15:00", "07:00", "23:00"]', "starts: []", "shifts.starts"),
        ('card: "0a00811c2e"', 'card: "62e3086ced"', "staff[0].card"),
        ('card: "0a00811c2e"', 'card: "0A00FF0001"', "patrol_cards[0].card"),
        ('card: "0a00811c2e"', 'card: "12"', "staff[0].card"),
        ("role: leader}\nshifts", "role: cook}\nshifts", "staff[1].role"),
        ("duty: car-park", "duty: car-prak", "patrol_cards[0].duty"),
        ("every_min: 60", "every_min: 60, per: day", "duties[0].id"),
        (", every_min: 60", "", "duties[0].id"),
        ("every_min: 60", "every_min: 1", "duties[0].every_min"),
        ("per: day", "per: week", "duties[1].between"),
        ('"00:00-06:00"', "midnight", "duties[1].between"),
        ("{id: leader-check, name", "{id: car-park, name", "duties[1].id"),
        ("driver: gpio", "driver: gpoi", "alarms[0].input.driver"),
        ("pin: 20", "pin: 99", "alarms[0].input.pin"),
        ("alarm: panic,", "alarm: flood,", "alarms[0].alarm"),
        ("urgent_s: 120", "urgent_s: 0", "alerts.urgent_s"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(problems: Check, old: str, new: str, path: str) -> None:
    found = problems(with_post(old, new))
    assert path in [problem.path for problem in found]
    assert all(problem.line for problem in found)


def test_a_duty_of_each_shift_needs_shifts(problems: Check) -> None:
    text = GOOD + "duties:\n  - {id: barriers, name: 道闸检查, per: shift}\n"
    (problem,) = problems(text)
    assert (problem.path, problem.value) == ("duties[0].per", '"shift"')


def test_a_pin_that_a_lane_uses_is_not_an_alarms(problems: Check) -> None:
    text = with_post("pin: 20", "pin: 19").replace(
        "safety: {driver: simulated, loop: safety}", "safety: {driver: gpio, pin: 19, pull: up}"
    )
    assert any("alarms[0]" in problem.path for problem in problems(text))
