"""What a stay owes, and what that means for the car at the exit (R15, R16, R18, R21).

The law of this file: a price is told before it is asked for, once for each time that the car comes to an
exit, and stands while it waits there. A car goes when nothing is due: paid, waived, taken from what its plate
paid in advance, or within the grace time after it had paid. Whoever lets it go all the same is named, with an
alert, and what was due stays with the plate. A doubtful price of nothing is the guard's to judge (R43).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from daemon.core import boots
from daemon.core.accounts import Account, Money, evolve
from daemon.core.accounts import stands as stands
from daemon.core.boots import NO_BOOTS, Boots
from daemon.core.case import Case, Charge, Grant, Hold, Verdict
from daemon.core.facts import Fact, StayClosed
from daemon.core.lane import DECIDED
from daemon.core.money import ArrearsLeft, ChargeQuoted, CreditUsed, PermitEndedInside
from daemon.core.plates import PlateKind, plate_kind
from daemon.core.reasons import AlertKind, Reason, Severity
from daemon.core.signals import Actor, Instant
from daemon.core.tariff.book import Book
from daemon.core.tariff.quote import Quote, quote
from daemon.core.tariff.replay import PastStay
from daemon.core.tariff.stay import Parked, parked_between
from daemon.core.tariff.words import yuan

if TYPE_CHECKING:
    from daemon.core.draft import Draft
    from daemon.core.state import LaneState, Passage, State, Stay

CHARGED = frozenset({Reason.CHARGE_UNPAID, Reason.CHARGE_DOUBTFUL})
"""Why a car is held at an exit over its charge."""

CLAIM_OF_PLATE: dict[PlateKind, str] = {
    PlateKind.NEW_ENERGY_SMALL: "new_energy",
    PlateKind.NEW_ENERGY_LARGE: "new_energy",
    PlateKind.POLICE: "police",
    PlateKind.MILITARY: "military",
    PlateKind.ARMED_POLICE: "military",
}
"""Discounts and exemptions that the plate itself proves, by their names in the tariff, where it has them."""

VEHICLE_OF_PLATE: dict[PlateKind, str] = {
    PlateKind.NEW_ENERGY_LARGE: "large",
    PlateKind.TRAILER: "large",
}
"""Classes that the shape of a plate proves. The colour of its ground proves none: 6 of 400 blue plates were
taken for yellow ones, and each of those drivers would pay double."""

_TWO_DAYS = timedelta(days=2)
_LET_OUT = CHARGED | {Reason.GUARD, Reason.TEMPORARY_EXIT, Reason.LANE_HELD_OPEN}
"""How a car may come to leave that owes: by hand, on a price that was voided since, through an open lane, or
through a closed one. Whoever came in on a permit, is exempt, or flees from a fire owes nothing.
"""


# ---------------------------------------------------------------- what a stay costs


def priced(state: State, book: Book, account: Account, at: Instant) -> Quote:
    """What the stay costs if it ends now: the same for the same facts, whenever it is asked."""
    return quote(book, _parked(account, at, state.boots, _earlier(state, account, at)))


def _parked(
    account: Account, left: Instant, known: Boots, earlier: Iterable[tuple[datetime, timedelta]] = ()
) -> Parked:
    """The stay with what a person established, and with what was seen and the plate proves."""
    kind = plate_kind(account.plate)
    claim = CLAIM_OF_PLATE.get(kind) if kind is not None else None
    shape = VEHICLE_OF_PLATE.get(kind, "") if kind is not None else ""
    return parked_between(
        account.entered,
        left,
        boots=known,
        vehicle=account.vehicle,
        claims=account.claims,
        seen_vehicle=account.seen_as or shape,
        seen_claims=() if claim is None else (claim,),
        earlier=earlier,
        lost_pass=account.lost_pass,
        at_least=account.at_least,
    )


def _earlier(state: State, account: Account, at: Instant) -> Iterator[tuple[datetime, timedelta]]:
    """The stays of this car that count for the rules of one day."""
    for stay_id in state.money.departed_of_plate.get(account.plate, ()):
        other = state.money.accounts.get(stay_id)
        if other is None or other.left is None or not other.left_by_exit:
            continue
        if other.left.wall < at.wall - _TWO_DAYS:
            continue
        parked = parked_between(other.entered, other.left, boots=state.boots, at_least=other.at_least)
        if parked.is_dated and parked.is_whole:
            yield parked.entered, parked.elapsed


def is_in_grace(state: State, account: Account, at: Instant) -> bool:
    """True where it has paid what it was asked, and not longer ago than it may take to leave, as far as any
    clock that was believed can tell."""
    if account.settled is None or account.quoted is None:
        return False
    return parked_between(account.settled, at, boots=state.boots).elapsed <= account.quoted.grace


# ---------------------------------------------------------------- telling it


@dataclass(frozen=True, slots=True)
class Exit:
    """The car at the exit that a price is told to."""

    lane: LaneState
    passage: Passage


def tell(draft: Draft, account: Account, where: Exit | None, by: Actor | None = None) -> Account:
    """Say what the stay costs now, and take it from what its plate paid in advance. The account after it."""
    book = draft.state.tariff
    if book is None:
        return account
    found = priced(draft.state, book, account, draft.at)
    version = book.version_at(account.entered.wall) or book.versions[0]
    draft.say(
        ChargeQuoted(
            at=draft.at,
            lane=where.lane.id if where is not None else None,
            passage=where.passage.id if where is not None else None,
            charge=f"{account.stay_id}-{account.quotes + 1}",
            stay_id=account.stay_id,
            plate=account.plate,
            total_fen=found.total_fen,
            due_fen=max(0, found.total_fen - account.paid_fen - account.waived_fen),
            arrears_fen=draft.state.money.arrears_fen(account.plate),
            lines=found.lines,
            version=found.version,
            digest=found.digest,
            flags=found.flagged,
            vehicle=found.vehicle,
            claims=tuple(sorted(_parked(account, draft.at, draft.state.boots).under(version).claims)),
            entered=found.entered,
            elapsed=found.elapsed,
            grace=version.grace,
            by=by,
        )
    )
    return use_credit(draft, account.stay_id)


def use_credit(draft: Draft, stay_id: str) -> Account:
    """Take what is due from what the plate has paid in advance, as far as it lasts. The account after it."""
    account = draft.state.money.accounts[stay_id]
    fen = min(account.due_fen, draft.state.money.credit.get(account.plate, 0))
    if fen > 0:
        draft.say(CreditUsed(at=draft.at, stay_id=stay_id, plate=account.plate, fen=fen))
    return draft.state.money.accounts[stay_id]


def tell_at_exit(draft: Draft, lane: LaneState, passage: Passage, stay: Stay) -> None:
    if stay.id not in draft.state.money.accounts:
        _begin_at_end_of_permit(draft, lane, passage, stay)
    tell(draft, draft.state.money.accounts[stay.id], Exit(lane, passage))


def _begin_at_end_of_permit(draft: Draft, lane: LaneState, passage: Passage, stay: Stay) -> None:
    """What the stay owes begins where its permit ended, or where it began, whichever was later."""
    at = draft.at
    permit = draft.state.permit(stay.permit_id or "", at)
    assert permit is not None
    assert permit.valid_until is not None
    inside = parked_between(stay.entered, at, boots=draft.state.boots).elapsed
    since = min(at.wall - permit.valid_until, inside)
    draft.say(
        PermitEndedInside(
            at=at,
            lane=lane.id,
            passage=passage.id,
            stay_id=stay.id,
            plate=stay.plate,
            permit_id=permit.id,
            ended=replace(at, mono=at.mono - since, wall=at.wall - since),
        )
    )


# ---------------------------------------------------------------- the rules of access


def charged(case: Case, stay: Stay) -> Verdict:
    """What the tariff has to say to a car whose stay is known: go, pay, or be told the price first."""
    account = case.state.money.accounts.get(stay.id)
    grant = Grant(reason=Reason.TEMPORARY_EXIT, stay=stay)
    if account is None or case.state.tariff is None:
        return grant
    quoted = account.quoted
    if is_in_grace(case.state, account, case.at):
        return grant
    if quoted is None or quoted.passage != case.passage.id:
        return Charge(stay)
    if account.due_fen:
        return Hold(reason=Reason.CHARGE_UNPAID)
    is_doubtful = quoted.is_doubtful and account.paid_fen + account.waived_fen == 0
    return Hold(reason=Reason.CHARGE_DOUBTFUL) if is_doubtful else grant


def charge(case: Case) -> Verdict | None:
    """A car that was told its price stands by it: nothing else that it shows takes the price away."""
    stay = stay_told(case.state, case.passage)
    if stay is None or case.lane.direction != "exit":
        return None
    is_gone_elsewhere = any(
        other.id != case.lane.id
        and other.phase in DECIDED
        and other.passage is not None
        and other.passage.stay_id == stay.id
        for other in case.state.lanes.values()
    )
    return None if is_gone_elsewhere else charged(case, stay)


def stay_told(state: State, passage: Passage) -> Stay | None:
    """The open stay whose price was told to this car."""
    if passage.stay_id is None:
        return None
    account = state.money.accounts.get(passage.stay_id)
    if account is None or account.quoted is None or account.quoted.passage != passage.id:
        return None
    return state.stays.get(passage.stay_id)


# ---------------------------------------------------------------- let out all the same


def let_out(draft: Draft, lane: LaneState, passage: Passage, stay: Stay | None) -> int:
    """A person lets a car out: what it owes as far as is known, in an alert where that is anything."""
    account = draft.state.money.accounts.get(stay.id) if stay is not None else None
    if stay is None or account is None or lane.direction != "exit":
        return 0
    if is_in_grace(draft.state, account, draft.at):
        return 0
    if account.quoted is None or account.quoted.passage != passage.id:
        account = tell(draft, account, Exit(lane, passage))
    due = account.due_fen
    if due:
        draft.raise_alert(
            AlertKind.UNPAID_RELEASE,
            stay.id,
            f"{lane.name}: {account.plate} {yuan(due)} 元 yuan",
            severity=Severity.WARNING,
            lane=lane,
            picture=passage.picture,
        )
    return due


def asks_first(draft: Draft, lane: LaneState, passage: Passage, stay: Stay) -> bool:
    """The guard says which stay this car is (R15): true, and told, where it then has to pay."""
    account = draft.state.money.accounts.get(stay.id)
    if account is None or lane.direction != "exit":
        return False
    if is_in_grace(draft.state, account, draft.at):
        return False
    return tell(draft, account, Exit(lane, passage)).due_fen > 0


def leaving(draft: Draft, lane: LaneState, passage: Passage, facts: Iterable[Fact]) -> None:
    """Before the facts of its leaving are said: what is due goes with the plate."""
    told = stay_told(draft.state, passage)
    if passage.reason not in _LET_OUT and not passage.is_forced:
        return
    for fact in facts:
        if not isinstance(fact, StayClosed) or fact.how != "exit":
            continue
        stay = draft.state.stays.get(fact.stay_id)
        was_free = passage.reason is Reason.TEMPORARY_EXIT and told is None
        due = 0 if was_free else let_out(draft, lane, passage, stay)
        if due and stay is not None:
            draft.say(
                ArrearsLeft(
                    at=draft.at,
                    lane=lane.id,
                    passage=passage.id,
                    stay_id=stay.id,
                    plate=stay.plate,
                    fen=due,
                    by=passage.by,
                )
            )


def show_arrears(draft: Draft, lane: LaneState, passage: Passage) -> None:
    """A car that left without paying is here again: the guard is told, until it is paid or waived."""
    fen = draft.state.money.arrears_fen(passage.plate or "")
    if fen and lane.direction == "entry":
        draft.raise_alert(
            AlertKind.OWES_FROM_BEFORE,
            passage.plate or "",
            f"{lane.name}: {passage.plate} {yuan(fen)} 元 yuan",
            severity=Severity.NOTICE,
            lane=lane,
            picture=passage.picture,
        )


# ---------------------------------------------------------------- looking back


def past_stays(facts: Iterable[Fact]) -> Iterator[PastStay]:
    """The stays without a permit that ended at an exit, as the ledger has them: for trying another tariff."""
    money, known = Money(), NO_BOOTS
    for fact in facts:
        money, known = evolve(money, fact), boots.evolve(known, fact)
        account = money.accounts.get(fact.stay_id) if isinstance(fact, StayClosed) else None
        if account is None or account.left is None or not account.left_by_exit:
            continue
        yield PastStay(account.stay_id, account.plate, _parked(account, account.left, known))
