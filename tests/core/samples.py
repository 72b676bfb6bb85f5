"""One fact of every kind, for tests that go through all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.core.facts import Fact
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, Boom, Instant, Loop, LoopState, Permit

AT = Instant(
    boot="boot-1", mono=timedelta(seconds=100), wall=datetime(2026, 6, 1, 8, tzinfo=UTC), trusted=True
)

_PERMIT = Permit(id="P", card="A1", plate="粤B12345", holder="王", household="1-101")
_BY = Actor(name="李门岗", role="guard")

FIELDS: dict[str, dict[str, Any]] = {
    "gate_started": {"version": "1"},
    "fact_lost": {"why": "bad sector"},
    "loop_reported": {"loop": Loop.SAFETY, "state": LoopState.OCCUPIED},
    "boom_moved": {"boom": Boom.UP},
    "device_failed": {"device": "broker", "role": "broker", "why": "gone"},
    "device_recovered": {"device": "broker", "role": "broker"},
    "permit_granted": {"permit": _PERMIT, "by": _BY},
    "permit_withdrawn": {"permit_id": "P", "by": _BY},
    "permit_rejected": {
        "permit": _PERMIT,
        "by": _BY,
        "binds": "card",
        "existing_id": "Q",
        "existing_holder": "刘",
    },
    "passage_opened": {"direction": "entry", "cause": "loop"},
    "card_presented": {"card": "A1", "bits": 32, "permit_id": "P"},
    "plate_seen": {
        "plate": "粤B12345",
        "valid": True,
        "confidence": 0.9,
        "chars": (),
        "colour": "blue",
        "track": "t1",
        "permit_id": "P",
        "picture": None,
        "crop": None,
    },
    "picture_kept": {"picture": "a.jpg"},
    "plate_corrected": {"read": "粤B12345", "plate": "粤B12345", "permit_id": "P"},
    "access_granted": {"reason": Reason.GUARD},
    "access_refused": {"reason": Reason.GUARD},
    "car_held": {"reason": Reason.CARD_MISSING},
    "car_under_boom": {},
    "passage_closed": {"outcome": "passed"},
    "stay_opened": {"stay_id": "S1", "stay_kind": "temporary", "plate": "粤B12345"},
    "stay_closed": {"stay_id": "S1", "how": "exit"},
    "boom_raise_ordered": {"reason": Reason.GUARD},
    "boom_lower_ordered": {"reason": Reason.GUARD},
    "boom_stop_ordered": {"reason": Reason.GUARD},
    "action_refused": {"action": "close", "reason": Reason.SAFETY_LOOP_OCCUPIED, "by": _BY},
    "alert_raised": {
        "alert_id": "a",
        "alert": AlertKind.DEVICE_FAILED,
        "severity": Severity.WARNING,
        "subject": "broker",
        "detail": "gone",
    },
    "alert_cleared": {"alert_id": "a"},
}
"""What each kind needs beside when and where; a new kind of fact fails until it has a row here."""


def sample(kind: type[Fact], *, lane: str | None = None, passage: str | None = None) -> Fact:
    return kind(at=AT, lane=lane, passage=passage, **FIELDS[name_of(kind)])


def name_of(kind: type[Fact]) -> str:
    """What the ledger calls this kind."""
    name: str = kind.__dataclass_fields__["kind"].default
    return name
