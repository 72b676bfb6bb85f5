"""What may come in at two lanes, in any order: the moves of the lane machine.

The law of this file: moves only. Nothing is claimed here; `tests.core.watched` looks at every decision, and
`tests.core.test_lane_machine` at what must hold after every move.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from daemon.core.bays import AssignBay, SetBayGroup
from daemon.core.fire import ResetFire
from daemon.core.hold_open import EndHoldOpen, HoldOpen, LockLane, UnlockLane
from daemon.core.signals import (
    Actor,
    Asked,
    Boom,
    BoomReported,
    CardRead,
    DirectoryGiven,
    FireInput,
    FireReported,
    GuardAsked,
    Instant,
    Loop,
    LoopChanged,
    LoopState,
    PictureTaken,
    PlateRead,
    Request,
    Signal,
    TimerElapsed,
)
from daemon.core.special import (
    ClassifyCar,
    DeclareCar,
    ExemptCar,
    ListWatched,
    UnclassifyCar,
    UnlistWatched,
)
from daemon.core.state import SiteRules
from tests.core.conftest import CHEN, HOUSEHOLDS, LIU, WANG
from tests.core.rig import GUARD, LEADER, OFFICE, SUPERVISOR, entry, exit_, permit
from tests.core.watched import Watched

LANES = ("entry-1", "other")
CARDS = ("A1", "B2", "C3", "FFFF")
PLATES = (WANG.plate, LIU.plate, CHEN.plate, "粤B01234", "粤B99999", "粤B9", "")
PERMITS = (
    WANG,
    LIU,
    CHEN,
    permit("P-wang", "B2", "粤B12345"),
    permit("P-liu", "A1", "粤B67890"),
    permit("P-new", "A1", "粤B99999"),
    permit("P-new", "D4", "粤B01234"),
)

REQUESTS = (
    *(ListWatched(sign="plate", value=plate, why="查", what_to_do="扣") for plate in PLATES[:2]),
    ListWatched(sign="card", value="C3", why="查", what_to_do="收卡"),
    *(UnlistWatched(sign="plate", value=plate, reason="了") for plate in PLATES[:2]),
    *(DeclareCar(lane=lane, car_class="dangerous") for lane in LANES),
    *(DeclareCar(lane=lane, car_class="large", company="环卫") for lane in LANES),
    *(ExemptCar(lane=lane, exempt_class="fire") for lane in LANES),
    ClassifyCar(plate=PLATES[4], car_class="large"),
    UnclassifyCar(plate=PLATES[4], reason="误"),
    *(SetBayGroup(name="A", bays=count, when_full="temporary") for count in (0, 1)),
    *(AssignBay(permit=permit.id, group="A") for permit in HOUSEHOLDS),
)

SWAPPED = PERMITS[3:5]
"""Two households have exchanged their cards."""

lanes = st.sampled_from(LANES)
cars = st.sampled_from(PERMITS)
seconds = st.sampled_from([0.0, 0.5, 1.0, 3.0, 5.0, 11.0, 31.0])


class GateMoves(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gate-machine-"))
        self.last: Signal | None = None
        self.seen: list[str] = []

    @initialize(
        modes=st.lists(
            st.sampled_from(["card_and_plate", "plate_only", "card_only"]), min_size=2, max_size=2
        ),
        approach=st.lists(st.booleans(), min_size=2, max_size=2),
        switches=st.lists(st.booleans(), min_size=2, max_size=2),
        temporary=st.sampled_from(["allow", "guard", "refuse"]),
        other_is_exit=st.booleans(),
        booms_report=st.booleans(),
    )
    def opens(
        self,
        *,
        modes: list[str],
        approach: list[bool],
        switches: list[bool],
        temporary: str,
        other_is_exit: bool,
        booms_report: bool,
    ) -> None:
        kinds = [
            {
                "mode": mode,
                "has_approach_loop": loop,
                "has_limit_switches": limit,
                "temporary": temporary,
            }
            for mode, loop, limit in zip(modes, approach, switches, strict=True)
        ]
        other = exit_ if other_is_exit else entry
        rules = (entry(LANES[0], **kinds[0]), other(LANES[1], **kinds[1]))
        site = SiteRules(has_fire_input=True)
        self.rig = Watched(self.folder, rules, HOUSEHOLDS, site)
        for lane in LANES:
            self.rig.booms[lane].has_limit_switches = booms_report

    def send(self, signal: Signal) -> None:
        self.last = signal
        self.rig.send(signal)
        self.seen = [*self.seen, *(fact.passage for fact in self.rig.facts[-3:] if fact.passage)][-3:]

    def ask(self, by: Actor, request: Request) -> None:
        self.send(Asked(at=self.at(0), actor=by, request=request))

    def at(self, late: float) -> Instant:
        now: Instant = self.rig.now
        return replace(now, mono=now.mono - timedelta(seconds=late))

    # ------------------------------------------------------------ whole visits, to get far

    @rule(lane=lanes, who=cars, shows_card=st.booleans(), through=st.booleans())
    def car_comes(self, lane: str, who: Any, shows_card: bool, through: bool) -> None:
        self.rig.car_arrives(lane)
        self.rig.plate(who.plate, lane)
        if shows_card:
            self.rig.card(who.card, lane)
        self.rig.time(5)
        if through:
            self.rig.drives_through(lane)

    @rule(lane=lanes, first=cars, second=cars, guard=st.sampled_from([None, "close", "stop"]))
    def two_cars_in_a_row(self, lane: str, first: Any, second: Any, guard: Any) -> None:
        for car in (first, second):
            self.rig.car_backs_off(lane)
            self.rig.car_arrives(lane)
            self.rig.plate(car.plate, lane)
            self.rig.card(car.card, lane)
        if guard is not None:
            self.rig.guard(guard, lane, reason="停车检查")

    @rule(lane=lanes)
    def guard_waves_a_car_through(self, lane: str) -> None:
        self.rig.guard("open", lane, reason="放行")
        self.rig.drives_through(lane)

    @rule(lane=lanes, loop=st.sampled_from(Loop))
    def loop_is_dead_for_a_while(self, lane: str, loop: Loop) -> None:
        self.rig.loop_fails(loop, lane)
        self.rig.time(40)

    @rule(lane=lanes)
    def car_drives_on(self, lane: str) -> None:
        self.rig.drives_through(lane)

    # ------------------------------------------------------------ signals as they come

    @rule(
        lane=lanes,
        loop=st.sampled_from(Loop),
        state=st.sampled_from(LoopState),
        late=st.sampled_from([0.0, 0.0, 2.0]),
    )
    def loop_changes(self, lane: str, loop: Loop, state: LoopState, late: float) -> None:
        self.send(LoopChanged(at=self.at(late), lane=lane, loop=loop, state=state))

    @rule(lane=lanes, boom=st.sampled_from(Boom))
    def limit_switches_say(self, lane: str, boom: Boom) -> None:
        self.send(BoomReported(at=self.at(0), lane=lane, boom=boom))

    @rule(lane=lanes, card=st.sampled_from(CARDS), late=st.sampled_from([0.0, 0.0, 4.0]))
    def card_is_shown(self, lane: str, card: str, late: float) -> None:
        self.send(CardRead(at=self.at(late), lane=lane, card=card, bits=32))

    @rule(
        lane=lanes,
        plate=st.sampled_from(PLATES),
        track=st.integers(1, 4),
        late=st.sampled_from([0.0, 0.0, 4.0]),
    )
    def plate_is_read(self, lane: str, plate: str, track: int, late: float) -> None:
        self.send(
            PlateRead(
                at=self.at(late),
                lane=lane,
                track=f"{lane}-{track}",
                plate=plate,
                valid=len(plate) > 3,
                confidence=0.9,
                chars=(),
                colour="blue",
                frames=2,
                picture=None,
                crop=None,
            )
        )

    @rule(
        lane=lanes,
        action=st.sampled_from(["open", "close", "stop", "release", "refuse"]),
        resync=st.booleans(),
        looked_at=st.integers(0, 3),
        which_stay=st.integers(0, 3),
    )
    def guard_asks(self, lane: str, action: Any, resync: bool, looked_at: int, which_stay: int) -> None:
        stays = sorted(self.rig.engine.state.stays)
        self.send(
            GuardAsked(
                at=self.at(0),
                actor=GUARD,
                lane=lane,
                action=action,
                reason="试" if resync else "",
                passage=self.seen[looked_at] if looked_at < len(self.seen) else None,
                resync=resync,
                stay=stays[which_stay] if which_stay < len(stays) else None,
            )
        )

    @rule(lane=lanes, action=st.sampled_from(["open", "close", "stop", "release", "refuse"]))
    def guard_decides(self, lane: str, action: Any) -> None:
        self.send(GuardAsked(at=self.at(0), actor=GUARD, lane=lane, action=action, reason="核对"))

    @rule(request=st.sampled_from(REQUESTS), actor=st.sampled_from([GUARD, SUPERVISOR]))
    def somebody_asks(self, request: Request, actor: Actor) -> None:
        self.send(Asked(at=self.at(0), actor=actor, request=request))

    @rule(lane=lanes, plate=st.sampled_from(PLATES[:2]), leads=st.booleans())
    def a_watched_car_comes(self, lane: str, plate: str, leads: bool) -> None:
        self.rig.ask(LEADER, ListWatched(sign="plate", value=plate, why="查", what_to_do="扣"))
        self.rig.car_arrives(lane)
        self.rig.plate(plate, lane)
        self.rig.guard("release", lane, actor=LEADER if leads else GUARD)

    @rule(permits=st.sampled_from([HOUSEHOLDS, SWAPPED]) | st.lists(cars, max_size=4))
    def office_gives_a_list(self, permits: Sequence[Any]) -> None:
        self.send(DirectoryGiven(at=self.at(0), actor=OFFICE, permits=tuple(permits)))

    @rule(lane=lanes, lost=st.booleans())
    def device_comes_and_goes(self, lane: str, lost: bool) -> None:
        (self.rig.loses if lost else self.rig.finds)(f"{lane}.reader", lane)

    @rule(lane=lanes)
    def picture_is_taken(self, lane: str) -> None:
        passage = self.seen[-1] if self.seen else None
        self.send(PictureTaken(at=self.at(0), lane=lane, passage=passage, picture="p.jpg"))

    @precondition(lambda self: self.last is not None)
    @rule()
    def the_last_signal_again(self) -> None:
        assert self.last is not None
        self.send(self.last)

    @rule(late=st.sampled_from([0.0, 5.0]))
    def a_timer_that_was_due_before(self, late: float) -> None:
        self.send(TimerElapsed(at=self.at(late)))

    @rule(passed=seconds)
    def time_passes(self, passed: float) -> None:
        self.rig.time(passed)

    @rule(lane=lanes, stuck=st.booleans())
    def boom_sticks(self, lane: str, stuck: bool) -> None:
        self.rig.booms[lane].is_stuck = stuck

    @rule(reboot=st.booleans(), lane=lanes, over_loop=st.booleans())
    def process_dies(self, reboot: bool, lane: str, over_loop: bool) -> None:
        self.rig.loops[lane, Loop.SAFETY] = LoopState.OCCUPIED if over_loop else LoopState.FREE
        (self.rig.reboot if reboot else self.rig.restart)()
        self.last = None  # no signal outlives the process that heard it

    # ------------------------------------------------------------ lanes that stay open, or shut

    @rule(lane=lanes, seconds=st.sampled_from([-5, 2, 40, 900]), by=st.sampled_from([GUARD, LEADER]))
    def somebody_holds_a_lane_open(self, lane: str, seconds: int, by: Actor) -> None:
        until = self.rig.clock.wall + timedelta(seconds=seconds)
        self.ask(by, HoldOpen(lane=lane, until=until, reason="车队"))

    @rule(
        lane=lanes,
        request=st.sampled_from([EndHoldOpen, LockLane, UnlockLane, UnlockLane]),
        by=st.sampled_from([GUARD, LEADER]),
    )
    def somebody_ends_a_hold_or_locks(self, lane: str, request: Any, by: Actor) -> None:
        self.ask(by, request(lane=lane, reason="值班"))

    @rule(lane=lanes, who=cars, action=st.sampled_from(["open", "release"]), comes=st.booleans())
    def a_locked_lane_is_tried(self, lane: str, who: Any, action: Any, comes: bool) -> None:
        self.ask(LEADER, LockLane(lane=lane, reason="施工"))
        if comes:
            self.car_comes(lane=lane, who=who, shows_card=True, through=False)
        self.guard_decides(lane=lane, action=action)

    @rule(says=st.sampled_from(FireInput))
    def fire_panel_says(self, says: FireInput) -> None:
        self.send(FireReported(at=self.at(0), input=says))

    @rule(by=st.sampled_from([GUARD, LEADER]), first_quiet=st.booleans())
    def somebody_ends_the_fire(self, by: Actor, first_quiet: bool) -> None:
        if first_quiet:
            self.send(FireReported(at=self.at(0), input=FireInput.QUIET))
        self.ask(by, ResetFire(reason="误报"))

    @rule(lane=lanes, who=cars, follower=cars, leaves_approach=st.booleans())
    def a_car_is_followed(self, lane: str, who: Any, follower: Any, leaves_approach: bool) -> None:
        self.car_comes(lane=lane, who=who, shows_card=True, through=True)
        self.rig.car_arrives(lane)
        self.rig.plate(follower.plate, lane)
        self.rig.car_under_boom(lane)
        if leaves_approach:
            self.rig.car_backs_off(lane)
        self.rig.car_clears(lane)
