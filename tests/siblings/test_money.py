"""R45 and R43: what a stay costs that began at another gate, and money that was paid at another counter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.facts import AccessGranted, ActionRefused, CarHeld, Fact
from daemon.core.money import (
    ArrearsLeft,
    ChargeQuoted,
    ConfirmPayment,
    PaymentTaken,
    QuoteStay,
    TakePayment,
    TopUp,
)
from daemon.core.reasons import Reason
from daemon.core.tariff.quote import Flag
from daemon.core.till import CashCounted
from tests.desk.till_rig import HOURLY
from tests.siblings.rig import GUARD, OFFICE, Gate, Site

pytestmark = [pytest.mark.rule("R45"), pytest.mark.rule("R43")]

CAR = "粤A88888"


@pytest.fixture
def site() -> Site:
    return Site("east", "west", "north", tariff=HOURLY)


def hours(site: Site, number: float) -> None:
    site.pass_(number * 3600)


def quoted(gate: Gate) -> ChargeQuoted:
    [quote] = [fact for fact in gate.asks(QuoteStay(plate=CAR), GUARD) if isinstance(fact, ChargeQuoted)]
    return quote


def last(kind: type[Fact], gate: Gate) -> Fact:
    return [fact for fact in gate.ledger if isinstance(fact, kind)][-1]


def test_the_price_of_a_stay_is_the_same_at_every_gate(site: Site) -> None:
    site["west"].visitor_enters(CAR)
    site.heals()
    hours(site, 2.5)
    prices = {(quoted(gate).total_fen, quoted(gate).flags) for gate in site.gates.values()}
    assert prices == {(1500, ())}


def test_what_was_paid_at_one_gate_opens_the_exit_of_another(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.visitor_enters(CAR)
    site.heals()
    hours(site, 2.5)
    [held] = [fact for fact in east.visitor_leaves(CAR) if isinstance(fact, CarHeld)]
    assert held.reason is Reason.CHARGE_UNPAID
    site.heals()
    quoted(west)
    west.asks(TakePayment(plate=CAR, fen=1500), GUARD)
    site.heals()
    [granted] = [fact for fact in east.visitor_leaves(CAR) if isinstance(fact, AccessGranted)]
    assert granted.reason is Reason.TEMPORARY_EXIT
    assert [fact for fact in east.ledger if isinstance(fact, PaymentTaken | CashCounted)] == []
    assert east.state.money.receipts_issued == 0, "its receipts are west's own series"


def test_a_clock_that_is_not_believed_makes_a_price_that_is_the_least_and_says_so(site: Site) -> None:
    east, west = site["east"], site["west"]
    west.clock_is_trusted, west.clock_is_off = False, timedelta(days=-9000)
    site.pass_(10 * 86_400)
    west.visitor_enters(CAR)
    east.catches_up(west)
    hours(site, 2.5)
    price = quoted(east)
    assert price.total_fen == 1500, "from when it was heard of; not from 1999, nor from east's own start"
    assert Flag.ELAPSED_AT_LEAST in price.flags


def test_a_stay_that_was_heard_of_late_is_charged_from_its_beginning(site: Site) -> None:
    west, east = site["west"], site["east"]
    west.visitor_enters(CAR)
    hours(site, 2.5)
    east.catches_up(west)
    east.clock_is_off = timedelta(days=400)
    assert (quoted(east).total_fen, quoted(east).flags) == (1500, ()), "whatever east's clock does since"


def test_a_payment_that_is_heard_before_the_entry_counts_when_it_is_heard(site: Site) -> None:
    west, east, north = site["west"], site["east"], site["north"]
    west.visitor_enters(CAR)
    east.catches_up(west)
    hours(site, 2.5)
    quoted(east)
    east.asks(TakePayment(plate=CAR, fen=1500), GUARD)
    north.catches_up(east)
    north.catches_up(west)
    assert [fact for fact in north.visitor_leaves(CAR) if isinstance(fact, AccessGranted)]


def test_one_payment_is_booked_once_whichever_gate_hears_of_it(site: Site) -> None:
    west, east = site["west"], site["east"]
    west.visitor_enters(CAR)
    site.heals()
    hours(site, 2.5)
    charge = quoted(east).charge
    east.asks(ConfirmPayment(charge=charge, reference="WX-1", fen=1500), OFFICE)
    site.heals()
    facts = west.asks(ConfirmPayment(charge="S0000001-1", reference="WX-1", fen=1500), OFFICE)
    assert [fact.reason for fact in facts if isinstance(fact, ActionRefused)] == [Reason.PAYMENT_KNOWN]


def test_what_left_unpaid_at_one_gate_and_was_paid_at_another_is_owed_nowhere(site: Site) -> None:
    west, east, north = site["west"], site["east"], site["north"]
    west.visitor_enters(CAR)
    site.heals()
    hours(site, 2.5)
    east.car("visitors-out", None, CAR, guard=True)
    assert isinstance(last(ArrearsLeft, east), ArrearsLeft)
    north.catches_up(east)
    assert north.state.money.arrears_fen(CAR) == 1500
    north.asks(TakePayment(plate=CAR, fen=1500), GUARD)
    west.catches_up(north)
    assert west.state.money.arrears_fen(CAR) == 0
    site.heals()
    assert [gate.state.money.arrears_fen(CAR) for gate in site.gates.values()] == [0, 0, 0]
    assert not any(gate.state.money.paid_before for gate in site.gates.values())


def test_what_was_paid_in_advance_at_one_gate_is_used_at_another(site: Site) -> None:
    site["north"].asks(TopUp(plate=CAR, fen=5000, means="transfer", reference="B-1"), OFFICE)
    site["west"].visitor_enters(CAR)
    site.heals()
    hours(site, 2.5)
    assert [fact for fact in site["east"].visitor_leaves(CAR) if isinstance(fact, AccessGranted)]
    site.heals()
    assert {gate.state.money.credit.get(CAR) for gate in site.gates.values()} == {3500}
    for gate in site.gates.values():
        assert gate.replayed() == gate.state
