"""One example of each message, as it would travel: values of the models, so that none can be wrong.

The law of this file: a story, an evening at the east gate of a garden; the facts of it are sealed as a ledger
seals them, so that whoever builds a consumer can try his check of the chain on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from daemon.core.facts import (
    AccessGranted,
    AlertRaised,
    BoomMoved,
    BoomRaiseOrdered,
    CardPresented,
    Fact,
    GateStarted,
    PassageOpened,
    StayOpened,
)
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Boom, Instant, LoopState
from daemon.core.state import Phase
from daemon.mqtt.command.envelope import Challenge, Envelope, Reply
from daemon.mqtt.heralding import event_of
from daemon.mqtt.messages import Acknowledgement, At, FactMessage, Message, ResendRequest
from daemon.mqtt.shown import (
    AlertShown,
    BaysShown,
    Car,
    Coded,
    Failure,
    HealthShown,
    LaneShown,
    LotShown,
    Person,
    Place,
    ShiftShown,
    Text,
)
from daemon.mqtt.sibling_messages import SiblingAsk, SiblingStretch, ToldRow
from daemon.mqtt.topics import alert_name
from daemon.store.codec import fact_to_json, plain
from daemon.store.ledger import FIRST_PREV, row_hash

GATE, LEDGER, BOOT = "east", "9f2c41d07be85a36", "5b6cf3a2-8c1d-4e0f-9a77-0d2b61c4e8f1"
_BEGAN = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def _at(seconds: float) -> Instant:
    lasted = timedelta(seconds=seconds)
    return Instant(boot=BOOT, mono=timedelta(hours=1) + lasted, wall=_BEGAN + lasted, trusted=True)


_PASSAGE = "entry-1-0000001"
_HERE: dict[str, Any] = {"lane": "entry-1", "passage": _PASSAGE}
_ALERT_ID = f"{AlertKind.CARD_PLATE_MISMATCH}:{_PASSAGE}"

STORY: tuple[Fact, ...] = (
    GateStarted(at=_at(0), version="0.1.0"),
    PassageOpened(at=_at(60), direction="entry", cause="loop", **_HERE),
    CardPresented(at=_at(61.2), card="62E3086CED", bits=40, permit_id="P001", **_HERE),
    AccessGranted(
        at=_at(62.5),
        reason=Reason.PERMIT_CARD_AND_PLATE,
        permit_id="P001",
        card="62E3086CED",
        plate="粤B12345",
        **_HERE,
    ),
    BoomRaiseOrdered(at=_at(62.5), reason=Reason.PERMIT_CARD_AND_PLATE, **_HERE),
    BoomMoved(at=_at(64.1), boom=Boom.UP, lane="entry-1"),
    StayOpened(
        at=_at(66),
        stay_id="east-0000001",
        stay_kind="permit",
        plate="粤B12345",
        permit_id="P001",
        card="62E3086CED",
        **_HERE,
    ),
    AlertRaised(
        at=_at(300),
        alert_id=_ALERT_ID,
        alert=AlertKind.CARD_PLATE_MISMATCH,
        severity=Severity.WARNING,
        subject=_PASSAGE,
        detail="东门入口: card_plate_mismatch, card 01026F6C3A, plate 粤B12345",
        picture="2026/06/01/entry-1-100459.jpg",
        **_HERE,
    ),
)


def facts() -> tuple[FactMessage, ...]:
    """The story as it travels, each fact sealed to the one before it."""
    messages: list[FactMessage] = []
    seal = FIRST_PREV
    for seq, fact in enumerate(STORY, start=1):
        text = fact_to_json(fact)
        body = plain(text)
        prev, seal = seal, row_hash(seal, seq, body["kind"], text)
        messages.append(
            FactMessage(
                gate=GATE,
                seq=seq,
                ledger=LEDGER,
                kind=body["kind"],
                at=At.of(fact.at),
                lane=fact.lane,
                passage=fact.passage,
                body=body,
                hash=seal,
                prev=prev,
                historical=False,
            )
        )
    return tuple(messages)


SHOWN: tuple[Message, ...] = (
    LaneShown(
        gate=GATE,
        at=At.of(_at(300)),
        lane="entry-1",
        name="东门入口",
        direction="entry",
        boom=Boom.DOWN,
        approach=LoopState.OCCUPIED,
        safety=LoopState.FREE,
        phase=Phase.HELD,
        car=Car(passage=_PASSAGE, plate="粤B•••45", card="••••6C3A"),
        why=Coded(code="card_plate_mismatch", zh="卡与车不符", en="the card belongs to another car"),
        held_open_until=None,
        locked=False,
        fire=False,
    ),
    LotShown(
        gate=GATE,
        at=At.of(_at(66)),
        inside=131,
        permit=BaysShown(inside=120, bays=280, free=160),
        temporary=BaysShown(inside=11),
    ),
    HealthShown(
        gate=GATE,
        at=At.of(_at(120)),
        version="0.1.0",
        ledger=LEDGER,
        clock_trusted=True,
        fire=False,
        failed=(Failure(device="exit-1.camera", why="no frame for 10 s"),),
    ),
    ShiftShown(
        gate=GATE,
        at=At.of(_at(30)),
        number=12,
        on_duty=Person(name="李门岗", role="guard"),
        since=At.of(_at(30)),
        arrived=(),
        overdue=None,
    ),
    AlertShown(
        gate=GATE,
        at=At.of(_at(420)),
        name=alert_name(_ALERT_ID, LEDGER),
        alert=Coded(code="card_plate_mismatch", zh="卡与车不符", en="card and car do not match"),
        severity=Severity.WARNING,
        place=Place(lane="entry-1", name="东门入口"),
        detail="东门入口: card_plate_mismatch, card ••••6C3A, plate 粤B•••45",
        passage=_PASSAGE,
        picture="2026/06/01/entry-1-100459.jpg",
        other_picture=None,
        what_to_do=Text(
            zh="扣住车辆，核对持卡人、车牌与照片，再决定放行或拒绝",
            en="hold the car; compare driver, plate and pictures, then let through or refuse",
        ),
        level=1,
        since=At.of(_at(300)),
        acknowledged_by="周班长",
        sent="巡逻 2 组",
    ),
)

NEWS: tuple[Message, ...] = tuple(filter(None, (event_of(GATE, fact) for fact in STORY)))

_FACTS = facts()

CONVERSATION: tuple[Message, ...] = (
    Acknowledgement(gate=GATE, seq=len(STORY), ledger=LEDGER),
    ResendRequest.model_validate({"gate": GATE, "from": 3, "ledger": LEDGER}),
    Challenge(gate=GATE, challenge="0f" * 16, at=At.of(_at(0))),
    Envelope(
        v=1,
        id="c-20260601-0001",
        site="garden",
        gate=GATE,
        op="open",
        body={"lane": "entry-1", "reason": "业主在电话里说明"},
        issued=_BEGAN + timedelta(seconds=310),
        expires=_BEGAN + timedelta(seconds=320),
        nonce="a1" * 12,
        challenge="0f" * 16,
        who="物业前台",
        role="office",
        key="front-desk",
        sig="A" * 86,
    ),
    SiblingAsk(gate="west", root="3f0c1a", after=5),
    SiblingStretch(
        gate=GATE,
        root="3f0c1a",
        after=5,
        after_hash=_FACTS[4].hash,
        upto=7,
        upto_hash=_FACTS[6].hash,
        rows=(
            ToldRow(
                seq=7,
                kind=_FACTS[6].kind,
                body=_FACTS[6].body,
                hash=_FACTS[6].hash,
                prev=_FACTS[6].prev,
            ),
        ),
        more=False,
    ),
    Reply(gate=GATE, id="c-20260601-0001", answer="done", final=True, at=At.of(_at(314))),
)


def examples_of(model: type[Message]) -> Sequence[Message]:
    """Every example of that model."""
    return [message for message in (*facts(), *SHOWN, *NEWS, *CONVERSATION) if type(message) is model]
