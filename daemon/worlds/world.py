"""One world: a gate, its lanes, people and office, and what goes wrong; from the first start to a calm end.

The law of this file: everything random comes from the seed, people and troubles from streams of their own. A
world ends at its first violation, or after every trouble is over and a car with a permit has come in and gone
out again.
"""

from __future__ import annotations

import tempfile
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from daemon.core.facts import Fact
from daemon.core.signals import Signal
from daemon.worlds.cashdesk import CashDesk
from daemon.worlds.devices import Desk, Life
from daemon.worlds.disk import Disk, clear, memory_folder
from daemon.worlds.faults import Mischief
from daemon.worlds.fires import FirePanel, Fires
from daemon.worlds.gate import End, Gate, Surroundings
from daemon.worlds.guardhouse import Guardhouse
from daemon.worlds.inquest import Inquest, Remembered
from daemon.worlds.laws import SETTLED_S, Violation, Witness
from daemon.worlds.leader import Leader
from daemon.worlds.lists import Lists
from daemon.worlds.office import Office
from daemon.worlds.outside import Outside
from daemon.worlds.people import Driver
from daemon.worlds.post import Post
from daemon.worlds.premises import premises
from daemon.worlds.reader import read_book
from daemon.worlds.scene import Folk, Scene
from daemon.worlds.site import Given, Lane
from daemon.worlds.town import Town
from daemon.worlds.troubles import Occasion, Planned, Trouble, drawn

QUIET_S = 40.0
"""From the end of the last trouble to the last car: a lost device is asked again every 30 s at the latest."""
THROUGH_WITHIN_S = 30.0
OFFICE_WITHIN_S = 1400.0
"""Two of the publisher's longest waits for a silent office, and some."""
TOLD = 40
"""Lines of history that a violation comes with."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one world came to."""

    seed: int
    plan: tuple[Planned, ...]
    violation: Violation | None = None
    history: list[str] = field(default_factory=list)
    passages: int = 0
    power_cuts: int = 0
    starts: int = 0
    facts: int = 0
    lived_s: float = 0.0
    digest: str = ""


class World:
    """`run()` it once."""

    def __init__(self, seed: int, plan: tuple[Planned, ...] | None = None) -> None:
        random = Random(f"{seed} world")
        until_s = random.choice((120.0, 200.0, 320.0))
        self._until_s = until_s
        self._random = Random(f"{seed} gate")
        self._outside = Outside()
        self._lanes = [Lane("entry-1", "entry", self._outside), Lane("exit-1", "exit", self._outside)]
        drawn_plan = drawn(Random(f"{seed} troubles"), until_s, len(self._lanes))
        self.outcome = Outcome(seed=seed, plan=drawn_plan if plan is None else plan)
        self._place = Path(tempfile.mkdtemp(prefix="gatepost-world-", dir=memory_folder()))
        (self._place / "copy").mkdir()
        self._disk = Disk(self._place, Random(f"{seed} disk"), stall=self._outside.wait_s)
        self._office = Office(self._outside, Random(f"{seed} office"))
        self._fire_panel = FirePanel(self._outside)
        self._desks = {lane.name: Desk() for lane in self._lanes}
        self._history: deque[tuple[float, str]] = deque(maxlen=TOLD)
        self._life = Life(0)
        self._gate: Gate | None = None
        self._up_since = 0.0
        self._next_is_cut: bool | None = None
        self._is_over = False
        self._boots = {self._outside.boot: -1.0}
        self._given: list[Given] = []
        self._witness = Witness(
            self._outside, self._lanes, self._accuse, self._hindered_since, lambda: self._life
        )
        for lane in self._lanes:
            self._also(lane)
        self._premises = premises(Random(f"{seed} premises"), self._lanes, until_s)
        self._outside.begins(self._premises.begins)
        self._scene = Scene(self._outside, self._living_gate)
        self._town = Town(
            random=Random(f"{seed} people"),
            outside=self._outside,
            premises=self._premises,
            desks=self._desks,
            gate=self._living_gate,
            camera_is_lost=lambda lane: lane in self._mischief.lost_cameras,
            through=self._went_through,
            card_shown=lambda: self._mischief.occasion(Occasion.CARD),
        )
        self._mischief = Mischief(
            plan=self.outcome.plan,
            outside=self._outside,
            disk=self._disk,
            office=self._office,
            lanes=self._lanes,
            desks=self._desks,
            witness=self._witness,
            gate=self._living_gate,
            dies=self._dies,
            note=lambda what: self._note(f"*** {what}"),
            random=Random(f"{seed} garbage"),
        )
        self._cashdesk = CashDesk(random=Random(f"{seed} money"), scene=self._scene)
        self._fires = Fires(
            random=Random(f"{seed} fire"),
            outside=self._outside,
            panel=self._fire_panel,
            lanes=self._lanes,
            witness=self._witness,
            stalled_since=self._stalled_since,
            begins=lambda: self._mischief.occasion(Occasion.FIRE),
        )
        self._folk = self._cast(seed)
        self._inquest = Inquest(
            self._premises, self._office, self._boots, self._cashdesk.sent, self._fire_panel
        )

    def _cast(self, seed: int) -> tuple[Folk, ...]:
        scene, town = self._scene, self._town
        guardhouse = Guardhouse(
            random=Random(f"{seed} guards"),
            scene=scene,
            queues=town.queues,
            cashdesk=self._cashdesk,
            witness=lambda: self._witness,
        )
        post = Post(random=Random(f"{seed} post"), scene=scene, desks=self._desks)
        leader = Leader(random=Random(f"{seed} leader"), scene=scene, lanes=self._lanes)
        lists = Lists(random=Random(f"{seed} lists"), scene=scene, town=town)
        return self._cashdesk, guardhouse, post, leader, lists, self._fires

    # ------------------------------------------------------------ from start to end

    def run(self) -> Outcome:
        try:
            with self._disk.mounted():
                self._town.wakes(self._until_s - 30.0)
                for some in self._folk:
                    some.wakes(self._until_s - 30.0)
                self._looks_at_panel()
                self._outside.later(self._until_s, self._calms_down)
                self._outside.wait_s(0.0)
                while not self._is_over:
                    self._one_life()
        finally:
            self._disk.close()
            clear(self._place)
        self._tell()
        return self.outcome

    def _one_life(self) -> None:
        self._life = Life(self._life.number + 1)
        self._next_is_cut = None
        gate = self._gate = Gate(self._surroundings(), self._life, self._random)
        self.outcome.starts += 1
        end = gate.live()
        self._gate = None
        is_cut = self._next_is_cut if self._next_is_cut is not None else not self._disk.kill_only
        was_cut = end == "died" and is_cut
        self._note(
            f"--- the process {end}{', the power was cut' if was_cut else ''}"
            + (f": {gate.why!r}" if gate.why is not None else "")
        )
        self.outcome.power_cuts += was_cut
        self._disk.power_on(was_cut=was_cut)
        self._disk.kill_only = False
        self._judge_end(gate, end)
        self._look_at_book(gate)
        if not self._is_over:
            off_s = self._random.uniform(5.0, 25.0) if was_cut else self._random.uniform(1.0, 5.0)
            self._outside.wait_s(off_s)
            if was_cut:
                self._reboots(off_s)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            outside=self._outside,
            disk=self._disk,
            office=self._office,
            lanes=self._lanes,
            fire=self._fire_panel,
            desks=self._desks,
            rules=self._premises.rules,
            site=self._premises.site,
            permits=lambda: self._town.listed,
            observe=self._observes,
            started=self._started,
        )

    def _reboots(self, off_s: float) -> None:
        boot = f"boot-{len(self._boots) + 1}"
        self._outside.reboot(boot)
        self._boots[boot] = self._outside.elapsed_s - 1.0
        if (
            self._random.random() < 0.3
        ):  # no clock battery: the wall clock stood still until a server was found
            lag = timedelta(seconds=off_s)
            self._outside.trusted = False
            self._outside.step_wall(-lag)
            self._outside.later(self._random.uniform(2.0, 20.0), lambda: self._finds_time(lag))

    def _finds_time(self, lag: timedelta) -> None:
        self._outside.step_wall(lag)
        self._outside.trusted = True

    def _started(self, gate: Gate) -> None:
        self._up_since = self._outside.elapsed_s
        self._note(f"--- up, {gate.store.last_seq()} facts")
        self._town.camera_looks_again()

    def _dies(self, is_cut: bool) -> None:
        if self._gate is not None:
            self._next_is_cut = is_cut
            self._disk.die()

    def _living_gate(self) -> Gate | None:
        gate = self._gate
        return gate if gate is not None and gate.is_up and not self._life.is_over else None

    # ------------------------------------------------------------ what is seen

    def _observes(self, gate: Gate, signal: Signal, facts: tuple[Fact, ...]) -> None:
        for fact in facts:
            self._note(f"{fact.lane or '-'} {fact.passage or '-'} {fact.kind} {_detail(fact)}")  # type: ignore[attr-defined]  # every fact of the ledger has one
        self._witness.facts(signal, facts)
        for some in self._folk:
            some.hears(gate, facts)

    def _also(self, lane: Lane) -> None:
        """The occasions that troubles wait for."""
        judged, had = lane.on_pulse, {"approach": False, "safety": False}
        of = {"raise": Occasion.RAISED, "lower": Occasion.LOWERED}

        def pulsed(given: Given) -> None:
            self._given.append(given)
            self._note(f"{lane.name} relay {given.pulse}")
            judged(given)
            self._fires.pulsed(given)
            if given.pulse in of:
                self._mischief.occasion(of[given.pulse])

        def looks() -> None:
            for sensor, occasion in (("approach", Occasion.APPROACH), ("safety", Occasion.SAFETY)):
                is_on = lane.occupied("approach" if sensor == "approach" else "safety")
                if is_on and not had[sensor]:
                    self._mischief.occasion(occasion)
                had[sensor] = is_on

        lane.on_pulse = pulsed
        lane.told.append(looks)

    def _looks_at_panel(self) -> None:
        gate = self._living_gate()
        if gate is not None and not self._hindered_since(self._outside.elapsed_s - SETTLED_S):
            for lane in self._lanes:
                self._witness.believes(lane, gate.engine.state.lanes[lane.name].safety)
        self._outside.later(1.7, self._looks_at_panel)

    def _went_through(self, lane: Lane, driver: Driver) -> None:
        self._note(f"{lane.name} {driver.kind} {driver.car.plate} has driven through")
        self.outcome.passages += 1

    def _hindered_since(self, at_s: float) -> bool:
        faults = self._disk.faults
        return (
            self._living_gate() is None
            or self._up_since + 1.0 > at_s
            or self._mischief.hindered_until > at_s
            or faults.refuses
            or faults.sync_takes_s > 0
        )

    def _stalled_since(self, at_s: float) -> bool:
        """The process was dead or stood still, or is not long enough there to have looked at anything."""
        is_away = self._living_gate() is None or self._up_since + 1.0 > at_s
        return is_away or self._mischief.stalled_until > at_s or self._disk.faults.sync_takes_s > 0

    # ------------------------------------------------------------ what is judged

    def _accuse(self, law: str, what: str) -> None:
        if self.outcome.violation is None:
            self.outcome.violation = Violation(law, what, self._outside.elapsed_s)
            self._ends()

    def _judge_end(self, gate: Gate, end: End) -> None:
        is_excused = self._disk.faults.refuses or self._mischief.damaged or gate.why is None
        if end == "failed" and not is_excused and self._mischief.hindered_until < self._outside.elapsed_s:
            self._accuse("the process does not fail", f"{type(gate.why).__name__}: {gate.why}")

    def _look_at_book(self, gate: Gate) -> None:
        book = read_book(self._disk.folder, self._place / "copy")
        if book is None:
            return
        self.outcome.facts = len(book.rows)
        remembered = None
        if hasattr(gate, "engine"):
            remembered = Remembered(
                seq=gate.store.last_seq(), head=gate.store.head(), state=gate.engine.state
            )
        damaged = self._mischief.damaged
        for law, what in self._inquest.find(book, remembered, self._given, damaged=damaged):
            self._accuse(law, what)
        self._last_hash = book.rows[-1].hash if book.rows else ""

    _last_hash = ""

    # ------------------------------------------------------------ the calm end

    def _calms_down(self) -> None:
        self._mischief.disarms()
        for some in self._folk:
            some.calms_down()
        wait_s = max(self._mischief.ends_at - self._outside.elapsed_s, 0.0) + QUIET_S
        self._outside.later(wait_s, lambda: self._last_car(0, patience=40))

    def _last_car(self, number: int, *, patience: int) -> None:
        """A car with a permit, at each lane in turn, once the lane is empty."""
        if number == len(self._lanes):
            self._outside.later(1.0, lambda: self._office_catches_up(self._outside.elapsed_s))
            return
        lane = self._lanes[number]
        queue = self._town.queues[lane.name]
        is_ready = queue.front is None and self._living_gate() is not None and lane.place < 1e-6
        if not is_ready and patience:
            self._outside.later(5.0, lambda: self._last_car(number, patience=patience - 1))
            return
        driver = self._town.last_one_comes(lane)
        self._outside.later(THROUGH_WITHIN_S, lambda: self._is_through(number, driver))

    def _is_through(self, number: int, driver: Driver) -> None:
        if driver.through_s is None:
            where = f"{self._lanes[number].name}: {driver.car.plate} is {driver.place}"
            what = f"{where} after {THROUGH_WITHIN_S:.0f} s"
            self._accuse("a permitted car is through within 30 s", what)
        else:
            self._last_car(number + 1, patience=40)

    def _office_catches_up(self, since_s: float) -> None:
        gate = self._living_gate()
        if gate is not None and len(self._office.held) >= gate.store.last_seq():
            self._ends()
        elif self._outside.elapsed_s - since_s > OFFICE_WITHIN_S:
            known = gate.store.last_seq() if gate is not None else 0
            what = f"the office holds {len(self._office.held)} of {known} facts"
            self._accuse("the office has everything in the end", what)
        else:
            self._outside.later(7.0, lambda: self._office_catches_up(since_s))

    def _ends(self) -> None:
        self._is_over = True
        if self._gate is not None and self._gate.is_up:
            self._gate.end("stopped")

    # ------------------------------------------------------------ what is told

    def _note(self, what: str) -> None:
        self._history.append((self._outside.elapsed_s, what))

    def _tell(self) -> None:
        outcome = self.outcome
        outcome.lived_s = self._outside.elapsed_s
        outcome.history = [f"{at_s:9.3f} s  {what}" for at_s, what in self._history]
        seen = [f"{given.lane} {given.pulse} {given.at_s:.6f}" for given in self._given]
        told = [self._last_hash, str(outcome.facts), f"{outcome.lived_s:.6f}", str(outcome.violation), *seen]
        outcome.digest = sha256("\n".join(told).encode()).hexdigest()


def _detail(fact: Fact) -> str:
    """The few words that tell one fact of a kind from another."""
    names = ("reason", "state", "loop", "boom", "outcome", "card", "plate", "alert", "device", "action")
    return " ".join(str(value) for name in names if (value := getattr(fact, name, None)))


__all__ = ["Outcome", "Trouble", "World"]
