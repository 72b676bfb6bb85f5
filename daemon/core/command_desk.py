"""What follows from a genuine command, and when it is done.

The law of this file: a command does what the desk would do for the same person, never more, and one thing
less: nobody lowers a boom out of sight unless switches and loop say that nothing is in its way (UL 325 asks
for two independent protections where nobody looks; the second is the barrier's own). What moves a boom is
done when its limit switch says so, not when it was ordered; what no switch can tell stays `accepted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.core import guard, requests
from daemon.core.commands import Answer, CommandAnswered, CommandReceived, CommandRefused, Taken
from daemon.core.facts import ActionRefused, BoomLowerOrdered, BoomRaiseOrdered, CarHeld, Fact
from daemon.core.lane import DECIDED
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.roles import may_move
from daemon.core.signals import Asked, Boom, Commanded, CommandsRefused, Fault, GuardAsked, LoopState

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState, State

WANT_A_BOOM_MOVED = frozenset({"open", "close", "release"})
FORGED = frozenset({Fault.SIGNATURE_WRONG, Fault.KEY_REVOKED, Fault.REPLAYED})
"""What no mistake of an honest sender looks like, when it comes again and again."""
MANY = 10
SUBJECT = "commands"

# ---------------------------------------------------------------- what follows


def obey(draft: Draft, signal: Commanded) -> None:
    """Take a command up, once, and answer it."""
    if signal.command.id in draft.state.commands.taken:
        return
    lane = (
        signal.asks.lane
        if isinstance(signal.asks, GuardAsked)
        else getattr(signal.asks.request, "lane", None)
    )
    before = draft.state.lanes.get(lane or "")
    draft.say(CommandReceived(at=draft.at, lane=lane, command=signal.command, by=signal.asks.actor))
    known = len(draft.facts)
    _do(draft, signal.asks)
    followed = draft.facts[known:]
    taken = draft.state.commands.taken[signal.command.id]
    refused = next((fact.reason for fact in followed if isinstance(fact, ActionRefused)), None)
    moved = next((move for fact in followed if (move := _moved(fact)) is not None), None)
    if refused is not None:
        _answer(draft, taken, lane, "rejected", refused)
    elif moved is not None:
        _answer_a_move(draft, taken, before, *moved)
    elif isinstance(signal.asks, GuardAsked) and signal.asks.action in WANT_A_BOOM_MOVED:
        held = next((fact.reason for fact in followed if isinstance(fact, CarHeld)), Reason.CHARGE_UNPAID)
        _answer(draft, taken, lane, "rejected", held)
    elif isinstance(signal.asks, GuardAsked) and signal.asks.action == "stop":
        _answer(draft, taken, lane, "accepted", Reason.NO_SWITCH_TELLS)
    else:
        _answer(draft, taken, lane, "done")


def _do(draft: Draft, asks: Asked | GuardAsked) -> None:
    if isinstance(asks, Asked):
        requests.asked(draft, asks)
        return
    objection = _why_not_from_afar(draft.state, asks)
    if objection is None:
        guard.answered(draft, asks)
        return
    draft.say(
        ActionRefused(
            at=draft.at,
            lane=asks.lane,
            passage=asks.passage,
            action=asks.action,
            reason=objection,
            by=asks.actor,
            note=asks.reason,
        )
    )


def _why_not_from_afar(state: State, asks: GuardAsked) -> Reason | None:
    """Why somebody who is not there may not have it done; what holds for everybody is `guard`'s to say."""
    if not may_move(asks.actor.role, asks.action):
        return Reason.ROLE_NOT_ALLOWED
    lane = state.lanes.get(asks.lane)
    return None if asks.action != "close" or lane is None else why_not_lower_unseen(state, lane)


def why_not_lower_unseen(state: State, lane: LaneState) -> Reason | None:
    """Why nobody may lower this boom who does not see it; None where `guard` decides as for anybody."""
    if lane.safety is not LoopState.FREE:
        occupied = lane.safety is LoopState.OCCUPIED
        return Reason.SAFETY_LOOP_OCCUPIED if occupied else Reason.SAFETY_LOOP_UNKNOWN
    is_lost = f"{lane.id}.barrier" in state.failed
    if not lane.rules.has_limit_switches or lane.boom is Boom.UNKNOWN or is_lost:
        return Reason.LIMIT_SWITCHES_UNKNOWN
    # Whoever was let through may be about to drive: only a loop in front that is free says that nobody is.
    waits = lane.phase in DECIDED and not lane.car_is_absent
    return Reason.CAR_BEING_LET_THROUGH if waits else None


def _moved(fact: Fact) -> tuple[str, Boom] | None:
    """Which boom was ordered where."""
    match fact:
        case BoomRaiseOrdered(lane=str(lane)):
            return lane, Boom.UP
        case BoomLowerOrdered(lane=str(lane)):
            return lane, Boom.DOWN
        case _:
            return None


def _answer_a_move(draft: Draft, taken: Taken, before: LaneState | None, lane: str, target: Boom) -> None:
    after = draft.state.lanes[lane]
    if not after.rules.has_limit_switches:
        _answer(draft, taken, lane, "accepted", Reason.NO_SWITCH_TELLS)
    elif after.boom is target and (before is None or before.id != lane or before.ordered is None):
        _answer(draft, taken, lane, "done")
    else:
        _answer(draft, taken, lane, "accepted", waits_for=target)


def _answer(
    draft: Draft,
    taken: Taken,
    lane: str | None,
    answer: Answer,
    why: Reason | None = None,
    *,
    waits_for: Boom | None = None,
) -> None:
    draft.say(
        CommandAnswered(
            at=draft.at,
            lane=lane,
            command_id=taken.command.id,
            operation=taken.command.operation,
            answer=answer,
            why=why,
            waits_for=waits_for,
            by=taken.by,
        )
    )


# ---------------------------------------------------------------- when it is done


def boom_reported(draft: Draft, lane: str, boom: Boom) -> None:
    """The switch that a command waits for has spoken."""
    for taken in _pending(draft.state):
        if taken.lane == lane and taken.waits_for is boom:
            _answer(draft, taken, lane, "done")


def deadlines(state: State, _now: timedelta) -> Iterator[timedelta]:
    for taken in _pending(state):
        yield _due(state, taken)


def time_passed(draft: Draft) -> None:
    """The boom had time enough: where it is now is the answer."""
    for taken in _pending(draft.state):
        if _due(draft.state, taken) > draft.at.mono:
            continue
        lane = draft.state.lanes.get(taken.lane or "")
        if lane is not None and lane.boom is taken.waits_for:
            _answer(draft, taken, taken.lane, "done")
        else:
            _answer(draft, taken, taken.lane, "failed", Reason.BOOM_NOT_THERE)


def started(draft: Draft) -> None:
    """A gate that has started anew awaits no switch any more: nobody knows whether the order was heard."""
    for taken in _pending(draft.state):
        _answer(draft, taken, taken.lane, "failed", Reason.GATE_RESTARTED)


def _pending(state: State) -> list[Taken]:
    return [state.commands.taken[key] for key in state.commands.pending]


def _due(state: State, taken: Taken) -> timedelta:
    lane = state.lanes.get(taken.lane or "")
    return taken.answered_at + (lane.rules.boom_travel if lane is not None else timedelta(0))


# ---------------------------------------------------------------- what was not obeyed


def refused(draft: Draft, signal: CommandsRefused) -> None:
    """Write the count down; somebody who keeps forging is worth an alert."""
    draft.say(
        CommandRefused(
            at=draft.at, why=signal.why, key_id=signal.key_id, times=signal.times, since=signal.since
        )
    )
    if signal.why in FORGED and signal.times >= MANY:
        draft.raise_alert(
            AlertKind.COMMANDS_FORGED,
            SUBJECT,
            f"{signal.times} x {signal.why} {signal.key_id}".rstrip(),
            severity=Severity.WARNING,
        )
