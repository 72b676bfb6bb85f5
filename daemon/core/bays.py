"""Bays (车位): groups of them, the cars that share them, and what happens when all are taken (R06).

The law of this file: a permit is of one group at most; a group of one bay is an owned bay. Taken is counted
from the open stays of the group's permits, never kept beside them, so that no two books can disagree. A car
that came in as temporary takes none of its group's bays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from daemon.core.fact import Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Request
from daemon.core.table import Table

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import State

WhenFull = Literal["pass", "temporary", "refuse"]
"""What a car of the group is when the others have all its bays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BayGroup:
    name: str
    """A bay (`B1-017`), a household, a company: whatever the bays are called by."""
    bays: int
    when_full: WhenFull


# ---------------------------------------------------------------- what may be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBayGroup(Request):
    """Say how many bays a group has; 0 takes them all away."""

    name: str
    bays: int
    when_full: WhenFull = "temporary"
    kind: Literal["set_bay_group"] = "set_bay_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignBay(Request):
    """From now on this permit parks in that group, and in no other."""

    permit: str
    group: str
    kind: Literal["assign_bay"] = "assign_bay"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignBay(Request):
    permit: str
    kind: Literal["unassign_bay"] = "unassign_bay"


AnyRequest = SetBayGroup | AssignBay | UnassignBay


# ---------------------------------------------------------------- what becomes so


@dataclass(frozen=True, slots=True, kw_only=True)
class BayGroupSet(Fact):
    group: BayGroup
    by: Actor
    kind: Literal["bay_group_set"] = "bay_group_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class BayAssigned(Fact):
    permit_id: str
    group: str
    by: Actor
    kind: Literal["bay_assigned"] = "bay_assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class BayUnassigned(Fact):
    permit_id: str
    by: Actor
    kind: Literal["bay_unassigned"] = "bay_unassigned"


AnyFact = BayGroupSet | BayAssigned | BayUnassigned


# ---------------------------------------------------------------- what is kept in mind


@dataclass(frozen=True, slots=True)
class Bays:
    groups: Table[BayGroup] = field(default_factory=Table)
    group_of: Table[str] = field(default_factory=Table)
    """Permit to group. It outlives the permit: one that is changed or given back keeps its bay."""
    members: Table[frozenset[str]] = field(default_factory=Table)


def evolve(bays: Bays, fact: Fact) -> Bays:
    match fact:
        case BayGroupSet():
            return replace(bays, groups=bays.groups.put(fact.group.name, fact.group))
        case BayAssigned():
            bays = _without(bays, fact.permit_id)
            together = bays.members.get(fact.group, frozenset()) | {fact.permit_id}
            return replace(
                bays,
                group_of=bays.group_of.put(fact.permit_id, fact.group),
                members=bays.members.put(fact.group, together),
            )
        case BayUnassigned():
            return _without(bays, fact.permit_id)
        case _:
            return bays


def _without(bays: Bays, permit_id: str) -> Bays:
    name = bays.group_of.get(permit_id)
    if name is None:
        return bays
    rest = bays.members[name] - {permit_id}
    return replace(bays, group_of=bays.group_of.without(permit_id), members=bays.members.put(name, rest))


# ---------------------------------------------------------------- what is asked of it


def group_of(bays: Bays, permit_id: str) -> BayGroup | None:
    name = bays.group_of.get(permit_id)
    return None if name is None else bays.groups.get(name)


def taken_by_others(state: State, group: BayGroup, permit_id: str) -> int:
    """How many cars of the group are inside on their permits, this one not counted."""
    members = state.bays.members.get(group.name, frozenset())
    inside = state.stay_of_permit
    # Whichever list is the shorter one: a group may be a household, or the whole site.
    both = (
        (key for key in members if key in inside) if len(members) < len(inside) else members & inside.keys()
    )
    return sum(key != permit_id for key in both)


# ---------------------------------------------------------------- what follows from asking


def asked(draft: Draft, asked: Asked, request: AnyRequest) -> None:
    bays = draft.state.bays
    match request:
        case SetBayGroup():
            group = BayGroup(name=request.name, bays=request.bays, when_full=request.when_full)
            if request.bays < 0 or not request.name.strip():
                draft.refuse(asked, Reason.BAY_GROUP_WRONG)
            elif bays.groups.get(request.name) != group:
                draft.say(BayGroupSet(at=draft.at, group=group, by=asked.actor))
        case AssignBay():
            if request.permit not in draft.state.permits:
                draft.refuse(asked, Reason.PERMIT_UNKNOWN)
            elif request.group not in bays.groups:
                draft.refuse(asked, Reason.BAY_GROUP_UNKNOWN)
            elif bays.group_of.get(request.permit) != request.group:
                draft.say(
                    BayAssigned(at=draft.at, permit_id=request.permit, group=request.group, by=asked.actor)
                )
        case UnassignBay():
            if request.permit not in bays.group_of:
                draft.refuse(asked, Reason.NO_BAY_ASSIGNED)
            else:
                draft.say(BayUnassigned(at=draft.at, permit_id=request.permit, by=asked.actor))
