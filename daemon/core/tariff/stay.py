"""How long a car was inside, as far as it is known: what a quote is made from.

The law of this file (R43): time since boot goes before wall time, so that no fee comes from a clock that was
set; what is not known is said, never filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daemon.core.boots import NO_BOOTS, Between, Boots
from daemon.core.signals import Instant
from daemon.core.tariff.book import Version
from daemon.core.wall_clock import JUMP

_NONE: Final = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A stay as the tariff sees it."""

    entered: datetime
    """Aware. Only what the clock believed, where `is_dated` is false."""
    elapsed: timedelta
    """Not below zero."""
    vehicle: str = ""
    """A class of the tariff; "" for the usual one."""
    claims: frozenset[str] = frozenset()
    """Names of discounts and exemptions that a person has established."""
    seen_vehicle: str = ""
    """The class that was seen at the gate; taken where no other is said and the tariff has it."""
    seen_claims: frozenset[str] = frozenset()
    """What the plate proves by its shape, as far as the tariff speaks of it."""
    earlier: tuple[tuple[datetime, timedelta], ...] = ()
    """Other stays of the same car, with their lengths; those that do not count here are left aside."""
    lost_pass: bool = False
    is_dated: bool = True
    is_whole: bool = True
    """False: `elapsed` is only the least that it can have been."""
    ran_backwards: bool = False
    """The clocks said that it left before it came."""

    def under(self, version: Version) -> Parked:
        """The stay with what of the seen things this version of a tariff knows; the rest is left aside."""
        known = self.seen_claims & (version.discounts.keys() | version.exempt.keys())
        vehicle = self.vehicle or (self.seen_vehicle if self.seen_vehicle in version.classes else "")
        return replace(self, vehicle=vehicle, claims=self.claims | known)


def parked_between(
    entered: Instant,
    left: Instant,
    *,
    boots: Boots = NO_BOOTS,
    vehicle: str = "",
    claims: Iterable[str] = (),
    seen_vehicle: str = "",
    seen_claims: Iterable[str] = (),
    earlier: Iterable[tuple[datetime, timedelta]] = (),
    lost_pass: bool = False,
    at_least: bool = False,
) -> Parked:
    """The stay between two instants, by the best that they and the boots that they are of know.

    Within one boot the length is exact, and whatever dates the boot dates the stay. Over a boot it is the
    least that all believed clocks allow; where one of the two was never dated, the time since the later boot.
    `at_least`: it may have begun before `entered`.
    """
    came, went = boots.when(entered), boots.when(left)
    if came is None and went is not None and entered.boot == left.boot:
        since = left.mono - entered.mono
        came = Between(went.earliest - since, went.latest - since)
    is_whole, most = True, _NONE
    if entered.boot == left.boot:
        elapsed = most = left.mono - entered.mono
    elif came is not None and went is not None:
        elapsed, most = went.earliest - came.latest, went.latest - came.earliest
        is_whole = most - elapsed <= JUMP
        if not is_whole:
            elapsed = max(elapsed, left.mono)
    else:
        elapsed, is_whole = left.mono, False
    begins = entered.wall
    if not entered.trusted and came is not None:
        begins = came.earliest
    return Parked(
        entered=begins,
        elapsed=max(elapsed, _NONE),
        vehicle=vehicle,
        claims=frozenset(claims),
        seen_vehicle=seen_vehicle,
        seen_claims=frozenset(seen_claims),
        earlier=tuple(earlier),
        lost_pass=lost_pass,
        is_dated=came is not None and came.latest - came.earliest <= JUMP,
        is_whole=is_whole and not at_least,
        ran_backwards=most < _NONE,
    )
