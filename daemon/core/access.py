"""Who may pass: what the gate makes of a card, a plate and a lane.

RULES is the whole of it, asked from the top; the first that answers decides, and the names asked on the way
are the trace that goes into the fact. A rule answers None where it has nothing to say.
"""

from __future__ import annotations

from dataclasses import replace

from daemon.core import charges, desk_rules, permit_rules, special_rules
from daemon.core.case import Case as Case
from daemon.core.case import Charge as Charge
from daemon.core.case import Gone as Gone
from daemon.core.case import Grant as Grant
from daemon.core.case import Hold as Hold
from daemon.core.case import Refuse as Refuse
from daemon.core.case import Rule, Verdict, awaited, inside_already
from daemon.core.case import Wait as Wait
from daemon.core.facts import Candidate
from daemon.core.lane import LEFT_AFTER
from daemon.core.reasons import Reason
from daemon.core.signals import Instant
from daemon.core.state import LaneState, Passage, State
from daemon.core.stays import OFFERED, nearest, offered


def judge(state: State, lane: LaneState, passage: Passage, at: Instant) -> Verdict:
    """What to do with this car now. Pure, total, and the same for the same arguments."""
    case = Case(state, lane, passage, at)
    asked: list[str] = []
    for name, rule in RULES:
        asked.append(name)
        verdict = rule(case)
        if verdict is None:
            continue
        return verdict if isinstance(verdict, Wait | Gone | Charge) else replace(verdict, trace=tuple(asked))
    raise AssertionError("the last rule always answers")


# ---------------------------------------------------------------- the rules, in order


def _presence(case: Case) -> Verdict | None:
    """Nobody is let through on a lane whose approach loop says that nobody is there."""
    if not case.lane.car_is_absent:
        return None
    opened = case.passage.opened.mono
    patience = LEFT_AFTER if case.lane.approach_since >= opened else case.lane.rules.match_window
    left = max(opened, case.lane.approach_since) + patience
    return Wait(left) if case.at.mono < left else Gone()


def _unknown_card(case: Case) -> Verdict | None:
    if case.lane.mode == "plate_only" or case.passage.card is None or case.card_permit is not None:
        return None
    if case.state.cards.is_temporary(case.passage.card):
        return None
    return Hold(reason=Reason.CARD_UNKNOWN)


def _mismatch(case: Case) -> Verdict | None:
    """Card and plate are of two cars; at an exit the guard is shown which of those inside this one may be."""
    if not case.is_mismatch:
        return None
    candidates: tuple[Candidate, ...] = ()
    if case.lane.direction == "exit":
        plate, of_card = case.passage.plate or "", case.stay_of_card_shown
        candidates = nearest(case.state.stays.values(), plate)
        if of_card is not None:
            others = [one for one in candidates if one.stay_id != of_card.id]
            candidates = (offered(of_card, plate), *others[: OFFERED - 1])
    return Hold(reason=Reason.CARD_PLATE_MISMATCH, candidates=candidates)


def _both_needed(case: Case) -> Verdict | None:
    """Card AND plate (R02): wait for the other one within the match window, then ask the guard."""
    if case.lane.mode != "card_and_plate":
        return None
    if case.is_card_and_plate_of_one_permit:
        return None if case.is_within_window else Hold(reason=Reason.TOO_FAR_APART)
    if case.card_permit is not None:
        unreadable = case.passage.plate is not None
        return awaited(
            case, case.passage.card_at, Reason.PLATE_UNREADABLE if unreadable else Reason.PLATE_MISSING
        )
    if case.plate_permit is not None and not permit_rules.is_worth_a_visit(case, case.plate_permit):
        return awaited(case, case.passage.plate_at, Reason.CARD_MISSING)
    return None


def _one_needed(case: Case) -> Verdict | None:
    """A lane that goes by one sign only, and has not got it yet."""
    if case.lane.mode == "card_only" and case.passage.card is None:
        return awaited(case, case.passage.opened.mono, Reason.CARD_MISSING)
    if case.lane.mode == "plate_only" and not case.plate_is_readable:
        seen = case.passage.plate is not None
        return awaited(
            case, case.passage.opened.mono, Reason.PLATE_UNREADABLE if seen else Reason.PLATE_MISSING
        )
    return None


def _passback(case: Case) -> Verdict | None:
    """In and out alternate (R05), for a permit and its plate, across all lanes."""
    if case.permit is None:
        return None
    if case.lane.direction == "entry" and (case.stay is not None or case.is_let_through_elsewhere):
        # It may have left by a gate that is cut off (R45): its permit is believed, and the grant says so.
        may_have_left = bool(case.state.unheard) and not case.is_let_through_elsewhere
        return None if may_have_left else inside_already(case)
    if case.lane.direction == "exit" and (case.stay is None or case.is_let_through_elsewhere):
        return _not_inside(case)
    return None


def _not_inside(case: Case) -> Hold:
    """With the picture of the car that is leaving elsewhere, or went through last with this card."""
    leaving, used = case.let_through_elsewhere, case.state.card_uses.get(case.passage.card or "")
    other = leaving or used
    return Hold(
        reason=Reason.NOT_INSIDE,
        advice=case.where_it_may_have_come_in,
        other_picture=other.picture if other is not None else None,
    )


_GRANTED_BY = {
    "card_and_plate": Reason.PERMIT_CARD_AND_PLATE,
    "card_only": Reason.PERMIT_CARD,
    "plate_only": Reason.PERMIT_PLATE,
}


def _permit(case: Case) -> Verdict | None:
    permit = case.permit
    if permit is None:
        return None
    return Grant(
        reason=_GRANTED_BY[case.lane.mode],
        permit=permit,
        stay=case.stay if case.lane.direction == "exit" else None,
        corrected_plate=permit.plate if case.lane.mode == "card_and_plate" and case.is_corrected else None,
        told=permit_rules.told(case),
    )


def _plate_needed(case: Case) -> Verdict | None:
    """No permit: from here on it is the plate that counts. Give the driver time to show a card as well."""
    if case.plate_is_not_needed:
        return None
    if not case.plate_is_readable:
        seen = case.passage.plate is not None
        return awaited(
            case, case.passage.opened.mono, Reason.PLATE_UNREADABLE if seen else Reason.PLATE_MISSING
        )
    until = (case.passage.plate_at or case.passage.opened.mono) + case.lane.rules.visitor_wait
    return Wait(until) if case.lane.mode == "card_and_plate" and case.at.mono < until else None


def _temporary_exit(case: Case) -> Verdict | None:
    """Exit check of R15: the plate names an open temporary stay, or the guard gets the nearest ones."""
    if case.lane.direction != "exit":
        return None
    if case.stay is not None and not case.is_let_through_elsewhere:
        return charges.charged(case, case.stay)
    return Hold(
        reason=Reason.NO_MATCHING_STAY,
        advice=case.where_it_may_have_come_in,
        candidates=nearest(case.state.stays.values(), case.passage.plate or ""),
    )


def _temporary_entry(case: Case) -> Verdict | None:
    """Temporary pass of R14, as the lane's policy says."""
    if case.stay is not None or case.is_let_through_elsewhere:
        return inside_already(case)
    match case.lane.rules.temporary:
        case "allow":
            return Grant(reason=Reason.TEMPORARY_PASS)
        case "guard":
            return Hold(reason=Reason.PLATE_UNKNOWN)
        case "refuse":
            return Refuse(reason=Reason.PLATE_UNKNOWN)


RULES: tuple[tuple[str, Rule], ...] = (
    ("presence", _presence),
    ("watch_list", special_rules.watch_list),
    ("dangerous_goods", special_rules.dangerous_goods),
    ("lane_locked", desk_rules.lane_locked),
    ("exempt", special_rules.exempt),
    ("large_vehicle", special_rules.large_vehicle),
    ("stopped_card", desk_rules.stopped_card),
    ("charge", charges.charge),
    ("substituted", desk_rules.substituted),
    ("unknown_card", _unknown_card),
    ("visitor", desk_rules.visitor),
    ("contractor", desk_rules.contractor),
    ("identified", desk_rules.identified),
    ("mismatch", _mismatch),
    ("both_needed", _both_needed),
    ("one_needed", _one_needed),
    ("validity", permit_rules.validity),
    ("passback", _passback),
    ("bays", permit_rules.bays),
    ("as_temporary", permit_rules.as_temporary),
    ("permit", _permit),
    ("temporary_card", desk_rules.temporary_card),
    ("plate_needed", _plate_needed),
    ("temporary_exit", _temporary_exit),
    ("temporary_entry", _temporary_entry),
)
