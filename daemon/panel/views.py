"""The state of the gate as plain values that a template can write down.

The law of this file: pure functions of what they are given; everything a person reads is looked up in
`words`, every moment is told in the site's own time zone, every card is masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.core.facts import AlertRaised
from daemon.core.masking import masked_card
from daemon.core.reasons import AlertKind, Reason, Severity, Words
from daemon.core.sibling_desk import cut_off_since
from daemon.core.siblings import sibling_device
from daemon.core.signals import Boom, Char, Instant, LoopState
from daemon.core.state import LaneState, Passage, Phase, State, Stay
from daemon.core.stays import nearest
from daemon.panel.auth import age_of
from daemon.panel.gate import OfficeStatus, PassageLine
from daemon.panel.telling import (
    clock_time,
    day_and_time,
    duration_words,
    likeness_words,
    without_cards,
)
from daemon.panel.words import (
    BOOM_WORDS,
    DECISION_WORDS,
    DIRECTION_WORDS,
    LOOP_WORDS,
    MODE_WORDS,
    ORDER_WORDS,
    OUTCOME_WORDS,
    PHASE_WORDS,
    alert_words,
    device_words,
    reason_words,
)

SURE, LIKELY = 0.90, 0.70
"""Below `SURE` a character is marked as doubtful, below `LIKELY` as a guess; for the eye alone."""

WITH_CANDIDATES = frozenset(
    {Reason.NO_MATCHING_STAY, Reason.NOT_INSIDE, Reason.PLATE_UNREADABLE, Reason.PLATE_MISSING}
)
CLOSE_REFUSED: Mapping[LoopState, Reason] = {
    LoopState.OCCUPIED: Reason.SAFETY_LOOP_OCCUPIED,
    LoopState.UNKNOWN: Reason.SAFETY_LOOP_UNKNOWN,
}
RESYNC_HELPS = frozenset({Reason.ALREADY_INSIDE, Reason.NOT_INSIDE})

_SEVERITY_ORDER = {Severity.URGENT: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


# ---------------------------------------------------------------- one lane


@dataclass(frozen=True, slots=True)
class PlateChar:
    char: str
    percent: int
    trust: str
    """`sure`, `likely` or `guess`."""
    others: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayView:
    """A car inside, beside the car that stands at the exit."""

    id: str
    plate: str
    likeness: Words | None
    """How its plate compares with the one at the exit; None where none was read there."""
    holder: str | None
    entered: str
    inside: Words
    picture: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarView:
    passage: str
    arrived: str
    waiting: Words | None
    picture: str | None
    crop: str | None
    plate: str | None
    plate_chars: tuple[PlateChar, ...]
    plate_problem: Words | None
    card: str | None
    holder: str | None
    household: str | None
    other_holder: str | None
    """Whose the plate is, where the card says somebody else."""
    reason: Words | None
    held: bool
    resync_helps: bool
    is_of_two: bool
    """Card and plate are of two cars: whoever lets it through says which this is."""
    candidates: tuple[StayView, ...]
    """Which of the cars inside it may be (R15)."""


@dataclass(frozen=True, slots=True)
class LoopView:
    name: Words
    state: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneView:
    id: str
    name: str
    direction: str
    direction_words: Words
    mode_words: Words
    boom: str
    boom_words: Words
    boom_note: Words | None
    ordered: str | None
    """`raise`, `lower` or `stop` until a limit switch has answered it."""
    loops: tuple[LoopView, ...]
    phase: str
    phase_words: Words
    car: CarView | None
    next_plate: str | None
    faults: tuple[tuple[Words, str], ...]
    close_refused: Words | None


def lane_view(lane: LaneState, state: State, now: Instant, zone: ZoneInfo) -> LaneView:
    refusal = CLOSE_REFUSED.get(lane.safety)
    approach = [LoopView(Words("来车地感", "approach"), lane.approach.value, LOOP_WORDS[lane.approach])]
    return LaneView(
        id=lane.id,
        name=lane.name,
        direction=lane.direction,
        direction_words=DIRECTION_WORDS[lane.direction],
        mode_words=MODE_WORDS[lane.mode],
        boom=lane.boom.value,
        boom_words=BOOM_WORDS[lane.boom],
        boom_note=_boom_note(lane),
        ordered=lane.ordered,
        loops=(
            *(approach if lane.rules.has_approach_loop else ()),
            LoopView(Words("防砸地感", "under boom"), lane.safety.value, LOOP_WORDS[lane.safety]),
        ),
        phase=lane.phase.value,
        phase_words=PHASE_WORDS[lane.phase],
        car=None if lane.passage is None else _car(lane, lane.passage, state, now, zone),
        next_plate=lane.behind.plate if lane.behind is not None else None,
        faults=tuple(
            (device_words(device, {lane.id: ""}), why)
            for device, why in state.failed.items()
            if device.partition(".")[0] == lane.id
        ),
        close_refused=None if refusal is None else reason_words(refusal),
    )


def _boom_note(lane: LaneState) -> Words | None:
    if not lane.rules.has_limit_switches:
        return Words("无限位开关", "no limit switches")
    if lane.ordered is not None:
        return ORDER_WORDS[lane.ordered]
    return Words("限位无信号", "limit switches silent") if lane.boom is Boom.UNKNOWN else None


def _car(lane: LaneState, passage: Passage, state: State, now: Instant, zone: ZoneInfo) -> CarView:
    card_permit = state.permits.get(passage.card_permit) if passage.card_permit else None
    plate_permit = state.permits.get(passage.plate_permit) if passage.plate_permit else None
    permit = card_permit or plate_permit
    held = lane.phase is Phase.HELD
    offers = held and lane.direction == "exit" and passage.reason in WITH_CANDIDATES
    stays = nearest(state.stays.values(), passage.plate or "") if offers else ()
    return CarView(
        passage=passage.id,
        arrived=clock_time(passage.opened.wall, zone, seconds=True),
        waiting=duration_words(age_of(passage.opened, now)) if held else None,
        picture=passage.picture,
        crop=passage.crop,
        plate=passage.plate or None,
        plate_chars=_plate_chars(passage),
        plate_problem=_plate_problem(passage),
        card=None if passage.card is None else masked_card(passage.card),
        holder=permit.holder if permit is not None else None,
        household=permit.household if permit is not None else None,
        other_holder=(
            plate_permit.holder
            if plate_permit is not None and card_permit is not None and plate_permit.id != card_permit.id
            else None
        ),
        reason=reason_words(passage.reason),
        held=held,
        resync_helps=passage.reason in RESYNC_HELPS,
        is_of_two=passage.reason is Reason.CARD_PLATE_MISMATCH,
        candidates=tuple(
            stay_view(state.stays[near.stay_id], passage.plate or "", state, now, zone) for near in stays
        ),
    )


def _plate_problem(passage: Passage) -> Words | None:
    if passage.plate is None:
        return Words("未见车牌", "no plate seen")
    if passage.plate == "":
        return Words("车牌无法辨认", "unreadable plate")
    return None if passage.plate_valid else Words("不合车牌规则", "not a valid plate")


def _plate_chars(passage: Passage) -> tuple[PlateChar, ...]:
    plate = passage.plate or ""
    if len(passage.chars) != len(plate):
        return tuple(PlateChar(char, 100, "sure", "") for char in plate)
    return tuple(_plate_char(shown, believed) for shown, believed in zip(plate, passage.chars, strict=True))


def _plate_char(shown: str, believed: Char) -> PlateChar:
    trust = "sure" if believed.belief >= SURE else "likely" if believed.belief >= LIKELY else "guess"
    others = "  ".join(f"{char} {round(belief * 100)}%" for char, belief in believed.others[:3])
    return PlateChar(shown, round(believed.belief * 100), trust, others)


def stay_view(stay: Stay, read: str, state: State, now: Instant, zone: ZoneInfo) -> StayView:
    """`read` is the plate of the car at the exit, "" where none could be read."""
    permit = state.permits.get(stay.permit_id) if stay.permit_id else None
    return StayView(
        id=stay.id,
        plate=stay.plate,
        likeness=likeness_words(read, stay.plate),
        holder=permit.holder if permit is not None else None,
        entered=day_and_time(stay.entered.wall, now.wall, zone),
        inside=duration_words(age_of(stay.entered, now)),
        picture=stay.picture,
    )


# ---------------------------------------------------------------- the whole gate


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    id: str
    severity: str
    words: Words
    subject: str
    detail: str
    since: str
    picture: str | None
    receipt: str | None
    """The number of the receipt that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    office: str
    """`connected`, `lost` or `none`."""
    last_seq: int
    acked_seq: int
    behind: int
    by_broker: bool
    """What is acknowledged has the broker taken, and nobody more."""
    faults: tuple[tuple[Words, str], ...]
    siblings: tuple[str, ...]
    """The other gates of the site that are heard."""
    cut_off: tuple[tuple[str, str], ...]
    """Those that are not, and since when."""
    inside: int


def alert_views(state: State, now: Instant, zone: ZoneInfo) -> tuple[AlertView, ...]:
    """Open alerts, the worst first and the newest first among equals."""
    names = {lane.id: lane.name for lane in state.lanes.values()}
    newest = sorted(state.alerts.values(), key=lambda alert: alert.at.wall, reverse=True)
    newest.sort(key=lambda alert: _SEVERITY_ORDER[alert.severity])
    return tuple(_alert(alert, names, now, zone) for alert in newest)


def _alert(alert: AlertRaised, names: dict[str, str], now: Instant, zone: ZoneInfo) -> AlertView:
    lane = names.get(alert.lane or "", "")
    device = device_words(alert.subject, names)
    known = device.zh != alert.subject
    return AlertView(
        id=alert.alert_id,
        severity=alert.severity.value,
        words=alert_words(alert.alert),
        subject=device.zh if known else lane,
        detail=without_cards(alert.detail.removeprefix(f"{lane}: ")),
        since=day_and_time(alert.at.wall, now.wall, zone),
        picture=alert.picture,
        receipt=alert.subject if alert.alert is AlertKind.RECEIPT_NOT_PRINTED else None,
    )


def status_view(state: State, office: OfficeStatus, now: Instant, zone: ZoneInfo) -> StatusView:
    names = {lane.id: lane.name for lane in state.lanes.values()}
    siblings = cut_off_since(state)
    of_gates = {sibling_device(gate) for gate, _ in siblings}
    return StatusView(
        office="none" if not office.configured else "connected" if office.connected else "lost",
        last_seq=office.last_seq,
        acked_seq=office.acked_seq,
        behind=max(0, office.last_seq - office.acked_seq),
        by_broker=office.by_broker,
        faults=tuple(
            (device_words(device, names), why)
            for device, why in sorted(state.failed.items())
            if device not in of_gates
        ),
        siblings=tuple(gate for gate, since in siblings if since is None),
        cut_off=tuple(
            (gate, day_and_time(since.wall, now.wall, zone)) for gate, since in siblings if since is not None
        ),
        inside=state.lot.inside,
    )


# ---------------------------------------------------------------- passages that were


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageView:
    passage: str
    time: str
    lane: str
    direction: str
    direction_words: Words
    picture: str | None
    card: str | None
    plate: str | None
    holder: str | None
    other_holder: str | None
    """Whose the plate is, where the card is somebody else's."""
    decision: str
    decision_words: Words | None
    reason: Words | None
    by: str | None
    note: str
    outcome: Words | None
    worth_a_look: bool
    """True where somebody other than the rules decided, or the car did not go as it should."""


def passage_views(
    lines: Sequence[PassageLine], state: State, now: Instant, zone: ZoneInfo
) -> tuple[PassageView, ...]:
    return tuple(_passage(line, state, now, zone) for line in lines)


def _passage(line: PassageLine, state: State, now: Instant, zone: ZoneInfo) -> PassageView:
    lane = state.lanes.get(line.lane)
    by_card = state.permit_by_card(line.card, now) if line.card is not None else None
    card_is_anothers = by_card is not None and line.permit_id is not None and by_card.id != line.permit_id
    outcome = None if line.outcome is None else OUTCOME_WORDS.get(line.outcome, Words(line.outcome, ""))
    return PassageView(
        passage=line.passage,
        time=day_and_time(datetime.fromisoformat(line.opened_at), now.wall, zone, seconds=True),
        lane=lane.name if lane is not None else line.lane,
        direction=line.direction,
        direction_words=DIRECTION_WORDS.get(line.direction, Words(line.direction, "")),
        picture=line.picture or line.crop,
        card=None if line.card is None else masked_card(line.card),
        plate=line.plate or None,
        holder=by_card.holder if by_card is not None and card_is_anothers else line.holder,
        other_holder=line.holder if card_is_anothers else None,
        decision=line.decision or "open",
        decision_words=None if line.decision is None else DECISION_WORDS.get(line.decision),
        reason=reason_words(line.reason),
        by=line.decided_by,
        note=line.note,
        outcome=outcome,
        worth_a_look=line.decided_by is not None or line.outcome in {"interrupted", "unconfirmed"},
    )
