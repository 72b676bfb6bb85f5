"""Plays a `.gate` file on a gate: the shipped engine and store, with loops, booms and a clock of the bench.

Every sentence that begins with 应 (then) is a claim. Where one does not hold, the whole scenario is shown
with the broken line marked, and what was so instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from daemon.core.facts import AccessGranted, AccessRefused, ActionRefused, CarHeld
from daemon.core.handover import open_items
from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, Words
from daemon.core.signals import Permit, TimerElapsed
from daemon.core.state import CHINA, LaneRules, Phase, SiteRules
from daemon.scenario import desk_words, lane_words, money_words, outside_words, paper_words, post_words
from daemon.scenario.bench import Bench, permit
from daemon.scenario.words import Step, read

_DIRECTIONS = {"入口": "entry", "出口": "exit"}
_MODES = {"刷卡加车牌": "card_and_plate", "只认车牌": "plate_only", "只刷卡": "card_only"}
_ACTIONS = {"放行": "release", "拒绝": "refuse", "抬杆": "open", "落杆": "close", "停杆": "stop"}
_SIGNS: dict[str, Any] = {"车牌": "plate", "卡": "card", "plate": "plate", "card": "card"}
_POLICIES = {"临停放行": "allow", "临停拦下": "guard", "临停拒绝": "refuse"}
_EXPIRED: dict[str, Any] = {"过期等门岗": "guard", "过期拒绝": "refuse", "过期按临时车": "temporary"}
_OF_THE_SITE = post_words.SITE | money_words.SITE | paper_words.SITE
_FLAGS = {"无地感": "has_approach_loop", "无限位": "has_limit_switches"}
_ENGLISH = {"no_approach_loop": "无地感", "no_limit_switches": "无限位"} | {
    f"temporary_{policy}": word for word, policy in _POLICIES.items()
}


class Broken(AssertionError):
    """A claim that did not hold: the scenario with the line marked, and what was so instead."""


def play(
    path: Path, folder: Path, *, bench: type[Bench] = Bench, told: Callable[[Step], None] = lambda _step: None
) -> None:
    """Play it in an empty folder; `told` hears of every step that was done.

    Raises NotUnderstood for a line that is no sentence, Broken for a claim that does not hold.
    """
    steps = read(path)
    player = Player(folder, steps, bench)
    try:
        for step in steps:
            try:
                player.do(step)
            except AssertionError as broken:
                raise Broken(_shown(path, step, str(broken))) from broken
            told(step)
    finally:
        player.close()


def _shown(path: Path, broken: Step, why: str) -> str:
    lines = [f"{path.name}:{broken.line}: 不符 does not hold: {broken.text}", f"    {why}", ""]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        lines.append(f"{'>>' if number == broken.line else '  '} {number:3} {line}")
    return "\n".join(lines)


class Player:
    """One gate in the making: lanes and permits first, then what happens."""

    def __init__(self, folder: Path, steps: Sequence[Step], bench: type[Bench] = Bench) -> None:
        lanes = [_rules(step) for step in steps if step.what == "lane"]
        if not lanes:
            raise Broken("没有车道 no lane: begin with 车道 entry-1 入口 刷卡加车牌")
        self._bench = bench(folder, lanes, site=_site(steps))
        self._here = lanes[0].id
        self._permits: dict[str, Permit] = {}
        self._orders_seen = 0
        self._refusals_seen = 0
        self._facts_seen = 0

    def do(self, step: Step) -> None:
        if step.what in desk_words.REQUESTS:
            here = desk_words.Here(lane=self._here, now=self._bench.now.wall)
            self._bench.ask(*desk_words.asked(step.what, step.words, here))
            return
        if step.what in post_words.REQUESTS:
            self._bench.ask(*post_words.asked(step.what, step.words))
            return
        if step.what in post_words.DEEDS:
            self._bench.send(post_words.DEEDS[step.what](step.words, self._bench.now, self._here))
            return
        if step.what in lane_words.DEEDS:
            self._bench.send(lane_words.DEEDS[step.what](self._bench.now))
            return
        if step.what in outside_words.DEEDS:
            outside_words.DEEDS[step.what](step.words, self._bench, self._here)
            return
        if step.what in lane_words.CLAIMS:
            instead = lane_words.CLAIMS[step.what](step.words, self._bench.engine.state)
            _claim(not instead, instead)
            return
        if step.what in money_words.REQUESTS:
            self._bench.ask(*money_words.asked(step.what, step.words, self._bench.engine.state))
            return
        if step.what in money_words.CLAIMS:
            instead = money_words.CLAIMS[step.what](step.words, self._bench.engine.state, self._bench.facts)
            _claim(not instead, instead)
            return
        if step.what in paper_words.DEEDS:
            state = self._bench.engine.state
            self._bench.send(paper_words.DEEDS[step.what](step.words, self._bench.now, state))
            return
        if step.what in paper_words.CLAIMS:
            instead = paper_words.CLAIMS[step.what](step.words, self._bench.facts)
            _claim(not instead, instead)
            return
        if step.what in _OF_THE_SITE:
            return  # it was so from the start
        handle: Callable[..., None] = getattr(self, f"_{step.what}")
        handle(**step.words)

    def close(self) -> None:
        self._bench.finish()

    # ------------------------------------------------------------ what happens

    def _lane(self, **_words: str) -> None:
        """Nothing: the lanes were there from the start."""

    def _permit(self, holder: str, card: str, plate: str) -> None:
        self._permits[holder] = permit(holder, card, plate)
        self._bench.permits(*self._permits.values())

    def _until(self, holder: str, when: str) -> None:
        self._change(holder, valid_until=_moment(when))

    def _hours(self, holder: str, hours: str) -> None:
        self._change(holder, hours=hours)

    def _change(self, holder: str, **values: Any) -> None:
        _claim(holder in self._permits, f"{holder} 未登记 has no permit")
        self._permits[holder] = replace(self._permits[holder], **values)
        self._bench.permits(*self._permits.values())

    def _site(self, **_words: str) -> None:
        """Nothing: the site's policies were there from the start."""

    def _now(self, when: str) -> None:
        self._bench.set_wall(_moment(when), trusted=True)
        self._bench.send(TimerElapsed(at=self._bench.now))  # as the watchdog has it looked at

    def _withdraw(self, holder: str) -> None:
        _claim(holder in self._permits, f"{holder} 未登记 has no permit")
        del self._permits[holder]
        self._bench.permits(*self._permits.values())

    def _arrives(self, lane: str) -> None:
        _claim(lane in self._bench.booms, f"没有车道 no lane {lane}: {', '.join(self._bench.booms)}")
        self._here = lane
        if self._bench.lane(lane).rules.has_approach_loop:
            self._bench.car_arrives(lane)

    def _leaves(self) -> None:
        self._bench.car_backs_off(self._here)

    def _card(self, card: str) -> None:
        self._bench.card(card, self._here)

    def _plate(self, plate: str) -> None:
        self._bench.plate(plate, self._here)

    def _blurred(self) -> None:
        self._bench.plate("", self._here)

    def _under(self) -> None:
        self._bench.car_under_boom(self._here)

    def _clears(self) -> None:
        if self._bench.lane(self._here).rules.has_approach_loop:
            self._bench.car_backs_off(self._here)
        self._bench.car_clears(self._here)

    def _drives(self) -> None:
        self._bench.drives_through(self._here)

    def _restart(self) -> None:
        self._bench.restart()

    def _time(self, seconds: str) -> None:
        self._bench.time(float(seconds))

    def _guard(self, who: str, action: str, why: str = "") -> None:
        done: Any = _ACTIONS.get(action, action)
        self._bench.guard(done, self._here, reason=why, actor=desk_words.PEOPLE[who])

    def _by_sign(self, sign: str, why: str) -> None:
        self._bench.guard("release", self._here, reason=why, goes_by=_SIGNS[sign])

    def _choose(self, plate: str, why: str) -> None:
        stay = self._bench.engine.state.stay_by_plate(plate)
        _claim(stay is not None, f"场内没有 nobody inside has {plate}: {self._bench.inside}")
        assert stay is not None
        self._bench.guard("release", self._here, reason=why, stay=stay.id)

    # ------------------------------------------------------------ what must be so

    def _granted(self, reason: str | None = None) -> None:
        self._is_in({Phase.GRANTED, Phase.PASSING}, reason)

    def _held(self, reason: str | None = None) -> None:
        self._is_in({Phase.HELD}, reason)

    def _sent_away(self, reason: str | None = None) -> None:
        why = str(self._bench.last(AccessRefused).reason)
        if reason is not None:
            _claim(_meant(reason, REASON_WORDS) == why, f"拒绝的原因 sent away for {why}")

    def _told(self, reason: str) -> None:
        told = self._bench.last(AccessGranted).told
        _claim(_meant(reason, REASON_WORDS) in told, f"告知 told: {told or '-'}")

    def _advised(self, advice: str) -> None:
        shown = self._bench.last(CarHeld).advice
        _claim(advice == shown, f"提示 advised: {shown or '-'}")

    def _waits(self) -> None:
        self._is_in({Phase.IDENTIFYING}, None)

    def _idle(self) -> None:
        self._is_in({Phase.IDLE}, None)

    def _is_in(self, phases: set[Phase], reason: str | None) -> None:
        lane = self._bench.lane(self._here)
        is_so = str(lane.passage.reason) if lane.passage is not None and lane.passage.reason else ""
        _claim(lane.phase in phases, f"{self._here}: {lane.phase} {is_so}")
        if reason is not None:
            _claim(_meant(reason, REASON_WORDS) == is_so, f"{self._here}: {lane.phase} {is_so}")

    def _new_orders(self) -> list[str]:
        new = self._bench.orders[self._orders_seen :]
        return [order for lane, order in new if lane == self._here]

    def _ordered(self, order: str) -> None:
        new = self._new_orders()
        _claim(order in new, f"{self._here}: 命令 orders since the last claim: {new or '-'}")
        self._orders_seen = len(self._bench.orders)

    def _raised(self) -> None:
        self._ordered("raise")

    def _lowered(self) -> None:
        self._ordered("lower")

    def _not_raised(self) -> None:
        _claim("raise" not in self._new_orders(), f"{self._here}: 已抬杆 the boom was raised")

    def _not_lowered(self) -> None:
        _claim("lower" not in self._new_orders(), f"{self._here}: 已落杆 the boom was lowered")

    def _refused(self, reason: str | None = None) -> None:
        refusals = self._bench.all(ActionRefused)
        _claim(len(refusals) > self._refusals_seen, "已执行 it was done")
        self._refusals_seen = len(refusals)
        if reason is not None:
            why = str(refusals[-1].reason)
            _claim(_meant(reason, REASON_WORDS) == why, f"不执行的原因 refused for {why}")

    def _alert(self, alert: str) -> None:
        _claim(_meant(alert, ALERT_WORDS) in self._bench.alerts, f"报警 alerts: {self._bench.alerts or '-'}")

    def _quiet(self) -> None:
        _claim(not self._bench.alerts, f"报警 alerts: {self._bench.alerts}")

    def _noted(self, kind: str, text: str = "") -> None:
        new = self._bench.facts[self._facts_seen :]
        self._facts_seen = len(self._bench.facts)
        found = [fact for fact in new if getattr(fact, "kind", "") == kind]
        _claim(bool(found), f"新记下的 noted: {' '.join(str(getattr(fact, 'kind', '')) for fact in new)}")
        _claim(any(text in str(fact) for fact in found), f"{found[-1]}")

    def _not_noted(self, kind: str) -> None:
        new = self._bench.facts[self._facts_seen :]
        _claim(all(getattr(fact, "kind", "") != kind for fact in new), f"已记下 noted {kind}")

    def _inside(self, plates: str) -> None:
        _claim(set(plates.split()) == self._bench.inside, f"场内 inside: {self._bench.inside or '-'}")

    def _empty(self) -> None:
        _claim(not self._bench.inside, f"场内 inside: {self._bench.inside}")

    def _handed_over(self, text: str = "", item: str = "") -> None:
        items = [open_item.text for open_item in open_items(self._bench.engine.state)]
        _claim(any((text or item) in line for line in items), f"交班清单 handover: {items or '-'}")

    def _shows(self, **words: str) -> None:
        bench = self._bench
        instead = paper_words.shown(words, bench.engine.state, self._here, bench.now, bench.facts)
        _claim(not instead, instead)

    def _nothing_open(self) -> None:
        items = [open_item.text for open_item in open_items(self._bench.engine.state)]
        _claim(not items, f"交班清单 handover: {items}")

    def _nearest(self, plate: str) -> None:
        offered = [candidate.plate for candidate in self._bench.last(CarHeld).candidates]
        _claim(offered[:1] == [plate], f"候选 offered: {offered}")


def _meant(text: str, words: Mapping[Any, Words]) -> str:
    """The name behind what a person wrote: the name itself, or its words in either language."""
    for name, said in words.items():
        if text in (name, said.zh, said.en):
            return str(name)
    known = [each for said in words.values() for each in said]
    near = get_close_matches(text, known, n=5, cutoff=0.4) or [said.zh for said in words.values()]
    raise AssertionError(f"没有这种说法 no such words: {text!r}; 可用 known: {', '.join(near)}")


def _claim(holds: bool, instead: str) -> None:
    if not holds:
        raise AssertionError(f"实际 instead: {instead}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def _site(steps: Sequence[Step]) -> SiteRules:
    rules = SiteRules()
    for step in steps:
        if step.what in _OF_THE_SITE:
            rules = _OF_THE_SITE[step.what](rules, step.words)
        if step.what == "site":
            policy = step.words["policy"]
            rules = replace(rules, expired=_EXPIRED.get(policy, policy.removeprefix("expired_")))
    return rules


def _rules(step: Step) -> LaneRules:
    words = step.words
    more: dict[str, Any] = {}
    for written in words.get("rest", "").split():
        word = _ENGLISH.get(written, written)
        if word in _POLICIES:
            more["temporary"] = _POLICIES[word]
        elif word in _FLAGS:
            more[_FLAGS[word]] = False
        else:
            known = [*_POLICIES, *_FLAGS, *_ENGLISH]
            raise Broken(f"第 {step.line} 行 line {step.line}: {written!r}; 可用 known: {' '.join(known)}")
    mode: Any = _MODES.get(words["mode"], words["mode"])
    direction: Any = _DIRECTIONS.get(words["direction"], words["direction"])
    return LaneRules(
        id=words["lane"],
        name=words["lane"],
        direction=direction,
        mode=mode,
        match_window=timedelta(seconds=10),
        **more,
    )
