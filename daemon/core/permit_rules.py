"""What a permit is worth here and now, as rules of access: its validity (R07) and its bay (R06).

The law of this file: as in `daemon.core.access`, which has these rules in their order; a rule answers None
where it has nothing to say. A permit that is worth no more than a visit makes its car a temporary one, with
the reason told; it is never passed over in silence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from daemon.core.bays import BayGroup, group_of, taken_by_others
from daemon.core.case import Case, Charge, Grant, Hold, Refuse, Verdict
from daemon.core.charges import charged
from daemon.core.lane import DECIDED
from daemon.core.reasons import Reason
from daemon.core.signals import Permit
from daemon.core.validity import ends_soon, has_expired, why_not


def validity(case: Case) -> Verdict | None:
    """Dates, lanes and hours; what becomes of an expired permit is the site's policy."""
    permit = case.permit
    if permit is None:
        return None
    objection = why_not(permit, case.lane, case.at, case.state.rules.timezone)
    if objection is not Reason.EXPIRED:
        return None if objection is None else Hold(reason=objection)
    match case.state.rules.expired:
        case "temporary":
            return None
        case "refuse" if case.lane.direction == "entry":
            return Refuse(reason=Reason.EXPIRED)
        case "guard" | "refuse":
            # Whoever is inside cannot be sent away at the exit.
            return Hold(reason=Reason.EXPIRED)
        case _:
            assert_never(case.state.rules.expired)


def bays(case: Case) -> Verdict | None:
    """All bays of the car's group are taken: the group's own policy says what that makes of it."""
    group = full_group(case)
    if group is None:
        return None
    match group.when_full:
        case "pass":
            return None
        case "temporary":
            return _visit(case, Reason.BAYS_FULL)
        case "refuse":
            return Refuse(reason=Reason.BAYS_FULL)
        case _:
            assert_never(group.when_full)


def as_temporary(case: Case) -> Verdict | None:
    """An expired permit that the site takes for a visit, and a car that came in as one, leaving."""
    permit, stay = case.permit, case.stay
    if permit is None:
        return None
    has_ended = is_worth_a_visit(case, permit)
    if case.lane.direction == "entry":
        return _visit(case, Reason.EXPIRED) if has_ended else None
    if stay is None or not (has_ended or stay.kind == "temporary"):
        return None
    owes_from_its_end = has_ended and stay.permit_id == permit.id and stay.id not in case.state.money.accounts
    if owes_from_its_end and case.state.tariff is not None:
        return Charge(stay)
    verdict = charged(case, stay)
    return replace(verdict, told=(Reason.EXPIRED,)) if has_ended and isinstance(verdict, Grant) else verdict


def is_worth_a_visit(case: Case, permit: Permit) -> bool:
    """True for an expired permit where the site's policy makes a temporary car of it."""
    return case.state.rules.expired == "temporary" and has_expired(permit, case.at)


def told(case: Case) -> tuple[Reason, ...]:
    """What the driver is told beside being let in on the permit."""
    permit = case.permit
    if permit is None:
        return ()
    is_ending = ends_soon(permit, case.at, case.state.rules.expires_soon)
    heard = ((Reason.EXPIRES_SOON, is_ending), (Reason.BAYS_FULL, full_group(case) is not None))
    return tuple(reason for reason, is_so in heard if is_so)


def full_group(case: Case) -> BayGroup | None:
    """The bay group of this car where others have all its bays, or are driving in to them now."""
    permit = case.permit
    if permit is None or case.lane.direction != "entry":
        return None
    group = group_of(case.state.bays, permit.id)
    if group is None:
        return None
    taken = taken_by_others(case.state, group, permit.id) + _on_their_way(case, group, permit)
    return group if taken >= group.bays else None


def _on_their_way(case: Case, group: BayGroup, permit: Permit) -> int:
    return sum(
        other.phase in DECIDED
        and other.direction == "entry"
        and other.passage is not None
        and other.passage.permit_id not in (None, permit.id)
        and case.state.bays.group_of.get(other.passage.permit_id or "") == group.name
        for other in case.state.lanes.values()
    )


def _visit(case: Case, why: Reason) -> Verdict:
    """Let it in as a visit, as far as this lane lets visits in; its plate is what it will leave by."""
    if not case.plate_is_readable:
        return Hold(reason=why)
    match case.lane.rules.temporary:
        case "allow":
            corrected = case.card_permit.plate if case.is_corrected and case.card_permit is not None else None
            return Grant(reason=Reason.TEMPORARY_PASS, told=(why,), corrected_plate=corrected)
        case "guard":
            return Hold(reason=why)
        case "refuse":
            return Refuse(reason=why)
        case _:
            assert_never(case.lane.rules.temporary)
