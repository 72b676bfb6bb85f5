"""What may stand on a line of a `.gate` file, in Chinese and in English.

The law of this file: a line is one sentence, and a sentence is one row of SENTENCES: a pattern in either
language, and what it comes to. Nothing else is understood, and what is not understood is named with its file
and line.

    车道 entry-1 入口 刷卡加车牌       lane entry-1 entry card_and_plate
    登记 王 62E3086CED 粤B12345       permit 王 62E3086CED 粤B12345
    车到 entry-1                      car at entry-1
    刷卡 62E3086CED                   card 62E3086CED
    过 3 秒                           after 3 s
    应放行 卡与车牌相符                then granted permit_card_and_plate

`#` begins a remark, and quotes none. A lane is said once: later lines mean the lane named last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from daemon.scenario import desk_words, lane_words, money_words, outside_words, paper_words, post_words


class NotUnderstood(ValueError):
    """A line that is no sentence: says file, line, the text, and what is nearest to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: which sentence it is, with the words that fill it."""

    line: int
    text: str
    what: str
    words: dict[str, str]


_LANE = r"(?P<lane>[a-z0-9-]+)"
_CARD = r"(?P<card>[0-9A-F]+)"
_PLATE = r"(?P<plate>\S+)"
_WHY = r"(?P<why>.+)"

SENTENCES: tuple[tuple[str, str], ...] = (
    ("lane", rf"车道 {_LANE} (?P<direction>入口|出口) (?P<mode>刷卡加车牌|只认车牌|只刷卡)(?P<rest>( \S+)*)"),
    ("lane", rf"lane {_LANE} (?P<direction>entry|exit) (?P<mode>[a-z_]+)(?P<rest>( \S+)*)"),
    ("permit", rf"登记 (?P<holder>\S+) {_CARD} {_PLATE}"),
    ("permit", rf"permit (?P<holder>\S+) {_CARD} {_PLATE}"),
    ("until", r"(?P<holder>\S+) 有效至 (?P<when>[-0-9]+ [:0-9]+)"),
    ("until", r"(?P<holder>\S+) holds until (?P<when>[-0-9]+ [:0-9]+)"),
    ("hours", r"(?P<holder>\S+) 准入时段 (?P<hours>[-:0-9]+)"),
    ("hours", r"(?P<holder>\S+) has hours (?P<hours>[-:0-9]+)"),
    ("site", r"规定 (?P<policy>过期等门岗|过期拒绝|过期按临时车)"),
    ("site", r"policy (?P<policy>expired_guard|expired_refuse|expired_temporary)"),
    ("now", r"现在 (?P<when>[-0-9]+ [:0-9]+)"),
    ("now", r"now (?P<when>[-0-9]+ [:0-9]+)"),
    ("withdraw", r"注销 (?P<holder>\S+)"),
    ("withdraw", r"withdraw (?P<holder>\S+)"),
    ("arrives", rf"车到 {_LANE}"),
    ("arrives", rf"car at {_LANE}"),
    ("leaves", r"车退走|car backs off"),
    ("card", rf"刷卡 {_CARD}"),
    ("card", rf"card {_CARD}"),
    ("blurred", r"车牌看不清|plate unreadable"),
    ("plate", rf"车牌 {_PLATE}"),
    ("plate", rf"plate {_PLATE}"),
    ("under", r"车到杆下|car under boom"),
    ("clears", r"车驶离|car clears"),
    ("drives", r"车通过|car drives through"),
    ("restart", r"重启|restart"),
    ("time", r"过 (?P<seconds>[0-9.]+) 秒"),
    ("time", r"after (?P<seconds>[0-9.]+) s"),
    ("guard", rf"{desk_words.WHO} (?P<action>放行|拒绝|抬杆|落杆|停杆)( {_WHY})?"),
    ("guard", rf"{desk_words.WHO} (?P<action>release|refuse|open|close|stop)( {_WHY})?"),
    ("by_sign", rf"门岗 以(?P<sign>车牌|卡)为准放行 {_WHY}"),
    ("by_sign", rf"guard releases by (?P<sign>plate|card) {_WHY}"),
    ("choose", rf"门岗 认定 {_PLATE} {_WHY}"),
    ("choose", rf"guard picks {_PLATE} {_WHY}"),
    ("granted", r"应放行( (?P<reason>.+))?"),
    ("granted", r"then granted( (?P<reason>.+))?"),
    ("held", r"应拦下( (?P<reason>.+))?"),
    ("held", r"then held( (?P<reason>.+))?"),
    ("sent_away", r"应拒绝进出( (?P<reason>.+))?"),
    ("sent_away", r"then sent away( (?P<reason>.+))?"),
    ("told", r"应告知 (?P<reason>.+)"),
    ("told", r"then told (?P<reason>.+)"),
    ("advised", r"应提示 (?P<advice>.+)"),
    ("advised", r"then advised (?P<advice>.+)"),
    ("waits", r"应等待|then waits"),
    ("idle", r"应无车|then nobody"),
    ("raised", r"应抬杆|then boom raised"),
    ("lowered", r"应落杆|then boom lowered"),
    ("not_raised", r"不应抬杆|then boom not raised"),
    ("not_lowered", r"不应落杆|then boom not lowered"),
    ("refused", r"应不执行( (?P<reason>.+))?"),
    ("refused", r"then not done( (?P<reason>.+))?"),
    ("alert", r"应报警 (?P<alert>.+)"),
    ("alert", r"then alert (?P<alert>.+)"),
    ("quiet", r"应无报警|then no alert"),
    ("noted", r"应记下 (?P<kind>[a-z_]+)( (?P<text>.+))?"),
    ("noted", r"then noted (?P<kind>[a-z_]+)( (?P<text>.+))?"),
    ("not_noted", r"(不应记下|then not noted) (?P<kind>[a-z_]+)"),
    ("inside", r"场内应有(?P<plates>( \S+)+)"),
    ("inside", r"then inside(?P<plates>( \S+)+)"),
    ("empty", r"场内应无车|then nobody inside"),
    ("nearest", rf"最像的应是 {_PLATE}"),
    ("nearest", rf"then nearest {_PLATE}"),
    ("handed_over", r"交班应有 (?P<text>.+)|then handed over (?P<item>.+)"),
    ("nothing_open", r"交班应无待办|then nothing to hand over"),
    *desk_words.SENTENCES,
    *post_words.SENTENCES,
    *money_words.SENTENCES,
    *lane_words.HAPPENINGS,
    *outside_words.SENTENCES,
    *paper_words.SENTENCES,
)
"""The name of a sentence and its pattern. The order counts only where two patterns take the same line."""

_PATTERNS = tuple((what, re.compile(pattern)) for what, pattern in SENTENCES)


def read(path: Path) -> list[Step]:
    """Every sentence of the file. Raises NotUnderstood with ALL lines that are none."""
    steps: list[Step] = []
    wrong: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = " ".join(line.split("#", 1)[0].split())
        if not text:
            continue
        step = understood(number, text)
        if step is None:
            wrong.append(f"{path.name}:{number}: 看不懂 not understood: {text!r}; {_allowed(text)}")
        else:
            steps.append(step)
    if wrong:
        raise NotUnderstood("\n".join(wrong))
    return steps


def understood(number: int, text: str) -> Step | None:
    for what, pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            words = {key: value.strip() for key, value in found.groupdict().items() if value}
            return Step(number, text, what, words)
    return None


def _allowed(text: str) -> str:
    """The sentences that begin alike, or else every first word there is."""
    first = text.split(maxsplit=1)[0]
    alike = [pattern for _, pattern in SENTENCES if pattern.split()[0] == first]
    if alike:
        return "可写 allowed: " + " / ".join(plain(pattern) for pattern in alike)
    starts = dict.fromkeys(plain(pattern).split()[0] for _, pattern in SENTENCES)
    return "可用 lines begin with: " + " ".join(starts)


def plain(pattern: str) -> str:
    """A pattern as people would write it."""
    named = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", pattern)
    return re.sub(r"\(( [^()]*)\)\?", r"[\1]", named)
