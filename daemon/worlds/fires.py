"""The fire panel of a made-up site: a wire that closes, falls quiet or breaks; and what a fire asks for.

The law of this file: a fire raises every boom at once, whatever the disk does, and from the moment at which
the ledger has it nothing is lowered until somebody entitled has reset it. The excuses are those of
`daemon.worlds.laws`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from daemon.core.facts import Fact
from daemon.core.fire import FireAlarmed, FireWasReset
from daemon.worlds.gate import Gate
from daemon.worlds.laws import REACTION_S, Witness
from daemon.worlds.outside import Outside
from daemon.worlds.site import TRAVEL_S, Broken, Given, Lane

UP_WITHIN_S = 10.0
"""After everything that excuses a boom is over."""


class FirePanel:
    """Its wire, as `daemon.worlds.devices.WorldContact` reads one."""

    name = "fire"

    def __init__(self, outside: Outside) -> None:
        self.told: list[Callable[[], None]] = []
        self.burned: list[list[float]] = []
        """[from, until] of each alarm, in seconds of the world."""
        self._outside = outside
        self._broken: Broken | None = None
        self._is_burning = False

    @property
    def is_alarming(self) -> bool:
        return self._is_burning and self._broken is None

    def contact(self, _name: str) -> bool | Broken:
        return self._is_burning if self._broken is None else self._broken

    def says(self, is_burning: bool) -> None:
        before, self._is_burning = self._is_burning, is_burning
        self._changes(before and self._broken is None)

    def breaks(self, broken: Broken | None) -> None:
        before, self._broken = self._broken, broken
        self._changes(before is None and self._is_burning)

    def _changes(self, was_alarming: bool) -> None:
        if self.is_alarming and not was_alarming:
            self.burned.append([self._outside.elapsed_s, float("inf")])
        elif was_alarming and not self.is_alarming:
            self.burned[-1][1] = self._outside.elapsed_s
        for told in list(self.told):
            told()

    def burned_at(self, at_s: float) -> bool:
        """True where the wire said so then, or a moment before."""
        return any(since - 1e-3 <= at_s <= until + 1.0 for since, until in self.burned)


class Fires:
    """Makes the fires of a world, and judges what comes of them."""

    def __init__(
        self,
        *,
        random: Random,
        outside: Outside,
        panel: FirePanel,
        lanes: Sequence[Lane],
        witness: Witness,
        stalled_since: Callable[[float], bool],
        begins: Callable[[], None],
    ) -> None:
        self._random = random
        self._outside = outside
        self._panel = panel
        self._lanes = lanes
        self._witness = witness
        self._stalled_since = stalled_since
        self._begins = begins
        self._latched_s: float | None = None
        self._excused_until: dict[str, float] = {}
        panel.told.append(self._told)
        self._was_alarming = False

    # ------------------------------------------------------------ what happens

    def wakes(self, until_s: float) -> None:
        random = self._random
        if random.random() < 0.3:
            at_s = random.uniform(10.0, until_s - 20.0)
            lasts_s = min(random.choice((0.5, 8.0, 30.0)), until_s - at_s)
            self._outside.later(at_s, lambda: self._panel.says(True))
            self._outside.later(at_s + lasts_s, lambda: self._panel.says(False))
            if random.random() < 0.4:
                broken = random.choice((Broken.UNKNOWN, Broken.LOST))
                self._outside.later(at_s + random.uniform(-5.0, lasts_s), lambda: self._panel.breaks(broken))
                self._outside.later(at_s + lasts_s + 3.0, lambda: self._panel.breaks(None))
        self._looks(until_s + 60.0)

    def calms_down(self) -> None:
        self._panel.breaks(None)
        self._panel.says(False)

    def hears(self, gate: Gate, facts: tuple[Fact, ...]) -> None:
        del gate
        for fact in facts:
            if isinstance(fact, FireAlarmed):
                self._latched_s = self._outside.elapsed_s
            elif isinstance(fact, FireWasReset):
                self._latched_s = None

    # ------------------------------------------------------------ what is judged

    def _told(self) -> None:
        is_alarming, was_alarming = self._panel.is_alarming, self._was_alarming
        self._was_alarming = is_alarming
        if is_alarming and not was_alarming:
            self._begins()
            at_s = self._outside.elapsed_s
            before = {lane.name: len(lane.given) for lane in self._lanes}
            self._outside.later(REACTION_S, lambda: self._have_risen(before, at_s))

    def _have_risen(self, before: dict[str, int], at_s: float) -> None:
        if self._stalled_since(at_s - REACTION_S):
            return
        for lane in self._lanes:
            if all(given.pulse != "raise" for given in lane.given[before[lane.name] :]):
                what = f"{lane.name}: no raise within {REACTION_S} s of the alarm"
                self._witness.accuse("a fire raises every boom at once", what)

    def pulsed(self, given: Given) -> None:
        if given.pulse == "lower" and self._latched_s is not None:
            self._witness.accuse("in a fire every boom stays up", f"{given.lane}: lowered")

    def _looks(self, until_s: float) -> None:
        now_s = self._outside.elapsed_s
        for lane in self._lanes:
            if self._witness.is_lied_to(lane) or lane.motor_is_dead:
                # What a dead motor did not do, a guard has to ask for again.
                self._excused_until[lane.name] = now_s + 60.0
            since_s = max(self._latched_s or 0.0, self._excused_until.get(lane.name, 0.0))
            is_due = self._latched_s is not None and now_s - since_s > UP_WITHIN_S + TRAVEL_S
            if is_due and lane.place < 0.99 and not self._stalled_since(now_s - UP_WITHIN_S):
                self._witness.accuse(
                    "in a fire every boom stays up", f"{lane.name}: it is at {lane.place:.2f}"
                )
        if now_s < until_s:
            self._outside.later(2.3, lambda: self._looks(until_s))
