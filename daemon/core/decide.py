"""From a signal to the facts that follow from it.

The law of this file: pure, and total. What may not be done changes nothing and says so in a fact; a signal
about a lane or a state of things that has passed gives no facts at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import assert_never

from daemon.core import (
    alarms,
    alert_desk,
    command_desk,
    directory,
    duty,
    forced_entry,
    guard,
    lane_desk,
    lane_watch,
    lot,
    passages,
    printing,
    requests,
    rounds,
    sibling_desk,
    signs,
    substitution,
    wall_clock,
)
from daemon.core.draft import Draft
from daemon.core.facts import (
    AlertCleared,
    BoomMoved,
    DeviceFailed,
    DeviceRecovered,
    Fact,
    GateStarted,
    LoopReported,
    PassageClosed,
    PictureKept,
)
from daemon.core.lane import DECIDED
from daemon.core.reasons import AlertKind, Severity
from daemon.core.signals import (
    AlarmChanged,
    Asked,
    Boom,
    BoomReported,
    CardRead,
    Commanded,
    CommandsRefused,
    DeviceLost,
    DeviceRestored,
    DirectoryGiven,
    FireReported,
    GuardAsked,
    LoopChanged,
    PictureTaken,
    PlateRead,
    PrintReported,
    SiblingSaid,
    Signal,
    Started,
    TimerElapsed,
)
from daemon.core.state import LaneState, State

Deadlines = Callable[[State, timedelta], Iterator[timedelta]]

TIMED: tuple[tuple[Deadlines, Callable[[Draft], None]], ...] = (
    (duty.deadlines, duty.time_passed),
    (lane_watch.deadlines, lane_watch.time_passed),
    (substitution.deadlines, substitution.time_passed),
    (alert_desk.deadlines, alert_desk.time_passed),
    (rounds.deadlines, rounds.time_passed),
    (command_desk.deadlines, command_desk.time_passed),
)
"""The nouns that do something by themselves: what is due when, and doing it."""


def decide(state: State, signal: Signal) -> tuple[Fact, ...]:
    """What the gate holds to be so because of `signal`, in order. The state is not changed."""
    draft = Draft(state, signal.at)
    match signal:
        case CardRead():
            if not (duty.is_staff_card(draft, signal) or rounds.is_patrol_card(draft, signal)):
                signs.card_read(draft, signal)
        case PlateRead():
            signs.plate_read(draft, signal)
        case LoopChanged():
            _loop_changed(draft, signal)
        case BoomReported():
            _boom_reported(draft, signal)
        case PictureTaken():
            _picture_taken(draft, signal)
        case GuardAsked():
            guard.asked(draft, duty.answered_for(state, signal))
        case FireReported():
            lane_desk.fire_reported(draft, signal)
        case AlarmChanged():
            alarms.changed(draft, signal)
        case PrintReported():
            printing.reported(draft, signal)
        case Asked():
            requests.asked(draft, signal)
        case Commanded():
            command_desk.obey(draft, signal)
        case CommandsRefused():
            command_desk.refused(draft, signal)
        case DirectoryGiven():
            directory.given(draft, signal)
        case SiblingSaid():
            sibling_desk.said(draft, signal)
        case DeviceLost():
            _device_lost(draft, signal)
        case DeviceRestored():
            _device_restored(draft, signal)
        case TimerElapsed():
            wall_clock.noticed(draft)
            lane_desk.time_passed(draft)
            for lane in draft.state.lanes.values():
                passages.time_passed(draft, lane)
            for _, time_passed in TIMED:
                time_passed(draft)
        case Started():
            _started(draft, signal)
        case _:
            assert_never(signal)
    lane_watch.look_again(draft)
    lot.report(draft, state.lot)
    return tuple(draft.facts)


def next_deadline(state: State, now: timedelta) -> timedelta | None:
    """When a `TimerElapsed` is due at the latest, on the clock of the running boot; None for never."""
    due = [when for lane in state.lanes.values() for when in passages.deadlines(state, lane, now)]
    due += lane_desk.deadlines(state, now)
    due += [when for deadlines, _ in TIMED for when in deadlines(state, now)]
    return min(due, default=None)


_LOSSES = (AlertKind.DEVICE_FAILED, AlertKind.SIBLING_CUT_OFF)
"""The alerts that something does not answer, by which a start begins anew."""

_OVER_WHEN = {
    Boom.UP: (AlertKind.BOOM_DID_NOT_RISE,),
    Boom.DOWN: (AlertKind.BOOM_DID_NOT_LOWER, AlertKind.BOOM_LEFT_UP, AlertKind.BOOM_MOVED_BY_HAND),
}
"""The alerts that a limit switch ends."""


def _loop_changed(draft: Draft, signal: LoopChanged) -> None:
    lane = draft.state.lanes.get(signal.lane)
    if lane is None:
        return
    if signal.state is (lane.safety if signal.loop == "safety" else lane.approach):
        return
    draft.say(LoopReported(at=signal.at, lane=lane.id, loop=signal.loop, state=signal.state))
    if signal.loop == "safety":
        forced_entry.safety_changed(draft, lane)
        passages.safety_changed(draft, draft.lane(lane))
    else:
        forced_entry.approach_changed(draft, lane)
        passages.approach_changed(draft, draft.lane(lane))


def _boom_reported(draft: Draft, signal: BoomReported) -> None:
    lane = draft.state.lanes.get(signal.lane)
    if lane is None:
        return
    if lane.boom is not signal.boom:
        _boom_moved(draft, lane, signal)
    lane_desk.boom_reported(draft, lane, signal)


def _boom_moved(draft: Draft, lane: LaneState, signal: BoomReported) -> None:
    draft.say(BoomMoved(at=signal.at, lane=lane.id, boom=signal.boom))
    draft.clear_alerts(_OVER_WHEN.get(signal.boom, ()), lane.id)
    lane_watch.boom_reported(draft, lane, signal)
    passages.keep_off_car(draft, draft.lane(lane))
    command_desk.boom_reported(draft, lane.id, signal.boom)
    is_first_report = lane.boom is Boom.UNKNOWN and lane.ordered is None and lane.why_stays_open is None
    if is_first_report and signal.boom is Boom.UP and lane.phase not in DECIDED:
        draft.raise_alert(
            AlertKind.BOOM_LEFT_UP,
            lane.id,
            f"{lane.name}: found up, and no car was let through",
            severity=Severity.WARNING,
            lane=lane,
        )


def _picture_taken(draft: Draft, signal: PictureTaken) -> None:
    if signal.lane in draft.state.lanes:
        draft.say(
            PictureKept(
                at=signal.at,
                lane=signal.lane,
                passage=signal.passage,
                picture=signal.picture,
                alert_id=signal.alert_id,
            )
        )


def _device_lost(draft: Draft, signal: DeviceLost) -> None:
    if signal.device in draft.state.failed:
        return
    draft.say(
        DeviceFailed(at=signal.at, lane=signal.lane, device=signal.device, role=signal.role, why=signal.why)
    )
    draft.raise_alert(
        AlertKind.SIBLING_CUT_OFF if signal.role == "sibling" else AlertKind.DEVICE_FAILED,
        signal.device,
        signal.why,
        severity=Severity.WARNING,
        lane=draft.state.lanes.get(signal.lane or ""),
    )


def _device_restored(draft: Draft, signal: DeviceRestored) -> None:
    if signal.device not in draft.state.failed:
        return
    draft.say(DeviceRecovered(at=signal.at, lane=signal.lane, device=signal.device, role=signal.role))
    draft.clear_alerts(_LOSSES, signal.device)
    lane = draft.state.lanes.get(signal.lane or "")
    if lane is not None and signal.role == "barrier":
        lane_desk.raise_again(draft, lane)


def _started(draft: Draft, signal: Started) -> None:
    """Whoever waited for a decision must show card and plate again; who was let through may drive on."""
    draft.say(GateStarted(at=signal.at, version=signal.version, note=signal.note))
    command_desk.started(draft)
    for alert in draft.state.alerts.values():
        if alert.alert in _LOSSES:
            draft.say(AlertCleared(at=signal.at, lane=alert.lane, alert_id=alert.alert_id))
    for lane in draft.state.lanes.values():
        waiting = lane.behind if lane.phase in DECIDED else lane.passage
        if waiting is not None:
            passages.clear_hold(draft, waiting.id)
            draft.say(PassageClosed(at=signal.at, lane=lane.id, passage=waiting.id, outcome="interrupted"))
    printing.started(draft)
    if signal.note:
        draft.raise_alert(AlertKind.LEDGER_RESTORED, "ledger", signal.note, severity=Severity.URGENT)
