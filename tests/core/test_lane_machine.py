"""Anything may come in, in any order: what must hold all the same.

Two lanes of random kinds get random signals: cards, plates and tracks out of a small stock, loops that fail
and limit switches that lie, guards who click twice, lists of permits that contradict themselves, late and
repeated signals, crashes and reboots. `Watched` looks at every single decision from outside: it keeps its own
books of what the loops last said, of what the booms were last told, and of which lanes stay open or locked.

That the machine can fail was proved by planting mistakes in the core by hand, one at a time, and taking them
out again. Each of these it found:

- lower while the safety loop is occupied; lower while it cannot be read; lower when a grant lapses
- no raise for a car under the lowering boom; the same only where there are no limit switches
- perform before the commit; perform an order twice; a grant without its order to raise
- a second stay without closing the first, by permit (by plate: rarely, so a story tells that one)
- a stay that the tables do not close; a car behind that is dropped at a start
- no grant ever lapses; a deadline of the boot before; an unanswered order that stays due for ever
- a loop that fails and mends under a car, and the car never clears; a changed list that nobody answers
- a refused close that is done all the same; the car behind gets its boom when the guard closes
- a card that lifts the hold of a watched car; a guard who releases, or exempts, one
- one card for two permits; cards swapped without being withdrawn first; a passage that stays after its end
"""

from __future__ import annotations

import shutil
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from daemon.core.decide import next_deadline
from daemon.core.facts import AccessGranted
from daemon.core.lane import DECIDED
from daemon.core.passages import deadlines
from daemon.core.reasons import AlertKind, Reason
from daemon.core.signals import LoopState, TimerElapsed
from daemon.core.special import WatchedCarSeen
from daemon.core.state import Phase, State
from tests.core.lane_model import GateMoves

SOON = timedelta(seconds=60)
"""Longer than anything that a lane of these rules waits for."""


class GateMachine(GateMoves):
    """The moves of `tests.core.lane_model`, and what must hold after each of them."""

    @invariant()
    def phase_and_passage_agree(self) -> None:
        for lane in self._state().lanes.values():
            assert (lane.phase is Phase.IDLE) == (lane.passage is None)
            assert lane.behind is None or lane.phase in DECIDED
            assert (lane.granted_at is not None) == (lane.phase in DECIDED)

    @invariant()
    def one_open_stay_a_plate_and_a_permit(self) -> None:
        state = self._state()
        stays = list(state.stays.values())
        assert len({stay.plate for stay in stays}) == len(stays) == len(state.stay_of_plate)
        permits = [stay.permit_id for stay in stays if stay.permit_id is not None]
        assert len(set(permits)) == len(permits) == len(state.stay_of_permit)
        open_rows = self.rig.store.db.execute("SELECT id FROM stays WHERE left_at IS NULL").fetchall()
        assert {row[0] for row in open_rows} == set(state.stays)

    @invariant()
    def every_passage_ends(self) -> None:
        here = {
            car.id
            for lane in self._state().lanes.values()
            for car in (lane.passage, lane.behind)
            if car is not None
        }
        open_rows = self.rig.store.db.execute("SELECT passage FROM passages WHERE closed_at IS NULL")
        assert {row[0] for row in open_rows} == here

    @invariant()
    def only_a_leader_lets_a_watched_car_through(self) -> None:
        seen: set[str | None] = set()
        for fact in self.rig.facts:
            if isinstance(fact, WatchedCarSeen):
                seen.add(fact.passage)
            elif isinstance(fact, AccessGranted) and fact.passage in seen and fact.reason is not Reason.FIRE:
                assert fact.by is not None, f"a rule let {fact.passage} through"
                assert fact.by.role in ("leader", "supervisor"), f"{fact.by} let {fact.passage} through"

    @invariant()
    def one_card_one_car(self) -> None:
        state = self._state()
        permits = list(state.permits.values())
        assert {permit.card: permit.id for permit in permits} == dict(state.permit_of_card)
        assert {permit.plate: permit.id for permit in permits} == dict(state.permit_of_plate)
        assert len(permits) == len(state.permit_of_card) == len(state.permit_of_plate)

    @invariant()
    def a_hold_ends_by_itself(self) -> None:
        state, now = self._state(), self.rig.clock.mono
        due = next_deadline(state, now)
        for lane in state.lanes.values():
            if lane.held_open is not None:
                assert due is not None
                assert due <= lane.held_open.due <= now + timedelta(seconds=900)

    @invariant()
    def as_many_are_inside_as_came_and_did_not_go(self) -> None:
        assert self._state().lot.inside == len(self._state().stays)

    @invariant()
    def what_is_over_is_no_alert(self) -> None:
        alerts = self._state().alerts
        for lane, safety in self.rig.safety.items():
            if safety is LoopState.FREE:
                assert f"{AlertKind.LANE_BLOCKED}:{lane}" not in alerts
                assert f"{AlertKind.TAILGATING}:{lane}" not in alerts

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Whoever neither waits for a person nor stands on the loop has a moment when something is done."""
        state, now = self._state(), self.rig.clock.mono
        for lane in state.lanes.values():
            due = min(deadlines(state, lane, now), default=None)
            has_deadline = due is not None and due <= now + SOON
            is_under_boom = lane.phase is Phase.PASSING and lane.safety is LoopState.OCCUPIED
            if lane.phase is Phase.IDENTIFYING or (lane.phase in DECIDED and not is_under_boom):
                assert has_deadline, f"{lane.id} waits for nothing: {lane}"

    @invariant()
    def the_timer_does_not_spin(self) -> None:
        now = self.rig.clock.mono
        due = next_deadline(self._state(), now)
        if due is not None and due <= now:
            self.rig.send(TimerElapsed(at=self.rig.now))
            still = next_deadline(self._state(), now)
            assert still is None or still > now, f"{still} is due at {now}, and stays due"

    def _state(self) -> State:
        return self.rig.engine.state

    def teardown(self) -> None:
        if hasattr(self, "rig"):
            self.rig.finish()
        shutil.rmtree(self.folder, ignore_errors=True)


GateMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestGate = GateMachine.TestCase
