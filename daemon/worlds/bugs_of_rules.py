"""Bugs on purpose in the rules: when the boom moves, and for whom; see `daemon.worlds.plants`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import daemon.engine
from daemon.core import access, case, decide, draft, guard, inside, lane, passages, plates
from daemon.core.facts import BoomLowerOrdered, BoomRaiseOrdered, Fact, StayOpened
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import CardRead, GuardAsked, LoopState, Signal, Started
from daemon.core.state import LaneState, Phase, State
from daemon.perform import Performer
from daemon.worlds.planting import Bug, Swap, blind_performer, engine, everywhere, no_alert, without_rule

FIFTEEN_S = timedelta(seconds=15)

# ---------------------------------------------------------------- boom


def closes_at_start() -> list[Swap]:
    return _closing_at_start()


def closes_on_time_while_occupied() -> list[Swap]:
    own = lane.lower_due

    def due(each: LaneState) -> timedelta | None:
        if each.granted_at is not None and each.phase is Phase.PASSING:
            return each.granted_at + timedelta(seconds=10)
        return own(each)

    return [*everywhere(own, due), blind_performer()]


def safety_check_dropped() -> list[Swap]:
    def never(_lane: LaneState) -> Reason | None:
        return None

    return [*everywhere(lane.why_not_lower, never), blind_performer()]


def unknown_loop_counts_as_free() -> list[Swap]:
    own = lane.why_not_lower

    def why_not(each: LaneState) -> Reason | None:
        return None if each.safety is LoopState.UNKNOWN else own(each)

    return [*everywhere(own, why_not), blind_performer()]


def no_last_look_before_lowering() -> list[Swap]:
    return [blind_performer()]


def no_raise_for_a_car_under_a_lowering_boom() -> list[Swap]:
    return everywhere(passages.keep_off_car, lambda _draft, _lane: None)


def order_replayed_at_start() -> list[Swap]:
    class Eager(daemon.engine.Engine):
        def handle(self, signal: Signal) -> tuple[Fact, ...]:
            facts = super().handle(signal)
            if isinstance(signal, Started):
                for each in self.state.lanes.values():
                    if each.phase in lane.DECIDED:
                        self._perform(BoomRaiseOrdered(at=signal.at, lane=each.id, reason=Reason.GUARD))
            return facts

    return [engine(Eager)]


def relay_pulsed_twice() -> list[Swap]:
    own = Performer.__call__

    def twice(self: Any, fact: Fact) -> None:
        own(self, fact)
        if isinstance(fact, BoomRaiseOrdered):
            own(self, fact)

    return [(Performer, "__call__", twice)]


def refused_close_closes() -> list[Swap]:
    own = guard._not_done

    def not_done(making: draft.Draft, signal: GuardAsked, why: Reason) -> None:
        own(making, signal, why)
        if signal.action == "close":
            making.say(BoomLowerOrdered(at=making.at, lane=signal.lane, reason=Reason.GUARD))

    return everywhere(own, not_done)


def button_needs_the_broker() -> list[Swap]:
    def waiting(state: State, signal: Signal) -> tuple[Fact, ...]:
        if "broker" in state.failed and isinstance(signal, GuardAsked | CardRead):
            return ()
        return decide.decide(state, signal)

    return [(daemon.engine, "decide", waiting)]


# ---------------------------------------------------------------- who may pass


def expired_permit_opens() -> list[Swap]:
    return without_rule("validity")


def no_anti_passback() -> list[Swap]:
    return without_rule("passback")


def plate_alone_opens() -> list[Swap]:
    return without_rule("both_needed", "mismatch")


def temporary_car_inside_twice() -> list[Swap]:
    own = access._temporary_entry

    def entry(case: access.Case) -> Any:
        verdict = own(case)
        return access.Grant(reason=Reason.TEMPORARY_PASS) if isinstance(verdict, access.Hold) else verdict

    rules = tuple((name, entry if name == "temporary_entry" else rule) for name, rule in access.RULES)
    return [*everywhere(access.RULES, rules), *everywhere(inside.rivals, lambda *_given: [])]


def any_misread_is_corrected() -> list[Swap]:
    return everywhere(plates.one_confusable_apart, lambda _read, _plate: True)


def card_and_plate_hours_apart() -> list[Swap]:
    return [(case.Case, "is_within_window", property(lambda _case: True))]


def hold_ends_by_itself() -> list[Swap]:
    own = passages.time_passed

    def passed(making: draft.Draft, each: LaneState) -> None:
        own(making, each)
        now = making.lane(each)
        opened = now.passage.opened.mono if now.passage is not None else making.at.mono
        if now.phase is Phase.HELD and now.passage is not None and making.at.mono - opened > FIFTEEN_S:
            passages.grant(making, now, now.passage, access.Grant(reason=Reason.TEMPORARY_PASS))

    return everywhere(own, passed)


def inside_twice() -> list[Swap]:
    return everywhere(inside.rivals, lambda *_given: [])


def inside_at_the_grant() -> list[Swap]:
    own = passages.grant

    def grant(making: draft.Draft, each: LaneState, passage: Any, verdict: Any, **named: Any) -> None:
        own(making, each, passage, verdict, **named)
        if each.direction == "entry":
            making.say(
                StayOpened(
                    at=making.at,
                    lane=each.id,
                    passage=passage.id,
                    stay_id=f"S{making.state.stays_opened + 1:07d}",
                    stay_kind="temporary",
                    plate=passage.plate or "无牌",
                )
            )

    return everywhere(own, grant)


def tailgater_not_noticed() -> list[Swap]:
    return [no_alert(AlertKind.PASSED_WITHOUT_GRANT, AlertKind.TAILGATING)]


def _closing_at_start() -> list[Swap]:
    def closing(state: State, signal: Signal) -> tuple[Fact, ...]:
        facts = decide.decide(state, signal)
        if not isinstance(signal, Started):
            return facts
        return (
            *facts,
            *(BoomLowerOrdered(at=signal.at, lane=key, reason=Reason.CAR_CLEARED) for key in state.lanes),
        )

    return [(daemon.engine, "decide", closing)]


BUGS: dict[str, Bug] = {
    bug.__name__: bug
    for bug in (
        closes_at_start,
        closes_on_time_while_occupied,
        safety_check_dropped,
        unknown_loop_counts_as_free,
        no_last_look_before_lowering,
        no_raise_for_a_car_under_a_lowering_boom,
        order_replayed_at_start,
        relay_pulsed_twice,
        refused_close_closes,
        button_needs_the_broker,
        expired_permit_opens,
        no_anti_passback,
        plate_alone_opens,
        temporary_car_inside_twice,
        any_misread_is_corrected,
        card_and_plate_hours_apart,
        hold_ends_by_itself,
        inside_twice,
        inside_at_the_grant,
        tailgater_not_noticed,
    )
}
