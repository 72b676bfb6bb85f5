"""Watched, dangerous, exempt and large cars, as rules of access (R08 to R11).

The law of this file: as in `daemon.core.access`, which has these rules in their order; a rule answers None
where it has nothing to say. `standing_holds` are what no guard's click gets a car past, whatever else it is
held for.
"""

from __future__ import annotations

from daemon.core.case import Case, Grant, Hold, Verdict
from daemon.core.reasons import Reason
from daemon.core.special import (
    CarClass,
    ExemptClass,
    LargeApproval,
    approval_for,
    exempt_class_of,
)


def standing_holds(case: Case) -> tuple[Reason, ...]:
    """All the reasons why letting this car through takes more than a guard (`daemon.core.roles.MAY_DECIDE`
    says who, for each): whoever may end the one need not be who may end the other."""
    verdicts = [rule(case) for rule in (watch_list, dangerous_goods, large_vehicle)]
    return tuple(verdict.reason for verdict in verdicts if isinstance(verdict, Hold))


def watch_list(case: Case) -> Verdict | None:
    """Once a watched plate or card was shown, nothing else that the car shows lifts the hold (R08)."""
    watch = case.passage.watch
    return None if watch is None else Hold(reason=Reason.WATCH_LISTED, advice=watch.what_to_do)


def dangerous_goods(case: Case) -> Verdict | None:
    """What burns or explodes does not come in (R11); a car that is inside is let out."""
    is_dangerous = case.lane.direction == "entry" and "dangerous" in classes_of(case)
    return Hold(reason=Reason.DANGEROUS_GOODS) if is_dangerous else None


def exempt(case: Case) -> Verdict | None:
    """Police, fire, ambulance, military and rescue pass without card and charge (R09), and leave so."""
    is_exit = case.lane.direction == "exit"
    came_exempt = is_exit and case.stay is not None and case.stay.kind == "exempt"
    if exempt_class(case) is None and not came_exempt:
        return None
    return Grant(reason=Reason.EXEMPT_VEHICLE, permit=case.plate_permit, stay=case.stay if is_exit else None)


def large_vehicle(case: Case) -> Verdict | None:
    """Above the class limit only on an approval of the office that fits car and moment (R10)."""
    if case.lane.direction != "entry" or "large" not in classes_of(case):
        return None
    if approval_of(case) is None:
        return Hold(reason=Reason.LARGE_NEEDS_APPROVAL)
    return Grant(reason=Reason.LARGE_APPROVED, permit=case.plate_permit)


# ---------------------------------------------------------------- what is known of the car


def exempt_class(case: Case) -> ExemptClass | None:
    """What the guard said first, then what the plate says."""
    plate = case.passage.plate if case.plate_is_readable else None
    return case.passage.exempt or (exempt_class_of(plate) if plate else None)


def classes_of(case: Case) -> set[CarClass]:
    """What the guard declared of this car, and what the list says of its plate."""
    listed = case.state.special.classed.get(_plate(case))
    return {
        each for each in (case.passage.declared, listed.car_class if listed else None) if each is not None
    }


def approval_of(case: Case) -> LargeApproval | None:
    listed = case.state.special.classed.get(_plate(case))
    company = case.passage.company or (listed.company if listed is not None else "")
    return approval_for(case.state.special, _plate(case), company, case.at)


def _plate(case: Case) -> str:
    """As it was read; where it was not, that of the permit that the card names."""
    if case.passage.plate:
        return case.passage.plate
    return case.card_permit.plate if case.card_permit is not None else ""
