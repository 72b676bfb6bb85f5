"""`gatepost office alerts`: what is alarmed at all gates, for whoever sits in the control room (R35).

The law of this file: the table is read from the books and never changed here; what is done about an alert is
a command to its gate, and is in the table when the gate has said so.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.core.alert_actions import ALERT_ACTIONS
from daemon.core.alert_kinds import ALERT_WORDS, AlertKind, Words
from daemon.core.alerts import Level

if TYPE_CHECKING:
    from sqlalchemy import Engine

NEWS_FOR = timedelta(days=1)
"""A trouble with a ledger is shown beside the alerts for so long; `status` shows it for ever."""
REFRESH_S = 1.0
CLEAR = "\033[H\033[2J"

LEVELS: Mapping[int, Words] = {
    Level.GUARD: Words("门岗", "guard"),
    Level.LEADER: Words("班长", "leader"),
    Level.CONTROL_ROOM: Words("监控室", "control room"),
}
SEVERITIES: Mapping[str, Words] = {
    "notice": Words("提示", "notice"),
    "warning": Words("警告", "warning"),
    "urgent": Words("紧急", "urgent"),
}
GRAVITY = ("urgent", "warning", "notice")


class Act(NamedTuple):
    """What can be done about an alert."""

    request: str
    field: str
    """Which field of the request takes the words that are typed."""
    words: str
    needs_words: bool = True


ACTS: Mapping[str, Act] = {
    "ack": Act("acknowledge_alert", "note", "确认：已看到，有人管 / acknowledge", needs_words=False),
    "dispatch": Act("send_someone", "who", "派人：谁去 / somebody is sent"),
    "note": Act("follow_up_alert", "text", "跟进：查到或做了什么 / what was found or done"),
    "close": Act("close_alert", "outcome", "结案：结果 / closed, with what came of it"),
}


class Wanted(NamedTuple):
    """One thing to be done about one alert."""

    gate: str
    request: str
    body: dict[str, str]


def wanted(engine: Engine, act: str, number: int, words: str) -> Wanted:
    """What is to be commanded. Raises ValueError where there is no such open alert, or words are missing."""
    from daemon.office import reading

    found = [row for row in reading.alerts(engine) if row.number == number]
    if not found:
        raise ValueError(f"{number}: 没有这个未了结的告警 / no open alert of that number")
    doing = ACTS[act]
    if doing.needs_words and not words.strip():
        raise ValueError(f"{act} {number}: 请写明 / say in words: {doing.words}")
    body = {"alert_id": found[0].alert_id}
    if words.strip():
        body[doing.field] = words
    return Wanted(found[0].gate, doing.request, body)


# ---------------------------------------------------------------- as text


def in_order(rows: Iterable[Any]) -> list[Any]:
    """What nobody has acknowledged first, then the gravest, then the oldest."""

    def rank(row: Any) -> tuple[bool, int, datetime]:
        grave = GRAVITY.index(row.severity) if row.severity in GRAVITY else len(GRAVITY)
        return row.acknowledged_by is not None, grave, row.raised_at

    return sorted(rows, key=rank)


def as_json(row: Any, now: datetime) -> str:
    """One alert for machines; the keys are those of the table."""
    todo = _to_do(row.alert)
    values = {key: value for key, value in row._mapping.items() if key not in {"book", "alert_id"}}
    values |= {"age_s": int((now - row.raised_at).total_seconds()), "what_to_do": todo._asdict()}
    return json.dumps(values, ensure_ascii=False, default=str)


def as_lines(row: Any, now: datetime) -> list[str]:
    """One alert as a person reads it."""
    kind = ALERT_WORDS[AlertKind(row.alert)] if row.alert in {*AlertKind} else Words(row.alert, "")
    grave = SEVERITIES.get(row.severity, Words(row.severity, ""))
    level = LEVELS.get(row.level, Words(str(row.level), ""))
    head = (
        f"[{row.number}] {grave.zh} {grave.en}  {row.gate} {row.lane or '-'}  {kind.zh} {kind.en}"
        f"  {_age(now - row.raised_at)}  → {level.zh} {level.en}"
    )
    lines = [head, f"     {row.detail}"]
    todo = _to_do(row.alert)
    if todo.zh:
        lines.append(f"     处置 to do: {todo.zh} / {todo.en}")
    if row.picture:
        lines.append(f"     照片 picture: {row.picture}")
    done = [
        f"{words} {value}"
        for words, value in (
            ("已确认 acknowledged by", row.acknowledged_by),
            ("已派 sent", row.sent),
            ("跟进 note", row.note),
        )
        if value
    ]
    if done:
        lines.append(f"     {'；'.join(done)}")
    return [_printable(text) for text in lines]


def _to_do(alert: str) -> Words:
    return ALERT_ACTIONS[AlertKind(alert)] if alert in {*AlertKind} else Words("", "")


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds()) // 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"


def _printable(text: str) -> str:
    """What stands in a fact never commands the terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def trouble_line(row: Any, zone: tzinfo) -> str:
    """What is wrong with what a gate has told, as a person reads it."""
    from daemon.office.chain import WORDS

    when = row.noted_at.astimezone(zone)
    return f"！ {when:%Y-%m-%d %H:%M} {row.gate} #{row.seq} 账本 ledger: {WORDS.get(row.what, '')} {row.what}"


def trouble_json(row: Any) -> str:
    values = {"gate": row.gate, "seq": row.seq, "trouble": row.what, "noted_at": row.noted_at}
    return json.dumps(values, ensure_ascii=False, default=str)


# ---------------------------------------------------------------- live


class Live:
    """The table, shown anew every second; lines that are typed are done."""

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime],
        zone: tzinfo,
        do: Callable[[Wanted], Any],
        show: Callable[[str], None] = lambda text: print(text, end="", flush=True),
    ) -> None:
        self._engine = engine
        self._now = now
        self._zone = zone
        self._do = do
        self._show = show
        self._said = ""
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until `q`, or the end of what is typed."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        try:
            async with asyncio.TaskGroup() as tasks:
                shown = tasks.create_task(self._shown())
                async for line in reader:
                    await self._typed(line.decode(errors="replace"))
                    if self._over.is_set():
                        break
                shown.cancel()
        finally:
            transport.close()

    async def _shown(self) -> None:
        while True:
            self._show(self._page())
            await asyncio.sleep(REFRESH_S)

    def _page(self) -> str:
        from daemon.office import reading

        now = self._now()
        rows = in_order(reading.alerts(self._engine))
        lines = [line for row in rows for line in as_lines(row, now)]
        troubles = reading.troubles(self._engine, since=now - NEWS_FOR)
        lines += [trouble_line(row, self._zone) for row in troubles]
        acts = "  ".join(f"{act} N{' …' if doing.needs_words else ''}" for act, doing in ACTS.items())
        head = f"未了结 open: {len(rows)}    {acts}    q"
        return CLEAR + "\n".join(
            [head, "", *(lines or ["没有告警 / nothing is alarmed"]), "", self._said, "> "]
        )

    async def _typed(self, line: str) -> None:
        try:
            words = shlex.split(line)
        except ValueError:
            words = line.split()
        match words:
            case []:
                return
            case ["q" | "quit"]:
                self._over.set()
            case [act, number, *rest] if act in ACTS and number.isdecimal():
                try:
                    self._said = await self._do(wanted(self._engine, act, int(number), " ".join(rest)))
                except ValueError as wrong:
                    self._said = str(wrong)
            case _:
                self._said = f"{line.strip()}: {' | '.join(ACTS)} N …"
        self._said = _printable(self._said)
        self._show(self._page())
