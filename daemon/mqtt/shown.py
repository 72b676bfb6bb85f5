"""The gate as it is, for whoever watches it over the broker: one retained message for each thing.

The law of this file: pure functions of the state; every plate and every card is masked, and the words that
people read come with the codes that programs read, Chinese first. A message says everything of its thing
anew, so that the newest alone counts. The versioning rule is that of `daemon.mqtt.messages`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from daemon.core.alert_actions import ALERT_ACTIONS
from daemon.core.alerts import Care, Level
from daemon.core.facts import AlertRaised
from daemon.core.lot import free
from daemon.core.masking import masked_card, masked_plate, masked_text
from daemon.core.reasons import ALERT_WORDS, REASON_WORDS, Reason, Severity, Words
from daemon.core.sibling_desk import cut_off_since
from daemon.core.signals import Boom, LoopState
from daemon.core.state import LaneState, Passage, Phase, State
from daemon.mqtt.messages import At, LedgerId, Message, Name
from daemon.mqtt.topics import Topics, alert_name


class Text(Message):
    """For people, in both languages."""

    zh: str
    en: str


class Coded(Text):
    """For programs and for people."""

    code: str


class Shown(Message):
    """What every message about the gate's state begins with."""

    v: Literal[1] = 1
    gate: Name
    at: At
    """When it became so; on the first message after a start, when the gate started."""


class Car(Message):
    """The car in front, masked."""

    passage: str
    plate: str | None
    """None where none was seen; "" where one was seen and could not be read."""
    card: str | None


class LaneShown(Shown):
    lane: Name
    name: str
    direction: Literal["entry", "exit"]
    boom: Boom
    approach: LoopState
    safety: LoopState
    phase: Phase
    car: Car | None
    why: Coded | None
    """Why the car is held, or was let through or refused; None while nothing is decided."""
    held_open_until: AwareDatetime | None
    locked: bool
    fire: bool


class BaysShown(Message):
    inside: int
    bays: int | None = None
    """None where they are not counted."""
    free: int | None = None


class LotShown(Shown):
    """Cars inside as this gate counts them, recounts included."""

    inside: int
    permit: BaysShown
    temporary: BaysShown


class Failure(Message):
    device: str
    why: str


class SiblingShown(Message):
    """Another gate of the site (R45)."""

    gate: str
    cut_off_since: At | None
    """None: this gate is in step with it."""


class HealthShown(Shown):
    version: str
    """Of the program."""
    ledger: LedgerId
    clock_trusted: bool
    fire: bool
    failed: tuple[Failure, ...]
    """What does not work, by name; empty where everything does."""
    siblings: tuple[SiblingShown, ...] = ()
    """The other gates of the site, where this one listens to any."""


class Person(Message):
    name: str
    role: str


class ShiftShown(Shown):
    number: int
    """How many shifts have begun at this gate; 0 before the first."""
    on_duty: Person | None
    since: At | None
    arrived: tuple[Person, ...]
    """Who has come and has not signed for the shift yet."""
    overdue: AwareDatetime | None
    """The start of the shift that nobody has come for."""


class Place(Message):
    lane: Name | None
    """None for the gate as a whole."""
    name: str


class AlertShown(Shown):
    """One open alert. An empty message on its topic: it is over."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+-[0-9a-f]{12}$")]
    """The last part of the topic; names it in commands."""
    alert: Coded
    severity: Severity
    place: Place
    detail: str
    passage: str | None
    picture: str | None
    """Reference in the evidence store of the gate; its panel shows it under `/pictures/<reference>`."""
    other_picture: str | None
    what_to_do: Text
    level: Annotated[int, Field(ge=0, le=int(max(Level)))]
    """Whose it is by now: 0 the guard's, 1 the shift leader's, 2 the control room's."""
    since: At
    acknowledged_by: str | None
    sent: str | None
    """Who is on the way there."""


# ---------------------------------------------------------------- from the state


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who speaks."""

    topics: Topics
    name: str
    ledger: str
    version: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One retained topic, as it is now."""

    topic: str
    of: tuple[object, ...]
    """What the message is made of. The state never changes in place: where each of these is the very object
    that it was, so is the message what it was."""
    message: Callable[[At], Shown]


def things(gate: Gate, state: State) -> Iterator[Thing]:
    """Everything that is shown of a state; a topic that is not among it any more is to be emptied."""
    topics = gate.topics
    for lane in state.lanes.values():
        yield Thing(topics.lane(lane.id), (lane,), partial(lane_shown, gate, lane))
    yield Thing(topics.lot, (state.lot,), partial(lot_shown, gate, state))
    health = (state.failed, state.fire, state.clock)
    yield Thing(topics.health, health, partial(health_shown, gate, state))
    yield Thing(topics.shift, (state.shifts,), partial(shift_shown, gate, state))
    for alert in state.alerts.values():
        care = state.cares.get(alert.alert_id)
        yield Thing(
            topics.alert(alert_name(alert.alert_id, gate.ledger)),
            (alert, care),
            partial(alert_shown, gate, state, alert, care),
        )


def lane_shown(gate: Gate, lane: LaneState, at: At) -> LaneShown:
    car = lane.passage
    return LaneShown(
        gate=gate.topics.gate,
        at=at,
        lane=lane.id,
        name=lane.name,
        direction=lane.direction,
        boom=lane.boom,
        approach=lane.approach,
        safety=lane.safety,
        phase=lane.phase,
        car=None if car is None else _car(car),
        why=None if car is None or car.reason is None else _coded(car.reason, REASON_WORDS[car.reason]),
        held_open_until=None if lane.held_open is None else lane.held_open.until,
        locked=lane.locked is not None,
        fire=lane.is_in_fire,
    )


def lot_shown(gate: Gate, state: State, at: At) -> LotShown:
    def bays(of: Literal["permit", "temporary"]) -> BaysShown:
        inside, count = state.lot.of(of).inside, state.rules.bays.get(of)
        return BaysShown(inside=inside, bays=count, free=None if count is None else free(count, inside))

    return LotShown(
        gate=gate.topics.gate,
        at=at,
        inside=state.lot.inside,
        permit=bays("permit"),
        temporary=bays("temporary"),
    )


def health_shown(gate: Gate, state: State, at: At) -> HealthShown:
    return HealthShown(
        gate=gate.topics.gate,
        at=at,
        version=gate.version,
        ledger=gate.ledger,
        clock_trusted=state.clock is not None and state.clock.trusted,
        fire=state.fire.is_alarmed,
        failed=tuple(
            Failure(device=device, why=masked_text(why)) for device, why in sorted(state.failed.items())
        ),
        siblings=tuple(
            SiblingShown(gate=name, cut_off_since=None if since is None else At.of(since))
            for name, since in cut_off_since(state)
        ),
    )


def shift_shown(gate: Gate, state: State, at: At) -> ShiftShown:
    on_duty = state.shifts.on_duty
    return ShiftShown(
        gate=gate.topics.gate,
        at=at,
        number=state.shifts.number,
        on_duty=None if on_duty is None else Person(name=on_duty.guard.name, role=on_duty.guard.role),
        since=None if on_duty is None else At.of(on_duty.since),
        arrived=tuple(Person(name=guard.name, role=guard.role) for guard in state.shifts.arrived),
        overdue=state.shifts.overdue,
    )


def alert_shown(gate: Gate, state: State, alert: AlertRaised, care: Care | None, at: At) -> AlertShown:
    lane = state.lanes.get(alert.lane or "")
    watch = state.special.watched.get(alert.subject)
    action = ALERT_ACTIONS[alert.alert]
    return AlertShown(
        gate=gate.topics.gate,
        at=at,
        name=alert_name(alert.alert_id, gate.ledger),
        alert=_coded(alert.alert, ALERT_WORDS[alert.alert]),
        severity=alert.severity,
        place=Place(lane=None if lane is None else lane.id, name=gate.name if lane is None else lane.name),
        detail=masked_text(alert.detail),
        passage=alert.passage,
        picture=alert.picture,
        other_picture=alert.other_picture,
        what_to_do=Text(
            zh=masked_text(watch.what_to_do) if watch is not None else action.zh,
            en=masked_text(watch.what_to_do) if watch is not None else action.en,
        ),
        level=Level.GUARD if care is None else care.level,
        since=At.of(alert.at),
        acknowledged_by=None if care is None or care.acknowledged is None else care.acknowledged.name,
        sent=None if care is None or not care.sent else masked_text(care.sent),
    )


def _car(passage: Passage) -> Car:
    return Car(
        passage=passage.id,
        plate=None if passage.plate is None else masked_plate(passage.plate),
        card=None if passage.card is None else masked_card(passage.card),
    )


def _coded(code: Reason | str, words: Words) -> Coded:
    return Coded(code=str(code), zh=words.zh, en=words.en)
