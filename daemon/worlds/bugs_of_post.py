"""Bugs on purpose in what takes rank, in fires, at the post and with cards; see `daemon.worlds.plants`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import daemon.edges.fire
import daemon.engine
from daemon.core import decide, duty, handover, lane_desk, rounds, special_rules, substitution
from daemon.core.cards import Cards
from daemon.core.fact import Fact
from daemon.core.fire import FireWasReset, ResetFire
from daemon.core.hold_open import LockLane
from daemon.core.reasons import Reason
from daemon.core.shifts import GuardLeft, ShiftStarted
from daemon.core.signals import Actor, FireInput, FireReported, Signal
from daemon.core.state import LaneState, State
from daemon.perform import Performer
from daemon.worlds.planting import Bug, Swap, anybody_may, everywhere, unsaid, without_rule

# ---------------------------------------------------------------- lanes and fires


def hold_open_without_end() -> list[Swap]:
    return everywhere(lane_desk.time_passed, lambda _draft: None)


def fire_undone_by_auto_close() -> list[Swap]:
    def why(lane: LaneState) -> Reason | None:
        return Reason.LANE_HELD_OPEN if lane.held_open is not None else None

    return [
        (LaneState, "why_stays_open", property(why)),
        (Performer, "_is_burning_by_now", lambda _self: False),
    ]


def fire_over_when_its_wire_is_quiet() -> list[Swap]:
    own = decide.decide

    def decided(state: State, signal: Signal) -> tuple[Fact, ...]:
        facts = own(state, signal)
        is_quiet = isinstance(signal, FireReported) and signal.input is FireInput.QUIET
        if not is_quiet or not state.fire.is_alarmed:
            return facts
        return (*facts, FireWasReset(at=signal.at, why="", by=Actor(name="", role="guard")))

    return [(daemon.engine, "decide", decided)]


def fire_waits_for_the_disk() -> list[Swap]:
    return [(daemon.edges.fire, "raise_all", lambda _booms: None)]


def anybody_resets_a_fire() -> list[Swap]:
    return anybody_may(ResetFire)


def anybody_locks_a_lane() -> list[Swap]:
    return anybody_may(LockLane)


def a_lock_is_a_word() -> list[Swap]:
    return without_rule("lane_locked")


# ---------------------------------------------------------------- cars and cards


def watched_car_passes() -> list[Swap]:
    return without_rule("watch_list")


def a_guard_decides_about_a_watched_car() -> list[Swap]:
    return everywhere(special_rules.standing_holds, lambda _case: ())


def dangerous_goods_pass() -> list[Swap]:
    return without_rule("dangerous_goods")


def lost_card_opens() -> list[Swap]:
    own = State.permit_by_card

    def by_card(state: State, card: str, at: Any) -> Any:
        return own(replace(state, cards=Cards()), card, at)

    return [(State, "permit_by_card", by_card), *without_rule("stopped_card")]


def two_plates_one_car_after_substitution_ended() -> list[Swap]:
    return [
        *everywhere(substitution.is_over, lambda _one, _at: False),
        *everywhere(
            decide.TIMED, tuple(one for one in decide.TIMED if one[1] is not substitution.time_passed)
        ),
    ]


# ---------------------------------------------------------------- the post


def the_post_is_left() -> list[Swap]:
    def leave(draft: Any, guard: Any) -> None:
        draft.say(GuardLeft(at=draft.at, guard=guard))

    return everywhere(duty._leave, leave)


def handover_without_what_is_open() -> list[Swap]:
    return everywhere(handover.open_items, lambda _state: ())


def shift_begins_without_a_row() -> list[Swap]:
    return [unsaid(ShiftStarted)]


def patrol_card_is_a_car() -> list[Swap]:
    return everywhere(rounds.is_patrol_card, lambda _draft, _signal: False)


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        hold_open_without_end,
        fire_undone_by_auto_close,
        fire_over_when_its_wire_is_quiet,
        fire_waits_for_the_disk,
        anybody_resets_a_fire,
        anybody_locks_a_lane,
        a_lock_is_a_word,
        watched_car_passes,
        a_guard_decides_about_a_watched_car,
        dangerous_goods_pass,
        lost_card_opens,
        two_plates_one_car_after_substitution_ended,
        the_post_is_left,
        handover_without_what_is_open,
        shift_begins_without_a_row,
        patrol_card_is_a_car,
    )
}
