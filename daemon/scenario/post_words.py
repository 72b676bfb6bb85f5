"""The guards' post as lines of a `.gate` file: shifts, handover, logbook, alerts, alarms, rounds.

The law of this file: as in `daemon.scenario.desk_words`. Besides requests it has what the site's data say of
the post, and what happens there without being asked for.

班次 07:00 15:00 23:00 装备 对讲机            shifts 07:00 15:00 23:00 equipment radio
勤务 car-park 每 60 分钟                     duty car-park every 60 min
门岗 签到                                   guard signs on
接班人 签字                                 successor signs
门岗 记 投诉 半夜施工                        guard writes complaint 半夜施工
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from daemon.core.alarms import AlarmKind, AlarmRules
from daemon.core.alerts import AcknowledgeAlert, AlertRules, CloseAlert, SendSomeone
from daemon.core.duty import AT_THE_BUTTON
from daemon.core.logbook import CallBack, EntryKind, FinishEntry, PassOnEntry, WriteEntry
from daemon.core.reasons import Severity
from daemon.core.rota import Staff
from daemon.core.rounds import CheckIn, PatrolCard
from daemon.core.schedule import Duty
from daemon.core.shifts import CheckEquipment, PrepareHandover, SignHandover, SignOff, SignOn, StandIn
from daemon.core.signals import Actor, AlarmChanged, GuardAsked, Instant, Request, Signal
from daemon.core.state import SiteRules
from daemon.scenario.bench import GUARD, LEADER, OFFICE, SUPERVISOR

NEXT = Actor(name="赵门岗", role="guard")

PEOPLE = {
    "门岗": GUARD, "接班人": NEXT, "班长": LEADER, "主管": SUPERVISOR, "物业": OFFICE,
    "guard": GUARD, "successor": NEXT, "leader": LEADER, "supervisor": SUPERVISOR, "office": OFFICE,
}  # fmt: skip
_STAFF = {person.name: person for person in (GUARD, NEXT, LEADER)}

_WHO = r"(?P<who>" + "|".join(PEOPLE) + r")"
_ALARMS: dict[str, AlarmKind] = {"紧急按钮": "panic", "周界": "perimeter", "机箱": "tamper"}
_ENTRIES = {
    "事件": EntryKind.INCIDENT,
    "投诉": EntryKind.COMPLAINT,
    "来电": EntryKind.CALL,
    "借钥匙": EntryKind.KEY_LOAN,
    "借器材": EntryKind.EQUIPMENT_LOAN,
    "寄存": EntryKind.LEFT_ITEM,
} | {str(kind): kind for kind in EntryKind}

SENTENCES: tuple[tuple[str, str], ...] = (
    ("post_shifts", r"(班次|shifts)(?P<starts>( \d\d:\d\d)+)( (装备|equipment) (?P<equipment>.+))?"),
    ("post_staff", r"(员工卡|staff card) (?P<card>[0-9A-F]+) (?P<name>\S+)"),
    ("post_patrol", r"(巡更卡|patrol card) (?P<card>[0-9A-F]+) (?P<duty>[a-z0-9-]+)"),
    ("post_every", r"勤务 (?P<duty>[a-z0-9-]+) 每 (?P<minutes>\d+) 分钟( 在 (?P<between>\S+))?"),
    ("post_every", r"duty (?P<duty>[a-z0-9-]+) every (?P<minutes>\d+) min( in (?P<between>\S+))?"),
    ("post_leader", r"勤务 (?P<duty>[a-z0-9-]+) 班长 (?P<times>\d+) 次 在 (?P<between>\S+)"),
    ("post_leader", r"duty (?P<duty>[a-z0-9-]+) leader (?P<times>\d+) times in (?P<between>\S+)"),
    ("post_patience", r"告警 (?P<seconds>\d+) 秒内确认"),
    ("post_patience", r"alerts acknowledged within (?P<seconds>\d+) s"),
    (
        "post_alarm",
        r"(报警点|alarm) (?P<alarm>[a-z0-9-]+) (?P<what>紧急按钮|周界|机箱|panic|perimeter|tamper)",
    ),
    ("sign_on", rf"{_WHO} (签到|signs on)"),
    ("sign_off", rf"{_WHO} (离岗|signs off)"),
    ("equipment", rf"{_WHO} (清点|checks) (?P<item>\S+)( (?P<wrong>.+))?"),
    ("handover", rf"{_WHO} (交班|hands over)( (?P<note>.+))?"),
    ("sign", rf"{_WHO} (签字|signs)( (?P<note>.+))?"),
    ("stand_in", rf"{_WHO} (替班|stands in) (?P<why>.+)"),
    ("check_in", rf"{_WHO} (巡查|checks in) (?P<duty>[a-z0-9-]+)( (发现|finding) (?P<finding>.+))?"),
    ("write", rf"{_WHO} (记|writes) (?P<entry>{'|'.join(_ENTRIES)}) (?P<text>.+)"),
    ("pass_on", rf"{_WHO} (转交|passes on) (?P<number>L\d+) (?P<post>\S+)"),
    ("call_back", rf"{_WHO} (回访|calls back) (?P<number>L\d+) (?P<said>满意|不满意|content|not content)"),
    ("finish", rf"{_WHO} (办结|finishes) (?P<number>L\d+) (?P<text>.+)"),
    ("acknowledge", rf"{_WHO} (确认告警|acknowledges) (?P<alert>\S+)"),
    ("send", rf"{_WHO} (派|sends) (?P<person>\S+) (?P<alert>\S+:\S+)"),
    ("close_alert", rf"{_WHO} (结案|closes) (?P<alert>\S+:\S+) (?P<text>.+)"),
    ("alarm_on", r"(报警点动作|alarm on) (?P<alarm>[a-z0-9-]+)"),
    ("alarm_off", r"(报警点复位|alarm off) (?P<alarm>[a-z0-9-]+)"),
    ("button", r"按按钮|button pressed"),
)

Words = Mapping[str, str]

REQUESTS: dict[str, Callable[[Words], Request]] = {
    "sign_on": lambda _words: SignOn(),
    "sign_off": lambda _words: SignOff(),
    "equipment": lambda words: CheckEquipment(
        item=words["item"], ok="wrong" not in words, note=words.get("wrong", "")
    ),
    "handover": lambda words: PrepareHandover(note=words.get("note", "")),
    "sign": lambda words: SignHandover(remark=words.get("note", "")),
    "stand_in": lambda words: StandIn(reason=words["why"]),
    "check_in": lambda words: CheckIn(duty=words["duty"], finding=words.get("finding", "")),
    "write": lambda words: WriteEntry(entry=_ENTRIES[words["entry"]], text=words["text"]),
    "pass_on": lambda words: PassOnEntry(number=words["number"], post=words["post"]),
    "call_back": lambda words: CallBack(
        number=words["number"], text=words["said"], satisfied=words["said"] in ("满意", "content")
    ),
    "finish": lambda words: FinishEntry(number=words["number"], text=words["text"]),
    "acknowledge": lambda words: AcknowledgeAlert(alert_id=words["alert"]),
    "send": lambda words: SendSomeone(alert_id=words["alert"], who=words["person"]),
    "close_alert": lambda words: CloseAlert(alert_id=words["alert"], outcome=words["text"]),
}


def asked(what: str, words: Words) -> tuple[Actor, Request]:
    """Who asks for what. `what` is one of REQUESTS."""
    return PEOPLE[words["who"]], REQUESTS[what](words)


# ---------------------------------------------------------------- what happens unasked


DEEDS: dict[str, Callable[[Words, Instant, str], Signal]] = {
    "alarm_on": lambda words, at, _lane: AlarmChanged(at=at, alarm=words["alarm"], active=True),
    "alarm_off": lambda words, at, _lane: AlarmChanged(at=at, alarm=words["alarm"], active=False),
    "button": lambda _words, at, lane: GuardAsked(
        at=at, actor=AT_THE_BUTTON, lane=lane, action="open", reason="按钮 button"
    ),
}


# ---------------------------------------------------------------- what the site's data say


def _shifts(site: SiteRules, words: Words) -> SiteRules:
    starts = tuple(sorted(map(time.fromisoformat, words["starts"].split())))
    equipment = tuple(words.get("equipment", "").split())
    return replace(site, shifts=replace(site.shifts, starts=starts, equipment=equipment))


def _staff(site: SiteRules, words: Words) -> SiteRules:
    person = _STAFF[words["name"]]
    assert person.role in ("guard", "leader", "supervisor")
    one = Staff(name=person.name, role=person.role, card=words["card"])
    return replace(site, shifts=replace(site.shifts, staff=(*site.shifts.staff, one)))


def _patrol(site: SiteRules, words: Words) -> SiteRules:
    card = PatrolCard(card=words["card"], duty=words["duty"])
    return replace(site, patrol_cards=(*site.patrol_cards, card))


def _every(site: SiteRules, words: Words) -> SiteRules:
    every = timedelta(minutes=int(words["minutes"]))
    duty = Duty(
        id=words["duty"],
        name=words["duty"],
        per="minutes",
        every=every,
        between=_between(words.get("between")),
    )
    return replace(site, duties=(*site.duties, duty))


def _leader(site: SiteRules, words: Words) -> SiteRules:
    duty = Duty(
        id=words["duty"],
        name=words["duty"],
        per="day",
        times=int(words["times"]),
        between=_between(words["between"]),
        by_leader=True,
    )
    return replace(site, duties=(*site.duties, duty))


def _between(hours: str | None) -> tuple[time, time] | None:
    if hours is None:
        return None
    begins, _, ends = hours.partition("-")
    return time.fromisoformat(begins), time.fromisoformat(ends)


def _patience(site: SiteRules, words: Words) -> SiteRules:
    wait = timedelta(seconds=int(words["seconds"]))
    return replace(site, alerts=AlertRules(acknowledge_within=dict.fromkeys(Severity, wait)))


def _alarm(site: SiteRules, words: Words) -> SiteRules:
    what: Any = _ALARMS.get(words["what"], words["what"])
    alarm = AlarmRules(id=words["alarm"], name=words["alarm"], alarm=what)
    return replace(site, alarms=(*site.alarms, alarm))


SITE: dict[str, Callable[[SiteRules, Words], SiteRules]] = {
    "post_shifts": _shifts,
    "post_staff": _staff,
    "post_patrol": _patrol,
    "post_every": _every,
    "post_leader": _leader,
    "post_patience": _patience,
    "post_alarm": _alarm,
}
"""The rules of the site after a line about the post."""
