"""The office's lists (R41): permits, residents, staff, watch list, each given whole and taken whole.

The law of this file: what may be asked, what becomes so, what is kept in mind. A list that was given replaces
what config.yaml says of the same thing, from that moment and over every later start.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from daemon.core.fact import Fact
from daemon.core.posted import NAME as TARIFF
from daemon.core.posted import TariffGiven
from daemon.core.rota import ShiftRules, Staff
from daemon.core.signals import Actor, Permit, Request
from daemon.core.special import Watch
from daemon.core.table import Table

ListName = Literal["permits", "households", "staff", "watchlist"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody who lives in a unit and may be visited there (R13)."""

    unit: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.unit} {self.name}"


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenList(Request):
    """A whole list: what is not in it is taken back."""

    source: str
    """The file or the message that it came in, for whoever asks later where it is from."""
    allow_empty: bool = False
    """An empty list takes everything back; somebody has to mean it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePermits(GivenList):
    """All permits of the site."""

    rows: tuple[Permit, ...]
    kind: Literal["give_permits"] = "give_permits"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveHouseholds(GivenList):
    """All residents of the site."""

    rows: tuple[Resident, ...]
    kind: Literal["give_households"] = "give_households"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveStaff(GivenList):
    """Everybody who may be on duty."""

    rows: tuple[Staff, ...]
    kind: Literal["give_staff"] = "give_staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveWatchlist(GivenList):
    """The whole watch list."""

    rows: tuple[Watch, ...]
    kind: Literal["give_watchlist"] = "give_watchlist"


AnyRequest = GivePermits | GiveHouseholds | GiveStaff | GiveWatchlist


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGiven(Fact):
    """From now on this list is the office's. Said after what it has changed."""

    name: ListName
    source: str
    rows: int
    by: Actor
    kind: Literal["list_given"] = "list_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffListed(Fact):
    person: Staff
    by: Actor
    kind: Literal["staff_listed"] = "staff_listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUnlisted(Fact):
    name: str
    by: Actor
    kind: Literal["staff_unlisted"] = "staff_unlisted"


AnyFact = ListGiven | StaffListed | StaffUnlisted


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Register:
    """Which lists are the office's, with where they came from; and the staff, by name."""

    sources: Table[str] = field(default_factory=Table)
    staff: Table[Staff] = field(default_factory=Table)

    def staff_of_card(self, card: str, rules: ShiftRules) -> Staff | None:
        """Whose staff card it is: by the office's list, or by config.yaml while there is none."""
        if "staff" not in self.sources:
            return rules.of_card(card)
        return next((person for person in self.staff.values() if person.card == card), None)


def evolve(register: Register, fact: Fact) -> Register:
    match fact:
        case ListGiven():
            return replace(register, sources=register.sources.put(fact.name, fact.source))
        case TariffGiven():
            return replace(register, sources=register.sources.put(TARIFF, fact.source))
        case StaffListed():
            return replace(register, staff=register.staff.put(fact.person.name, fact.person))
        case StaffUnlisted():
            return replace(register, staff=register.staff.without(fact.name))
        case _:
            return register
