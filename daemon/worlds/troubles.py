"""What goes wrong in a world, as a list that can be drawn, read and shortened.

The law of this file: values. A trouble begins at a time, or at the first occasion after it: right after a car
has reached a loop, a card was shown, a relay was pulsed. Unbiased trouble hardly ever meets the milliseconds
in which it matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Trouble(StrEnum):
    POWER_CUT = "power cut"
    KILL = "process killed"
    STALL = "process stalls"
    CLOCK_STEP = "clock stepped"
    CLOCK_UNTRUSTED = "clock not trusted"
    BROKER_DOWN = "broker down"
    HALF_OPEN = "connection half open"
    OFFICE_AWAY = "office away"
    ACKS_DROPPED = "acknowledgements dropped"
    DOUBLES = "messages doubled"
    JUNK = "junk from the broker"
    RESEND = "office asks for a resend"
    GARBAGE = "garbage from the reader"
    READER_UNPLUGGED = "reader unplugged"
    CAMERA_LOST = "camera lost"
    LOOP_STUCK_ON = "loop stuck on"
    LOOP_STUCK_OFF = "loop stuck off"
    LOOP_CHATTERS = "loop chatters"
    LOOP_UNKNOWN = "loop cannot be read"
    LOOP_LOST = "loop detector lost"
    LIMIT_STUCK_ON = "limit switch stuck on"
    LIMIT_STUCK_OFF = "limit switch stuck off"
    BARRIER_LOST = "barrier lost"
    BOOM_HIT = "boom hit"
    MOTOR_DEAD = "motor dead"
    DISK_FULL = "disk full"
    DISK_READ_ONLY = "disk read-only"
    SYNC_FAILS = "sync fails"
    SYNC_SLOW = "sync takes long"
    PAGE_DAMAGED = "page damaged"
    COPY = "copy of the ledger"


class Occasion(StrEnum):
    """What a trouble waits for once its time has come."""

    NONE = "at once"
    APPROACH = "a car has reached the approach loop"
    SAFETY = "a car has reached the safety loop"
    CARD = "a card was shown"
    RAISED = "a relay raised"
    LOWERED = "a relay lowered"
    FIRE = "the fire panel has closed its wire"
    WRITING = "the disk is being written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    trouble: Trouble
    at_s: float
    lasts_s: float
    lane: int
    occasion: Occasion = Occasion.NONE
    delay_s: float = 0.0
    """From the occasion to the trouble."""
    which: float = 0.0
    """Picks among the trouble's own variants."""

    def __str__(self) -> str:
        when = (
            f"{self.at_s:.1f} s"
            if self.occasion is Occasion.NONE
            else f"{self.at_s:.1f} s, when {self.occasion}"
        )
        return f"{when}: {self.trouble} for {self.lasts_s:.1f} s (lane {self.lane + 1})"


_RATES: dict[Trouble, float] = {
    Trouble.POWER_CUT: 9,
    Trouble.KILL: 4,
    Trouble.STALL: 2,
    Trouble.COPY: 2,
    Trouble.RESEND: 1,
    Trouble.PAGE_DAMAGED: 0.3,
}
"""How often each comes, against 1 for the rest."""

_OCCASIONS: dict[Trouble, tuple[Occasion, ...]] = {
    Trouble.POWER_CUT: (Occasion.WRITING, Occasion.WRITING, *Occasion),
    Trouble.KILL: tuple(Occasion),
    Trouble.STALL: tuple(Occasion),
    Trouble.LOOP_UNKNOWN: (Occasion.NONE, Occasion.SAFETY),
    Trouble.LOOP_LOST: (Occasion.NONE, Occasion.SAFETY),
    Trouble.SYNC_SLOW: (Occasion.NONE, Occasion.SAFETY, Occasion.CARD),
    Trouble.BARRIER_LOST: (Occasion.NONE, Occasion.RAISED, Occasion.LOWERED),
}


def drawn(random: Random, until_s: float, lanes: int) -> tuple[Planned, ...]:
    """The troubles of one world, the first after the gate has had time to start."""
    kinds = list(Trouble)
    weights = [_RATES.get(kind, 1.0) for kind in kinds]
    planned = []
    for trouble in random.choices(kinds, weights, k=random.randrange(2, 9)):
        at_s = random.uniform(1.0, until_s - 40.0)
        lasts_s = min(random.choice((3.0, 12.0, 45.0)) * random.uniform(0.4, 1.4), until_s - at_s)
        planned.append(
            Planned(
                trouble=trouble,
                at_s=at_s,
                lasts_s=lasts_s,
                lane=random.randrange(lanes),
                occasion=random.choice(_OCCASIONS.get(trouble, (Occasion.NONE,))),
                delay_s=random.choice((0.0, random.uniform(0.0, 0.02), random.uniform(0.0, 3.0))),
                which=random.random(),
            )
        )
    if random.random() < 0.15:
        # The very first start makes the ledger: more can be half done then than ever again.
        planned.append(
            Planned(
                trouble=Trouble.POWER_CUT,
                at_s=0.0,
                lasts_s=0.0,
                lane=0,
                occasion=Occasion.WRITING,
                which=random.random(),
            )
        )
    return tuple(sorted(planned, key=lambda each: each.at_s))
