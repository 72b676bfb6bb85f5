"""Who is let through and who is inside: the facts that make presence, here and at the gates of the same site.

The law of this file: as in `daemon.core.facts`, which hands these on. They stand apart because a sibling's
facts carry some of them (`daemon.core.siblings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor

NO_PLATE = "无牌-"
"""What the pass of a car without plates is called, before its number (R14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Fact):
    reason: Reason
    permit_id: str | None = None
    card: str | None = None
    plate: str | None = None
    picture: str | None = None
    by: Actor | None = None
    note: str = ""
    """What the guard said."""
    resync: bool = False
    """The guard put presence right with this grant (R05)."""
    stay_id: str | None = None
    """The open stay that this car is, where it leaves one."""
    told: tuple[Reason, ...] = ()
    """What the driver hears besides: that his permit ends soon, that his bays are taken."""
    trace: tuple[str, ...] = ()
    """The rules that led here, in the order they were asked."""
    unheard: tuple[str, ...] = ()
    """The gates of the site that were cut off at that moment: what they had let in or out was not known."""
    kind: Literal["access_granted"] = "access_granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayOpened(Fact):
    stay_id: str
    stay_kind: Literal["permit", "temporary", "exempt"]
    """`temporary` is the pass of R14: plate (or number), time, lane and picture of a car without a permit;
    `exempt` is a vehicle of R09, which is never charged."""
    plate: str
    """The plate, or `无牌-<n>` for a car that shows none."""
    permit_id: str | None = None
    card: str | None = None
    picture: str | None = None
    vehicle: str = ""
    """`large` where it was declared or listed as that (R10): a tariff with such a class takes it (R16)."""
    kind: Literal["stay_opened"] = "stay_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayClosed(Fact):
    stay_id: str
    how: Literal["exit", "resync", "conflict"]
    """`resync`: put right, by a person or by what became known later. `conflict`: another gate had let the
    same car or permit in as well, and that entry stands (R45)."""
    by: Actor | None = None
    note: str = ""
    kind: Literal["stay_closed"] = "stay_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftUnheard(Fact):
    """A car was let out of whose stay nothing is known here, while a gate that may know it is cut off."""

    plate: str | None
    permit_id: str | None
    kind: Literal["left_unheard"] = "left_unheard"


AnyFact = AccessGranted | StayOpened | StayClosed | LeftUnheard
