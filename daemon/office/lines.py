"""A fact as one line for people, Chinese first. Without plates and cards: a terminal is not the ledger."""

from __future__ import annotations

from datetime import tzinfo

from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, AlertKind, Reason
from daemon.mqtt.messages import FactMessage
from daemon.office.kind_words import KIND_WORDS

_DETAILS = ("device", "loop", "state", "boom", "direction", "outcome", "action")
"""The plain words of a body that tell something and name nobody."""


def line(fact: FactMessage, trouble: str | None, zone: tzinfo | None = None) -> str:
    """`06-01 16:00:00 east #12 entry-1 放行 let through: 卡与车牌相符 card and plate belong…`"""
    when = f"{fact.at.wall.astimezone(zone):%m-%d %H:%M:%S}{'' if fact.at.trusted else '?'}"
    words = KIND_WORDS.get(fact.kind)
    parts = [when, fact.gate, f"#{fact.seq}", fact.lane or "-", " ".join(words) if words else fact.kind]
    why = _why(fact) or " ".join(
        str(fact.body[key]) for key in _DETAILS if isinstance(fact.body.get(key), str)
    )
    text = " ".join(parts) + (f": {why}" if why else "")
    if fact.historical:
        text += " （补传 historical）"
    if trouble is not None:
        text += f" ！！账本不符 chain broken: {trouble}"
    return "".join(char if char.isprintable() else "�" for char in text)


def _why(fact: FactMessage) -> str:
    match fact.body:
        case {"reason": str(reason)} if reason in {*Reason}:
            return " ".join(REASON_WORDS[Reason(reason)])
        case {"alert": str(alert)} if alert in {*AlertKind}:
            return " ".join(ALERT_WORDS[AlertKind(alert)])
        case _:
            return ""
