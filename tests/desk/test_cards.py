"""Cards: counted, given out, taken back, lost; and what a lost one opens (R04)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.core.card_numbers import Presentation
from daemon.core.cards import (
    BlockCard,
    CardHandedOut,
    CardIssued,
    CardReturned,
    CardsCounted,
    CardStopped,
    CountCards,
    HandOutCard,
    IssueCard,
    LoseCard,
    ReceiveCard,
    ReturnCard,
    UnblockCard,
)
from daemon.core.facts import ActionRefused, Fact
from daemon.core.reasons import Reason
from daemon.core.signals import Actor, Asked, Request
from daemon.core.state import Phase
from tests.core.rig import GUARD, GateRig, entry, exit_, permit

OFFICE = Actor(name="前台", role="office")
LISTED, SPARE, SECOND, TEMPORARY = "62E3086CED", "0A1B2C3D4E", "0A1B2C3D4F", "1122334455"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[GateRig]:
    """One permit with its listed card, two spare cards and a temporary one in the drawer."""
    gate = GateRig(tmp_path / "gate", [entry(), exit_()], [permit("王", LISTED, "粤B12345")])
    for card in (SPARE, SECOND):
        ask(gate, OFFICE, ReceiveCard(card=card, reason="采购入库"))
    ask(gate, OFFICE, ReceiveCard(card=TEMPORARY, use="temporary", reason="采购入库"))
    yield gate
    gate.finish()


def ask(gate: GateRig, actor: Actor, request: Request) -> tuple[Fact, ...]:
    return gate.send(Asked(at=gate.now, actor=actor, request=request))


def why_not(gate: GateRig, actor: Actor, request: Request) -> Reason:
    (fact,) = ask(gate, actor, request)
    assert isinstance(fact, ActionRefused), fact
    return fact.reason


def shown(gate: GateRig, card: str, plate: str = "粤B12345") -> Reason | None:
    """A car comes to the entry, shows both, and goes away again: what it was told."""
    gate.car_arrives()
    gate.plate(plate)
    gate.card(card)
    passage = gate.lane().passage
    reason = passage.reason if passage is not None else None
    if gate.lane().phase is Phase.GRANTED:
        gate.drives_through()
        gate.time(10)
    else:
        gate.guard("refuse", reason="离开")
        gate.car_backs_off()
    return reason


@pytest.mark.rule("R04")
def test_a_lost_card_opens_nothing_from_that_moment_and_its_use_alerts(gate: GateRig) -> None:
    """Given 王's card is lost, it holds his own car and alerts; the replacement opens."""
    stopped, _fee, issued = ask(
        gate, GUARD, LoseCard(card=LISTED, reason="车主来报", fee_fen=2000, replacement=SPARE)
    )
    assert isinstance(stopped, CardStopped)
    assert (stopped.fee_fen, stopped.by, stopped.why) == (2000, GUARD, "车主来报")
    assert isinstance(issued, CardIssued)
    gate.car_arrives()
    gate.plate("粤B12345")
    gate.card(LISTED)
    assert gate.lane().phase is Phase.HELD
    assert gate.alerts == {"stopped_card_used", "owes_from_before"}
    gate.card(SPARE)
    assert gate.lane().phase is Phase.GRANTED, "the new card is the permit's card now"
    assert gate.alerts == {"owes_from_before"}, "the fee of the old one is not paid yet"


@pytest.mark.rule("R04")
def test_a_blocked_card_is_held_with_that_reason_until_it_is_freed(gate: GateRig) -> None:
    ask(gate, GUARD, BlockCard(card=LISTED, reason="欠费"))
    assert shown(gate, LISTED) is Reason.CARD_BLOCKED
    assert why_not(gate, GUARD, BlockCard(card=LISTED, reason="欠费")) is Reason.CARD_BLOCKED
    assert why_not(gate, GUARD, UnblockCard(card=LISTED, reason="已缴")) is Reason.ROLE_NOT_ALLOWED
    ask(gate, OFFICE, UnblockCard(card=LISTED, reason="已缴"))
    assert shown(gate, LISTED) is Reason.PERMIT_CARD_AND_PLATE


@pytest.mark.rule("R04")
def test_a_permit_never_has_two_cards_that_open(gate: GateRig) -> None:
    assert why_not(gate, OFFICE, IssueCard(card=SPARE, permit="王", reason="多要一张")) is Reason.HAS_A_CARD
    ask(gate, OFFICE, LoseCard(card=LISTED, reason="遗失", replacement=SPARE))
    assert why_not(gate, OFFICE, IssueCard(card=SECOND, permit="王", reason="再要")) is Reason.HAS_A_CARD
    assert why_not(gate, OFFICE, UnblockCard(card=LISTED, reason="找到")) is Reason.HAS_A_CARD
    ask(gate, OFFICE, ReturnCard(card=SPARE, reason="退还"))
    assert shown(gate, SPARE) is Reason.CARD_RETURNED
    ask(gate, OFFICE, UnblockCard(card=LISTED, reason="找到"))
    assert shown(gate, LISTED) is Reason.PERMIT_CARD_AND_PLATE


@pytest.mark.rule("R04")
@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (IssueCard(card="FFFFFFFFFF", permit="王", reason="x"), Reason.CARD_NOT_IN_STOCK),
        (IssueCard(card=TEMPORARY, permit="王", reason="x"), Reason.CARD_IS_TEMPORARY),
        (IssueCard(card=SPARE, permit="无此人", reason="x"), Reason.PERMIT_UNKNOWN),
        (IssueCard(card=SPARE, permit="王", reason=" "), Reason.REASON_NEEDED),
        (IssueCard(card="nonsense", permit="王", reason="x"), Reason.CARD_NUMBER_WRONG),
        (ReceiveCard(card=SPARE, reason="再入库"), Reason.CARD_KNOWN),
        (ReturnCard(card=SPARE, reason="x"), Reason.CARD_NOT_OUT),
        (LoseCard(card="FFFFFFFFFF", reason="x"), Reason.CARD_UNKNOWN),
        (LoseCard(card=LISTED, reason="x", fee_fen=-1), Reason.FEE_WRONG),
        (LoseCard(card=LISTED, reason="x", replacement=TEMPORARY), Reason.CARD_IS_TEMPORARY),
        (UnblockCard(card=LISTED, reason="x"), Reason.CARD_NOT_STOPPED),
        (HandOutCard(card=TEMPORARY, plate="粤B77777", reason="x"), Reason.NOT_INSIDE),
        (HandOutCard(card=SPARE, plate="粤B77777", reason="x"), Reason.CARD_NOT_IN_STOCK),
    ],
)
def test_what_the_drawer_does_not_allow_changes_nothing(
    gate: GateRig, request_: Request, why: Reason
) -> None:
    before = gate.engine.state.cards
    actor = GUARD if isinstance(request_, HandOutCard) else OFFICE
    assert why_not(gate, actor, request_) is why
    assert gate.engine.state.cards is before


@pytest.mark.rule("R04")
def test_a_temporary_card_goes_out_with_the_pass_and_names_it_at_the_exit(gate: GateRig) -> None:
    gate.comes_and_goes(TEMPORARY, "粤B77777")
    (handed,) = gate.all(CardHandedOut)
    assert (handed.card, handed.plate) == (TEMPORARY, "粤B77777")
    (counted,) = ask(gate, GUARD, CountCards(counted=2))
    assert isinstance(counted, CardsCounted)
    assert counted.expected == 2, "two spare cards in the drawer"
    assert [(out.card, out.with_whom) for out in counted.out] == [(TEMPORARY, "粤B77777")]
    gate.comes_and_goes(TEMPORARY, "粤B77777", "exit-1")
    assert gate.last(CardReturned).card == TEMPORARY
    assert not gate.inside
    assert not gate.engine.state.cards.out


@pytest.mark.rule("R04")
def test_a_visitor_who_does_not_give_the_card_back_is_held(gate: GateRig) -> None:
    gate.comes_and_goes(TEMPORARY, "粤B77777")
    gate.car_arrives("exit-1")
    gate.plate("粤B77777", "exit-1")
    gate.time(11)
    lane = gate.lane("exit-1")
    assert lane.phase is Phase.HELD
    assert lane.passage is not None
    assert lane.passage.reason is Reason.CARD_NOT_RETURNED
    ask(gate, GUARD, LoseCard(card=TEMPORARY, reason="访客遗失", fee_fen=1000))
    gate.guard("release", "exit-1", reason="已赔卡")
    gate.drives_through("exit-1")
    assert not gate.inside


@pytest.mark.rule("R04")
def test_a_temporary_card_does_not_let_another_car_out(gate: GateRig) -> None:
    gate.comes_and_goes(TEMPORARY, "粤B77777")
    gate.car_arrives("exit-1")
    gate.card(TEMPORARY, "exit-1")
    gate.plate("粤B88888", "exit-1")
    passage = gate.lane("exit-1").passage
    assert passage is not None
    assert passage.reason is Reason.CARD_PLATE_MISMATCH
    assert gate.alerts == {"card_plate_mismatch"}


@pytest.mark.rule("R04")
def test_one_temporary_card_is_not_given_to_two_cars(gate: GateRig) -> None:
    gate.comes_and_goes(TEMPORARY, "粤B77777")
    assert shown(gate, TEMPORARY, "粤B88888") is Reason.CARD_TAKEN


@pytest.mark.rule("R04")
def test_a_number_is_understood_in_the_declared_presentation(gate: GateRig) -> None:
    """The temporary card 1122334455 says 051,17493 on its right."""
    ask(gate, GUARD, LoseCard(card="051,17493", written_as=Presentation.WIEGAND, reason="访客遗失"))
    assert dict(gate.engine.state.cards.stopped) == {TEMPORARY: Reason.CARD_LOST}


@pytest.mark.rule("R04")
def test_a_restart_forgets_no_card(gate: GateRig) -> None:
    ask(gate, OFFICE, LoseCard(card=LISTED, reason="遗失", replacement=SPARE))
    before = gate.engine.state.cards
    gate.restart()
    assert gate.engine.state.cards == before
