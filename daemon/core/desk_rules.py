"""What the desk has written down about a car at a lane, as rules of access.

The law of this file: as in `daemon.core.access`, which has these rules in their order; a rule answers None
where it has nothing to say.
"""

from __future__ import annotations

from daemon.core.case import Case, Grant, Hold, Refuse, Verdict, awaited, inside_already
from daemon.core.charges import charged
from daemon.core.contractors import as_permit, why_no_entry
from daemon.core.facts import Candidate
from daemon.core.identity import CARD_NOT_SHOWN
from daemon.core.reasons import Reason
from daemon.core.state import Stay


def stopped_card(case: Case) -> Verdict | None:
    """A lost, blocked or returned card opens nothing (R04), whatever else is shown with it."""
    stopped = case.state.cards.stopped.get(case.passage.card or "")
    return None if stopped is None else Hold(reason=stopped)


def substituted(case: Case) -> Verdict | None:
    """A plate that another one stands for is nobody's meanwhile (R03); the car may leave if it is inside."""
    plate = case.passage.plate
    if not case.plate_is_readable or case.state.substitutions.instead_of(plate or "", case.at) is None:
        return None
    if case.lane.direction == "exit" and case.state.stay_by_plate(plate or "") is not None:
        return None
    return Hold(reason=Reason.PLATE_SUBSTITUTED)


def visitor(case: Case) -> Verdict | None:
    """A visitor whom the guard has admitted, or whose plate a household expects (R13)."""
    if case.lane.direction != "entry" or case.card_permit is not None or case.plate_permit is not None:
        return None
    visits, plate = case.state.visits, case.passage.plate
    if case.passage.id in visits.passages:
        return _let_in(case, Grant(reason=Reason.VISITOR_ADMITTED))
    if case.plate_is_readable and visits.expects(plate or "", case.at) is not None:
        return _let_in(case, Grant(reason=Reason.VISITOR_EXPECTED))
    return None


def contractor(case: Case) -> Verdict | None:
    """A crew's vehicle on its dated pass (R12): outside its dates it is refused with that reason."""
    if case.lane.direction != "entry" or case.card_permit is not None or case.plate_permit is not None:
        return None
    found = case.state.contractors.by_plate(case.passage.plate or "") if case.plate_is_readable else None
    if found is None:
        return None
    objection = why_no_entry(case.state.contractors, found, case.at)
    if objection is not None:
        return Refuse(reason=objection)
    return _let_in(case, Grant(reason=Reason.CONTRACTOR_PASS, permit=as_permit(found)))


def identified(case: Case) -> Verdict | None:
    """The driver cannot show the card, has shown who he is, and a second person agreed (R20)."""
    if case.passage.id not in case.state.identities.agreed:
        return None
    stay = case.stay if case.lane.direction == "exit" else None
    if stay is not None and stay.kind == "temporary":
        return charged(case, stay)  # the document stands for the card, and not for the money
    return Grant(reason=Reason.IDENTITY_CHECKED, permit=case.plate_permit, stay=stay)


def needs_identity(case: Case) -> bool:
    """True where no guard releases this car alone: it has a card, and leaves without showing it (R20)."""
    if case.lane.direction != "exit" or case.passage.reason not in CARD_NOT_SHOWN:
        return False
    stay = case.stay
    has_temporary_card = stay is not None and stay.id in case.state.cards.card_of_stay
    return case.plate_permit is not None or has_temporary_card


def _let_in(case: Case, grant: Grant) -> Verdict:
    """In and out alternate for these as well (R05)."""
    is_inside = case.stay is not None or case.is_let_through_elsewhere
    return inside_already(case) if is_inside else grant


def lane_locked(case: Case) -> Verdict | None:
    """A locked lane opens for nobody's card or plate."""
    return None if case.lane.locked is None else Hold(reason=Reason.LANE_LOCKED)


def temporary_card(case: Case) -> Verdict | None:
    """A temporary card goes out at the entry with one pass, and at the exit names that pass (R04, R15)."""
    card = case.passage.card
    is_temporary = case.state.cards.is_temporary(card)
    if case.lane.direction == "entry":
        is_taken = is_temporary and card in case.state.cards.stay_of
        return Hold(reason=Reason.CARD_TAKEN) if is_taken else None
    if is_temporary:
        return _shown_at_exit(case, case.card_stay)
    return _not_shown_at_exit(case)


def _shown_at_exit(case: Case, stay: Stay | None) -> Verdict | None:
    if stay is None:
        return Hold(reason=Reason.NO_MATCHING_STAY)
    if case.lane.mode == "card_only":
        return None
    if case.plate_is_readable:
        return None if case.passage.plate == stay.plate else _hold_with(Reason.CARD_PLATE_MISMATCH, stay)
    if stay.has_no_plate:
        return None
    seen = case.passage.plate is not None
    verdict = awaited(case, case.passage.card_at, Reason.PLATE_UNREADABLE if seen else Reason.PLATE_MISSING)
    return _hold_with(verdict.reason, stay) if isinstance(verdict, Hold) else verdict


def _not_shown_at_exit(case: Case) -> Verdict | None:
    """The plate is that of a visitor who was given a card: it is awaited, then asked for."""
    stay = case.stay
    if case.lane.mode == "plate_only" or stay is None or stay.id not in case.state.cards.card_of_stay:
        return None
    return awaited(case, case.passage.plate_at, Reason.CARD_NOT_RETURNED)


def _hold_with(reason: Reason, stay: Stay) -> Hold:
    """The guard compares the car with the picture of the pass that the card names."""
    candidate = Candidate(
        stay_id=stay.id, plate=stay.plate, distance=0.0, entered=stay.entered, picture=stay.picture
    )
    return Hold(reason=reason, candidates=(candidate,))
